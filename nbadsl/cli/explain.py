"""`nba explain`: why one customer is decided as they are."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nbadsl.cli import config
from nbadsl.cli.common import (
    fail,
    history_to_read,
    input_errors,
    load_policy,
    open_history,
    policy_path,
    run_options,
    write_file,
)
from nbadsl.data.options import typed
from nbadsl.story.page import as_html

if TYPE_CHECKING:
    from nbadsl.api import Policy


@click.command()
@click.argument("arguments", nargs=-1, metavar="[POLICY] [CUSTOMER]")
@click.option("--profiles", "-p", metavar="FILE", help="Where CUSTOMER is looked up.")
@click.option("--profile", metavar="FILE", help="The customer as JSON instead ('-': standard input).")
@click.option(
    "--history", metavar="WHERE", help="What was decided before, for limits to count: see `nba run`."
)
@click.option(
    "--why-not",
    metavar="ACTION",
    help="What stops ACTION, or `ACTION via CHANNEL`, and the smallest change with which it wins.",
)
@click.option(
    "--change",
    metavar="FIELD,…",
    help="With --why-not: the only fields of profile and context that may change.",
)
@click.option("--factors", is_flag=True, help="Who would win without each factor of the scores.")
@click.option("--html", metavar="FILE", help="Write it as a page, with --factors, and print nothing.")
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@run_options
def command(
    arguments: tuple[str, ...],
    profiles: str | None,
    profile: str | None,
    history: str | None,
    why_not: str | None,
    change: str | None,
    factors: bool,
    html: str | None,
    format: str,
    now: datetime | None,
    seed: int | None,
    context: dict[str, str],
    parameters: dict[str, str],
) -> None:
    """Say why one customer is decided as they are: every candidate, its fate, the rule and the values.

    POLICY is a .nba or .nbac file (or that of nba.toml); CUSTOMER is a key in the profiles, of which the first row counts.

    With --why-not, the text is about that action: everything that stops it, how far its score is from the winner's, and the
    smallest change of profile and context with which it wins, on the list where several are picked. That is the one of the
    fewest fields; of those, the one that changes them least: numbers by the part of their range (without a range, by how
    large they are; dates and lengths by years), words, flags and texts by one whole; of those as small, the one whose
    fields are declared first. The key stays, and so do fields by which limits, experiments and holdouts go.

    \b
    Examples:
      nba explain policy.nba C003 --profiles customers.csv
      nba explain policy.nba --profile customer.json --now 2026-11-10
      nba explain policy.nba C003 -p customers.csv --why-not upgrade
      nba explain policy.nba C003 -p customers.csv --why-not upgrade --html customer.html
      nba explain policy.nba C003 -p customers.csv --why-not "upgrade via email" --change visits,consent_email
    """
    if change is not None and why_not is None:
        raise click.UsageError(
            "--change says what may be different for an action to win: add --why-not ACTION"
        )
    settings, now = config.load(), now or datetime.now(UTC)  # one moment for the story and the page
    policy, customer = _split(arguments)
    path = policy_path(policy)
    if (customer is None) == (profile is None):
        raise click.UsageError("say who: a key and --profiles FILE, or --profile FILE")
    loaded = load_policy(path)
    with input_errors(), ExitStack() as opened:
        if profile is not None:
            record = _from_json(profile)
        else:
            source = profiles or settings.get("profiles")
            if source is None:
                raise click.UsageError("say where the profiles are: --profiles FILE")
            record = _look_up(loaded, source, str(customer))
        where = history_to_read(history)
        story = loaded.explain(
            record,
            history=None if where is None else opened.enter_context(open_history(where, loaded.program)),
            now=now,
            seed=settings.get("seed", 0) if seed is None else seed,
            context=typed(context, loaded.facts.context),
            parameters=typed(parameters, tuple(p.input for p in loaded.facts.parameters)),
            why_not=why_not,
            change=None if change is None else [name.strip() for name in change.split(",")],
            factors=factors or html is not None,
        )
    if html is not None:
        moment = loaded.moment_text(loaded.given(now, typed(context, loaded.facts.context)))
        key = story.id.rpartition("@")[0]
        page = as_html(story, key, moment, loaded.facts.title, loaded.hash)
        write_file(Path(html), page.encode())
        return
    click.echo(
        json.dumps(story.as_dict(), indent=2, ensure_ascii=False) if format == "json" else str(story),
        nl=False,
    )
    if loaded.facts.limits and not (history or settings.get("history")):
        click.echo("note: told as if nobody had been contacted before: --history says who was", err=True)


def _split(arguments: tuple[str, ...]) -> tuple[str | None, str | None]:
    """Which argument is the policy, which the customer."""
    match arguments:
        case ():
            return None, None
        case (one,) if one.endswith((".nba", ".nbac")) or Path(one).exists():
            return one, None
        case (one,):
            return None, one
        case (policy, customer):
            return policy, customer
        case _:
            raise click.UsageError("one policy and one customer at a time")


def _from_json(path: str) -> dict[str, Any]:
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
        found = json.loads(text)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        fail(f"{path} is not JSON: {error}")
    if not isinstance(found, dict):
        fail(f'{path}: a customer is a JSON object, `{{"age": 30, …}}`')
    return found


def _look_up(policy: Policy, source: str, customer: str) -> dict[str, Any]:
    """The profile with a key, as a record."""
    from nbadsl.data.look_up import look_up
    from nbadsl.data.profiles import open_profiles

    facts = policy.facts
    found = look_up(facts, open_profiles(source, facts.inputs, key=facts.key, used=policy.used), customer)
    if found is None:
        fail(f"nobody in {source} has {facts.key} {customer}")
    return found
