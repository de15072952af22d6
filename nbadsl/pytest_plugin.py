"""The tests of policies in a run of pytest: `pytest --nba`, or `nba = true` in its settings.

Every `.nba` file that declares a policy is collected, with a test for each of its tests, or row of `cases`. One with
errors is a collection error that shows them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nbadsl.diagnostics.render import render
from nbadsl.syntax.declarations import is_policy
from nbadsl.testing.formats import message
from nbadsl.testing.run import Result, decided, subject
from nbadsl.testing.trials import Trial


def pytest_addoption(parser: pytest.Parser) -> None:
    help = "run the tests that stand in .nba files as well"
    parser.getgroup("nba").addoption("--nba", action="store_true", help=help)
    parser.addini("nba", help, type="bool", default=False)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    asked = parent.config.getoption("--nba") or parent.config.getini("nba")
    if not asked or file_path.suffix != ".nba":
        return None
    text = file_path.read_text(encoding="utf-8", errors="replace")
    return PolicyFile.from_parent(parent, path=file_path) if is_policy(text) else None


class PolicyFile(pytest.File):
    """A policy with its tests."""

    def collect(self) -> Iterator[pytest.Item]:
        checked, tested = subject(self.path)
        if tested is None:
            raise self.CollectError(render(checked.diagnostics, "text", False, 100, Path.cwd()))
        for trial in tested.trials():
            yield PolicyTest.from_parent(self, name=trial.text, trial=trial)


class PolicyTest(pytest.Item):
    """One test, or row of `cases`."""

    def __init__(self, *, trial: Trial, **more: object) -> None:
        super().__init__(**more)  # type: ignore[arg-type]
        self.trial = trial
        self.funcargs: dict[
            str, object
        ] = {}  # every item of pytest's own has it, and other plugins look there

    def runtest(self) -> None:
        result = decided(str(self.path), self.trial)
        if result.failures:
            raise Unmet(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: str | None = None) -> str:
        error = excinfo.value
        if not isinstance(error, Unmet):
            return str(super().repr_failure(excinfo))
        return f"{message(error.result)}\n\n{error.result.story}"

    def reportinfo(self) -> tuple[Path, int, str]:
        return Path(self.trial.span.source.path), self.trial.span.line - 1, self.name


class Unmet(Exception):
    """A policy decided otherwise than its test expects."""

    def __init__(self, result: Result) -> None:
        self.result = result
        super().__init__(message(result))
