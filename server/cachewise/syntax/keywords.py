"""Where in a text import statements can stand, by the words that each of them has. Fast, and nothing is parsed.

Not here: the statements (`imports.py`).
"""

from __future__ import annotations

KEYWORDS = {
    "python": ("import",), "typescript": ("import", "from", "require"), "javascript": ("import", "from", "require"),
    "go": ("import",), "rust": ("use", "mod"),
}  # fmt: skip
"""Words of which every import statement has one."""
DELIMITERS = {
    "python": ('"""', "'''"), "typescript": ("`", "/*", "*/"), "javascript": ("`", "/*", "*/"),
    "go": ("`", "/*", "*/"), "rust": ('"', "/*", "*/"),
}  # fmt: skip
"""Of strings and comments that go on over lines."""
_MOST_LOOKED_AT = {"python": 400_000}
_USUALLY_LOOKED_AT = 50_000
"""Characters of a text. Python's imports stand anywhere, and are parsed in parts."""
_REACH = {"go": 20_000}
"""Characters that a statement goes on for at most behind its keyword."""
_USUAL_REACH = 4_000
_GOES_ON = ("\\", "from", "import", ",")
"""Ends of lines that end no statement."""


def family(language: str) -> str:
    """The language whose import statements a dialect has."""
    return {"typescriptreact": "typescript", "javascriptreact": "javascript"}.get(language, language)


def region(text: str, language: str) -> int:
    """Where the part of a text ends that can have imports; 0 where nothing of it can."""
    known = family(language)
    last = last_keyword(text, known, 0, _MOST_LOOKED_AT.get(known, _USUALLY_LOOKED_AT))
    stop = min(len(text), last + _REACH.get(known, _USUAL_REACH))
    return 0 if last < 0 else _closed(text, known, _statement_end(text, known, last, stop) or stop)


def within_statement(text: str, start: int, language: str) -> bool:
    """Whether the import statement before a line, if there is one, may not have ended before it."""
    known = family(language)
    last = last_keyword(text, known, max(start - _REACH.get(known, _USUAL_REACH), 0), start)
    return last >= 0 and not _statement_end(text, known, last, start)


def last_keyword(text: str, language: str, start: int, stop: int) -> int:
    """Where in a part of a text a keyword stands for the last time; -1 where none does."""
    return max(_last(text, word, start, stop) for word in KEYWORDS[family(language)])


def _statement_end(text: str, language: str, keyword: int, stop: int) -> int:
    """Where the first line ends with which a statement can have ended; 0 where none before `stop` does."""
    depth, ended = 0, language != "rust"
    start = text.rfind("\n", 0, keyword) + 1
    while start < stop:
        end = text.find("\n", start, stop) + 1 or stop
        line = text[start:end]
        depth += sum(map(line.count, "([{")) - sum(map(line.count, ")]}"))
        ended = ended or ";" in line
        if depth <= 0 and ended and not line.rstrip().endswith(_GOES_ON):
            return end
        start = end
    return 0


def _closed(text: str, language: str, end: int) -> int:
    """An end that cuts no string and no comment in two, as far as counting tells."""
    for mark in DELIMITERS[language]:
        match mark:
            case "/*":
                open_ = text.count("/*", 0, end) > text.count("*/", 0, end)
                closing = "*/"
            case "*/":
                continue
            case _:
                open_, closing = text.count(mark, 0, end) % 2 == 1, mark
        found = text.find(closing, end) if open_ else -1
        if found >= 0:
            end = text.find("\n", found) + 1 or len(text)
    return end


def _last(text: str, word: str, start: int, stop: int) -> int:
    """Where a whole word stands for the last time in a part of a text; -1 where it does not."""
    found = text.rfind(word, start, stop)
    while found >= 0:
        around = text[max(found - 1, 0) : found] + text[found + len(word) : found + len(word) + 1]
        if not any(character.isalnum() or character == "_" for character in around):
            return found
        found = text.rfind(word, start, found)
    return -1
