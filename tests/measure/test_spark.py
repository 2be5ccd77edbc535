"""Spark works out the same figures as DuckDB: whole numbers to the last digit, others to nine digits."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from comaker import MeasureError, measure, simulate
from comaker.measure.measured import Measured

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("pyspark") is None, reason="needs Spark: pip install 'comaker[spark]'"
    ),
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java 17 (openjdk-17-jre-headless)"),
    # Spark 4 says that it has not been tried with pandas 3 in full; here it is.
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = simulate("my-major-company", customers=3_000, weeks=60, runs=1, seed=5, events=True)
    path = tmp_path_factory.mktemp("spark") / "events.parquet"
    assert isinstance(found.events, pa.Table)
    pq.write_table(found.events, path)
    return path


@pytest.fixture(scope="module")
def both(simulated: Path) -> tuple[Measured, Measured]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return (
            measure(simulated, "my-major-company"),
            measure(simulated, "my-major-company", engine="spark", threads=2),
        )


def test_both_engines_tell_the_same_figures(both: tuple[Measured, Measured]) -> None:
    duckdb, spark = (found.figures.set_index(["section", "name", "of"]) for found in both)
    assert list(duckdb.index) == list(spark.index)
    for column in ("n", "basis", "needs", "unit"):
        assert list(duckdb[column]) == list(spark[column])
    for column in ("value", "low", "high"):
        for key, one, other in zip(duckdb.index, duckdb[column], spark[column], strict=True):
            assert one == pytest.approx(other, rel=1e-9, abs=1e-12, nan_ok=True), (key, column)


def test_records_are_the_same_to_the_last_digit(both: tuple[Measured, Measured]) -> None:
    duckdb, spark = (found.figures[found.figures.basis == "record"].value for found in both)
    assert len(duckdb) > 20
    assert list(duckdb) == list(spark)


def test_an_address_that_spark_cannot_read_is_refused_in_one_line() -> None:
    with pytest.raises(MeasureError, match="Spark cannot read it"):
        measure("file:///nowhere/at/all", "my-major-company", engine="spark")


def test_the_configuration_of_spark_says_where_it_works(tmp_path: Path) -> None:
    (tmp_path / "spark-defaults.conf").write_text("spark.master local[1]\nspark.sql.shuffle.partitions 3\n")
    asked = (
        "from comaker.measure.spark import Spark\n"
        "session = Spark(threads=2).session\n"
        "print(session.sparkContext.master, session.conf.get('spark.sql.shuffle.partitions'))"
    )
    environment = {**os.environ, "SPARK_CONF_DIR": str(tmp_path)}
    said = subprocess.run(
        [sys.executable, "-c", asked], env=environment, capture_output=True, text=True, check=True
    )
    assert said.stdout.splitlines()[-1] == "local[1] 3"
