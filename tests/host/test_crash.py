"""A slice of ``bench/crash.py``: nothing that was answered is lost or done twice, whenever the site dies."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench"
CUTS, CONTROLS, KILLS, KILLS_ON_POSTGRESQL = 40, 8, 15, 6


@pytest.fixture(scope="module")
def crash():
    pytest.importorskip("apsw", reason="power cuts need the extra `dev`")
    sys.path.insert(0, str(BENCH))
    try:
        from crashing import cuts, kills, site

        yield SimpleNamespace(cuts=cuts, kills=kills, site=site)
    finally:
        sys.path.remove(str(BENCH))


@pytest.fixture
def people(sqlite, crash):
    return crash.site.populate()


@pytest.fixture
def template(sqlite, people, crash):
    path = Path(sqlite.removeprefix("sqlite:///"))
    crash.site.closed_file(path)
    return path


def test_c16_a_power_cut_loses_nothing_that_was_answered(template, people, crash, tmp_path):
    damage = crash.site.Damage()
    for seed in range(CUTS):
        crash.cuts.cut_power(template, tmp_path, people, seed, damage, synchronous="FULL")
    assert (damage.lost, damage.changed, damage.wrong) == (0, 0, [])
    assert damage.answered > CUTS


def test_c16_the_control_that_syncs_less_loses_answers_in_a_power_cut(template, people, crash, tmp_path):
    damage = crash.site.Damage()
    for seed in range(CONTROLS):
        crash.cuts.cut_power(template, tmp_path, people, seed, damage, synchronous="NORMAL")
    assert damage.crashes_with_loss > 0


def test_c15_a_killed_server_loses_nothing_that_was_answered(template, people, crash, tmp_path, monkeypatch):
    killed = tmp_path / "killed.sqlite3"
    shutil.copyfile(template, killed)
    monkeypatch.setenv("COMAKER_DATA", str(tmp_path))
    damage = crash.site.Damage()
    crash.kills.kill(f"sqlite:///{killed}", people, KILLS, 15, damage)
    assert (damage.lost, damage.changed, damage.wrong) == (0, 0, [])
    assert damage.answered > 0


def test_c15_on_postgresql_too(postgresql, crash, tmp_path, monkeypatch):
    people = crash.site.populate()
    monkeypatch.setenv("COMAKER_DATA", str(tmp_path))
    damage = crash.site.Damage()
    crash.kills.kill(postgresql, people, KILLS_ON_POSTGRESQL, 15, damage)
    assert (damage.lost, damage.changed, damage.wrong) == (0, 0, [])
    assert damage.answered > 0
