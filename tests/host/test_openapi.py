"""E25: the API does what its description says, whatever a fuzzer makes of it: no crash, no status unsaid."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.test import Client
from tests.host.world import World, small_text

from comaker.host.api.app import api
from comaker.host.api.limits import PER_MINUTE, limits
from comaker.host.models import Event

schemathesis = pytest.importorskip("schemathesis", reason="the fuzzer comes in the extra `dev`")

from hypothesis import HealthCheck, Phase, given  # noqa: E402  (what it needs comes with the fuzzer)
from hypothesis import settings as fuzzing  # noqa: E402
from schemathesis import GenerationMode  # noqa: E402
from schemathesis.checks import CHECKS, load_all_checks  # noqa: E402

load_all_checks()
# JSON Schema calls 3.0 an integer; shares and money are written without a point, and nothing else is taken.
# Our own log-in takes the place of the one that the fuzzer makes up; test_api.py tries wrong ones.
NOT_MEANT = [CHECKS.get_one(name) for name in ("positive_data_acceptance", "ignored_auth")]
EXAMPLES = 6
OPERATIONS = [
    (method.upper(), path)
    for path, methods in api.get_openapi_schema()["paths"].items()
    for method in methods
]


@pytest.fixture
def world(
    sqlite: str, make_site: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> World:
    for kind in PER_MINUTE:
        monkeypatch.setitem(PER_MINUTE, kind, 10**9)
    limits.forget()
    monkeypatch.setattr(settings, "MEDIA_ROOT", tmp_path / "media")
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", ["*"])
    return World(make_site(small_text()))


def test_the_description_is_served_and_names_every_status_of_what_writes(world: World) -> None:
    described = Client().get("/api/v1/openapi.json").json()
    assert described["openapi"].startswith("3.")
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            said = set(operation["responses"])
            assert {"400", "401", "403", "404", "429"} <= said, path
            if method == "post":
                assert {"201", "409", "413", "422", "503"} <= said, path
                keys = [each for each in operation["parameters"] if each["name"] == "Idempotency-Key"]
                assert keys, path
                assert keys[0]["required"], path


def test_no_body_takes_more_than_it_names(world: World) -> None:
    schemas = api.get_openapi_schema()["components"]["schemas"]
    bodies = [schema for name, schema in schemas.items() if name.endswith("In")]
    assert len(bodies) >= 6
    assert all(body["additionalProperties"] is False for body in bodies)


class Fuzzer:
    """Calls operations as somebody with a token, and holds every answer to the description."""

    def __init__(self, secret: str) -> None:
        self.headers = {"Authorization": f"Bearer {secret}"}
        self.schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())

    def statuses(self, method: str, path: str) -> set[int]:
        """What an operation answered to good and bad requests."""
        operation = self.schema[path][method]
        seen: set[int] = set()
        modes = [GenerationMode.POSITIVE]
        if operation.body or operation.query or operation.path_parameters or operation.headers:
            modes.append(GenerationMode.NEGATIVE)
        for mode in modes:

            @fuzzing(
                max_examples=EXAMPLES,
                deadline=None,
                database=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.explicit, Phase.generate],
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def call(case: Any) -> None:
                answer = case.call(headers=self.headers)
                case.validate_response(answer, excluded_checks=NOT_MEANT)
                assert answer.status_code < 500
                seen.add(int(answer.status_code))

            call()
        return seen


@pytest.mark.parametrize("role", ["customer", "staff"])
def test_e25_no_crash_no_undocumented_status_and_bad_data_is_refused(world: World, role: str) -> None:
    fuzzer = Fuzzer(world.token(world.owner, "read stake buy") if role == "customer" else world.desk_token)
    everything: set[int] = set()
    for method, path in OPERATIONS:
        before = Event.objects.count()
        seen = fuzzer.statuses(method, path)
        assert 401 not in seen, (method, path)
        assert method == "POST" or Event.objects.count() == before, path
        everything |= seen
    assert {200, 400, 403, 404} <= everything
