"""Replays recorded requests under other rules: the same requests, nobody reacts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from comaker.replay.errors import LABEL, ReplayError

if TYPE_CHECKING:
    import pyarrow as pa

    from comaker.model import Model
    from comaker.replay.results import Replayed

__all__ = ["LABEL", "ReplayError", "replay"]


def replay(
    events: str | os.PathLike[str] | pa.Table,
    model: str | os.PathLike[str] | Model,
    *,
    changes: Iterable[str | tuple[str, str]] = (),
    amendments: bool = True,
    task: str = "stake",
    progress: Callable[[int, int], None] | None = None,
) -> Replayed:
    """Decide the recorded requests again under a model's terms: the same requests in the same order.

    Each request is decided under the terms in force when it was made; a project keeps the goal it opened
    with. Nobody reacts: with other rules people would ask for something else, which a replay cannot know.

    ``events``: an event table or the path of one (Parquet). Requests count in shares (quantity) or, without
    it, in money; money that is no whole number of shares is refused. Without a customer each request is a
    customer's of her own, so a cap is one a request. An opening that names money has that as its own goal.
    A record holds what was accepted of a stake that was trimmed, not what was asked. Where it tells of
    reservations (rows of kind confirmed or lapsed), stakes count towards the goal from their confirmation,
    and what lapsed gives its place back; without any, the money of every stake came with it. Who was refused
    for her role, a missing step or a limit stays refused.
    ``model``: gallery name, path, or a loaded model; ``changes`` and ``amendments`` as for ``model.load``,
    for names and paths only. ``task``: the stake task of the model. ``progress``: called with (done, total).
    Raises ``EventsError``, ``ModelError``, or ``ReplayError`` for a table that cannot be replayed.
    """
    from comaker.replay.replaying import replayed

    return replayed(events, model, changes=changes, amendments=amendments, task=task, progress=progress)
