#!/bin/sh
# Puts the Neovims that the tests drive into private folders. usage: tools/neovim.sh [--old]
#
# The current one goes to .cache/neovim, and with --old Neovim 0.10 to .cache/neovim-old. They are Debian's, with the
# libraries they were built for, and nothing of the system is touched: apt resolves and checks the packages against an
# empty list of installed ones, and their files are unpacked into the folder. It can't be moved afterwards, since the
# program then holds the path of its loader. Done already, the script does nothing.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
folder=$here/.cache/neovim suite=testing
if [ "${1:-}" = --old ]; then
    folder=$here/.cache/neovim-old suite=trixie
fi
nvim=$folder/usr/bin/nvim
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
stamp=$folder/.installed

stop() {
    echo "tools/neovim.sh: $1" >&2
    exit 2
}

if [ "$(cat "$stamp" 2>/dev/null)" = "$suite $folder" ] && "$nvim" --version >/dev/null 2>&1; then
    exit 0
fi
for program in apt-get dpkg-deb patchelf; do
    command -v "$program" >/dev/null 2>&1 ||
        stop "needs $program (tools/system.sh installs patchelf). On other systems than Debian: CACHEWISE_NVIM=/path/to/nvim make test, with Neovim 0.12 or newer."
done
[ -r "$keyring" ] || stop "needs Debian's keys in $keyring (package debian-archive-keyring)."

# The mirror that this machine's apt uses already.
mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m1 '/debian/*$' || true)}
[ -n "$mirror" ] || stop "finds no Debian mirror in apt's configuration; name one in DEBIAN_MIRROR."

rm -rf "$folder"
apt=$folder/apt
mkdir -p "$apt/etc/apt.conf.d" "$apt/etc/preferences.d" "$apt/etc/sources.list.d" "$apt/lists/partial" "$apt/cache/archives/partial"
folder=$(cd "$folder" && pwd)
apt=$folder/apt
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
echo "Getting Neovim from Debian $suite into $folder ..." >&2
APT_CONFIG=$apt/apt.conf
export APT_CONFIG
apt-get -qq update
apt-get -qq install -y --no-install-recommends --download-only neovim >/dev/null
for package in "$apt"/cache/archives/*.deb; do
    dpkg-deb -x "$package" "$folder"
done
rm -rf "$apt"

# The loader by its path in the program, not a wrapper around it: Neovim starts itself again by its own name.
set -- "$folder"/usr/lib/*-linux-gnu*/ld-linux*.so.*
[ -x "$1" ] || stop "found no loader among the unpacked files."
patchelf --set-interpreter "$1" --force-rpath --set-rpath "$(dirname "$1")" "$nvim"
"$nvim" --version | sed -n 1p >&2
echo "$suite $folder" >"$stamp"
