"""`nba doc`: explain a kind of finding."""

from __future__ import annotations

import sys

import click

from nbadsl.cli.common import fail, wants_color
from nbadsl.diagnostics import KINDS, pages
from nbadsl.diagnostics.suggest import did_you_mean


@click.command()
@click.argument("kind", required=False)
def command(kind: str | None) -> None:
    """Explain a kind of finding, with what to avoid and what to write instead. Without KIND, list them all.

    \b
    Examples:
      nba doc
      nba doc unsettled-unknown
    """
    if kind is None:
        width = max(map(len, KINDS))
        for name in KINDS:
            page = pages.find_page(name)
            click.echo(f"{name:<{width}}  {page.title if page else KINDS[name].message}")
        return
    page = pages.find_page(kind)
    if page is None:
        help = did_you_mean(kind, KINDS)
        fail(f"there is no finding called `{kind}`{'; ' + help if help else '; `nba doc` lists them'}")
    if wants_color(sys.stdout):
        from rich.console import Console
        from rich.markdown import Markdown

        Console().print(Markdown(page.text))
    else:
        click.echo(page.text)
