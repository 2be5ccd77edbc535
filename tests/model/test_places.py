from __future__ import annotations

import tomllib
from typing import Any

import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from comaker.model.places import lines_of

TRICKY = '''\
# a comment with "quotes" and [brackets]
title = "a # no comment" # a comment
a.b."c.d" = 1
text = """
[not.a.table]
key = "no key"\\
"""
raw = \'\'\'
x = [1,\'\'\'
inline = { one = 1, two.three = [ { four = 4 }, { four = 5 } ] } # end
list = [
  "first", # one
  [ 2.5,
    1979-05-27 07:32:00Z ],
  { key = "}" },
]

[table . "quoted key"]
date = 1979-05-27
[[rows]]
n = 1
[rows.below]
n = 2
[[rows.deep]]
n = 3
[[rows]]
[[rows.deep]]
[[rows.deep]]
n = 4
'''


def test_it_finds_the_line_of_every_key_of_a_tricky_file() -> None:
    lines = lines_of(TRICKY)
    assert lines[("title",)] == 2
    assert lines[("a", "b", "c.d")] == 3
    assert lines[("text",)] == 4
    assert lines[("raw",)] == 8
    assert lines[("inline", "two", "three", 1, "four")] == 10
    assert [lines[("list", item)] for item in range(3)] == [12, 13, 15]
    assert lines[("list", 1, 1)] == 14
    assert lines[("list", 2, "key")] == 15
    assert lines[("table", "quoted key", "date")] == 19
    assert lines[("rows", 0, "n")] == 21
    assert lines[("rows", 0, "below", "n")] == 23
    assert lines[("rows", 0, "deep", 0, "n")] == 25
    assert lines[("rows", 1)] == 26
    assert lines[("rows", 1, "deep", 1, "n")] == 29
    assert set(lines) == _paths(tomllib.loads(TRICKY))


def test_it_counts_windows_line_ends_once() -> None:
    assert lines_of("a = 1\r\n\r\nb = 2\r\n") == {("a",): 1, ("b",): 3}


scalars = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Cc"])),
    st.integers(-(2**40), 2**40),
    st.booleans(),
    st.dates(),
    st.floats(allow_nan=False),
)
keys = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=6)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(keys, values, max_size=5))
def test_it_finds_every_key_that_the_parser_finds(document: dict[str, Any]) -> None:
    text = tomlkit.dumps(document)
    read = tomllib.loads(text)
    lines = lines_of(text)
    assert set(lines) == _paths(read)
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())


@given(st.lists(st.tuples(keys, scalars), unique_by=lambda pair: pair[0], max_size=8), st.randoms())
def test_a_key_stands_where_it_was_written(pairs: list[tuple[str, Any]], random: Any) -> None:
    text, expected = "", {}
    for key, value in pairs:
        text += "".join(random.choice(["\n", "# = [x]\n", "  \t\n"]) for _ in range(random.randrange(3)))
        expected[(key,)] = text.count("\n") + 1
        text += tomlkit.dumps({key: value})
    assert lines_of(text) == expected


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {path} - {()} | {below for key, each in inner for below in _paths(each, (*path, key))}
