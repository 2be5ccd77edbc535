"""What every test may use: Hypothesis profiles and the real data beside the project."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from comaker.simulate.cache import keep_compiled_code_apart

# Once for all tests and for the programs that they call.
keep_compiled_code_apart()

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

# No deadline: a first call compiles, and a busy machine is no failure.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "here")


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """Give the path of a real data set by name; skip the test, saying why, where it is absent."""

    def find(name: str) -> Path:
        path = SHARED_DATA / name
        if not path.exists():
            pytest.skip(f"real data {name!r} is not at {path}: it is not part of the repository")
        return path

    return find
