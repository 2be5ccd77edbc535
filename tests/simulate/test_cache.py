"""Compiled code of one source must never be read by another."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import comaker
from comaker.simulate.cache import fingerprint

PACKAGE = Path(comaker.__file__).parent
ASK = """
import os
from comaker.simulate.cache import keep_compiled_code_apart
keep_compiled_code_apart()
from comaker.simulate import population
from comaker.simulate.network import barabasi_albert
import numpy as np
crowd = population.{type}(
    population.new_customers(9, 2), barabasi_albert(9, 2, np.uint64(1)), np.zeros(4, np.int64)
)
population.promote(crowd, 1, 1)
print(os.environ["NUMBA_CACHE_DIR"])
"""


def ran(package: Path, home: Path, *, type: str) -> str:
    kept = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    environment = {**kept, "PYTHONPATH": str(package.parent), "XDG_CACHE_HOME": str(home), "HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", ASK.format(type=type)],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def test_any_change_of_the_source_changes_the_fingerprint(tmp_path):
    copy = tmp_path / "comaker"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    assert fingerprint(copy) == fingerprint()
    changed = copy / "rules" / "stake.py"
    changed.write_text(changed.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    assert fingerprint(copy) != fingerprint()


def test_a_renamed_type_does_not_break_what_was_compiled_before(tmp_path):
    """Without folders of their own the second run ends in an AttributeError of the cache."""
    copy = tmp_path / "comaker"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    before = ran(copy, tmp_path / "home", type="Crowd")
    for file in (copy / "simulate").glob("*.py"):
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("Crowd", "Multitude"), encoding="utf-8")
    after = ran(copy, tmp_path / "home", type="Multitude")
    assert before != after
    assert Path(before).is_dir()
    assert Path(after).is_dir()
