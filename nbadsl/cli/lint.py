"""`nba lint`: what is right, and yet hardly meant."""

from __future__ import annotations

from codecs import BOM_UTF8
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nbadsl.cli import config
from nbadsl.cli.common import format_option, input_errors, policy_paths, show_or_say, write_file
from nbadsl.diagnostics import KINDS, Diagnostic

if TYPE_CHECKING:
    from nbadsl.lint import Options
    from nbadsl.pipeline import Checked

KINDS_TO_CHOOSE = tuple(kind.name for kind in KINDS.values() if kind.severity != "error")


def parse_kinds(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> frozenset[str]:
    """Kinds of findings, several in one option or in several."""
    return known_kinds([kind.strip() for value in values for kind in value.split(",")])


def known_kinds(kinds: list[str], where: str = "") -> frozenset[str]:
    from nbadsl.diagnostics.suggest import did_you_mean

    for kind in kinds:
        if kind not in KINDS_TO_CHOOSE:
            help = did_you_mean(kind, KINDS_TO_CHOOSE)
            if kind in KINDS:
                help = "it is an error, which is always shown"
            said = (
                f"there is no finding called `{kind}`" if kind not in KINDS else f"`{kind}` cannot be chosen"
            )
            raise click.UsageError(f"{where}{said}{'; ' + help if help else ''}")
    return frozenset(kinds)


@click.command()
@click.argument("policies", nargs=-1)
@click.option("--fix", is_flag=True, help="Mend what can be mended without changing any decision.")
@format_option
@click.option(
    "--select", callback=parse_kinds, multiple=True, metavar="KINDS", help="Only these kinds of findings."
)
@click.option("--ignore", callback=parse_kinds, multiple=True, metavar="KINDS", help="Not these kinds.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing when nothing was found.")
def command(
    policies: tuple[str, ...],
    fix: bool,
    format: str,
    select: frozenset[str],
    ignore: frozenset[str],
    quiet: bool,
) -> None:
    """Find what is right, and yet hardly meant: rules that nobody passes or that stop nobody, lines and actions that
    never win, names that nothing uses, and more. Findings of `nba check` are shown as well.

    POLICIES are .nba files or folders; without any, the policy of nba.toml or the only one here. Ends with 1
    when there is a finding. A line ignores one with a comment: `# nba: ignore[KIND] reason`.

    \b
    Examples:
      nba lint policy.nba
      nba lint policies/ --fix
      nba lint --select never-eligible,contradiction
      nba doc never-eligible
    """
    from nbadsl import pipeline
    from nbadsl.lint import lint

    options = _options(select, ignore)
    found: list[Diagnostic] = []
    said: list[str] = []
    for path in policy_paths(policies):
        with input_errors():
            if fix:
                _mend(path, options, format == "text" and not quiet)
            checked = pipeline.check(path)
        found += [d for d in checked.diagnostics if d.kind.severity == "error" or options.wants(d.kind.name)]
        found += lint(checked, replace(options, unknown_shares=_missing(checked)))
        said.append(f"{path}: nothing to report")
    shown = show_or_say(found, said, format, quiet)
    if shown:
        raise SystemExit(1)


def _missing(checked: Checked) -> dict[str, float]:
    """Who of the sample in the settings lacks which field; of a policy that it does not fit, nothing, which is said."""
    sample = config.load().get("sample")
    if sample is None or not checked.ok:
        return {}
    from nbadsl.data.missing import missing_shares
    from nbadsl.data.rules import BadData
    from nbadsl.program.facts import facts_of
    from nbadsl.program.from_model import from_model
    from nbadsl.room import room

    with room():
        facts = facts_of(from_model(checked.model))
    try:
        return missing_shares(facts, sample)
    except BadData as error:
        path = checked.model.files[0].source.path
        click.echo(f"note: {sample} does not fit {path}: {str(error).splitlines()[0]}", err=True)
        return {}


def _options(select: frozenset[str], ignore: frozenset[str]) -> Options:
    """What the settings and the command line say."""
    from nbadsl.lint import Options

    settings, default = config.load().get("lint") or {}, Options()
    return Options(
        select=select or None,
        ignore=ignore | known_kinds(settings.get("ignore", []), "lint.ignore: "),
        sensitive=tuple(settings.get("sensitive", default.sensitive)),
        consent=tuple(settings.get("consent", default.consent)),
    )


def _mend(path: Path, options: Options, tells: bool) -> None:
    """Carry out the safe fixes of a policy, and say what was done."""
    from nbadsl.lint.mend import mend

    mended = mend(path, options)
    for file, text in mended.texts.items():
        mark = BOM_UTF8 if Path(file).read_bytes().startswith(BOM_UTF8) else b""
        write_file(Path(file), mark + text.encode())
    if tells:
        for finding, fix in mended.done:
            click.echo(f"mended {finding.span}: {finding.message}: {fix.title}")
