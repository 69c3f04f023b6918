from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

import pytest

from cachewise.context.exclude import Exclusions, Look, is_secret
from cachewise.context.gather import Gatherer
from cachewise.context.secrets import SECRET_FOLDERS, SECRET_NAMES, names_secret
from cachewise.model.snapshot import Snapshot
from support.contexts import Desk

SECRET = (
    ".env", ".env.local", ".ENV", ".envrc", "prod.env", "server.pem", "Server.PEM", "tls.key", "a.p12", "a.pfx",
    "a.p8", "a.jks", "a.keystore", "id_rsa", "ID_RSA", "id_rsa.pub", "id_ed25519", "id_ecdsa_sk", "deploy_rsa",
    ".netrc", "_netrc", ".git-credentials", ".pgpass", ".my.cnf", ".npmrc", ".pypirc", ".yarnrc.yml", ".dockercfg",
    ".htpasswd", "credentials", "credentials.json", "Credentials.xml", "aws_credentials", "gcp-credentials.json",
    "secrets.yml", "secrets.toml", "service-account.json", "my-service-account-1.json", "client_secret_123.json",
    "kubeconfig", "kubeconfig.yaml", "prod.kubeconfig", "terraform.tfvars", "x.tfstate", "x.tfstate.backup",
    ".bash_history", ".psql_history", "vault.kdbx", "login.keychain-db", "private.gpg", "private.asc", "vpn.ovpn",
    "a.mobileprovision", "wallet.dat", ".vault-token", ".boto", ".s3cfg", "rclone.conf", "auth.json",
    "google-services.json", "local.settings.json", "wp-config.php", "cookies.sqlite", "server.pem.bak", ".netrc~",
    ".server.pem.swp", ".env.swp", "id_rsa.old", "server.key.1", ".env::$DATA", ".env.", "id_rsa ", ".authinfo.gpg",
)  # fmt: skip
SECRET_BELOW = (
    ".aws/config", ".kube/config", ".ssh/known_hosts", ".SSH/config", ".gnupg/trustdb", ".azure/profile",
    ".docker/config.json", "secrets/db.txt", "deploy/secrets/db.txt", ".password-store/mail", "C:\\me\\.aws\\config",
)  # fmt: skip
ORDINARY = (
    "main.py", "secrets.py", "tokens.py", "env.py", "environment.py", "keys.py", "keyboard.ts", "id_map.py",
    "id_token.ts", "README.md", "password.py", "pem.rs", "config.json", "settings.toml", "history.md",
    "authentication.go", "src/aws/client.py", "kube/deploy.yaml", "docker/Dockerfile", "Makefile", "a.envelope",
    "monkey.c",
)  # fmt: skip


@pytest.mark.parametrize("name", [*SECRET, *SECRET_BELOW])
def test_is_secret(name: str) -> None:
    assert names_secret(name)
    assert names_secret(f"/home/me/project/{name}")
    assert is_secret(f"/home/me/project/{name}")


@pytest.mark.parametrize("name", ORDINARY)
def test_is_ordinary(name: str) -> None:
    assert not names_secret(name)
    assert not is_secret(f"/home/me/project/{name}")


def test_the_list_is_long_enough_and_in_lower_case() -> None:
    assert len(SECRET_NAMES) >= 40
    assert all(name == name.lower() for name in (*SECRET_NAMES, *SECRET_FOLDERS))
    assert len(set(SECRET_NAMES)) == len(SECRET_NAMES)


