"""The report of a measurement in a browser: axe finds nothing to object to, nothing is wider than a phone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.report.measurement import measurement

from comaker import model
from comaker.report.measured import write_measured

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
AXE = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations.map(
  v => v.id + ': ' + v.nodes.map(n => n.target.join(' ')).slice(0, 4).join(' | '))"""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
OPEN = "document.querySelectorAll('details').forEach(each => each.open = true)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright comes in the extra `dev`")
    named = (os.environ.get("COMAKER_CHROMIUM", ""), *NAMES)
    program = next(filter(None, map(shutil.which, filter(None, named))), None)
    if program is None:
        pytest.skip("Chromium is missing: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_measured(
        tmp_path_factory.mktemp("report") / "out",
        measured=measurement(label="simulated", runs=2, model="My Major Company"),
        model=model.load("my-major-company"),
        events="events.parquet",
        command="comaker measure",
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_everybody_can_read_it(browser: Any, page: Path, width: int, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python", reason="axe comes in the extra `dev`")
    script = (Path(axe.__file__).parent / "axe.min.js").read_text("utf-8")
    # The page allows no script, so axe can only come past its policy.
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True
    )
    opened = context.new_page()
    opened.goto(page.as_uri())
    opened.evaluate(OPEN)
    opened.evaluate(script)
    assert opened.evaluate(AXE) == []
    assert opened.evaluate(WIDER) == 0
    context.close()
