"""Kills: a site under load, ended by SIGKILL again and again.

python -m crashing.kills PORT     forks a site for each line that comes in
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, NamedTuple

from crashing.site import Damage, People, new_key, start_django, use

BENCH = Path(__file__).resolve().parents[1]
CLIENTS = 8
LONGEST_S = 0.25
"""The longest time that a site lives under load before it is killed."""


class Stake(NamedTuple):
    """A stake as it is sent, with the answer where one came: status and body."""

    key: str
    secret: str
    body: bytes
    answer: tuple[int, bytes] | None = None


class Nursery:
    """A process that has everything imported, and forks a site whenever it is asked to."""

    def __init__(self, database: str, port: int) -> None:
        command = [sys.executable, "-m", "crashing.kills", str(port)]
        environment = {**os.environ, "COMAKER_DATABASE": database}
        self.process = subprocess.Popen(
            command, cwd=BENCH, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.port = port

    def begin(self) -> tuple[int, float]:
        """A new site: the number of its processes' group, and the seconds until it answered."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write("serve\n")
        self.process.stdin.flush()
        number = int(self.process.stdout.readline())
        began = time.monotonic()
        while time.monotonic() - began < 60:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return number, time.monotonic() - began
            except OSError:
                time.sleep(0.002)
        raise RuntimeError("the server does not answer")

    def end(self) -> None:
        """No more of them."""
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


def nurse(port: int) -> None:
    """Fork a site for each line that comes in; each is reaped before the next."""
    folder = Path(os.environ["COMAKER_DATA"])
    start_django(folder, os.environ["COMAKER_DATABASE"])
    # Of libraries that started threads, none is used by the writer or the gateway.
    warnings.filterwarnings(
        "ignore", message="This process .* is multi-threaded", category=DeprecationWarning
    )
    from comaker.host.gateway.app import application

    child = 0
    for _ in sys.stdin:
        if child:
            os.waitpid(child, 0)
        child = os.fork()
        if not child:
            os.setpgid(0, 0)
            serve(application, port, folder / f"line-{port}")
            os._exit(0)
        print(child, flush=True)


def serve(application: Callable[[str], Any], port: int, line: Path) -> None:
    """A process that takes stakes, and one that writes them."""
    from granian.constants import HTTPModes, Interfaces
    from granian.server.embed import Server

    from comaker.host.gateway.batches import write_batches

    line.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(line))
        listener.listen()
        far_end, lifeline = multiprocessing.Pipe(duplex=False)
        if not os.fork():
            lifeline.close()
            write_batches(listener, far_end)
            os._exit(0)
    server = Server(
        application(str(line)),
        port=port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        log_enabled=False,
    )
    asyncio.run(server.serve())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def send(connection: HTTPConnection, stake: Stake) -> tuple[int, bytes]:
    headers = {
        "Authorization": f"Bearer {stake.secret}",
        "Idempotency-Key": stake.key,
        "Content-Type": "application/json",
    }
    connection.request("POST", "/api/v1/stakes", stake.body, headers)
    response = connection.getresponse()
    return response.status, response.read()


def load(
    port: int, people: People, luck: random.Random, stop: threading.Event
) -> tuple[list[Stake], Callable[[], None]]:
    """Clients that send stakes until the server is gone; what they sent, and how to wait for them."""
    sent: list[Stake] = []

    def client(luck: random.Random) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        while not stop.is_set():
            body = json.dumps({"project": people.project, "shares": luck.randint(1, 5)}).encode()
            stake = Stake(new_key(luck), luck.choice(people.secrets), body)
            try:
                stake = stake._replace(answer=send(connection, stake))
            except (OSError, HTTPException):
                sent.append(stake)
                return
            sent.append(stake)
        connection.close()

    threads = [
        threading.Thread(target=client, args=(random.Random(luck.getrandbits(64)),)) for _ in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()

    def join() -> None:
        for thread in threads:
            thread.join()

    return sent, join


def resend(port: int, sent: list[Stake], damage: Damage) -> None:
    """Ask again, with the same keys: what was answered gets the same answer, what was not gets one."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    for stake in sent:
        answer = send(connection, stake)
        if stake.answer is not None and stake.answer != answer:
            damage.changed += 1
        if answer[0] != 201:
            damage.wrong.append(f"asked again, a stake got {answer}")
    connection.close()


def kill(site: str, people: People, kills: int, seed: int, damage: Damage) -> list[float]:
    """Lives of one site, each ended by SIGKILL; seconds from the fork until it listened."""
    from django.db import connection

    from comaker.host.audit import audit
    from comaker.host.models import Contribution, Event

    luck, port = random.Random(seed), free_port()
    nursery = Nursery(site, port)
    sent: list[Stake] = []
    started = []
    use(site)
    try:
        for _ in range(kills):
            number, seconds = nursery.begin()
            started.append(seconds)
            resend(port, sent, damage)
            stop = threading.Event()
            sent, join = load(port, people, luck, stop)
            time.sleep(luck.uniform(0, LONGEST_S))
            os.killpg(number, signal.SIGKILL)
            stop.set()
            join()
            connection.close()
            began = time.monotonic()
            Event.objects.count()
            damage.reopened_s.append(time.monotonic() - began)
            answered = [stake for stake in sent if stake.answer is not None]
            stored = list(
                Contribution.objects.filter(key__in=[stake.key for stake in answered]).values_list("key")
            )
            lost = len(answered) - len(stored)
            damage.wrong += [each.line for each in audit()]
            damage.crashes += 1
            damage.answered += len(answered)
            damage.lost += lost
            damage.crashes_with_loss += lost > 0
        number, _ = nursery.begin()
        resend(port, sent, damage)
        os.killpg(number, signal.SIGKILL)
        damage.wrong += [each.line for each in audit()]
        done = Event.objects.filter(kind="done").count()
        if done != Contribution.objects.filter(route="stake", status=201).count():
            damage.wrong.append(f"{done} stakes are in the log, not one a key")
    finally:
        nursery.end()
        connection.close()
    return started


if __name__ == "__main__":
    nurse(int(sys.argv[1]))
