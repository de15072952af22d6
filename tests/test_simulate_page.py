"""The report of a simulation as a page: it shows the figures and no other numbers, whatever they are."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import simulations
from commands import nba
from html_pages import problems, tables, words

from nbadsl.page.labels import short
from nbadsl.page.words import change, number, percent
from nbadsl.simulate import figures as f
from nbadsl.simulate.page import as_html
from nbadsl.simulate.plots import plots


@pytest.mark.parametrize("name", simulations.MADE)
def test_every_page_is_whole_escaped_and_from_nowhere_else(name: str):
    page = as_html(simulations.MADE[name]())
    assert problems(page) == []
    assert set(re.findall(r"https?://[^\s\"<]+", page)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert "<script" not in page.lower() and "@import" not in page and "url(" not in page


def numbers_of(value: Any) -> Iterator[float]:
    match value:
        case dict():
            for each in value.values():
                yield from numbers_of(each)
        case list() | tuple():
            for each in value:
                yield from numbers_of(each)
        case int() | float():
            yield value


def test_every_count_is_a_figure_or_a_difference_of_two():
    made = simulations.against()
    given = {abs(n) for n in numbers_of(made.as_dict())}
    given |= {abs(a - b) for a, b in product(given, repeat=2)}
    text = words(as_html(made))
    shown = {int(n.replace(",", "")) for n in re.findall(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d.,])", text)}
    assert len(shown) > 40
    strangers = shown - {round(n) for n in given}
    assert strangers == set()


def test_what_changes_comes_first_with_its_causes():
    made = simulations.against()
    assert made.changes is not None and made.old is not None
    page = as_html(made)
    assert page.index('id="changes"') < page.index('id="causes"') < page.index('id="decisions"')
    found = tables(page)
    moved = found["People who change, by what they got and what they get"]
    assert moved[1] == ["discount_dairy → basket_coupon", "1,400", percent(1_400 / 2_543)]
    causes = found["What is responsible"][1:]
    assert [row[1] for row in causes] == [number(cause.people) for cause in made.changes.causes]
    loosened = next(row for row in causes if row[0].startswith("rule loosened"))
    assert loosened[0] == "rule loosened: eligible churn_risk > 50% winback via email"
    assert loosened[2:] == ["44.6%", "winback offers.nba:31 before", "nothing → winback 900 of 1,133"]
    totals = found["Both policies, in all"]
    assert totals[2] == ["Contacts", "21,100", "22,000", "+900"]
    assert found["The groups that change most"][1][-1] == f"53,700 {change(2_700)}"


def test_what_people_get_where_they_stop_and_what_is_promised():
    found = tables(as_html(simulations.simulation()))
    assert found["Actions"][1] == ["discount_dairy", "9,210", "23.0%", "", "10,233", "8.25"]
    assert found["Actions"][5][1:3] == ["0", "0.0%"]  # an action that nobody gets is told
    assert [row[1] for row in found["Why"][1:]] == ["1,990", "18,180", "3"]
    assert found["What stops the candidate that comes furthest"][1] == [
        "basket_coupon via email", "9,000", "44.6%", "require no e-mail without consent", "channel email channels.nba:8",
    ]  # fmt: skip
    steps = found["winback via email, from everybody to those who get it"]
    assert steps[1][:2] == ["everybody", "40,000"] and steps[-1][:2] == ["get it", "1,562"]
    lost = [int(row[1].replace("−", "-").replace(",", "")) for row in steps[2:-1]]
    assert 40_000 + sum(lost) == 1_562
    assert found["Limits, rests and budgets"][2][1:6] == ["4,990", "120", "70", "20", "30"]
    assert found["Guarantees"][2] == [
        "never after a complaint policy.nba:64",
        "broken",
        "800",
        "2",
        "C00017, C09123",
    ]
    assert found["By region"][1][3] == "61.0%" and found["By region"][1][-1] == "discount_dairy 28.1%"
    assert found["The groups that get an action least and most often"][1][-2:] == ["22 points", "0.27"]


def test_a_sample_says_what_it_means():
    text = " ".join(words(as_html(simulations.against())).split())
    assert "40,000 of 1,000,000, taken by chance (seed 7)." in text
    assert "by up to 0.49 percentage points (95% certainty)" in text
    assert "taken by chance" not in words(as_html(simulations.simulation()))


def test_long_tables_say_what_they_leave_out():
    found = tables(as_html(simulations.many()))
    assert len(found["Actions"]) == 1 + 100 + 1 and found["Actions"][-1] == ["… and 100 more"]
    assert found["What is responsible"][-1] == ["… and 175 more"]


def texts(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def test_plots_show_the_figures_and_sum_up_what_is_too_much():
    made = plots(simulations.against())
    assert {"9,210 · 23.0%", "20,173 · 50.4%"} <= set(texts(made["actions"].wide))
    assert {"1,400", "900", "210", "33", "20,642"} <= set(texts(made["moves"].wide))
    assert {"1.4k", "900", "210", "33", "21k"} <= set(texts(made["moves"].narrow))
    assert {"+1,400", "−1,367"} <= set(texts(made["gains"].wide))
    many = plots(simulations.many())
    others = sum(part.people for part in sorted(simulations.many().new.actions, key=lambda p: -p.people)[12:])
    assert "188 other actions" in texts(many["actions"].wide)
    assert f"{others:,} · {percent(others / simulations.PEOPLE)}" in texts(many["actions"].wide)
    cells = [int(n.replace(",", "")) for n in texts(many["moves"].wide) if re.fullmatch(r"[\d,]+", n)]
    stay = 9 * 3  # those who stay are shown of nine actions that have names
    changes = simulations.many().changes
    assert changes is not None and sum(cells) - stay == changes.changed


def test_labels_that_are_alike_at_both_ends_stay_different():
    names = [f"{'a' * 60}{n}{'b' * 60}" for n in range(3)]
    assert short([*names, "x"], 20) == [f"…{n}{'b' * 11}…{'b' * 6}" for n in range(3)] + ["x"]
    assert short([f"{'a' * 20}{n}{'a' * 20}" for n in "bbc"], 12) == [
        "…baaaaa…aaaa",
        "…baaaaa…aaaa (2)",
        "…caaaaa…aaaa",
    ]
    base = simulations.simulation()
    parts = tuple(f.Part(name, 10 + n, 10, 1.0) for n, name in enumerate(names))
    made = plots(replace(base, new=replace(base.new, actions=parts)))
    labels = [text for text in texts(made["actions"].wide) if "bbb" in text]
    assert len(labels) == len(set(labels)) == 3 and all(len(label) < 45 for label in labels)


def test_a_value_that_is_called_like_a_group_has_a_bar_of_its_own():
    base = simulations.simulation()
    first = base.new.segments[0]
    groups = tuple(replace(group, value=f.UNKNOWN) for group in first.groups[:2])
    made = plots(replace(base, new=replace(base.new, segments=(replace(first, groups=groups),))))
    assert {"unknown", "unknown (2)"} <= set(texts(made["segments 0"].wide))


def test_scores_have_a_scale_however_strange_they_are():
    drawn = texts(plots(simulations.scores())["scores"].wide)
    assert {"alike", "nothing", "near", "below"} <= set(drawn) and "far" not in drawn
    assert not any("NaN" in text or "∞" in text for text in drawn)


def test_without_the_extra_the_page_has_its_tables_open_and_says_what_to_install():
    code = (
        "import sys; sys.modules['vl_convert'] = None; sys.path.insert(0, 'tests');"
        "import simulations; from nbadsl.simulate.page import as_html; print(as_html(simulations.against()))"
    )
    root = Path(__file__).parent.parent
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root, encoding="utf-8"
    )
    page = ended.stdout
    assert problems(page) == []
    assert "<svg" not in page and "pip install 'nbadsl[report]'" in page
    assert page.count("<details open>") == page.count("<details") - len(simulations.simulation().new.funnels)
    assert tables(page) == tables(as_html(simulations.against()))


def test_arms_stand_beside_the_policy():
    page = as_html(simulations.arms())
    found = tables(page)
    assert found["Each arm on the same people"][2] == [
        "no boosts", "150,420", "92.0%", "430.2", "104.3%", "19,695", "19,795", "120", "20",
    ]  # fmt: skip
    assert found["Each arm on the same people"][3][3:5] == ["–", "–"]
    assert found["First choices, of all people"][1] == ["discount_dairy", "23.0%", "22.9%", "20.8%"]
    assert "There is no arm propensity only: <b>recipe_of_the_week</b> has no propensity" in words(page)
    assert {"163,500 · 100.0%", "150,420 · 92.0%"} <= set(texts(page)) and "430.2 · 104.3%" in page


def test_runs_stand_beside_those_without_limits():
    made = simulations.days()
    assert made.without_limits is not None
    page = as_html(made)
    found = tables(page)
    assert found["Runs"][0][3:] == ["Contacts", "Without limits", "Moved by limits", "Score", "accepted"]
    assert found["Runs"][2][1:] == ["18,500", "46.2%", "18,500", "20,000", "240", "148,000", "370"]
    contacts = sum(day.contacts for day in made.days)
    assert f"{contacts:,}" in words(page) and "58.8% of them are left" in words(page)
    assert found["Contacts of a person in all runs"][1] == ["on average", "6", "6"]
    assert found["Contacts in all runs"][1][:2] == [
        "discount_dairy", number(sum(day.actions[0].people for day in made.days)),
    ]  # fmt: skip
    assert found["Limits, rests and budgets in all runs"][1][2] == "1,440"
    assert page.count('role="img"') == 2 * 4
    once = as_html(simulations.days(1, False))
    assert once.count('role="img"') == 2 and "Without limits" not in once  # one run has no course


def test_the_command_writes_the_page_of_what_it_found(shop: Path):
    arguments = ("simulate", "--now", "2026-11-10 09:00", "--by", "plan", "--format", "json")
    ended = nba(*arguments, "--report", "report.html")
    assert ended.code == 0
    found = json.loads(ended.out)["new"]
    page = Path("report.html").read_text(encoding="utf-8")
    assert problems(page) == []
    shown = {row[0]: row[1] for row in tables(page)["Actions"][1:]}
    assert shown == {part["name"]: number(part["people"]) for part in found["actions"]}
    assert "By plan" in tables(page)


@pytest.mark.parametrize("options", [("--arms",), ("--days", "14", "--respond", "accepted with 10%")])
def test_the_command_writes_the_pages_of_trials(shop: Path, options: tuple[str, ...]):
    ended = nba("simulate", "--now", "2026-11-10 09:00", *options, "--format", "json", "--report", "r.html")
    assert ended.code == 0
    found = json.loads(ended.out)
    page = Path("r.html").read_text(encoding="utf-8")
    assert problems(page) == []
    if "arms" in found:
        shown = {row[0]: row[5] for row in tables(page)["Each arm on the same people"][1:]}
        assert shown == {arm["name"]: number(arm["decided"]) for arm in found["arms"]}
    else:
        shown = [row[3] for row in tables(page)["Runs"][1:]]
        assert shown == [number(day["contacts"]) for day in found["days"]]
