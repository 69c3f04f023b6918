"""Files that are likely to hold keys or passwords, told by their path alone. They never become context.

The list errs towards silence: a harmless file that is left out costs a little context, a leaked key costs the key.
Not here: what a repository or a user excludes (`exclude.py`), and secrets inside ordinary files.
"""

from __future__ import annotations

import fnmatch
import os
import re
from functools import lru_cache

SECRET_NAMES: tuple[str, ...] = (
    # environment files
    ".env*", "*.env", "env.local", "*.envrc",
    # private keys, certificates and the stores they live in
    "*.pem", "*.key", "*.p12", "*.pfx", "*.p8", "*.pk8", "*.der", "*.crt", "*.cer", "*.csr", "*.ppk", "*.jks",
    "*.jceks", "*.bks", "*.keystore", "*.truststore", "*.keytab", "*.pkcs12", "*.age", "*.gpg", "*.pgp", "*.asc",
    "id_*", "*_rsa", "*_dsa", "*_ecdsa", "*_ed25519", "*.ovpn", "*.mobileprovision", "*.provisionprofile",
    # password stores
    "*.kdbx", "*.kdb", "*.keychain", "*.keychain-db", "*.agilekeychain", "*.1pif", "*.opvault", "wallet.dat",
    "*.wallet",
    # tools that keep a login in a file
    ".netrc", "_netrc", ".authinfo*", ".git-credentials", ".pgpass", "pgpass.conf", ".my.cnf", ".mylogin.cnf",
    ".npmrc", ".yarnrc", ".yarnrc.yml", ".pypirc", ".dockercfg", ".boto", ".s3cfg", ".htpasswd", "htpasswd",
    ".msmtprc", ".fetchmailrc", "rclone.conf", ".terraformrc", "terraform.rc", "shadow", ".vault-token",
    ".vault_pass*", "vault_pass*",
    # credentials by name
    "credentials*", ".credentials*", "*credentials.json", "*credentials.csv", "*_credentials", "*-credentials",
    "secrets.yml", "secrets.yaml", "secrets.json", "secrets.toml", "secrets.ini", "secrets.env", "secrets.txt",
    "secrets.properties", "secrets.xml", "secrets.tf", "secrets", "*.secret", "*.secrets", "*.token", ".token",
    "client_secret*", "*service-account*.json", "*service_account*.json", "*serviceaccount*.json", "gcp-key*.json",
    "google-services.json", "googleservice-info.plist", "firebase-adminsdk*.json", "kubeconfig*", "*.kubeconfig",
    "local.settings.json", "wp-config.php", "auth.json",
    # infrastructure state, histories, cookies
    "*.tfvars", "*.tfvars.json", "*.tfstate", "*.tfstate.*", ".*_history", "cookies.sqlite", "*.cookies",
)  # fmt: skip
"""Patterns of file names, in lower case."""
SECRET_FOLDERS: frozenset[str] = frozenset({
    ".aws", ".kube", ".ssh", ".gnupg", ".gpg", ".azure", ".gcp", ".gcloud", ".docker", ".secrets", "secrets",
    ".password-store", ".vault", ".credentials", ".pki", ".env", "keyrings",
})  # fmt: skip
"""Names of folders below which everything is secret, in lower case."""

_NAME = re.compile("|".join(fnmatch.translate(pattern) for pattern in SECRET_NAMES))
_SOURCE_NAMED_ID = re.compile(r"id_\w+\.(?:c|cc|cpp|cs|go|h|hpp|java|js|jsx|kt|lua|php|py|pyi|rb|rs|swift|ts|tsx)")
_BACKUP = re.compile(r"(?:~|\.(?:bak|backup|old|orig|save|saved|swp|swo|tmp|copy|disabled|\d+))$")


def is_secret(path: str) -> bool:
    """Whether a path, or the file that it leads to through symbolic links, is one of a secret file.

    Resolving links asks the file system, so call it in a thread where that may be slow.
    """
    if names_secret(path):
        return True
    try:
        return os.path.isabs(path) and names_secret(os.path.realpath(path))
    except (OSError, ValueError):
        return True


@lru_cache(maxsize=2048)
def names_secret(path: str) -> bool:
    """Whether the words of a path name a secret file, in any case. Asks no file system."""
    parts = re.split(r"[/\\]", path.casefold().rstrip("/\\"))
    if not SECRET_FOLDERS.isdisjoint(parts):
        return True
    name = parts[-1]
    name = name.partition("::")[0].rstrip(". ") or name
    while True:
        if _NAME.fullmatch(name) and not _SOURCE_NAMED_ID.fullmatch(name):
            return True
        shorter = _BACKUP.sub("", name)
        if shorter == name:
            return False
        name = shorter
