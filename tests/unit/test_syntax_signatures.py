"""Signatures that lines alone do not show: what a parser gets right, each in a text that is long enough to have any."""

from __future__ import annotations

import pytest

from cachewise.shaping.signatures import SHORTEST, signatures

FILLER = "\n" * (2 * SHORTEST)
PYTHON = '''@overload
def f(a: int) -> int: ...
@overload
def f(a: str = ")") -> str: ...
def f(
    a=(1, {"x": [2]}),  # not )
    *,
    b: dict[str, int] = {},
):
    """Does it.

    def no(): ...
    """
    return a
@route(
    "/x",
)
async def g(): pass
if TYPE_CHECKING:
    def h(): ...
else:
    try:
        class B[T: int](A[T]):
            x: int = field(
                default=1)
            y: list[
                str
            ]
            z = 2
            class C:
                async def h(self): return 1
    except ImportError:
        pass
type X[T] = list[T]
TEXT = """
def no():
"""
'''
PYTHON_SIGNATURES = '''@overload
def f(a: int) -> int: ...
@overload
def f(a: str = ")") -> str: ...
def f(
    a=(1, {"x": [2]}),  # not )
    *,
    b: dict[str, int] = {},
):
    """Does it."""
@route(
    "/x",
)
async def g(): pass
    def h(): ...
        class B[T: int](A[T]):
            x: int = field(
            y: list[
                str
            ]
            class C:
                async def h(self): return 1
type X[T] = list[T]
'''
CLASSES = """@Component({
  selector: "x",
})
export abstract class A<T extends B = C> implements D {
  @Input() name: string = "";
  private count = 0;
  readonly make = async <U>(a: U): Promise<U> => {
    function no() {}
    return a;
  };
  constructor(private readonly b: B) {
    super();
  }
  over(a: string): void;
  over(
    a: string | number = "{",
  ): void {
    const no = () => 1;
  }
  abstract area(): number;
  get size() { return 1; }
}
"""
CLASSES_SIGNATURES = """@Component({
  selector: "x",
})
export abstract class A<T extends B = C> implements D {
  @Input() name: string = "";
  readonly make = async <U>(a: U): Promise<U> => {
  constructor(private readonly b: B) {
  over(a: string): void;
  over(
    a: string | number = "{",
  ): void {
  abstract area(): number;
  get size() { return 1; }
"""
DECLARATIONS = """export type Shape<T> =
  | { kind: "a" }
  | T;
declare module "m" {
  export function f(a: number): void;
}
namespace N {
  export const g = (a: number) => a;
}
declare global {
  interface Window { x: number }
}
export default function () {
  return 1;
}
const text = `
function no() {
`;
"""
DECLARATIONS_SIGNATURES = """export type Shape<T> =
  | { kind: "a" }
  | T;
declare module "m" {
  export function f(a: number): void;
namespace N {
  export const g = (a: number) => a;
  interface Window { x: number }
export default function () {
"""
VALUES = """exports.f = function (a) {
  return a;
};
module.exports = {
  name: "x",
  get(a) {
    return <p>{a}</p>;
  },
  put: async (a) => {
    return a;
  },
};
(function (root) {
  function inside(a) {
    function no() {}
  }
})(this);
class A {
  #b = 1;
  static c = () => {
    return 1;
  };
}
"""
VALUES_SIGNATURES = """exports.f = function (a) {
module.exports = {
  get(a) {
  put: async (a) => {
  function inside(a) {
class A {
  static c = () => {
"""
GO = """package x

type (
	// A is first.
	A struct{ b int }
	C = map[string]int
)
type Number interface {
	~int | ~float64
}
// Map maps.
func Map[T, U any](
	in []T,
	f func(T) U,
) (out []U) {
	type no struct{}
	return
}
func (l *List[T]) Len() int { return l.n }
var s = `
func no() {
`
"""
GO_SIGNATURES = """type (
	// A is first.
	A struct{ b int }
	C = map[string]int
)
type Number interface {
	~int | ~float64
}
// Map maps.
func Map[T, U any](
	in []T,
	f func(T) U,
) (out []U) {
func (l *List[T]) Len() int { return l.n }
"""
RUST = """impl<'a, T: Clone> Trait<T> for Thing<'a, T>
where
    T: Debug,
{
    type Out = T;
    async fn f<F>(&self, f: F) -> Result<(), E>
    where
        F: Fn(u8) -> u8,
    {
        fn no() {}
        Ok(())
    }
}
pub trait Shape {
    fn area(&self) -> f64;
    fn name(&self) -> String {
        "fn no() {".into()
    }
}
pub enum Kind<T> {
    One(T),
    Two { a: u8 },
}
mod inside {
    pub(super) const fn g() -> u8 {
        1
    }
}
extern "C" {
    fn ext(a: i32);
}
macro_rules! make {
    () => { fn no() {} };
}
cfg_if! {
    if #[cfg(unix)] {
        pub fn on_unix() {
        }
    }
}
"""
RUST_SIGNATURES = """impl<'a, T: Clone> Trait<T> for Thing<'a, T>
where
    T: Debug,
{
    type Out = T;
    async fn f<F>(&self, f: F) -> Result<(), E>
    where
        F: Fn(u8) -> u8,
    {
pub trait Shape {
    fn area(&self) -> f64;
    fn name(&self) -> String {
pub enum Kind<T> {
    One(T),
    Two { a: u8 },
}
mod inside {
    pub(super) const fn g() -> u8 {
extern "C" {
    fn ext(a: i32);
macro_rules! make {
        pub fn on_unix() {
"""
BROKEN = """class A:
    def f(self):
        return 1

    def g(self, = ):
        return 2

    def h(self):
        return 3
"""
BROKEN_SIGNATURES = """class A:
    def f(self):
    def g(self, = ):
    def h(self):
"""
CASES = {
    "python": ("a.py", PYTHON, PYTHON_SIGNATURES),
    "broken in one place": ("a.py", BROKEN, BROKEN_SIGNATURES),
    "classes": ("a.ts", CLASSES, CLASSES_SIGNATURES),
    "declarations": ("a.tsx", DECLARATIONS, DECLARATIONS_SIGNATURES),
    "values": ("a.jsx", VALUES, VALUES_SIGNATURES),
    "go": ("a.go", GO, GO_SIGNATURES),
    "rust": ("a.rs", RUST, RUST_SIGNATURES),
}


