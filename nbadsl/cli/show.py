"""`nba show`: what the compiler sees, stage by stage."""

from __future__ import annotations

import click

from nbadsl.cli.common import input_errors, load_policy, policy_path, show_findings, source_path

STAGES = ("tree", "model", "program", "plan")


@click.command()
@click.argument("stage", type=click.Choice(STAGES))
@click.argument("policy", required=False)
def command(stage: str, policy: str | None) -> None:
    """Show what the compiler sees: the syntax tree, the model with its types, the program, or the plan.

    \b
    Example:
      nba show program policy.nba
    """
    path = (source_path if stage in ("tree", "model") else policy_path)(policy)
    if stage == "tree":
        from nbadsl.source import read
        from nbadsl.syntax.parser import parse
        from nbadsl.syntax.show import show_tree

        with input_errors():
            file, found = parse(read(path)[0])
        click.echo(show_tree(file), nl=False)
        show_findings(found)
    elif stage == "model":
        from nbadsl.pipeline import check
        from nbadsl.semantics.show import show_model

        with input_errors():
            checked = check(path)
        click.echo(show_model(checked.model), nl=False)
        show_findings(checked.diagnostics)
    elif stage == "program":
        from nbadsl.program.show import show_program

        click.echo(show_program(load_policy(path).program), nl=False)
    else:
        from nbadsl.plan.show import show_plan

        with input_errors():
            plan = load_policy(path).plan
        click.echo(show_plan(plan), nl=False)
