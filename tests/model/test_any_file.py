"""Whatever a file or a change says, it is loaded or refused with problems that have a place."""

from __future__ import annotations

import copy
import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from comaker.model import Model, ModelError, load

SMALL = Path(__file__).parent / "small.toml"
RAW = tomllib.loads(SMALL.read_text(encoding="utf-8"))


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [below for key, each in inner for below in paths_of(each, (*path, key))]


PATHS = paths_of(RAW)
words = st.sampled_from(["", "x", "stake", "producer", "10.00", "30%", "task.stake", "\0", "é" * 200])
scalars = st.one_of(words, st.integers(-(2**63), 2**63 - 1), st.booleans(), st.dates(), st.floats())
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words.filter(bool), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=150)
@given(path=st.sampled_from(PATHS), value=values)
def test_any_value_anywhere_loads_or_is_refused_at_its_place(
    tmp_path_factory: pytest.TempPathFactory, path: tuple[Any, ...], value: Any
) -> None:
    raw = copy.deepcopy(RAW)
    table: Any = raw
    for key in path[:-1]:
        table = table[key]
    table[path[-1]] = value
    file = tmp_path_factory.mktemp("any") / "model.toml"
    file.write_text(tomlkit.dumps(raw), encoding="utf-8")
    expect_model_or_problems(file, ())


@settings(max_examples=150)
@given(
    st.lists(
        st.one_of(
            st.text(max_size=30),
            st.tuples(st.sampled_from(PATHS).map(lambda path: ".".join(map(str, path))), values),
            st.builds(
                "{}={}".format, st.sampled_from(PATHS).map(lambda path: ".".join(map(str, path))), words
            ),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_any_change_applies_or_is_refused(changes: list[Any]) -> None:
    expect_model_or_problems(SMALL, changes)


@settings(max_examples=100)
@given(data=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_any_bytes_are_refused_with_a_message(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    file = tmp_path_factory.mktemp("any") / "model.toml"
    file.write_bytes(data)
    with pytest.raises(ModelError) as refused:
        load(file)
    assert all(problem.message for problem in refused.value.problems)


def expect_model_or_problems(source: str | Path, changes: Any) -> None:
    try:
        outcome: Model | ModelError = load(source, changes=changes)
    except ModelError as refused:
        outcome = refused
    if isinstance(outcome, ModelError):
        assert outcome.problems
        for problem in outcome.problems:
            assert problem.file
            assert problem.line >= 1
            assert problem.key or problem.file == "change"
            assert problem.message
            assert str(problem).isprintable()
