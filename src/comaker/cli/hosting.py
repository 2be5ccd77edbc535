"""``comaker host``: the declared model as a living site; ``comaker staff``: who works there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from comaker.cli.options import Json, ModelName
from comaker.cli.output import print_json, refusals
from comaker.cli.sites import Data, Database, data_folder, open_site

Port = Annotated[int, typer.Option(min=1, max=65_535, help="Where it listens.")]
Address = Annotated[str, typer.Option(help="Address it listens on; 0.0.0.0 for every one of this machine's.")]


def host(
    model: ModelName,
    *,
    port: Port = 8000,
    address: Address = "127.0.0.1",
    database: Database = None,
    data: Data = None,
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Processes that answer; up to one a core pays in a rush.")
    ] = 1,
    as_json: Json = False,
) -> None:
    """Run a model as a site: its rules decide, every contribution is kept, money is right to the last digit.

    \b
    The first start makes everything: a folder beside the model file (comaker-data) with an SQLite
    database in it, its tables, the static files. It publishes the model's terms. Later starts find
    it all there. Ctrl-C or TERM stops the site; what was begun is answered first.

    \b
    Example:
      comaker gallery copy my-major-company
      comaker host my-major-company.toml
      comaker staff add me@example.org      # in another terminal: who may publish artists

    docs/operate.md tells how to run it for the public: TLS, PostgreSQL, mail, backups.
    """
    with refusals():
        from comaker.host.preparing import hostable, point_to, prepare, publish
        from comaker.host.serving import Place, check_free, serve

        declared, _ = hostable(model)
        place = Place(address, port)
        check_free(place)
        file = Path(model)
        point_to(data_folder(data, file.parent if file.is_file() else None), database or "")
        prepare()
        if said := publish(model):
            typer.echo(said, err=True)

        def answering(url: str) -> None:
            if as_json:
                print_json({"address": url, "model": declared.name})
            else:
                typer.echo(f"{declared.name} is open: {url} (Ctrl-C stops it)")

        serve(place, workers=workers, answering=answering)


staff = typer.Typer(rich_markup_mode=None, no_args_is_help=True)


@staff.callback()
def _staff() -> None:
    """Give people a log-in who work for the firm.

    \b
    Example:
      comaker staff add ann@example.org --name Ann
    """


@staff.command("add")
def add(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="Their e-mail address.")],
    *,
    name: Annotated[str, typer.Option(help="The name that others see.")] = "",
    administrator: Annotated[
        bool, typer.Option("--administrator", help="May also use the administration pages (/admin/).")
    ] = False,
    site: Annotated[
        str, typer.Option(metavar="URL", help="The site's address, for the link.")
    ] = "http://127.0.0.1:8000",
    database: Database = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Make a staff log-in and print a link by which they choose their password, once.

    Repeat it for a new link. A customer's address is refused: staff do not take part.

    \b
    Example:
      comaker staff add ann@example.org --name Ann --administrator
    """
    with refusals():
        open_site(data, database)
        from comaker.host.hiring import add_staff

        path = add_staff(email, name=name, is_administrator=administrator)
        link = site.rstrip("/") + path
        if as_json:
            print_json({"email": email, "link": link})
        else:
            typer.echo(f"{email} works here now. Send them this link; it sets the password, once:\n{link}")
