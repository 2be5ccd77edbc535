"""What an import refuses, and how it says so: every case names the place and what would be right."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from comaker.ingest import Imported, ImportRefused, MapError, import_log

ImportText = Callable[..., Imported]

GIFTS = """id,who,page,when,amount
1,7,3,2018-01-05T10:00:00,10.00
2,8,3,2018-01-04T09:30:00,25.5
3,7,4,2018-07-01T00:15:00,7
"""
MAP = """name = "Gifts"
currency = "EUR"
[format]
decimal = "."
zone = "Europe/Paris"
[[log]]
id = "id"
kind = "done"
[log.columns]
at = "when"
customer = "who"
subject = "page"
money_minor = "amount"
"""


def refused(import_text: ImportText, log: str | bytes, map_text: str = MAP) -> str:
    with pytest.raises(ImportRefused) as caught:
        import_text(log, map_text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        (
            "25.5",
            '"1.234,50"',
            3,
            r"not a number as the map declares them \(decimal = '.', such as 1234.50\)",
        ),
        ("25.5", '"1,234.50"', 3, "not a number as the map declares"),
        ("25.5", "1.234", 3, "finer than the currency's 2 decimals; is the decimal mark really"),
        ("25.5", "-25.5", 3, "a negative amount"),
        ("25.5", "1e3", 3, "not a number"),
        ("25.5", "NaN", 3, "not a number"),
        ("25.5", "10000000000000.00", 3, "absurdly large"),
        ("25.5", "", 3, 'is empty; if that has a meaning, declare empty = "keep" or "leave out"'),
        (",8,", ",8.5,", 3, "not a whole number"),
        (",8,", ",99999999999999999999,", 3, "not a whole number"),
        ("2018-01-04T09:30:00", "04/01/2018", 3, "not a time as the map declares them"),
        ("2018-01-04T09:30:00", "2018-02-30", 3, "not a time"),
        ("2018-01-04T09:30:00", "1900-01-01", 3, "out of the years 1970 to 2099"),
        ("2018-01-04T09:30:00", "2018-03-25T02:30:00", 3, "the clocks of Europe/Paris skipped this time"),
        ("2018-01-04T09:30:00", "2018-10-28T02:30:00", 3, 'declare .format. repeated_hour = "first"'),
        ("\n2,8", "\n1,8", 3, 'id = "1": repeats the id of line 2'),
        ("\n2,8", "\n,8", 3, "has no id"),
        ("25.5", "25.5,surplus", 3, "malformed line"),
        (",25.5", "", 3, "malformed line"),
        ("25.5", '"25.5', 3, "malformed line"),
        ("25.5", "7" * 3_000_000, 3, "malformed line"),
    ],
)
def test_a_wrong_cell_is_named_with_its_line(
    import_text: ImportText, old: str, new: str, line: int, message: str
) -> None:
    said = refused(import_text, GIFTS.replace(old, new, 1))
    assert f"gifts.csv:{line}:" in said
    assert re.search(message, said), said


def test_the_line_counts_line_breaks_inside_cells_and_empty_lines(import_text: ImportText) -> None:
    log = 'id,who,page,when,amount,note\n1,7,3,2018-01-05,1,"a\nb\n"\n\n2,7,3,2018-01-05,x,\n'
    assert "gifts.csv:6: amount" in refused(import_text, log)


def test_all_mistakes_come_at_once_the_first_twenty_with_their_line(import_text: ImportText) -> None:
    rows = "".join(f"{number},7,3,never,much\n" for number in range(30))
    said = refused(import_text, "id,who,page,when,amount\n" + rows).splitlines()
    assert len(said) == 21
    assert said[0].startswith(said[1].split(":2:")[0])
    assert said[-1] == "… and 40 more of these"


def test_a_time_without_a_zone_needs_one_declared(import_text: ImportText) -> None:
    said = refused(import_text, GIFTS, MAP.replace('zone = "Europe/Paris"\n', ""))
    assert 'a time without a zone: declare [format] zone, such as "Europe/London"' in said
    zoned = GIFTS.replace(":00,", ":00Z,")
    assert import_text(zoned, MAP.replace('zone = "Europe/Paris"\n', "")).rows_written == 3


@pytest.mark.parametrize(
    ("form", "cell", "said"),
    [
        ("unix", "2018-01-04", "not a time as the map declares them (time = 'unix', such as 1523736900)"),
        ("unix", "1289241911.7283601", "not a time as the map declares them"),
        ("unix", "1435654192085", "a time out of the years 1970 to 2099: is it 'unix ms'?"),
        ("unix ms", "-5", "(time = 'unix ms', such as 1523736900000)"),
        ("unix ms", "9999999999999", "a time out of the years 1970 to 2099: is it 'unix'?"),
    ],
)
def test_a_number_that_is_no_time_is_named(import_text: ImportText, form: str, cell: str, said: str) -> None:
    log = f"id,who,page,when,amount\n1,7,3,{cell},10.00\n"
    assert said in refused(import_text, log, MAP.replace('zone = "Europe/Paris"', f'time = "{form}"'))


def test_missing_columns_are_all_named_with_what_was_probably_meant(import_text: ImportText) -> None:
    said = refused(import_text, GIFTS.replace("amount", "Amount").replace("page", "pages"))
    assert "gifts.csv:1: amount: the header has no such column: did you mean 'Amount'?" in said
    assert "did you mean 'pages'?" in said


def test_a_wrong_delimiter_is_recognised(import_text: ImportText) -> None:
    assert "declare ';'?" in refused(import_text, GIFTS.replace(",", ";"))


@pytest.mark.parametrize(
    ("log", "message"),
    [
        (b"", "the file is empty"),
        (b"id,who,page,when,amount\n", "has a header and no rows"),
        (b"id,who,page,when,amount", "has a header and no rows"),
        (b"\n\n", "the first line is empty"),
        (b"id,id,page,when,amount\n1,2,3,4,5\n", "more than one column has this name"),
        (b"PK\x03\x04workbook", "export it as CSV"),
        (gzip.compress(GIFTS.encode() * 9, mtime=0)[:60], "damaged or cut off"),
        (b"id,who\n1,\x00\n", "zero character"),
    ],
)
def test_a_file_that_is_no_log_is_refused(import_text: ImportText, log: bytes, message: str) -> None:
    assert message in refused(import_text, log)


@pytest.mark.parametrize(
    ("written", "declared", "message"),
    [
        ("latin-1", "utf-8", r":3:+ byte 0xeb at position \d+ is not utf-8"),
        ("utf-16", "utf-8", 'declare .format. encoding = "utf-16"'),
        ("utf-8", "latin-1", 'every letter reads as UTF-8: declare .format. encoding = "utf-8"'),
        ("utf-8-sig", "latin-1", 'declare .format. encoding = "utf-8"'),
        ("utf-8", "utf-16", 'declare .format. encoding = "utf-16-le" or'),
    ],
)
def test_a_wrong_encoding_is_one_clear_message(
    import_text: ImportText, written: str, declared: str, message: str
) -> None:
    log = GIFTS.replace(",8,", ",Zoë,").encode(written)
    map_text = MAP.replace("decimal", f'encoding = "{declared}"\ndecimal').replace(
        '"who"', '{ column = "who", text = true }'
    )
    said = refused(import_text, log, map_text)
    assert len(said.splitlines()) == 1
    assert re.search(message, said), said


def test_the_position_of_a_wrong_byte_is_right_beyond_the_first_block(import_text: ImportText) -> None:
    rows = b"".join(b"%d,7,3,2018-01-05,1\n" % number for number in range(80_000))
    log = b"id,who,page,when,amount\n" + rows
    said = refused(import_text, log + b"x,\xff,3,2018-01-05,1\n")
    assert "gifts.csv:80002:" in said
    assert f"byte 0xff at position {len(log) + 2} is" in said


def test_an_import_that_would_keep_nothing_is_refused_with_the_reasons(import_text: ImportText) -> None:
    only = '[[log.only]]\ncolumn = "who"\nin = ["nobody"]\nreason = "not nobody"\n'
    assert "every row was left out: 3 because not nobody" in refused(import_text, GIFTS, MAP + only)


def test_mistakes_of_two_files_come_together(import_text: ImportText, tmp_path: Path) -> None:
    (tmp_path / "pages.csv").write_text("page,made\n3,never\n", encoding="utf-8")
    pages = '[[log]]\nfile = "pages.csv"\nkind = "opened"\n[log.columns]\nat = "made"\nsubject = "page"\n'
    said = refused(import_text, GIFTS.replace("10.00", "ten"), MAP + pages)
    assert "gifts.csv:2: amount" in said
    assert "pages.csv:2: made" in said


def test_missing_files_and_folders_are_named(import_text: ImportText, tmp_path: Path) -> None:
    import_text()
    with pytest.raises(ImportRefused, match=r"nowhere\.csv: no such file"):
        import_log(tmp_path / "nowhere.csv", map=tmp_path / "map.toml", out=tmp_path / "x.parquet")
    with pytest.raises(ImportRefused, match="does not exist"):
        import_log(tmp_path / "gifts.csv", map=tmp_path / "map.toml", out=tmp_path / "no" / "x.parquet")
    with pytest.raises(MapError, match="no such file"):
        import_log(tmp_path / "gifts.csv", map=tmp_path / "no.toml", out=tmp_path / "x.parquet")


def test_all_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused) as caught:
        import_log(tmp_path / "no.csv", map=tmp_path / "no.toml", out=tmp_path / "no" / "x.parquet")
    named = [line.split(": ")[0] for line in str(caught.value).splitlines()]
    assert named == [str(tmp_path / name) for name in ("no.csv", "no/x.parquet", "no.toml")]


def test_a_malformed_line_is_named_once(import_text: ImportText) -> None:
    said = refused(import_text, GIFTS.replace("25.5", "25.5,1,2,3", 1)).splitlines()
    assert len(said) == 1
    assert said[0].endswith(
        'gifts.csv:3: malformed line "2,8,3,2018-01-04T09:30:00,25.5,1,2,3": 8 cells where the header has 5'
    )


@pytest.mark.parametrize("read", ["gifts.csv", "map.toml", "pages.csv"])
def test_a_file_that_is_read_is_never_overwritten(import_text: ImportText, tmp_path: Path, read: str) -> None:
    (tmp_path / "pages.csv").write_text("page,made\n3,2018-01-01T00:00:00\n", encoding="utf-8")
    pages = '[[log]]\nfile = "pages.csv"\nkind = "opened"\n[log.columns]\nat = "made"\nsubject = "page"\n'
    import_text(map_text=MAP + pages)
    before = (tmp_path / read).read_bytes()
    with pytest.raises(ImportRefused, match="would be lost"):
        import_log(tmp_path / "gifts.csv", map=tmp_path / "map.toml", out=tmp_path / read)
    assert (tmp_path / read).read_bytes() == before


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('decimal = "."\n', "", r'map.toml:\d+: .*declare .format. decimal = "." .1,234.50. or ","'),
        ('decimal = "."', 'decimal = "."\nthousands = "."', "map.toml:5: .*must differ"),
        ('"Europe/Paris"', '"Europe/Pariss"', r"map.toml:5: .*did you mean 'Europe/Paris'\?"),
        ("zone =", "zones =", r"map.toml:5: .*unknown key: did you mean 'zone'\?"),
        ("zone =", 'time = "%Q"\nzone =', "map.toml:5: .*or a pattern such as"),
        ("zone =", 'time = "unix"\nzone =', "map.toml:6: .*UTC everywhere: declare no zone"),
        ("zone =", 'delimiter = "\\n"\nzone =', "map.toml:5: .*cannot be parted by"),
        ("decimal =", 'encoding = "klingon"\ndecimal =', "map.toml:4: .*utf-8"),
        ('kind = "done"', 'kind = "doen"', r"map.toml:8: .*did you mean 'done'\?"),
        ('kind = "done"', 'kind = { column = "amount" }', "map.toml:8: .*needs values"),
        ("subject =", "subjekt =", r"map.toml:12: .*did you mean 'subject'\?"),
        ('"who"', '{ column = "who", constant = "1" }', "map.toml:11: .*not both or neither"),
        ('"who"', '{ colum = "who" }', r"map.toml:11: .*did you mean 'column'\?"),
        ('at = "when"\n', "", "map.toml:9: .*must be mapped"),
        ('currency = "EUR"\n', "", "currency: is missing"),
        ('currency = "EUR"', 'currency = "euro"', "map.toml:2: currency"),
        ("[[log]]", '[[log]]\nfile = "a.csv"', "exactly one"),
        ("[format]", "[format", "map.toml:3:.*not valid TOML"),
    ],
)
def test_a_wrong_map_is_named_with_line_and_remedy(
    import_text: ImportText, old: str, new: str, message: str
) -> None:
    with pytest.raises(MapError) as caught:
        import_text(GIFTS, MAP.replace(old, new, 1))
    assert re.search(message, str(caught.value)), str(caught.value)


def test_all_mistakes_of_a_map_come_at_once(import_text: ImportText) -> None:
    wrong = MAP.replace("zone", "zones").replace('"done"', '"doen"').replace("name", "nmae")
    with pytest.raises(MapError) as caught:
        import_text(GIFTS, wrong)
    assert [problem.line for problem in caught.value.problems] == [1, 1, 5, 8]
