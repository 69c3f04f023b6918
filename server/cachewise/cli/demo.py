"""`cachewise demo`: the main job from end to end, with no key and no network.

A simulated provider on loopback, a real server process, real source files. What the user sees is what the server sent:
the text as it streamed, the readout of each request, and the totals of `cachewise.usage`. Not here: the simulated
provider (`simulator/`) and the LSP client (`editor.py`).
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from cachewise.cli.editor import Editor
from cachewise.cli.figures import readout_of, table
from cachewise.faults import Fault
from cachewise.simulator.script import Script
from cachewise.simulator.server import Simulator

MODEL = "openrouter:anthropic/claude-haiku-4.5"
_KEY = "simulated-key-of-the-demo"
_TEXT, _WORK = "text", "work"
_MOST_LINES = 80
"""Of a definition that is explained, where there are shorter ones."""
"""Progress tokens of a request: one for its text, one for its begin and end."""
_PACES = {
    "fast": Script(first_token_delay=0.15, token_delay=0.004, api_key=_KEY),
    "real": Script(first_token_delay=0.6, token_delay=0.015, api_key=_KEY),
}
_LANGUAGES = {".py": "python", ".ts": "typescript", ".js": "javascript", ".go": "go", ".rs": "rust", ".lua": "lua"}


@dataclass(slots=True)
class _Show:
    """What the demo has on screen."""

    colour: bool = field(default_factory=lambda: sys.stdout.isatty() and "NO_COLOR" not in os.environ)

    def heading(self, text: str) -> None:
        print(f"\n{self._styled('1;36', text)}")

    def text(self, text: str) -> None:
        print(text, end="", flush=True)

    def readout(self, text: str) -> None:
        print(f"\n{self._styled('2', '  ' + text)}")

    def line(self, text: str = "") -> None:
        print(text, flush=True)

    def _styled(self, style: str, text: str) -> str:
        return f"\033[{style}m{text}\033[0m" if self.colour else text


def demo(files: Sequence[Path], *, pace: Literal["fast", "real"]) -> int:
    """Run the demo on the given source files, or on cachewise's own.

    Raises:
        Fault: a file can't be used, or the server did not answer.
    """
    return asyncio.run(_demo(_sources(files), _PACES[pace]))


def _sources(files: Sequence[Path]) -> list[Path]:
    if not files:
        package = Path(__file__).resolve().parent.parent
        return [package / "model" / "usage.py", package / "features" / "conversation.py"]
    for path in files:
        if not path.is_file():
            raise Fault(f"{str(path)!r} is no file.")
    return [path.resolve() for path in files]


async def _demo(sources: Sequence[Path], script: Script) -> int:
    show = _Show()
    show.line("cachewise demo: a simulated provider on this machine, a real language server, real source files.")
    show.line("No key is used and nothing leaves the machine. Texts come from the simulator, not from a model.")
    async with Simulator(script) as simulator:
        show.line(f"provider: {simulator.openrouter_url} (simulated)   model: {MODEL}")
        async with _editor(simulator, _folder_of(sources)) as editor:
            documents = [_open(editor, path) for path in sources]
            for document in documents:
                await _explain(editor, show, document, 0)
            first = documents[0]
            await _explain(editor, show, first, 1)
            for _ in range(3):
                await _complete(editor, show, first)
            await _ask(editor, show, first)
            usage = await editor.request("workspace/executeCommand", {"command": "cachewise.usage"})
    show.heading("What it cost")
    show.line(table(usage["recent"], usage["session"]))
    return 0


@asynccontextmanager
async def _editor(simulator: Simulator, folder: Path) -> AsyncIterator[Editor]:
    """A server of its own, which sees neither the user's settings and keys nor the ledger of real requests."""
    with tempfile.TemporaryDirectory(prefix="cachewise-demo-") as home:
        places = {f"XDG_{kind}_HOME": str(Path(home) / kind.lower()) for kind in ("CONFIG", "CACHE", "STATE")}
        kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LANG", "LC_ALL", "TZ") if name in os.environ}
        editor = await Editor.start(
            {
                **kept,
                **places,
                "HOME": home,
                "OPENROUTER_API_KEY": _KEY,
                "OPENROUTER_BASE_URL": simulator.openrouter_url,
                "CACHEWISE_MODEL": MODEL,
            }
        )
        try:
            await editor.initialize(folder)
            yield editor
        finally:
            await editor.stop()


def _folder_of(sources: Sequence[Path]) -> Path:
    """The workspace folder to open: the repository of the files, or what holds the package, or what they share."""
    package = Path(__file__).resolve().parent.parent
    if all(path.is_relative_to(package) for path in sources):
        return package.parent
    shared = Path(os.path.commonpath([path.parent for path in sources]))
    return next((folder for folder in (shared, *shared.parents) if (folder / ".git").exists()), shared)


