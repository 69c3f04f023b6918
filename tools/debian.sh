#!/bin/sh
# Puts a Debian package and all that it needs into a private folder. usage: tools/debian.sh FOLDER SUITE PACKAGE [PROGRAM]
#
# Nothing of the system is touched: apt resolves and checks the packages against an empty list of installed ones, and
# their files are unpacked into the folder. PROGRAM, a path in there, is bound to the libraries it was built for; the
# folder can't be moved afterwards, since the program then holds the path of its loader. Done already, it does nothing.
set -eu
folder=$1 suite=$2 package=$3 program=${4:-}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

stop() {
    echo "tools/debian.sh: $1" >&2
    exit 2
}

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
stamp=$folder/.installed wanted="$suite $package $folder"
if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi
for needed in apt-get dpkg-deb ${program:+patchelf}; do
    command -v "$needed" >/dev/null 2>&1 || stop "needs $needed (tools/system.sh installs patchelf)."
done
[ -r "$keyring" ] || stop "needs Debian's keys in $keyring (package debian-archive-keyring)."

# The mirror that this machine's apt uses already.
mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m1 '/debian/*$' || true)}
[ -n "$mirror" ] || stop "finds no Debian mirror in apt's configuration; name one in DEBIAN_MIRROR."

rm -rf "$folder"
apt=$folder/apt
mkdir -p "$apt/etc/apt.conf.d" "$apt/etc/preferences.d" "$apt/etc/sources.list.d" "$apt/lists/partial" "$apt/cache/archives/partial"
: >"$apt/status"
echo "deb [signed-by=$keyring] $mirror $suite main" >"$apt/etc/sources.list"
# What the user's own apt says about proxies and the like holds here too.
apt-config dump | grep '^Acquire::[a-z]*::Proxy' >"$apt/etc/apt.conf.d/proxy" || true
# A mirror that stands still has lists that are past their date; the signatures are checked all the same.
cat >"$apt/apt.conf" <<END
Dir::Etc "$apt/etc";
Dir::State "$apt";
Dir::State::lists "$apt/lists";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
Dir::Log "$apt";
APT::Sandbox::User "$(id -un)";
APT::Update::Post-Invoke-Success "";
Acquire::Languages "none";
Acquire::Check-Valid-Until "false";
Acquire::Retries "3";
Debug::NoLocking "true";
END
echo "Getting $package from Debian $suite into $folder ..." >&2
APT_CONFIG=$apt/apt.conf
export APT_CONFIG
apt-get -qq update
apt-get -qq install -y --no-install-recommends --download-only "$package" >/dev/null
for file in "$apt"/cache/archives/*.deb; do
    dpkg-deb -x "$file" "$folder"
done
rm -rf "$apt"

if [ -n "$program" ]; then
    # The loader by its path in the program, not a wrapper around it: Neovim starts itself again by its own name.
    set -- "$folder"/usr/lib/*-linux-gnu*/ld-linux*.so.*
    [ -x "$1" ] || stop "found no loader among the unpacked files."
    patchelf --set-interpreter "$1" --force-rpath --set-rpath "$(dirname "$1")" "$folder/$program"
    "$folder/$program" --version | sed -n 1p >&2
fi
echo "$wanted" >"$stamp"
