"""The process that writes what all workers are asked in a rush, and whoever keeps it alive."""

from __future__ import annotations

import logging
import multiprocessing
import shutil
import signal
import socket
import tempfile
import threading
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

BACKLOG = 128
PAUSE_S = 0.2
"""Before a process that died is started again."""

ENDS_IN_S = 10

_log = logging.getLogger(__name__)


class WritingProcess:
    """One process in which every batch of stakes is written, while workers read and answer.

    It listens on a socket that belongs to this process: workers do not notice when it is started again, but
    by having to ask again. It ends with its lifeline, so with this process, however that ends. Workers find
    it by ``path``.
    """

    def __init__(self) -> None:
        # Its owner alone may enter the folder.
        self._folder = tempfile.mkdtemp(prefix="comaker-")
        self.path = str(Path(self._folder) / "line")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen(BACKLOG)
        self._far_end, self._lifeline = multiprocessing.Pipe(duplex=False)
        self._stopping = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)
        self.process: BaseProcess | None = None

    def start(self) -> None:
        """Start it, and start it again whenever it dies."""
        self._keeper.start()

    def stop(self) -> None:
        """Let it finish its batch, and end it."""
        self._stopping.set()
        self._lifeline.close()
        if self._keeper.is_alive():
            self._keeper.join(ENDS_IN_S)
        if self.process is not None and self.process.is_alive():
            self.process.kill()
        self._listener.close()
        self._far_end.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _keep(self) -> None:
        spawning = multiprocessing.get_context("spawn")
        while not self._stopping.is_set():
            arguments = (self._listener, self._far_end)
            self.process = spawning.Process(target=run, args=arguments, name="writing", daemon=True)
            self.process.start()
            self.process.join()
            if not self._stopping.wait(PAUSE_S):
                _log.error("the writing process ended with %s; another is started", self.process.exitcode)


def run(listener: socket.socket, lifeline: Connection) -> None:
    """What the process does: it is the lifeline that ends it, after what the workers had begun."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    import django

    django.setup()
    from comaker.host.gateway.batches import write_batches

    write_batches(listener, lifeline)
