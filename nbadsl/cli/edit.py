"""`nba edit`: the editor in the browser."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nbadsl.cli import config
from nbadsl.cli.common import fail, run_options, source_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbadsl.browser.settings import Settings


@click.command()
@click.argument("policy", required=False)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Of the address; a free one if not given."
)
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@run_options
def command(
    policy: str | None,
    port: int,
    no_browser: bool,
    now: datetime | None,
    seed: int | None,
    context: dict[str, str],
    parameters: dict[str, str],
) -> None:
    """Edit a policy in the browser, and see at once what it does.

    Beside the text: for how many people of a sample each action is chosen and where the others stop, the policy's tests, and
    why one customer gets what they get. The sample is the file that `sample` names in nba.toml, or `profiles`. The page is
    for this machine alone, under an address that nobody can guess. Ctrl-C ends it.

    \b
    Examples:
      nba edit
      nba edit policy.nba --now "2026-11-10 09:00"
      nba edit policy.nba --port 8000 --no-browser
    """
    path = source_path(policy).resolve()
    if path.suffix != ".nba":
        fail(f"{path.name} is no source of a policy (.nba)")
    seed = config.load().get("seed", 0) if seed is None else seed
    run = _server()
    from nbadsl.browser.settings import Settings

    settings = Settings(path, None if now is None else now.isoformat(), seed, context, parameters)

    with ExitStack() as stack:

        def ready(url: str) -> None:
            click.echo(f"{path.name}: {url}\nCtrl-C ends this.")
            if not no_browser and _has_screen():
                way = stack.enter_context(_way(url)).as_uri()
                threading.Thread(target=webbrowser.open, args=(way,), daemon=True).start()

        try:
            run(settings, port, ready)
        except OSError as error:
            fail(f"port {port} cannot be used: {error.strerror or error}")


@contextmanager
def _way(url: str) -> Iterator[Path]:
    """A page that leads to an address: everybody on a machine can read the arguments of processes, but not this file."""
    number, name = tempfile.mkstemp(".html", "nba-edit-")  # readable by its owner alone
    try:
        with open(number, "w", encoding="utf-8") as file:
            file.write(
                f'<!doctype html><meta http-equiv="refresh" content="0; url={url}"><a href="{url}">nba edit</a>\n'
            )
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _server() -> Callable[[Settings, int, Callable[[str], None]], None]:
    try:
        from nbadsl.browser.server import run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "websockets":
            raise
        fail("the editor needs the library websockets: pip install 'nbadsl[edit]'")
    return run


def _has_screen() -> bool:
    """Whether there is one to open a browser on: one that runs in the terminal would take it."""
    return not sys.platform.startswith("linux") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