def test_a_link_to_a_secret_is_secret(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("KEY=1")
    (tmp_path / "notes.txt").symlink_to(tmp_path / ".env")
    (tmp_path / "aws").symlink_to(tmp_path / ".aws")
    assert is_secret(str(tmp_path / "notes.txt"))
    assert is_secret(str(tmp_path / "aws" / "anything"))
    assert not is_secret(str(tmp_path / "other.txt"))


def tree(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


IGNORES = {
    ".gitignore": "*.log\nbuild/\n/only_top.txt\n!keep.log\n# comment\n\\\n!\nfoo/**/deep.txt\n",
    "sub/.gitignore": "local.txt\n!again.log\n*.tmp\n",
    "sub/inner/.gitignore": "!local.txt\n",
    ".git/info/exclude": "private.txt\n",
    ".git/config": "x",
}


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        pytest.param("main.py", True, id="ordinary"),
        pytest.param("a.log", False, id="by pattern"),
        pytest.param("deep/er/a.log", False, id="by pattern, below"),
        pytest.param("keep.log", True, id="taken back"),
        pytest.param("build/x.py", False, id="below an ignored folder"),
        pytest.param("sub/build/x.py", False, id="below an ignored folder further down"),
        pytest.param("build", True, id="a file is no folder"),
        pytest.param("only_top.txt", False, id="anchored"),
        pytest.param("sub/only_top.txt", True, id="anchored elsewhere"),
        pytest.param("sub/local.txt", False, id="nested ignore file"),
        pytest.param("local.txt", True, id="nested one says nothing about above"),
        pytest.param("sub/inner/local.txt", True, id="the deepest one wins"),
        pytest.param("sub/again.log", True, id="nested one takes back"),
        pytest.param("sub/x.tmp", False, id="nested pattern"),
        pytest.param("foo/a/b/deep.txt", False, id="two stars"),
        pytest.param("private.txt", False, id="excluded in the repository only"),
        pytest.param(".git/config", False, id="the repository itself"),
        pytest.param("docs/a.md", False, id="setting: folder"),
        pytest.param("x/generated_api.py", False, id="setting: glob"),
        pytest.param("../outside.py", False, id="outside"),
        pytest.param("sub/../../outside.py", False, id="outside by dots"),
        pytest.param("/etc/hostname", False, id="elsewhere"),
        pytest.param(".", False, id="the folder"),
        pytest.param("a\0b", False, id="no path at all"),
    ],
)
def test_allows(tmp_path: Path, path: str, allowed: bool) -> None:
    folder = tmp_path / "ws"
    tree(folder, IGNORES)
    exclusions = Exclusions(str(folder), ("docs/", "generated_*.py", "!a.log", "!.env"))
    assert exclusions.allows(path) is allowed


def test_the_setting_can_only_exclude(tmp_path: Path) -> None:
    tree(tmp_path, {".gitignore": "*.log\n"})
    exclusions = Exclusions(str(tmp_path), ("!*.log", "!.env", "!**"))
    assert not exclusions.allows("a.log")
    assert not exclusions.allows(".env")


def test_an_ignore_file_that_changes_is_read_again(tmp_path: Path) -> None:
    exclusions = Exclusions(str(tmp_path))
    assert exclusions.allows("a.log")
    (tmp_path / ".gitignore").write_text("*.log\n")
    assert not exclusions.allows("a.log")
    (tmp_path / ".gitignore").write_text("*.other\n")
    assert exclusions.allows("a.log")
    (tmp_path / ".gitignore").unlink()
    assert exclusions.allows("a.other")


def test_links_count_as_what_they_lead_to(tmp_path: Path) -> None:
    folder = tmp_path / "ws"
    tree(folder, {".gitignore": "ignored.py\n", "real.py": "", "ignored.py": "", ".env": "", ".aws/c": ""})
    tree(tmp_path, {"outside.py": ""})
    links = {"in.py": folder / "real.py", "out.py": tmp_path / "outside.py", "env.py": folder / ".env",
             "ig.py": folder / "ignored.py", "conf": folder / ".aws", "up": tmp_path}  # fmt: skip
    for name, target in links.items():
        (folder / name).symlink_to(target)
    exclusions = Exclusions(str(folder))
    allowed = [name for name in (*links, "conf/c", "up/outside.py") if exclusions.allows(name)]
    assert allowed == ["in.py"]
    assert exclusions.resolve("in.py") == os.path.realpath(folder / "real.py")


def test_a_folder_reached_through_a_link_works(tmp_path: Path) -> None:
    tree(tmp_path / "real", {"a.py": ""})
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert Exclusions(str(tmp_path / "link")).allows(str(tmp_path / "link" / "a.py"))


