"""A site served as `comaker host` serves it, and the Chromium that is installed, driven over it."""

from __future__ import annotations

import email
import email.policy
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.cache import cache
from django.db import connections
from django.http import HttpRequest
from django.test import Client, override_settings
from django.utils.text import slugify

from comaker.host import environment
from comaker.host.models import Account, Project
from comaker.host.writer import Act, Request, write
from comaker.model import gallery_text

ROOT = Path(__file__).resolve().parents[3]
PASSWORD = "correct horse battery"
DESKTOP, PHONE = (1280, 800), (390, 844)
GOAL_SHARES, CAP_SHARES = 10, 4
START_S = 120
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MISSING = "Chromium is missing: apt-get install chromium"


def small_text() -> str:
    """My Major Company with a goal of ten shares, four a person, and no amendments."""
    text = gallery_text("my-major-company")
    start, end = text.index("[[amendment]]"), text.index("[assumption.")
    text = text[:start] + text[end:]
    text = text.replace('goal = "70000.00"', f'goal = "{GOAL_SHARES}0.00"\nopen_for = "30 days"')
    return text.replace('cap = "7000.00" ', f'cap = "{CAP_SHARES}0.00" ')


class Served:
    """A site that answers at ``url``; the tests also reach its database, as a second process."""

    def __init__(self, data: Path, port: int, template: Path) -> None:
        self.data, self.url = data, f"http://localhost:{port}"  # passkeys want a name
        data.mkdir()
        shutil.copyfile(template, data / "comaker.sqlite3")
        (data / "model.toml").write_text(small_text(), "utf-8")
        self.password = PBKDF2PasswordHasher().encode(PASSWORD, "salt of the tests")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "comaker", "host", "model.toml", "--port", str(port), "--data", "."],
            cwd=data,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "COMAKER_DATA": str(data)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        line = self.process.stdout.readline() if self.process.stdout else ""
        assert "is open" in line, line + (self.process.communicate(timeout=START_S)[0] or "")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def account(self, name: str, **fields: Any) -> Account:
        """Somebody with a verified address and the password ``PASSWORD``."""
        from allauth.account.models import EmailAddress

        made = Account.objects.create(
            email=f"{name.lower()}@example.org", name=name, password=self.password, **fields
        )
        EmailAddress.objects.create(user=made, email=made.email, verified=True, primary=True)
        return made

    def staff(self, name: str) -> Account:
        return Account.objects.filter(name=name).first() or self.account(name, is_staff=True)

    def draft(self, name: str) -> Project:
        by = self.staff("Sam")
        return Project.objects.create(
            slug=slugify(name), name=name, line="Songs at night", story="I sing.", created_by=by
        )

    def project(self, name: str) -> Project:
        """A published project, open for stakes."""
        made = self.draft(name)
        self.ask(Act.OPEN, made, staff=made.created_by_id)
        made.refresh_from_db()
        return made

    def ask(self, act: Act, project: Project, *, at_us: int | None = None, **fields: Any) -> int:
        """Asks the writer beside the running site; the number of the event, if there was one."""
        key = "" if act in (Act.LAPSE, Act.CLOSE) else f"{act} {project.pk} {time.time_ns()}"
        answer = write([Request(act, project=project.pk, key=key, **fields)], now_us=at_us)[0]
        assert answer.is_done, (act, answer)
        return answer.event_id or 0

    def link_for(self, address: str, room: str) -> str:
        """The link of one of the site's rooms in the newest mail to an address."""
        pattern = re.compile(rf"{re.escape(self.url)}/{room}\S+")
        for path in sorted((self.data / "mail").iterdir(), key=lambda path: path.stat().st_mtime_ns)[::-1]:
            mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            found = pattern.search(mail.get_content())
            if mail["To"] == address and found:
                return found[0]
        raise AssertionError(f"no mail to {address} with a link to {room}")

    def session_of(self, account: Account) -> str:
        """The cookie of somebody who has just logged in, and just given her password once more."""
        client = Client()
        client.force_login(account)
        request = HttpRequest()
        request.user, request.session = account, client.session
        reauthenticate_by_password(request)
        request.session.save()
        return client.cookies[settings.SESSION_COOKIE_NAME].value


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _chromium() -> str:
    """A name on PATH proves nothing: some only tell to install a snap."""
    for name in filter(None, (os.environ.get("COMAKER_CHROMIUM"), *_CHROMIUM)):
        path = shutil.which(name)
        if path and subprocess.run([path, "--version"], capture_output=True, timeout=60).returncode == 0:
            return path
    pytest.skip(_MISSING)


def _use(path: Path) -> None:
    connections["default"].close()
    address = f"sqlite:///{path}"
    described = {**connections["default"].settings_dict, **environment.database_of(address, path.parent)}
    connections.databases["default"] = connections.settings["default"] = described
    del connections["default"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One browser for all; every test has contexts of its own."""
    executable = _chromium()
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright comes in the extra `dev`")
    # While Playwright is open, Django takes this thread for one with an event loop of its own.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield running
        running.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="module")
def _serving(
    browser: Any, migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("served") / "site", _free_port(), migrated_sqlite)
    yield served
    served.stop()


@pytest.fixture
def served(_serving: Served) -> Iterator[Served]:
    """The site, with its database in reach."""
    _use(_serving.data / "comaker.sqlite3")
    cache.clear()
    with override_settings(MEDIA_ROOT=_serving.data / "media"):
        yield _serving
    connections["default"].close()


@pytest.fixture
def visit(served: Served, browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens a window of its own: ``visit(who, size=…, scripts=…)``. Whatever the browser complains about,
    such as a violation of the content security policy or an error in a script, fails the test (but with
    ``listen=False``)."""
    opened: list[Any] = []
    complaints: list[str] = []

    def heard(message: Any) -> None:
        if message.type == "error" and "the server responded with a status of 4" not in message.text:
            complaints.append(f"{message.location.get('url')}: {message.text}")

    def open_window(
        who: Account | None = None,
        *,
        size: tuple[int, int] = DESKTOP,
        scripts: bool = True,
        listen: bool = True,
    ) -> Any:
        width, height = size
        context = browser.new_context(
            base_url=served.url,
            viewport={"width": width, "height": height},
            java_script_enabled=scripts,
            locale="en-GB",
            reduced_motion="reduce",
        )
        context.set_default_timeout(30_000)
        if listen:
            context.on("console", heard)
            context.on("weberror", lambda error: complaints.append(str(error.error)))
        if who:
            cookie = {"name": settings.SESSION_COOKIE_NAME, "value": served.session_of(who)}
            context.add_cookies([{**cookie, "url": served.url}])
        opened.append(context)
        return context.new_page()

    yield open_window
    for context in opened:
        context.close()
    assert complaints == []
