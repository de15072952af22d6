"""The command `nba`. Each command is a module of its own, imported when it is called.

Exit codes: 0 fine; 1 findings (a policy with errors, rejected rows under --strict); 2 usage or input error.
"""

from __future__ import annotations

import sys
from importlib import import_module

import click

from nbadsl import __version__

# In the order of a first afternoon; `nba --help` lists them like this.
COMMANDS = {
    "new": "Start a policy: a folder with an example to change.",
    "check": "Find mistakes in policies.",
    "fmt": "Lay policies out in one style.",
    "lint": "Find what is right, and yet hardly meant.",
    "test": "Run the tests that stand in policies.",
    "diff": "Say what differs between two policies, in meaning.",
    "prove": "Prove what holds for all possible customers.",
    "run": "Decide for everybody in a file of profiles.",
    "simulate": "See what a policy does to everybody, and what it changes.",
    "explain": "Say why one customer is decided as they are.",
    "replay": "Make recorded decisions again, and say what differs.",
    "build": "Compile a policy into one file (.nbac).",
    "history": "Look at a contact history, take it out, add to it, forget a person.",
    "schema": "Print the JSON Schema of the profile.",
    "show": "Show what the compiler sees: tree, model, program or plan.",
    "edit": "Edit a policy in the browser, and see what it does.",
    "lsp": "Serve an editor: the language server.",
    "doc": "Explain a kind of finding.",
}


class Commands(click.Group):
    """Loads a command's module when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(f"nbadsl.cli.{name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from nbadsl.diagnostics.suggest import nearest

        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            near = nearest(args[0], COMMANDS)
            hint = f" Did you mean `{near}`?" if near else ""
            ctx.fail(f"there is no command `{args[0]}`.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="nba")
def main() -> None:
    """Next best action, as a language: check policies, decide with them, see why.

    \b
    Examples:
      nba new shop && cd shop
      nba check policy.nba
      nba run policy.nba --profiles customers.csv --out decisions.csv
      nba explain policy.nba C003 --profiles customers.csv
    """
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
