from __future__ import annotations

import os
from pathlib import Path

import pytest

from comaker.model import ModelError, Problem, load


def refused(source: str | Path) -> Problem:
    with pytest.raises(ModelError) as error:
        load(source)
    assert len(error.value.problems) == 1
    return error.value.problems[0]


def written(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "model.toml"
    path.write_bytes(data)
    return path


def test_it_names_the_line_of_broken_toml(tmp_path: Path) -> None:
    problem = refused(written(tmp_path, b'name = "x"\ncurrency = "EUR\nlaunched = 2007-12-01\n'))
    assert problem.line == 2
    assert problem.message.startswith("not valid TOML")


def test_it_names_the_last_line_of_an_unfinished_file(tmp_path: Path) -> None:
    assert refused(written(tmp_path, b'a = 1\nb = [1,\n"x",')).line == 3


def test_it_refuses_a_key_that_is_written_twice(tmp_path: Path) -> None:
    problem = refused(written(tmp_path, b"[task.stake]\nkind = 'stake'\nkind = 'ballot'\n"))
    assert problem.line == 3


def test_it_refuses_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    problem = refused(written(tmp_path, 'name = "x"\nslogan = "é"\n'.encode("latin-1")))
    assert problem.line == 2
    assert "UTF-8" in problem.message


def test_it_refuses_utf16(tmp_path: Path) -> None:
    assert "UTF-8" in refused(written(tmp_path, 'name = "x"'.encode("utf-16"))).message


def test_it_reads_a_file_with_a_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    text = 'name = "x"\r\ncurrency = "EUR"\r\nlaunched = 2007-12-01\r\n'
    assert load(written(tmp_path, b"\xef\xbb\xbf" + text.encode())).name == "x"


def test_it_refuses_a_huge_file_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "huge.toml"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    assert "100,000,000 bytes" in refused(path).message


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 900 + "]" * 900,
        "a" + ".a" * 900 + " = 1",
        "\n".join("[" + ".".join(["a"] * depth) + "]" for depth in range(1, 20)),
        "a = " + "{ a = " * 200 + "1" + " }" * 200,
    ],
    ids=["lists", "dotted keys", "tables", "inline tables"],
)
def test_it_refuses_deep_nesting(tmp_path: Path, text: str) -> None:
    assert "nested too deep" in refused(written(tmp_path, text.encode())).message


def test_it_refuses_nesting_deeper_than_the_parser_can_follow(tmp_path: Path) -> None:
    lines = "a = " + "[\n" * 100_000
    assert refused(written(tmp_path, lines.encode())).message


def test_it_refuses_endless_lines(tmp_path: Path) -> None:
    problem = refused(written(tmp_path, b"x = 1\n" + b"a." * 100_000 + b"a = 1"))
    assert problem.line == 2
    assert "characters" in problem.message


def test_it_refuses_numbers_with_thousands_of_digits(tmp_path: Path) -> None:
    text = "a = 1" + "".join(f"\n# {n}" for n in range(3)) + "\nb = " + "9" * 1_900
    assert "unknown key" in str(_all(written(tmp_path, text.encode())))


def _all(path: Path) -> ModelError:
    with pytest.raises(ModelError) as error:
        load(path)
    return error.value


def test_it_refuses_a_missing_file(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.toml").message == "no such file"


def test_it_refuses_a_directory(tmp_path: Path) -> None:
    assert "directory" in refused(tmp_path).message


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_it_does_not_wait_for_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    assert refused(tmp_path / "pipe.toml").message == "this is not a file"


@pytest.mark.parametrize("source", ["a\0b", "x" * 5_000])
def test_it_refuses_impossible_names(source: str) -> None:
    assert refused(source).message


def test_it_offers_the_nearest_gallery_model() -> None:
    assert "did you mean 'my-major-company'?" in refused("my-mayor-company").message


def test_it_refuses_an_empty_file_by_naming_what_is_missing(tmp_path: Path) -> None:
    keys = {problem.key for problem in _all(written(tmp_path, b"")).problems}
    assert keys == {"name", "currency", "launched"}
