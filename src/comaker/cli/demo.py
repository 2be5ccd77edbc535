"""``comaker demo``: a site full of life, to look around in."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from comaker.cli.hosting import Address, Port
from comaker.cli.options import Json
from comaker.cli.output import compiling, print_json, progress, refusals

if TYPE_CHECKING:
    import pyarrow as pa

    from comaker.host.populate import Populated

MODEL = "my-major-company"
_SIZE: dict[str, Any] = {"customers": 9_000, "weeks": 52, "runs": 1, "seed": 2}
_CHANGES = {
    # Within their ranges: a year in which enough happens to look at.
    "advertising_reach": "0.05",
    "willingness_start": "0.6",
    "visits_weekly": "1",
    "active_share": "0.25",
    "top_share": "0.5",
    "leaving_weekly": "0.002",
    "wish_mean_shares": "40",
    "choice_sharpness": "4",
    "projects_open": "7",
    "appeal_sigma": "1.0",
    "production_weeks": "12",
    "settle_weeks": "8",
    "copies_median": "1500",
}
_MARK = "comaker-demo"


def demo(
    *,
    port: Port = 8000,
    address: Address = "127.0.0.1",
    data: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder of the demonstration; made anew at every start.")
    ] = Path("demo-data"),
    as_json: Json = False,
) -> None:
    """Open a living site: My Major Company after a simulated year, ending now.

    Every stake, refusal, withdrawal, confirmation and payout of that year was asked of the real writer,
    which must decide as the simulation did. Artists and customers are invented. Mails are written to the
    folder `mail`. Ctrl-C stops it; the next start begins anew.

    \b
    Example:
      comaker demo --port 8080
    """
    with refusals():
        from comaker.host.serving import Place, check_free, serve

        place = Place(address, port)
        check_free(place)
        _clear(data)
        done = _fill(data)

        def answering(url: str) -> None:
            if as_json:
                said = {"requests": done.requests, "refused": done.refused, "customers": done.customers}
                print_json({"address": url, "password": _password(), **_log_ins(), **said})
            else:
                _say(done, url, data)

        serve(place, workers=1, answering=answering)


def _fill(data: Path) -> Populated:
    """Make the site and play the year on it; settings of another site on this machine are left aside."""
    from comaker.host.preparing import point_to, prepare, publish

    events = _year()
    for name in [name for name in os.environ if name.startswith("COMAKER_")]:
        del os.environ[name]
    point_to(data)
    prepare()
    publish(MODEL)
    from comaker.host.populate import populate

    with progress("Playing a year of stakes") as bar:
        return populate(events, until_us=time.time_ns() // 1000, kept=_kept(), progress=bar)


def _log_ins() -> dict[str, str]:
    from comaker.host.demo.stage import CUSTOMER, FIRST_STAFF, SECOND_STAFF

    return {"customer": CUSTOMER, "staff": FIRST_STAFF, "second_staff": SECOND_STAFF}


def _password() -> str:
    from comaker.host.demo.stage import PASSWORD

    return PASSWORD


def _say(done: Populated, url: str, data: Path) -> None:
    typer.echo(
        f"A simulated year is written: {done.requests:,} requests of {done.customers:,} customers on "
        f"{done.projects} artists,\n{done.refused:,} of them refused, each as simulated.\n\n"
        f"My Major Company is open: {url}\n"
    )
    for who, email in _log_ins().items():
        typer.echo(f"  {who.replace('_', ' '):<14}{email:<18}password: {_password()}")
    typer.echo(f"\nMails are written to {data / 'mail'}. Ctrl-C stops the site.")


def _clear(data: Path) -> None:
    """Empty the folder of an earlier demonstration; any other folder is left alone."""
    from comaker.host.preparing import HostError

    if data.exists() and any(data.iterdir()) and not (data / _MARK).exists():
        raise HostError(f"{data}: this folder holds something else: name one of its own (--data)")
    static = data / "static"
    for path in data.iterdir() if data.exists() else ():
        # The static files are the same every time, and take longest to make.
        if path.is_dir() and path != static:
            shutil.rmtree(path)
        elif path.is_file():
            path.unlink()
    data.mkdir(parents=True, exist_ok=True)
    (data / _MARK).touch()


def _kept() -> Path:
    """Where what is the same at every start is kept."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("comaker/demo", appauthor=False))


def _year() -> pa.Table:
    """The simulated year; kept in the user's cache: loading the simulation takes longer than reading it."""
    import datetime as dt

    from comaker import events
    from comaker.model import load
    from comaker.simulate.cache import fingerprint

    changes = [f"assumption.{name}={value}" for name, value in _CHANGES.items()]
    model = load(MODEL, changes=changes).at(dt.datetime.now(dt.UTC))
    size = "-".join(str(number) for number in _SIZE.values())
    folder = _kept()
    kept = folder / f"{fingerprint()}-{model.hash}-{size}.parquet"
    if kept.exists():
        try:
            return events.read(kept)
        except events.EventsError:
            kept.unlink(missing_ok=True)
    from comaker.simulate import simulate

    with progress(compiling("Simulating a year")) as bar:
        found = simulate(model, **_SIZE, events=True, progress=bar).events
    folder.mkdir(parents=True, exist_ok=True)
    assert found is not None
    events.write(kept, [found])
    return found
