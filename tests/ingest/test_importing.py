"""What an import makes of a log that is right."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comaker import events
from comaker.ingest import Imported, ImportRefused, import_log, load_map
from comaker.ingest.fields import Field
from comaker.ingest.maps import Format, Source
from comaker.model import load

ImportText = Callable[..., Imported]
ROOT = Path(__file__).resolve().parents[2]

# The fixture of this folder; its texts are the starting point of every case.
GIFTS = """id,who,page,when,amount
1,7,3,2018-01-05T10:00:00,10.00
2,8,3,2018-01-04T09:30:00,25.5
3,7,4,2018-07-01T00:15:00,7
"""
MAP = """
name = "Gifts"
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


def rows_of(done: Imported, *names: str) -> list[tuple[object, ...]]:
    table = events.read(done.path)
    return list(zip(*(table[name].to_pylist() for name in names), strict=True))


def test_rows_are_ordered_by_time_and_money_is_whole_minor_units(import_text: ImportText) -> None:
    done = import_text()
    assert rows_of(done, "event_id", "customer", "subject", "money_minor", "kind", "task") == [
        (1, 8, 3, 2550, "done", "stake"),
        (2, 7, 3, 1000, "done", "stake"),
        (3, 7, 4, 700, "done", "stake"),
    ]
    assert (done.rows_read, done.rows_written, done.left_out) == (3, 3, {})


def test_local_time_becomes_utc_in_winter_and_in_summer(import_text: ImportText) -> None:
    times = [at for (at,) in rows_of(import_text(), "at")]
    assert times[0] == dt.datetime(2018, 1, 4, 8, 30, tzinfo=dt.UTC)
    assert times[2] == dt.datetime(2018, 6, 30, 22, 15, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2018-07-01T00:15:00Z", "2018-07-01T00:15:00"),
        ("2018-07-01 00:15:00.25+05:30", "2018-06-30T18:45:00.250000"),
        ("2018-07-01T00:15-0100", "2018-07-01T01:15:00"),
        ("2018-07-01", "2018-06-30T22:00:00"),
        ("2018-10-28T01:59:59", "2018-10-27T23:59:59"),
        ("2018-10-28T03:00:00", "2018-10-28T02:00:00"),
    ],
)
def test_a_time_is_read_with_the_offset_it_has_or_the_declared_zone(
    import_text: ImportText, written: str, utc: str
) -> None:
    done = import_text(GIFTS.replace("2018-07-01T00:15:00", written))
    found = dict(rows_of(done, "subject", "at"))[4]
    assert found == dt.datetime.fromisoformat(utc).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(("hour", "utc"), [("first", 0), ("second", 1)])
def test_an_hour_that_came_twice_is_taken_as_declared(import_text: ImportText, hour: str, utc: int) -> None:
    done = import_text(
        GIFTS.replace("2018-07-01T00:15:00", "2018-10-28T02:30:00"),
        MAP.replace("zone =", f'repeated_hour = "{hour}"\nzone ='),
    )
    assert dict(rows_of(done, "subject", "at"))[4] == dt.datetime(2018, 10, 28, utc, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("form", "cell", "us"),
    [
        ("unix", "1289241911", 1_289_241_911_000_000),
        ("unix", "1289241911.72836", 1_289_241_911_728_360),
        ("unix", "0", 0),
        ("unix ms", "1435654192085", 1_435_654_192_085_000),
        ("unix ms", "1435654192085.5", 1_435_654_192_085_500),
    ],
)
def test_a_time_may_be_a_number_since_1970(import_text: ImportText, form: str, cell: str, us: int) -> None:
    log = GIFTS.split("\n")[0] + f"\n1,7,3,{cell},10.00\n"
    done = import_text(log, MAP.replace('zone = "Europe/Paris"', f'time = "{form}"'))
    assert events.read(done.path)["at"].cast("int64").to_pylist() == [us]


def test_a_time_may_have_a_pattern(import_text: ImportText) -> None:
    done = import_text(
        "when,amount\n04/03/2018 17:05,1\n", MAP_OF_TWO.replace("zone", 'time = "%d/%m/%Y %H:%M"\nzone')
    )
    assert rows_of(done, "at") == [(dt.datetime(2018, 3, 4, 16, 5, tzinfo=dt.UTC),)]


