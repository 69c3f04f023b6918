"""The files of the workspace that a document imports: found by their syntax, resolved by asking which files exist.

In languages without a grammar they are found by patterns: one that finds an import inside a string costs one look for
a file. Results are in the order of appearance and one level deep. Not here: whether such a file may be read
(`exclude.py`) and the reading (`reading.py`). Asks the file system: use it in a thread.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from cachewise.context import import_rules
from cachewise.context.rust_crates import crate_folder
from cachewise.context.script_files import script_files
from cachewise.context.statements import Statements
from cachewise.syntax.imports import go_imports, python_imports, rust_imports, script_imports
from cachewise.syntax.keywords import family

_MOST_IMPORTS = 64
_MOST_LOOKED_FOR = 500
_MOST_SCANNED = 400_000
"""Characters of a document that are searched; imports stand at the top."""

_Found = TypeVar("_Found", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document stands: its path, and the workspace folder that bounds every search."""

    path: str
    folder: str

    @property
    def directory(self) -> str:
        return os.path.dirname(self.path)

    @property
    def suffix(self) -> str:
        return os.path.splitext(self.path)[1]

    def ancestors(self) -> Iterator[str]:
        """The document's directory and those above it, up to the workspace folder."""
        directory = self.directory
        while is_below(directory, self.folder):
            yield directory
            if directory == self.folder or os.path.dirname(directory) == directory:
                return
            directory = os.path.dirname(directory)

    def roots(self) -> Iterator[str]:
        """Directories that absolute names may start from: those above the document, then those just below the top."""
        yield from self.ancestors()
        try:
            with os.scandir(self.folder) as entries:
                yield from sorted(e.path for e in entries if not e.name.startswith(".") and e.is_dir())
        except OSError:
            return


def imported_files(
    path: str, language: str, text: str, folder: str, statements: Statements | None = None
) -> tuple[str, ...]:
    """Absolute paths of the existing files below `folder` that the document imports, each once.

    Args:
        path: Absolute path of the document; need not exist.
        language: The LSP language id.
        text: The document's current text.
        folder: Absolute path of the workspace folder. Candidates outside are dropped, also behind links.
        statements: What the document was found to import before; without, its text is looked at anew.
    """
    place = Place(path, folder)
    real_folder = os.path.realpath(folder)
    found: dict[str, None] = {}
    own = os.path.realpath(path)
    for candidate in _files(place, language, text, statements or Statements()):
        real = os.path.realpath(candidate)
        if real != own and is_below(real, real_folder):
            found.setdefault(os.path.normpath(candidate))
        if len(found) >= _MOST_IMPORTS:
            break
    return tuple(found)