CANARY = "sk-canary-8d1f"


async def test_no_secret_leaves_500_generated_trees(tmp_path: Path) -> None:
    """Secrets under their names, in any case, in folders, behind links, imported, and open in tabs."""
    names = [name for name in (*SECRET, *SECRET_BELOW) if "\\" not in name and not name.endswith((" ", "."))]
    for seed in range(500):
        chance = random.Random(seed)
        folder = tmp_path / str(seed)
        files = {"main.py": "x = 1\n"}
        for secret in chance.sample(names, 3):
            name = chance.choice((secret, secret.upper(), secret.title()))
            files[chance.choice(("", "pkg/", "a/b/")) + name] = f"KEY={CANARY}\n"
        tree(folder, files)
        hidden = [name for name in files if name != "main.py"]
        link = folder / chance.choice(("linked.py", "linked/helper.py"))
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(folder / chance.choice(hidden))
        text = "\n".join(
            f"import {n.replace('/', '.')}\n#include \"{n}\"\nrequire('./{n}')" for n in (*files, "linked")
        )
        language = chance.choice(("python", "javascript", "c", "lua", "ruby"))
        current = at(folder, "main.py", text.replace(CANARY, ""), language)
        tabs = [at(folder, name, files[name], "plaintext") for name in hidden]
        tabs.append(at(folder, str(link.relative_to(folder)), f"KEY={CANARY}\n", "python"))
        gatherer = Gatherer(Exclusions(str(folder)), deadline=20.0)
        pieces = await gatherer.gather(current, tabs, [str(folder / name) for name in files])
        assert not [piece for piece in pieces if CANARY in piece.text], seed
        plan = Desk().ask(current, pieces)
        assert not [block for block in plan.blocks if CANARY in block.text], seed
        await asyncio.sleep(0)


def at(folder: Path, name: str, text: str, language: str) -> Snapshot:
    path = str(folder / name)
    return Snapshot(
        uri=f"file://{path}", version=1, language=language, text=text, start=0, end=0, path=path, folder=str(folder),
        name=name,
    )  # fmt: skip


def test_one_look_says_of_many_paths_what_each_alone_is_told(tmp_path: Path) -> None:
    root, outside = tmp_path / "ws", tmp_path / "outside"
    for folder in (root / "src" / "deep", root / "ignored", outside):
        folder.mkdir(parents=True)
        for name in ("a.py", "b.py", ".env"):
            (folder / name).write_text("x")
    (root / ".gitignore").write_text("ignored/\n*.log\n")
    (root / "src" / ".gitignore").write_text("b.py\n")
    (root / "linked").symlink_to(root / "src" / "deep")
    (root / "away").symlink_to(outside)
    (root / "src" / "link.py").symlink_to(outside / "a.py")
    (root / "src" / "loop").symlink_to(root / "src" / "loop")
    (root / "src" / "env.py").symlink_to(root / "src" / "deep" / ".env")
    names = ["a.py", "src/deep/a.py", "src/deep/b.py", "src/deep/.env", "src/deep/../deep/a.py", "src/./deep/a.py",
             "linked/a.py", "linked/../a.py", "away/a.py", "src/link.py", "src/loop", "src/loop/a.py", "src/env.py",
             "ignored/a.py", "x.log", "src/new.py", "new/new.py", "..", ".", "", "src/", "src//deep//a.py",
             "a\0b"]  # fmt: skip
    paths = [*names, *(str(root / name) for name in names), str(outside / "a.py"), "/", str(root)]
    exclusions = Exclusions(str(root), ["new/"])
    look = Look(exclusions)
    allowed = [path for path in paths if look.resolve(path) is not None]
    for path in (*paths, *paths):
        assert look.resolve(path) == Exclusions(str(root), ["new/"]).resolve(path), path
        if "\0" not in path:
            assert look.real(os.path.join(root, path)) == os.path.realpath(os.path.join(root, path)), path
    assert str(root / "src" / "deep" / "a.py") in allowed
    assert not any("outside" in path or "ignored" in path or "env" in path for path in allowed)
