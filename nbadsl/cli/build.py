"""`nba build`: compile a policy into one file."""

from __future__ import annotations

from pathlib import Path

import click

from nbadsl.cli.common import input_errors, load_policy, policy_path


@click.command()
@click.argument("policy", required=False)
@click.option(
    "--out", "-o", metavar="FILE", help="The compiled policy; POLICY with the ending .nbac if not given."
)
def command(policy: str | None, out: str | None) -> None:
    """Compile a policy into one file (.nbac).

    The file is plain data: it is verified when it is loaded, runs no code of its own, and needs neither the
    parser nor the checker. `nba run` and `nbadsl.load` take it like the source.

    \b
    Example:
      nba build policy.nba -o policy.nbac
    """
    path = policy_path(policy)
    target = Path(out) if out else path.with_suffix(".nbac")
    if target.resolve() == path.resolve():
        raise click.UsageError("the output would replace the policy")
    compiled = load_policy(path)
    with input_errors():
        compiled.save(target)
    size = target.stat().st_size
    click.echo(
        f"{target}: {compiled.facts.name}, {len(compiled.facts.candidates)} candidates, {size:,} bytes"
    )
    click.echo(f"hash {compiled.hash}")