def is_below(path: str, folder: str) -> bool:
    """Whether a path is a folder or stands below it, by name alone."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def first_file(*candidates: str) -> str | None:
    """The first candidate that is a file."""
    return next((candidate for candidate in candidates if os.path.isfile(candidate)), None)


def _files(place: Place, language: str, text: str, statements: Statements) -> Iterator[str]:
    match family(language):
        case "python":
            return _python(place, statements.of(text, language, python_imports))
        case "typescript" | "javascript":
            specifiers = statements.of(text, language, partial(script_imports, language=language))
            return script_files(specifiers, place.directory, place.ancestors())
        case "go":
            return _go(place, statements.of(text, language, go_imports))
        case "rust":
            return _rust(place, statements.of(text, language, rust_imports))
    text = text[:_MOST_SCANNED]
    match language:
        case "vue" | "svelte" | "astro":
            return script_files(_distinct(import_rules.embedded_imports(text)), place.directory, place.ancestors())
        case "c" | "cpp" | "objective-c" | "objective-cpp" | "cuda-cpp":
            return _c(place, _distinct(import_rules.c_includes(text)))
        case "lua" | "luau":
            return _lua(place, _distinct(import_rules.lua_requires(text)))
        case _:
            return _by_name(place, _distinct(import_rules.named_imports(text)))


def _python(place: Place, imports: Iterable[tuple[int, str, tuple[str, ...]]]) -> Iterator[str]:
    roots = [root for root in place.roots() if not os.path.isfile(os.path.join(root, "__init__.py"))]
    for level, module, names in imports:
        parts = module.split(".") if module else []
        if level:
            base = place.directory
            for _ in range(level - 1):
                base = os.path.dirname(base)
            starts = [base]
        else:
            starts = roots
        for start in starts:
            found = list(_python_module(os.path.join(start, *parts), names))
            if found:
                yield from found
                break


def _python_module(stem: str, names: tuple[str, ...]) -> Iterator[str]:
    """The submodules that are named, and the module itself where a name is none of them."""
    missing = not names
    for name in names:
        submodule = first_file(*_python_files(os.path.join(stem, name))) if name != "*" else None
        if submodule:
            yield submodule
        missing = missing or submodule is None
    module = first_file(*_python_files(stem)) if missing else None
    if module:
        yield module


def _python_files(stem: str) -> tuple[str, ...]:
    return os.path.join(stem, "__init__.py"), f"{stem}.py", f"{stem}.pyi"


def _go(place: Place, imports: Iterable[str]) -> Iterator[str]:
    for root in place.ancestors():
        module = import_rules.go_module(_head_of(os.path.join(root, "go.mod")))
        if module:
            break
    else:
        return
    for specifier in imports:
        if specifier != module and not specifier.startswith(module + "/"):
            continue
        package = os.path.join(root, *specifier[len(module) :].strip("/").split("/"))
        try:
            names = sorted(os.listdir(package))
        except OSError:
            continue
        sources = [name for name in names if name.endswith(".go") and not name.endswith("_test.go")]
        yield from (os.path.join(package, name) for name in sources[:8])


def _rust(place: Place, imports: Iterable[tuple[str, tuple[str, ...]]]) -> Iterator[str]:
    stem = os.path.splitext(os.path.basename(place.path))[0]
    own = place.directory if stem in ("mod", "lib", "main") else os.path.join(place.directory, stem)
    tops = (d for d in place.ancestors() if first_file(os.path.join(d, "lib.rs"), os.path.join(d, "main.rs")))
    crate = next(tops, place.directory)
    for kind, parts in imports:
        named = crate_folder(parts[0], place.ancestors()) if kind == "name" else None
        if kind == "name" and named is None:
            continue  # a crate from elsewhere
        start = named or {"crate": crate, "super": os.path.dirname(own)}.get(kind, own)
        parts = parts if named is None else parts[1:]
        while parts[:1] == ("super",):
            start, parts = os.path.dirname(start), parts[1:]
        for length in range(len(parts), 0, -1):
            module = os.path.join(start, *parts[:length])
            found = first_file(f"{module}.rs", os.path.join(module, "mod.rs"))
            if found:
                yield found
                break
        else:
            root = first_file(os.path.join(start, "lib.rs")) if named else None
            if root:
                yield root


def _c(place: Place, imports: Iterable[str]) -> Iterator[str]:
    for name in imports:
        tops = (place.directory, *(os.path.join(place.folder, d) for d in ("", "include", "src")), *place.ancestors())
        found = first_file(*(os.path.normpath(os.path.join(top, name)) for top in tops))
        if found:
            yield found


def _lua(place: Place, imports: Iterable[str]) -> Iterator[str]:
    roots = tuple(place.roots())
    for name in imports:
        parts = name.replace("/", ".").split(".")
        for root in roots:
            for top in (root, os.path.join(root, "lua")):
                found = first_file(os.path.join(top, *parts) + ".lua", os.path.join(top, *parts, "init.lua"))
                if found:
                    break
            else:
                continue
            yield found
            break


def _by_name(place: Place, imports: Iterable[str]) -> Iterator[str]:
    for name in imports:
        parts = [part for part in re.split(r"[./\\:]+", name.removesuffix(place.suffix)) if part]
        if not parts:
            continue
        relative = os.path.normpath(os.path.join(place.directory, name))
        tops = [os.path.join(root, *parts) + place.suffix for root in place.ancestors()]
        beside = os.path.join(place.directory, parts[-1]) + place.suffix
        found = first_file(relative, relative + place.suffix, *tops, beside)
        if found:
            yield found


def _distinct(found: Iterable[_Found]) -> Iterator[_Found]:
    """Each import once, in order, and no more than a document written by people has."""
    return itertools.islice(dict.fromkeys(found), _MOST_LOOKED_FOR)


def _head_of(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(4096)
    except OSError:
        return ""
