"""The report of a simulation, a comparison, a replay or a measurement: one folder, one page by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from comaker.report.folder import ReportError, check

if TYPE_CHECKING:
    from comaker.report.measured import write_measured
    from comaker.report.writing import write_replay, write_simulated

__all__ = ["ReportError", "check", "write_measured", "write_replay", "write_simulated"]


def __getattr__(name: str) -> Any:
    # Drawing takes a second to import: who writes no report must not wait for it.
    if name == "write_measured":
        from comaker.report.measured import write_measured

        return write_measured
    if name in ("write_replay", "write_simulated"):
        from comaker.report import writing

        return getattr(writing, name)
    raise AttributeError(f"module 'comaker.report' has no attribute {name!r}")
