"""Simulations of extreme data and names: each is told as text, as JSON and as a page, and its figures add up."""

from __future__ import annotations

import json
from typing import Any

import extreme_simulations as extremes
import pytest
from html_pages import problems, tables

from nbadsl.cli.arms import parts as arms_text
from nbadsl.cli.days import parts as days_text
from nbadsl.cli.simulation import show
from nbadsl.cli.trials import print_parts
from nbadsl.page.axes import digits, has_scale, ticks
from nbadsl.simulate.arms import Arms
from nbadsl.simulate.days import Days
from nbadsl.simulate.figures import Simulation
from nbadsl.simulate.page import as_html

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
KINDS = {"simulation": extremes.simulation, "arms": extremes.arms, "runs": extremes.runs}


def refused(number: str) -> None:
    raise AssertionError(f"{number} is no JSON")


def text_of(found: Simulation | Arms | Days, out: pytest.CaptureFixture[str]) -> str:
    match found:
        case Simulation():
            show(found, False)
        case Arms():
            print_parts(arms_text(found), False)
        case Days():
            print_parts(days_text(found), False)
    return out.readouterr().out


@pytest.mark.parametrize("population", extremes.POPULATIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_whatever_the_scores_and_people_it_can_be_told(
    kind: str, population: str, capsys: pytest.CaptureFixture[str]
):
    found: Any = KINDS[kind](population, 6)
    said = json.loads(json.dumps(found.as_dict()), parse_constant=refused)
    text, page = text_of(found, capsys), as_html(found)
    assert "extreme" in text and problems(page) == []
    assert "<script" not in page and "NaN" not in page
    if kind == "simulation":
        changes = said["changes"]
        assert changes["changed"] == sum(cause["people"] for cause in changes["causes"])
        assert changes["varied"] == sum(cause["people"] for cause in changes["varied_causes"])
        assert said["new"]["people"] == len(extremes.POPULATIONS[population]()["id"])


def test_sixty_actions_of_long_names_are_told(capsys: pytest.CaptureFixture[str]):
    found = extremes.simulation("huge")
    assert max(map(len, text_of(found, capsys).splitlines())) <= 120
    assert problems(as_html(found)) == []
    assert found.new.mean_score is not None and found.new.score == float("inf")
    assert found.as_dict()["new"]["score"] is None
    totals = tables(as_html(found))["Both policies, in all"]
    assert totals[3][0].startswith("Sum of the scores") and totals[3][2] == "∞"


@pytest.mark.parametrize(
    ("low", "high"), [(0, 5e-324), (-1e308, 1e308), (0, 1e300), (1e15, 1e15 + 1), (3, 3)]
)
def test_an_axis_has_few_ticks(low: float, high: float):
    found = ticks(low, high, 6)
    assert 1 <= len(found) < 20 and all(isinstance(each, float | int) for each in found)


def test_what_has_no_scale_is_not_drawn():
    assert not any(map(has_scale, ([float("inf")], [1e308, 1], [float("nan")], [5e-324])))
    assert has_scale([0, 0]) and has_scale([]) and has_scale([-1e280, 3])
    assert (digits([0.5, 1e8]), digits([1e300]), digits([1e-12]), digits([0])) == (
        ",.4~r", ".3~e", ".3~e", ",.4~r",
    )  # fmt: skip
