"""`nba schema`: the JSON Schema of what a policy reads."""

from __future__ import annotations

import json

import click

from nbadsl.cli.common import load_policy, policy_path


@click.command()
@click.argument("policy", required=False)
@click.option("--context", is_flag=True, help="Of the context instead of the profile.")
def command(policy: str | None, context: bool) -> None:
    """Print the JSON Schema of the profile, for services and forms.

    \b
    Example:
      nba schema policy.nba > customer.schema.json
    """
    loaded = load_policy(policy_path(policy))
    model = loaded.Context if context else loaded.Profile
    click.echo(json.dumps(model.model_json_schema(), indent=2, ensure_ascii=False))
