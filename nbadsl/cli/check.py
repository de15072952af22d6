"""`nba check`: find mistakes."""

from __future__ import annotations

import click

from nbadsl.cli.common import format_option, input_errors, policy_paths, show_or_say
from nbadsl.diagnostics import Diagnostic


@click.command()
@click.argument("policies", nargs=-1)
@format_option
@click.option("--quiet", "-q", is_flag=True, help="Say nothing when nothing was found.")
def command(policies: tuple[str, ...], format: str, quiet: bool) -> None:
    """Find mistakes in policies, and in the files that they import.

    POLICIES are .nba files or folders; without any, the policy of nba.toml or the only one here. Ends with 1
    when there is an error.

    \b
    Examples:
      nba check policy.nba
      nba check policies/ --format github
    """
    from nbadsl import pipeline

    found: list[Diagnostic] = []
    said: list[str] = []
    for path in policy_paths(policies):
        with input_errors():
            checked = pipeline.check(path)
        found += checked.diagnostics
        actions = len(checked.model.scopes_of("action"))
        said.append(f"{path}: {actions} action{'' if actions == 1 else 's'}, nothing to report")
    shown = show_or_say(found, said, format, quiet)
    if any(d.kind.severity == "error" for d in shown):
        raise SystemExit(1)
