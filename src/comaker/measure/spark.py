"""Spark as the engine: the same expressions, on one machine or on a cluster (an optional extra)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from comaker.measure import bounds
from comaker.measure.bounds import Facts, Order
from comaker.measure.columns import check_columns
from comaker.measure.engine import Recorded, Source, checked_files
from comaker.measure.errors import MeasureError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@ibis.udf.scalar.builtin(name="unix_micros", signature=(("timestamp('UTC')",), "int64"))
def _unix_micros(at: Any) -> int:  # type: ignore[empty-body]  # Spark has it
    ...


class Spark:
    """The Spark session of this process, made with what Spark's own configuration says (``SPARK_CONF_DIR``,
    ``spark-submit``); without any, as many local threads as ``threads`` names, or one a core.

    Addresses such as ``s3a://bucket/events`` are read by Spark itself. Raises ``MeasureError`` where Spark
    does not start.
    """

    def __init__(self, *, threads: int | None = None) -> None:
        self.session = _session(threads)
        self.connection = ibis.pyspark.connect(self.session)

    def read(self, source: Source) -> Recorded:
        """See ``comaker.measure.engine.Engine``."""
        if isinstance(source, pa.Table):
            check_columns(source.schema, "the table")
            return Recorded(
                self._named(self.session.createDataFrame(_plain(source))), bounds.of_table(source)
            )
        if "://" in str(source):
            return self._remote(str(source))
        files = checked_files(source)
        # Files of one folder may differ in the columns that an event table need not have.
        reader = self.session.read.option("mergeSchema", len(files) > 1)
        frame = reader.parquet(*(file.resolve().as_uri() for file in files))
        return Recorded(self._named(frame), bounds.of_files(files))

    def micros(self, at: Any) -> Any:
        """See ``comaker.measure.engine.Engine``."""
        return _unix_micros(at)

    def keep(self, expression: ir.Table) -> ir.Table:
        """See ``comaker.measure.engine.Engine``."""
        return self._named(self.session.sql(ibis.to_sql(expression, dialect="pyspark")).cache())

    def _remote(self, address: str) -> Recorded:
        from pyspark.errors import PySparkException

        try:
            frame = self.session.read.parquet(address)
            table = self._named(frame)
            check_columns(table.schema().to_pyarrow(), address)
            # Nothing is known before the rows are read: each is checked.
            return Recorded(table, Facts(frame.count(), {}, Order(rises=False, backwards=0)))
        except PySparkException as error:
            first = str(error).splitlines()[0]
            raise MeasureError(f"{address}: Spark cannot read it: {first}") from error

    def _named(self, frame: Any) -> ir.Table:
        name = ibis.util.gen_name("kept")
        frame.createOrReplaceTempView(name)
        return self.connection.table(name)


def _plain(table: pa.Table) -> pa.Table:
    """Words in place of dictionaries, which Spark does not read from memory."""
    fields = [
        field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))


def _session(threads: int | None) -> SparkSession:
    from pyspark.errors import PySparkException, PySparkRuntimeError
    from pyspark.sql import SparkSession

    try:
        configured = _configured()
        builder = SparkSession.builder.appName("comaker measure")
        for name, value in {
            "spark.master": f"local[{threads or '*'}]",
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.sql.session.timeZone": "UTC",
            "spark.sql.shuffle.partitions": "8",
            "spark.log.level": "ERROR",
        }.items():
            if name not in configured:
                builder = builder.config(name, value)
        return builder.getOrCreate()
    except (PySparkException, PySparkRuntimeError, OSError) as error:
        raise MeasureError(f"Spark does not start: {str(error).splitlines()[0]}; it needs Java 17") from error


_WITHOUT_ASKING = {("spark.master", "local[*]"), ("spark.ui.showConsoleProgress", "true")}
"""What Spark sets by itself where nobody configured anything."""


def _configured() -> set[str]:
    """The settings that Spark's own configuration makes (``spark-defaults.conf``, ``spark-submit``)."""
    from pyspark import SparkConf, SparkContext

    # Spark reads its configuration inside the JVM alone: before that runs, SparkConf knows of none.
    SparkContext._ensure_initialized()
    return {
        name for name, value in SparkConf(loadDefaults=True).getAll() if (name, value) not in _WITHOUT_ASKING
    }
