"""A writing process that dies once; started by name, so without anything that needs a database."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any


def done(requests: Sequence[Any]) -> list[Any]:
    """What a writer answers that does everything: by the key, so that a mixed up answer shows."""
    from comaker.host.writer import Answer
    from comaker.refusals import Refusal

    return [Answer(201, Refusal.NONE, int(each.key)) for each in requests]


def die_once(listener: socket.socket, lifeline: Connection) -> None:
    """Die when asked for the first time; do the work when started again."""
    died = Path(listener.getsockname()).with_name("died")
    if not died.exists():
        connection, _ = listener.accept()
        connection.recv(1)
        died.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    import django

    django.setup()
    from comaker.host.gateway import batches

    batches.write = done
    batches.write_batches(listener, lifeline)
