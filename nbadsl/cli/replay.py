"""`nba replay`: make recorded decisions again, and say what differs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from nbadsl.cli.common import fail, input_errors, load_policy, policy_path

if TYPE_CHECKING:
    from nbadsl.replay import Replayed

_SHOWN = 20


@click.command()
@click.argument("recorded", metavar="DECISIONS.JSONL")
@click.option("--policy", metavar="POLICY", help="A .nba or .nbac file; that of nba.toml if not given.")
@click.option("--changed", is_flag=True, help="The policy may be another one: show what it decides instead.")
@click.option("--interpreter", is_flag=True, help="Decide with the plain interpreter, not with the engine.")
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(recorded: str, policy: str | None, changed: bool, interpreter: bool, format: str) -> None:
    """Make decisions again from their record, and say what differs: to the bit of scores and probabilities.

    A record holds all that a decision was made of: the person, the moment, context and parameters, the room that limits
    left and what of it others were given first, and the seed. `nba run --record` writes such files, and so does `decide_one(…, record=…)` in Python. Exit code 1
    if a decision differs or a line is damaged; 2 if another policy has decided, unless --changed is given. Then parameters
    have the values that this policy declares, and a limit that the record does not know has room.

    \b
    Examples:
      nba replay decisions.jsonl --policy policy.nba
      nba replay decisions.jsonl --policy next.nba --changed
    """
    from nbadsl.replay import OtherPolicy

    loaded = load_policy(policy_path(policy))
    with input_errors():
        try:
            with open(recorded, encoding="utf-8", errors="replace") as lines:
                found = list(loaded.replay(lines, changed=changed, interpreter=interpreter))
        except OtherPolicy as error:
            fail(f"{recorded}: {error}\nadd --changed to see what this policy decides instead")
    data = _data(found, loaded.facts.name, loaded.hash)
    if format == "json":
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
    else:
        _show(found, data)
    if data["agree"] < data["decisions"]:
        raise SystemExit(1)


def _data(found: Iterable[Replayed], policy: str, hash: str) -> dict[str, Any]:
    found = list(found)
    return {
        "schema_version": 1,
        "policy": policy,
        "hash": hash,
        "decisions": len(found),
        "agree": sum(each.agrees for each in found),
        "differ": sum(bool(each.differences) for each in found),
        "not_replayed": sum(bool(each.problem) for each in found),
        "lines": [
            {
                "line": each.line,
                "id": each.id,
                "problem": each.problem or None,
                "differences": [
                    {"what": d.what, "recorded": d.recorded, "now": d.now} for d in each.differences
                ],
            }
            for each in found
            if not each.agrees
        ],
    }


def _show(found: list[Replayed], data: dict[str, Any]) -> None:
    unlike = [each for each in found if not each.agrees]
    for each in unlike[:_SHOWN]:
        click.echo(f"line {each.line}: {each.id or 'damaged'}{': ' + each.problem if each.problem else ''}")
        for difference in each.differences:
            recorded, now = _text(difference.recorded), _text(difference.now)
            click.echo(f"  {difference.what}: {now}, recorded {recorded}")
    if len(unlike) > _SHOWN:
        click.echo(f"… and {len(unlike) - _SHOWN:,} more; --format json has all of them")
    many = f"{data['decisions']:,} decision{'s' if data['decisions'] != 1 else ''}"
    parts = [f"{data['agree']:,} agree to the bit"]
    parts += [f"{data['differ']:,} differ"] if data["differ"] else []
    parts += [f"{data['not_replayed']:,} cannot be made again"] if data["not_replayed"] else []
    click.echo(f"{many} of {data['policy']}: {', '.join(parts)}")


def _text(value: Any) -> str:
    return "nothing" if value is None else value if isinstance(value, str) else json.dumps(value)