MAP_OF_TWO = """
name = "Two columns"
currency = "EUR"
[format]
decimal = "."
zone = "Europe/Paris"
[[log]]
kind = "done"
[log.columns]
at = "when"
money_minor = "amount"
"""


@pytest.mark.parametrize(
    ("written", "minor"),
    [("20.759999999999998", 2076), ("96.74000000000001", 9674), ("0.005", 1), ("0.0049", 0), ("9.995", 1000)],
)
def test_money_finer_than_the_currency_is_rounded_where_the_map_says_so(
    import_text: ImportText, written: str, minor: int
) -> None:
    rounds = 'money_minor = { column = "amount", rounds = true }'
    done = import_text(GIFTS.replace("25.5", written), map_text=MAP.replace('money_minor = "amount"', rounds))
    assert (minor,) in rows_of(done, "money_minor")


@pytest.mark.parametrize(
    ("currency", "form", "written", "minor"),
    [
        ("EUR", 'decimal = "."\nthousands = ","', '"1,234.50"', 123450),
        ("EUR", 'decimal = ","\nthousands = "."', '"1.234,50"', 123450),
        ("EUR", 'decimal = ","\nthousands = " "', '"12 345,6"', 1234560),
        ("EUR", 'decimal = "."', "0.07", 7),
        ("EUR", 'decimal = "."', "1.500", 150),
        ("JPY", 'decimal = "."', "1200.0", 1200),
        ("KWD", 'decimal = "."', "1.234", 1234),
        ("EUR", 'decimal = "."', "9999999999999.99", 999999999999999),
    ],
)
def test_money_is_read_exactly_in_the_declared_format(
    import_text: ImportText, currency: str, form: str, written: str, minor: int
) -> None:
    map_text = MAP_OF_TWO.replace('decimal = "."', form).replace("EUR", currency)
    done = import_text(f"when,amount\n2018-01-01,{written}\n", map_text)
    assert rows_of(done, "money_minor") == [(minor,)]


@pytest.fixture(scope="module")
def database():
    import duckdb

    with duckdb.connect() as connection:
        yield connection


@given(
    amount=st.integers(0, 10**14),
    digits=st.sampled_from([0, 2, 3]),
    marks=st.sampled_from([(".", ","), (",", "."), (",", " "), (".", "'"), (".", "")]),
)
def test_any_amount_survives_any_format(database, amount: int, digits: int, marks: tuple[str, str]) -> None:
    decimal, thousands = marks
    written = f"{Decimal(amount).scaleb(-digits):,.{digits}f}"
    written = written.replace(",", "T").replace(".", decimal).replace("T", thousands)
    form = Format(decimal=decimal, thousands=thousands)
    field = Field("money_minor", Source(column="amount"), form, digits)
    assert database.execute(f"SELECT {field.sql('x')} FROM (SELECT ? AS x)", [written]).fetchall() == [
        (amount,)
    ]


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [("utf-8-sig", "utf-8"), ("latin-1", "latin-1"), ("utf-16", "utf-16"), ("utf-16-le", "utf-16-le")],
)
def test_a_declared_encoding_is_read_with_or_without_its_mark(
    import_text: ImportText, encoding: str, declared: str
) -> None:
    log = GIFTS.replace("who", "wér").replace("7,3", "Zoë,3").replace("7,4", "Zoë,4").replace("8,3", "Bo,3")
    map_text = MAP.replace('"who"', '{ column = "wér", text = true }').replace(
        "decimal", f'encoding = "{declared}"\ndecimal'
    )
    done = import_text(log.encode(encoding), map_text)
    assert [customer for (customer,) in rows_of(done, "customer")] == [2, 1, 1]


def test_text_ids_become_numbers_in_order_of_appearance_with_a_key_table(import_text: ImportText) -> None:
    log = GIFTS.replace(",7,", ",ann@example.org,").replace(",8,", ',"bo, the second",')
    done = import_text(log, MAP.replace('"who"', '{ column = "who", text = true }'))
    with done.key_tables["customer"].open(encoding="utf-8", newline="") as file:
        keys = list(csv.reader(file))
    assert keys == [["customer", "id"], ["1", "ann@example.org"], ["2", "bo, the second"]]
    assert [customer for (customer,) in rows_of(done, "customer")] == [2, 1, 1]


