"""Replays recorded requests under other rules: the same requests, nobody reacts."""

from comaker.replay.replaying import replay
from comaker.replay.requests import ReplayError
from comaker.replay.results import LABEL, Replayed

__all__ = ["LABEL", "ReplayError", "Replayed", "replay"]
