"""The exported files hold every event once, whoever writes meanwhile, and read back as what was written."""

from __future__ import annotations

import threading

import pyarrow as pa
import pytest
from django.db import connections

from comaker import events
from comaker.host.export import export
from comaker.host.models import Event
from comaker.host.preparing import HostError
from comaker.host.writer import Act, Request, write


def whole(folder) -> pa.Table:
    return pa.concat_tables([events.read(path) for path in sorted(folder.iterdir())])


def staked(project, customer, number):
    request = Request(Act.STAKE, project=project.pk, customer=customer.pk, quantity=1, key=str(number))
    answer = write([request])[0]
    assert answer.is_done
    return answer.event_id


def test_each_call_adds_a_file_with_what_is_new(database, make_site, tmp_path):
    site = make_site()
    ann, project = site.customer(), site.project()
    first = staked(project, ann, 1)
    folder = tmp_path / "events"
    done = export(folder)
    assert (done.last, done.rows) == (first, Event.objects.count())
    assert export(folder).path is None, "nothing is new"
    second = staked(project, ann, 2)
    assert export(folder).rows == 1
    found = whole(folder)
    assert found["event_id"].to_pylist()[-1] == second
    assert found.num_rows == Event.objects.count()
    assert len(list(folder.iterdir())) == 2


def test_a_file_says_what_the_table_says(sqlite, make_site, tmp_path):
    site = make_site()
    ann, project = site.customer(arm="b"), site.project()
    shown = '{"collected":0}'
    write([Request(Act.STAKE, project=project.pk, customer=ann.pk, quantity=9_999, key="a", shown=shown)])
    export(tmp_path / "events")
    rows = whole(tmp_path / "events").to_pylist()
    for row, written in zip(rows, Event.objects.order_by("id").values(), strict=True):
        at = row.pop("at")
        assert (row.pop("event_id"), int(at.timestamp() * 1_000_000), row.pop("run")) == (
            written.pop("id"),
            written.pop("at_us"),
            0,
        )
        assert row == written
    assert rows[-1]["refusal"] == "over_cap"
    assert rows[-1]["shown"] == shown


def test_it_exports_every_event_once_while_others_write(database, make_site, tmp_path):
    site = make_site()
    customers = [site.customer(f"C{number}") for number in range(4)]
    projects = [site.project(name) for name in ("Grace", "Nina", "Otis", "Sade")]
    stop = threading.Event()

    def storm(place: int) -> None:
        number = 0
        while not stop.is_set() and number < 90:
            number += 1
            staked(projects[place], customers[place], number)
        connections.close_all()

    threads = [threading.Thread(target=storm, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(12):
            export(tmp_path / "events")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    export(tmp_path / "events")
    assert whole(tmp_path / "events")["event_id"].to_pylist() == list(
        Event.objects.order_by("id").values_list("id", flat=True)
    )


def test_another_sites_folder_is_refused(sqlite, make_site, tmp_path):
    site = make_site()
    site.project()
    folder = tmp_path / "events"
    export(folder)
    name = next(folder.iterdir())
    name.rename(folder / f"events-{1:015}-{1000:015}.parquet")
    with pytest.raises(HostError, match="these are another site's"):
        export(folder)


@pytest.mark.parametrize("name", ["notes.txt", f"events-{2:015}-{3:015}.parquet"])
def test_a_folder_with_something_else_or_with_a_gap_is_refused(name, sqlite, make_site, tmp_path):
    site = make_site()
    site.project()
    (tmp_path / name).write_text("mine")
    with pytest.raises(HostError, match=r"name (an empty folder|a folder of its own)"):
        export(tmp_path)
    assert (tmp_path / name).read_text() == "mine"


def test_what_an_interrupted_export_left_is_not_taken_for_one(sqlite, make_site, tmp_path):
    site = make_site()
    site.project()
    folder = tmp_path / "events"
    folder.mkdir()
    (folder / f".events-{1:015}-{1:015}.parquet.77.unfinished").write_bytes(b"half")
    assert export(folder).rows == Event.objects.count()