@dataclass(slots=True)
class _Document:
    uri: str
    path: Path
    lines: list[str]
    places: list[int]
    """Numbers of the lines at which definitions begin, the longest that is not too long first."""
    version: int = 1


def _open(editor: Editor, path: Path) -> _Document:
    text = path.read_text(encoding="utf-8", errors="replace")
    lines = text.split("\n")
    uri = editor.open(path, text, _LANGUAGES.get(path.suffix, "plaintext"))
    starts = ("def ", "async def ", "class ", "function ", "export ", "func ", "fn ", "pub fn ", "local function ")
    places = [number for number, line in enumerate(lines) if line.lstrip().startswith(starts)]
    lengths = {number: _end_of_block(lines, number) - number for number in places}
    places.sort(key=lambda number: (lengths[number] > _MOST_LINES, -lengths[number]))
    return _Document(uri=uri, path=path, lines=lines, places=places or [0])


async def _explain(editor: Editor, show: _Show, document: _Document, which: int) -> None:
    place = document.places[min(which, len(document.places) - 1)]
    show.heading(f"Explain {document.path.name}, line {place + 1}: {document.lines[place].strip()}")
    end = _end_of_block(document.lines, place)
    span = {"start": {"line": place, "character": 0}, "end": {"line": end, "character": 0}}
    await _stream(editor, show, "cachewise/explain", {"textDocument": {"uri": document.uri}, "range": span})


def _end_of_block(lines: list[str], start: int) -> int:
    """The number of the line behind the definition that begins at `start`, by indentation."""
    depth = len(lines[start]) - len(lines[start].lstrip())
    end = start + 1
    for number in range(start + 1, len(lines)):
        text = lines[number].lstrip()
        if text and len(lines[number]) - len(text) <= depth and not text.startswith((")", "]", "}")):
            break
        if text:
            end = number + 1
    return min(end, len(lines) - 1)


async def _ask(editor: Editor, show: _Show, document: _Document) -> None:
    question = "What happens when a figure is unknown?"
    show.heading(f"Ask about {document.path.name}: {question}")
    await _stream(editor, show, "cachewise/ask", {"textDocument": {"uri": document.uri}, "question": question})


async def _stream(editor: Editor, show: _Show, method: str, params: dict[str, Any]) -> None:
    readout = ""

    def progress(message: dict[str, Any]) -> None:
        nonlocal readout
        if message["token"] == _TEXT:
            show.text(message["value"]["text"])
        elif message["value"].get("kind") == "end":
            readout = message["value"]["message"]

    editor.on("$/progress", progress)
    await editor.request(method, {**params, "partialResultToken": _TEXT, "workDoneToken": _WORK})
    show.readout(readout)


def _line_to_retype(document: _Document) -> int:
    """The number of a line that is worth completing: a long one with a word in front, or the longest there is."""
    lines = [line.strip() for line in document.lines]
    source = [number for number, line in enumerate(lines) if len(line) > 24 and line[0].isalpha()]
    if not source:
        return max(range(len(lines)), key=lambda number: len(lines[number]))
    return source[(document.version * 7) % len(source)]


async def _complete(editor: Editor, show: _Show, document: _Document) -> None:
    """Type the beginning of a line that stands in the file again, and let the server suggest the rest."""
    number = _line_to_retype(document)
    line = document.lines[number]
    typed = line[: len(line) - len(line.lstrip()) + 12]
    at = min(number + 1, len(document.lines) - 1)
    document.version += 1
    document.lines.insert(at, typed)
    here = {"line": at, "character": 0}
    editor.notify(
        "textDocument/didChange",
        {
            "textDocument": {"uri": document.uri, "version": document.version},
            "contentChanges": [{"range": {"start": here, "end": here}, "text": typed + "\n"}],
        },
    )
    show.heading(f"Complete {document.path.name}, line {at + 1}")
    done = asyncio.get_running_loop().create_future()

    def status(message: dict[str, Any]) -> None:
        last = message["last"]
        if message["quiescent"] and last is not None and last["feature"] == "complete" and not done.done():
            done.set_result(last)

    editor.on("cachewise/status", status)
    result = await editor.request(
        "textDocument/inlineCompletion",
        {
            "textDocument": {"uri": document.uri},
            "position": {"line": at, "character": len(typed)},
            "context": {"triggerKind": 1},
        },
    )
    texts = [item["insertText"] for item in result["items"]]
    show.text(typed + ("[" + texts[0] + "]" if texts else "  (no suggestion)"))
    async with asyncio.timeout(5):
        last = await done
    editor.on("cachewise/status", lambda message: None)
    show.readout(readout_of(last))