@pytest.mark.parametrize("case", CASES)
def test_signatures(case: str) -> None:
    name, text, expected = CASES[case]
    assert signatures(text + FILLER, name) == expected
    assert signatures(text.replace("\n", "\r\n") + FILLER, name) == expected.replace("\n", "\r\n")


def test_characters_of_several_bytes_move_no_line() -> None:
    text = "x = '😀é'\u2028  # one line\nclass É:\n    ü: str\n    def f(self, ß='ö'):\n        pass\n" + FILLER
    assert signatures(text, "a.py") == "class É:\n    ü: str\n    def f(self, ß='ö'):\n"


def test_a_long_type_is_told_by_its_first_line() -> None:
    text = "export interface Long {\n" + "  a: number;\n" * 60 + "}\n" + FILLER
    assert signatures(text, "a.ts") == "export interface Long {\n"
    group = "package x\n\ntype (\n" + "\tA int\n" * 60 + ")\n" + FILLER
    assert signatures(group, "a.go") == "\tA int\n" * 60


def test_what_nobody_wrote_by_hand_has_no_signatures() -> None:
    text = "class Made{" + "a(){return 1}" * 50 + "}\nfunction f() {\n}\n" + FILLER
    assert signatures(text, "a.js") == "function f() {\n"


def test_deep_nesting_ends() -> None:
    text = "".join("  " * n + "if x:\n" for n in range(90)) + "  " * 90 + "def f(): ...\n" + FILLER
    assert signatures(text, "a.py") == ""
    assert signatures("class A {\n" * 500 + 10 * FILLER, "a.ts").startswith("class A {\n")


def test_what_is_given_up_has_the_signatures_of_its_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cachewise.syntax.outline.parse", lambda data, language: None)
    assert signatures("def f():\n    pass\n" + FILLER, "a.py") == "def f():\n"
