"""Serves the site on one port until it is told to stop; a clock ticks beside the workers."""

from __future__ import annotations

import errno
import http.client
import importlib
import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from comaker.host.preparing import HostError

APPLICATION = "comaker.host.gateway.app"
"""Where the ASGI application is made: the way in for stakes, and Django's pages behind it."""

BACKLOG = 1024
"""Connections that may wait to be accepted."""

GRACE_S = 30
"""Seconds in which requests that were begun are answered after the signal to stop."""


class Place(NamedTuple):
    """Where the site listens."""

    address: str
    port: int

    @property
    def url(self) -> str:
        """As a browser on this machine is told."""
        name = "127.0.0.1" if self.address in ("0.0.0.0", "::") else self.address
        return f"http://[{name}]:{self.port}" if ":" in name else f"http://{name}:{self.port}"


def check_free(place: Place) -> None:
    """``HostError`` where the port is in use, may not be used, or the address is not one of this machine."""
    family = socket.AF_INET6 if ":" in place.address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((place.address, place.port))
        except OSError as error:
            hints = {
                errno.EADDRINUSE: "this port is in use: stop what uses it, or choose another (--port)",
                errno.EACCES: "only the system's administrator may use this port: choose one from 1024 on",
            }
            other = f"{error.strerror or error}: choose an address of this machine (--address)"
            hint = hints.get(error.errno or 0, other)
            raise HostError(f"{place.address}:{place.port}: {hint}") from None


def server(place: Place, workers: int) -> Any:
    """The server before it starts: granian, each worker a process of its own with Django in it."""
    from granian.constants import HTTPModes, Interfaces, Loops
    from granian.log import LogLevels
    from granian.server import Server

    return Server(
        f"{APPLICATION}:application",
        address=place.address,
        port=place.port,
        interface=Interfaces.ASGINL,
        workers=workers,
        http=HTTPModes.auto,
        loop=Loops.uvloop,
        websockets=False,
        backlog=BACKLOG,
        log_level=LogLevels.error,
        respawn_failed_workers=True,
        workers_kill_timeout=GRACE_S,
    )


def serve(place: Place, *, workers: int, answering: Callable[[str], None]) -> None:
    """Serve until a signal to stop (Ctrl-C, TERM); what was begun is answered first.

    ``answering`` is called with the address once the site really answers. ``HostError`` where it cannot
    be started.
    """
    check_free(place)
    # A worker that was forked would share the clock's connection and locks.
    multiprocessing.set_start_method("spawn", force=True)
    from django.db import connections

    from comaker.host.clock import Clock
    from comaker.host.gateway.writing_process import WritingProcess

    connections.close_all()
    running = server(place, workers)
    stopped = threading.Event()
    watch = threading.Thread(target=_watch, args=(place, stopped, answering), daemon=True)
    clock = Clock()
    running.on_startup(watch.start)
    running.on_startup(clock.start)
    writing = WritingProcess()
    running.on_startup(writing.start)
    try:
        running.serve(target_loader=partial(load_application, writing.path), wrap_loader=False)
    except SystemExit as ended:
        if ended.code:
            raise HostError("the site's workers ended by themselves: see above") from None
    finally:
        stopped.set()
        clock.stop()
        writing.stop()


def _watch(place: Place, stopped: threading.Event, answering: Callable[[str], None]) -> None:
    while not stopped.wait(0.05):
        if answers(place):
            answering(place.url)
            return


def answers(place: Place) -> bool:
    """Whether something at this place answers a request, and not with an error of its own."""
    address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(place.address, place.address)
    connection = http.client.HTTPConnection(address, place.port, timeout=5)
    try:
        connection.request("GET", "/health/")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def load_application(path: str) -> Any:
    """What each worker runs, with a line to the writing process; a worker ends when the process that started
    it is gone."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="parent", daemon=True).start()
    return importlib.import_module(APPLICATION).application(path)