def test_a_column_may_say_what_kind_of_event_a_row_is(import_text: ImportText) -> None:
    log = "when,amount,state\n2018-01-01,5.00,paid\n2018-01-02,5.00,back\n"
    kind = 'kind = { column = "state", values = { paid = "done", back = "withdrawn" } }'
    done = import_text(log, MAP_OF_TWO.replace('kind = "done"', kind))
    assert [kind for (kind,) in rows_of(done, "kind")] == ["done", "withdrawn"]


def test_rows_left_out_are_counted_by_reason(import_text: ImportText, tmp_path: Path) -> None:
    (tmp_path / "pages.csv").write_text("page,cut\n3,0\n4,1\n", encoding="utf-8")
    log = GIFTS + "4,9,3,2018-02-01T10:00:00,\n5,9,9,2018-02-01T10:00:00,1\n6,x,3,never,1\n"
    map_text = (
        MAP.replace('"amount"', '{ column = "amount", empty = "leave out" }')
        + """
[[log.only]]
column = "who"
not_in = ["x"]
reason = "tests of the platform"
[[log.only]]
column = "page"
file = "pages.csv"
key = "page"
where = "cut"
in = ["0"]
"""
    )
    done = import_text(log, map_text)
    assert done.left_out == {
        "tests of the platform": 1,
        "cut in pages.csv is not in ['0']": 2,
        "amount is empty": 1,
    }
    assert done.rows_read == done.rows_written + sum(done.left_out.values())


def test_the_first_of_duplicates_is_kept_where_the_map_says_so(import_text: ImportText) -> None:
    log = GIFTS + "2,8,3,2018-01-06T09:30:00,99\n"
    done = import_text(log, MAP.replace('id = "id"', 'id = "id"\nduplicates = "keep first"'))
    assert done.left_out == {"id repeats an earlier row": 1}
    assert sorted(money for (money,) in rows_of(done, "money_minor")) == [700, 1000, 2550]


def test_a_second_file_opens_the_projects(import_text: ImportText, tmp_path: Path) -> None:
    (tmp_path / "pages.csv").write_text(
        "page,target,made\n3,1000,2018-01-04T09:30:00\n4,50.5,2018-01-01\n", encoding="utf-8"
    )
    pages = """
[[log]]
file = "pages.csv"
id = "page"
kind = "opened"
[log.columns]
at = "made"
subject = "page"
money_minor = "target"
"""
    assert rows_of(import_text(GIFTS, MAP + pages), "kind", "subject", "money_minor") == [
        ("opened", 4, 5050),
        ("opened", 3, 100000),  # at the same instant as the gift: openings come first
        ("done", 3, 2550),
        ("done", 3, 1000),
        ("done", 4, 700),
    ]


CELL = st.text(
    st.characters(exclude_categories=["Cs", "Zs"], include_characters=" ", exclude_characters="\0\r"),
    min_size=1,
).filter(lambda cell: cell.strip(" "))


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=st.lists(CELL, min_size=1, max_size=8), notes=st.lists(CELL, min_size=8, max_size=8))
def test_any_text_comes_through_a_csv_file_unharmed(
    import_text: ImportText, cells: list[str], notes: list[str]
) -> None:
    written = io.StringIO(newline="")
    rows = csv.writer(written, lineterminator="\n")
    rows.writerow(["note", "when", "amount", "who"])
    for note, cell in zip(notes, cells, strict=False):
        rows.writerow([note, "2018-01-01", "1", cell])
    who = 'customer = { column = "who", text = true }\nmoney_minor ='
    done = import_text(written.getvalue(), MAP_OF_TWO.replace("money_minor =", who))
    with done.key_tables["customer"].open(encoding="utf-8", newline="") as file:
        keys = {int(number): text for number, text in list(csv.reader(file))[1:]}
    assert [keys[int(str(number))] for (number,) in rows_of(done, "customer")] == [
        cell.strip(" ") for cell in cells
    ]


@pytest.mark.parametrize(
    "log",
    [
        GIFTS.replace("\n", "\r\n"),
        GIFTS.replace("\n", "\r"),
        GIFTS.replace("\n", "\r\n", 2),
        GIFTS.replace("\n", "\n\n"),
        GIFTS.strip(),
        GIFTS.replace("page", " page ").replace("25.5", " 25.5 "),
        GIFTS.replace("id,", '"a long\nheader",id,')
        .replace("\n1,", "\n,1,")
        .replace("\n2,", "\n,2,")
        .replace("\n3,", "\n,3,"),
    ],
)
def test_line_breaks_and_blanks_of_any_kind_lose_no_row(import_text: ImportText, log: str) -> None:
    assert sorted(rows_of(import_text(log), "subject", "money_minor")) == [(3, 1000), (3, 2550), (4, 700)]


