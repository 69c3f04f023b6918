"""Signatures of source files in several languages, each in a text that is long enough to have any."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.shaping.signatures import SHORTEST, signatures

PYTHON = '''import os

LIMIT = 3


@dataclass(frozen=True)
class Place(Base):
    """Where a document stands.

    More about it.
    """

    path: str
    folder: str | None = None
    count = 0

    @property
    def directory(self) -> str:
        """The folder it lies in."""
        local: str = os.path.dirname(self.path)
        return local

    async def find(
        self,
        name: str,
        *others: str,
    ) -> list[str]:
        def inner(x):
            return x

        class Local:
            def deep(self): ...
        return [inner(name)]


def free(a, b=(1, 2)): return a
'''
PYTHON_SIGNATURES = '''@dataclass(frozen=True)
class Place(Base):
    """Where a document stands."""
    path: str
    folder: str | None = None
    @property
    def directory(self) -> str:
        """The folder it lies in."""
    async def find(
        self,
        name: str,
        *others: str,
    ) -> list[str]:
def free(a, b=(1, 2)): return a
'''
TYPESCRIPT = """import { x } from "./x";

/**
 * What the commands work with.
 * @see y
 */
export interface Parts {
  context: Context;
  usage: () => Promise<void>;
}

type Name = string;
export class Service {
  private n = 0;
  // Loads it.
  async load(url: string): Promise<void> {
    const inner = () => 3;
    if (url) {
      return;
    }
  }
}
export const make = (a: number): Service => {
  return new Service();
};
"""
TYPESCRIPT_SIGNATURES = """ * What the commands work with.
export interface Parts {
  context: Context;
  usage: () => Promise<void>;
}
type Name = string;
export class Service {
  // Loads it.
  async load(url: string): Promise<void> {
export const make = (a: number): Service => {
"""
GO = """package store

// Store keeps things.
// It is safe.
type Store struct {
	mu    sync.Mutex
	items map[string]int
}

// Get gives one.
func (s *Store) Get(name string) (int, bool) {
	value, ok := s.items[name]
	return value, ok
}

func helper() {}
"""
GO_SIGNATURES = """// Store keeps things.
type Store struct {
	mu    sync.Mutex
	items map[string]int
}
// Get gives one.
func (s *Store) Get(name string) (int, bool) {
func helper() {}
"""
RUST = """use std::fmt;

/// A point.
#[derive(Debug)]
pub struct Point {
    pub x: f64,
}

impl Point {
    /// Its length.
    pub fn norm(&self) -> f64 {
        let f = |x: f64| x * x;
        f(self.x)
    }
}

fn free<T>(
    a: T,
) -> T where T: Clone {
    a
}
"""
RUST_SIGNATURES = """pub struct Point {
    pub x: f64,
}
impl Point {
    /// Its length.
    pub fn norm(&self) -> f64 {
fn free<T>(
    a: T,
) -> T where T: Clone {
"""
C = """#include <stdio.h>
/* Adds two numbers. */
static int add(int a, int b) {
    return a + b;
}
struct pair {
    int a;
};
"""
C_SIGNATURES = """/* Adds two numbers. */
static int add(int a, int b) {
struct pair {
    int a;
};
"""
LUA = """local M = {}
-- Greets.
function M.greet(name)
  local function inner() end
  return "hi " .. name
end
return M
"""
LUA_SIGNATURES = """-- Greets.
function M.greet(name)
"""
CASES = {
    "python": ("a.py", PYTHON, PYTHON_SIGNATURES),
    "typescript": ("a.ts", TYPESCRIPT, TYPESCRIPT_SIGNATURES),
    "go": ("a.go", GO, GO_SIGNATURES),
    "rust": ("a.rs", RUST, RUST_SIGNATURES),
    "c": ("a.c", C, C_SIGNATURES),
    "lua": ("a.lua", LUA, LUA_SIGNATURES),
}
FILLER = "\n" * (2 * SHORTEST)
"""Makes a text long, and is itself no signature."""


@pytest.mark.parametrize("language", CASES)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_signatures(language: str, end: str) -> None:
    name, text, expected = CASES[language]
    assert signatures((text + FILLER).replace("\n", end), name) == expected.replace("\n", end)


@pytest.mark.parametrize("line", ["", '"""All of it.'])
def test_a_documentation_string_is_closed(line: str) -> None:
    text = f"def f():\n    {line}\n    x = 1\n" + FILLER
    assert signatures(text, "a.py") == "def f():\n" + (f'    {line}"""\n' if line else "")


def test_a_short_file_has_none() -> None:
    assert signatures(PYTHON, "a.py") == ""


def test_a_file_of_little_else_has_none() -> None:
    assert signatures("def f(): ...\n" * 500, "a.pyi") == ""


def test_a_file_without_definitions_has_none() -> None:
    assert signatures("x = 1\n" * 500, "a.py") == ""


@given(st.lists(st.sampled_from([*PYTHON.splitlines(True), *TYPESCRIPT.splitlines(True), "(", "{\n", '"""', "\r"])))
def test_any_text_has_signatures_of_its_own_lines(parts: list[str]) -> None:
    text = "".join(parts) + FILLER
    for name in ("a.py", "a.ts", "a"):
        found = signatures(text, name)
        assert len(found) <= len(text)
        lines = {line.rstrip("\r\n") for line in text.splitlines()}
        assert all(line in lines or line.removesuffix('"""') in lines for line in found.splitlines() if line.strip())
