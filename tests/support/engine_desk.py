"""What engine tests work at: the standard library's `json` as a workspace, and a server with a local engine."""

from __future__ import annotations

import shutil
import sys
import sysconfig
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.engine import Engine
from support.lsp_client import LspProcess

PACKAGE = ("decoder.py", "encoder.py", "scanner.py", "tool.py")
SOURCES = ("decoder.py", "scanner.py")
"""The first one imports the second."""
SLOW = 60.0
"""Seconds for an answer: a cold prompt takes one, on a machine that has nothing else to do."""


@dataclass
class Editor:
    """One workspace with a document open in it, on a server whose model is a local engine."""

    lsp: LspProcess
    uri: str
    engine: Engine

    async def explain(self, lines: tuple[int, int]) -> dict[str, Any]:
        """Ask for an explanation and check that what streamed is what was answered."""
        token = f"explain-{self.lsp.mark()}"
        start, end = ({"line": line, "character": 0} for line in lines)
        where = {"textDocument": {"uri": self.uri}, "range": {"start": start, "end": end}}
        params = {**where, "partialResultToken": token, "refresh": True}
        answer: dict[str, Any] = await self.lsp.request("cachewise/explain", params, SLOW)
        assert self.lsp.text_of(token) == answer["text"] != ""
        assert answer["source"] == "provider"
        return answer

    def insert(self, line: int, text: str, version: int) -> None:
        here = {"line": line, "character": 0}
        change = {"range": {"start": here, "end": here}, "text": text}
        document = {"uri": self.uri, "version": version}
        self.lsp.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})


@asynccontextmanager
async def editor(
    tmp_path: Path,
    model: Path,
    *,
    prompt_cache: bool = True,
    sources: Sequence[str] = SOURCES,
    opened: Sequence[str] = SOURCES[:1],
) -> AsyncIterator[Editor]:
    """A fresh engine, a fresh server with the user file that names it, and open documents, the last one shown."""
    workspace = tmp_path / "workspace" / "json"
    workspace.mkdir(parents=True, exist_ok=True)
    for name in sources:
        shutil.copyfile(Path(sysconfig.get_path("stdlib")) / "json" / name, workspace / name)
    home = tmp_path / f"home-{prompt_cache}"
    (home / "config" / "cachewise").mkdir(parents=True)
    async with await Engine.start(model, prompt_cache=prompt_cache) as engine:
        user_file = f'model = "local:tiny"\n[local.tiny]\nbase_url = "{engine.base_url}"\n'
        place = home / "config" / "cachewise" / "config.toml"
        place.write_text(user_file)
        place.chmod(0o600)
        env = {f"XDG_{name.upper()}_HOME": str(home / name) for name in ("config", "cache", "state")}
        env |= {"CACHEWISE_MODEL": "", "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
        async with await LspProcess.start([sys.executable, "-m", "cachewise", "serve"], env) as lsp:
            await lsp.initialize(root=workspace.parent)
            for name in opened:
                lsp.open((workspace / name).as_uri(), (workspace / name).read_text(encoding="utf-8"))
            yield Editor(lsp, (workspace / opened[-1]).as_uri(), engine)