def test_a_gzip_file_is_read_as_what_it_holds(import_text: ImportText) -> None:
    assert import_text(gzip.compress(GIFTS.encode())).rows_written == 3


def test_progress_is_reported_to_its_end_and_never_falls(import_text: ImportText, tmp_path: Path) -> None:
    import_text()
    seen: list[tuple[int, int]] = []
    import_log(
        tmp_path / "gifts.csv",
        map=tmp_path / "map.toml",
        out=tmp_path / "out.parquet",
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == sorted(seen)
    assert seen[-1] == (1000, 1000)


def test_importing_twice_gives_the_same_bytes(import_text: ImportText) -> None:
    first = import_text().path.read_bytes()
    assert import_text().path.read_bytes() == first


def test_the_result_is_plain_values_for_json(import_text: ImportText) -> None:
    done = import_text()
    assert done.as_dict() == {
        "path": str(done.path),
        "rows_read": 3,
        "rows_written": 3,
        "left_out": {},
        "key_tables": {},
    }


def test_the_real_gifts_are_imported_with_every_row_accounted_for(
    shared_data: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = shared_data("crowdfunding")
    with gzip.open(folder / "justgiving_pages.csv.gz", "rt", encoding="utf-8") as file:
        pages = {row["page_no"]: row for row in csv.DictReader(file)}
    with gzip.open(folder / "justgiving_donations.csv.gz", "rt", encoding="utf-8") as file:
        gifts = list(csv.DictReader(file))
    assert len(gifts) == 22_169

    def complete(page: dict[str, str] | None) -> bool:
        return (
            page is not None
            and page["pulls_at_cap25"] == "0"
            and page["currency"] == "GBP"
            and Decimal(page["target"]) > 0
        )

    kept = [
        gift
        for gift in gifts
        if complete(pages.get(gift["page_no"])) and gift["donor_amount"] and gift["donor_currency"] == "GBP"
    ]
    done = import_log(
        folder / "justgiving_donations.csv.gz",
        map=ROOT / "docs" / "maps" / "justgiving.toml",
        out=tmp_path / "gifts.parquet",
    )
    assert done.rows_read == len(gifts) + len(pages)
    assert done.rows_read == done.rows_written + sum(done.left_out.values())
    table = events.read(done.path).to_pandas()
    stakes = table[table["kind"] == "done"]
    assert len(stakes) == len(kept)
    assert stakes["money_minor"].sum() == sum(Decimal(gift["donor_amount"]) for gift in kept) * 100
    opened = table[table["kind"] == "opened"]
    assert set(stakes["subject"]) <= set(opened["subject"])


def test_every_map_of_the_documentation_is_right_and_has_a_model_beside_it() -> None:
    maps = [path for path in (ROOT / "docs" / "maps").glob("*.toml") if not path.stem.endswith("-model")]
    assert len(maps) >= 6
    for path in maps:
        model = load(path.with_name(f"{path.stem}-model.toml"))
        for log in load_map(path).log:
            task = log.sources["task"]
            named = {task.constant} if task.constant else set((task.values or {}).values())
            assert named <= set(model.task)


def test_nothing_is_left_behind_when_an_import_is_interrupted(
    import_text: ImportText, tmp_path: Path
) -> None:
    import_text()

    def stop(done: int, total: int) -> None:
        if done > 700:
            raise KeyboardInterrupt

    (tmp_path / "new").mkdir()
    with pytest.raises(KeyboardInterrupt):
        import_log(
            tmp_path / "gifts.csv",
            map=tmp_path / "map.toml",
            out=tmp_path / "new" / "x.parquet",
            progress=stop,
        )
    assert list((tmp_path / "new").iterdir()) == []


def test_a_refused_import_leaves_an_earlier_output_as_it_was(import_text: ImportText) -> None:
    done = import_text()
    before = done.path.read_bytes()
    with pytest.raises(ImportRefused):
        import_text(GIFTS.replace("10.00", "ten"))
    assert done.path.read_bytes() == before
    assert [path.name for path in done.path.parent.iterdir()] == ["out.parquet"]
