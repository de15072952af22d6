"""`nba test`: run the tests that stand in policies."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nbadsl.cli.common import input_errors, policy_paths, show_findings, wants_color, write_file

if TYPE_CHECKING:
    from nbadsl.testing.coverage import Part
    from nbadsl.testing.run import Result


@click.command()
@click.argument("policies", nargs=-1)
@click.option(
    "-k", "wanted", metavar="TEXT", default="", help="Only tests with TEXT in their names, or at FILE:LINE."
)
@click.option(
    "--format",
    type=click.Choice(["text", "json", "junit", "github"]),
    default="text",
    show_default=True,
    help="How results are written.",
)
@click.option("--verbose", "-v", is_flag=True, help="Name the tests that pass as well.")
@click.option(
    "--coverage",
    is_flag=True,
    help="List rules, table rows and priority lines that decide nothing in any test.",
)
@click.option("--coverage-html", metavar="FILE", help="The same as a page, beside the text of the policy.")
@click.option("--coverage-lcov", metavar="FILE", help="The same in LCOV's format, for other programs.")
@click.option(
    "--jobs",
    "-j",
    type=click.IntRange(min=1),
    help="Processes, where there are many tests; all cores if not given.",
)
def command(
    policies: tuple[str, ...],
    wanted: str,
    format: str,
    verbose: bool,
    coverage: bool,
    coverage_html: str | None,
    coverage_lcov: str | None,
    jobs: int | None,
) -> None:
    """Run the tests that stand in policies, and say what was expected and what came instead.

    POLICIES are .nba files or folders; without any, the policy of nba.toml or the only one here. Ends with 1
    when a test fails or a policy has errors.

    \b
    Examples:
      nba test policy.nba
      nba test -k complaint
      nba test policies/ --format junit > results.xml
      nba test --coverage-html coverage.html
    """
    from nbadsl.testing import formats

    begin, results, parts = time.perf_counter(), [], []
    for path in policy_paths(policies):
        found, reached = _tested(path, wanted, jobs or os.cpu_count() or 1, format)
        results += found
        parts += reached
    if wanted and not results:
        raise click.UsageError(f"no test has `{wanted}` in its name")
    if format == "text":
        _show(results, verbose, time.perf_counter() - begin)
        if coverage:
            _show_coverage(parts)
    else:
        writers = {"json": formats.as_json, "junit": formats.as_junit, "github": formats.as_github}
        click.echo(writers[format](results), nl=False)
    _write_coverage(parts, coverage_html, coverage_lcov)
    if any(result.failures for result in results):
        raise SystemExit(1)


def _tested(path: Path, wanted: str, jobs: int, format: str) -> tuple[list[Result], list[Part]]:
    from nbadsl.testing.run import run, subject

    with input_errors():
        checked, tested = subject(path)
    if tested is None:
        show_findings(checked.diagnostics, format if format == "github" else "text", err=format != "text")
        raise SystemExit(1)
    return run(path, tested, wanted, jobs)


# --- as text ---


def _show(results: Sequence[Result], verbose: bool, seconds: float) -> None:
    color = wants_color(sys.stdout)

    def say(text: str, **style: object) -> None:
        click.echo(click.style(text, **style) if style else text, color=color)  # type: ignore[arg-type]

    for result in results:
        if result.failures:
            say(f"FAILED {result.path}:{result.line}: {result.name}", fg="red", bold=True)
            for failure in result.failures:
                say(f"  expected  {failure.expected}")
                say(f"  got       {failure.got}")
            say("")
            say("\n".join(f"  {line}" if line else "" for line in result.story.splitlines()))
            say("")
        elif verbose:
            say(f"passed {result.path}:{result.line}: {result.name}")
    failed = sum(bool(result.failures) for result in results)
    counts = f"{len(results) - failed} passed" + (f", {failed} failed" if failed else "")
    if not results:
        say('there are no tests: `test "…" { … }` in a policy is one')
    else:
        say(f"{counts} in {seconds:.2f} s", fg="red" if failed else "green")


def _show_coverage(parts: Sequence[Part]) -> None:
    from nbadsl.testing.reached import summary, unreached

    click.echo("")
    missing = list(unreached(parts))
    for part, said in missing:
        click.echo(f"{part.path}:{part.lines[0]}: {said}: {_short(part.text)}")
    reached, all = summary(parts)
    click.echo(f"{reached} of {all} rules, table rows and priority lines decide something in some test")


def _short(text: str, most: int = 70) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _write_coverage(parts: Sequence[Part], page: str | None, lcov: str | None) -> None:
    from nbadsl.testing.reached import as_html, as_lcov, texts

    if page is not None:
        write_file(Path(page), as_html(parts, texts(parts)).encode())
    if lcov is not None:
        write_file(Path(lcov), as_lcov(parts).encode())
