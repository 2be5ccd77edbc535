"""The report of a simulation, a comparison or a replay: one folder, one page that needs nothing else."""

from comaker.report.folder import ReportError, check
from comaker.report.writing import write_replay, write_simulated

__all__ = ["ReportError", "check", "write_replay", "write_simulated"]
