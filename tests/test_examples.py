"""The examples with real data: everybody is decided, every action gets somebody, both engines agree, promises hold."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from datetime import datetime
from functools import cache
from pathlib import Path

import meaning
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from arrays import outcome_of
from documents import ROOT, blocks, check_fragment
from example_data import need

import nbadsl
from nbadsl.data.arrow import from_arrow
from nbadsl.data.decisions import DecisionTable
from nbadsl.data.records import read_record
from nbadsl.interpreter import decide as interpret

FIRST, GROCERY, INSURANCE = (ROOT / "examples" / n for n in ("01-first-policy", "02-grocery", "03-insurance"))
MONTHS = {
    "2000-12": (datetime(2001, 1, 1, 9), 23_589),
    "2001-01": (datetime(2001, 2, 1, 9), 28_610),
    "2001-02": (datetime(2001, 3, 1, 9), 32_266),
}


@cache
def policy(folder: Path) -> nbadsl.Policy:
    return nbadsl.load(folder / "policy.nba")


def grocery(month: str) -> pa.Table:
    need()
    return pq.read_table(GROCERY / "data" / f"profiles-{month}.parquet")


def insurance() -> pa.Table:
    need()
    return pq.read_table(INSURANCE / "data" / "caravan.parquet")


@cache
def february() -> pa.Table:
    """The decisions of March with what they were decided on."""
    people = grocery("2001-02")
    decided = policy(GROCERY).decide(people, now=MONTHS["2001-02"][0]).table
    for name in ("consent_push", "consent_email", "bargain_hunter", "complaint_on"):
        decided = decided.append_column(name, people[name])
    return decided


@pytest.mark.parametrize("folder", [FIRST, GROCERY, INSURANCE], ids=lambda f: f.name)
def test_the_policies_keep_their_own_tests(folder: Path):
    loaded = meaning.load(folder / "policy.nba")
    found = list(meaning.trials(loaded))
    assert found or folder == FIRST
    for trial in found:
        assert meaning.unmet(trial, trial.decided()) == [], trial.text


def test_the_test_that_the_tutorial_writes_holds(tmp_path: Path):
    (added,) = [b.text for b in blocks((FIRST / "README.md").read_text()) if b.text.startswith("guarantee")]
    shutil.copy(FIRST / "policy.nba", tmp_path)
    with (tmp_path / "policy.nba").open("a") as file:
        file.write(added)
    (trial,) = meaning.trials(meaning.load(tmp_path / "policy.nba"))
    assert meaning.unmet(trial, trial.decided()) == []


@pytest.mark.parametrize("month", MONTHS)
def test_every_customer_of_every_month_is_decided(month: str):
    now, people = MONTHS[month]
    decisions = policy(GROCERY).decide(grocery(month), now=now)
    assert decisions.report.people == len(decisions) == people
    assert decisions.rejects.num_rows == 0
    actions = {share.name.split()[0] for share in decisions.report.decisions}
    assert actions == {c.action for c in policy(GROCERY).facts.candidates}


def sample(people: pa.Table) -> pa.Table:
    step = people.num_rows // 500
    return people.take(list(range(0, 500 * step, step)))


@pytest.mark.parametrize("folder", [GROCERY, INSURANCE], ids=lambda f: f.name)
def test_the_interpreter_decides_500_of_them_the_same(folder: Path):
    people, now = (
        (grocery("2001-02"), MONTHS["2001-02"][0])
        if folder == GROCERY
        else (insurance(), datetime(2000, 5, 1, 9))
    )
    chosen, shop = sample(people).combine_chunks(), policy(folder)
    by_engine = shop.decide(chosen, now=now, seed=3).table
    given, inputs = shop.given(now), shop.facts.inputs
    columns = chosen.select(
        [i.column or i.name for i in inputs if (i.column or i.name) in chosen.column_names]
    )
    (batch,) = columns.to_batches()
    slowly = [
        interpret(shop.program, read_record(inputs, from_arrow(batch, inputs, n)), given, 3)
        for n in range(batch.num_rows)
    ]
    table = DecisionTable(shop.facts, batch.schema.field(shop.facts.key).type, shop.hash)
    by_interpreter = table.batch(batch.column(shop.facts.key), outcome_of(slowly, shop.facts))
    assert by_engine.to_pylist() == by_interpreter.to_pylist()
    assert len({row["action"] for row in by_engine.to_pylist()}) > (8 if folder == GROCERY else 1)


def count(condition: pa.ChunkedArray) -> int:
    return int(pc.sum(condition).as_py() or 0)


def test_the_guarantees_of_the_grocery_hold_for_everybody():
    rows = february()
    promotional = {c.action for c in policy(GROCERY).facts.candidates} - {"apology", "note_at_till"}
    on, ago = rows["complaint_on"], pa.scalar(datetime(2001, 2, 15, 9).date())
    complained = pc.fill_null(pc.greater(on, ago), False)
    action, channel = rows["action"].cast(pa.string()), rows["channel"].cast(pa.string())
    assert count(complained) > 100
    assert count(pc.and_(complained, pc.is_in(action, pa.array(sorted(promotional))))) == 0
    for name in ("email", "push"):
        assert count(pc.and_(pc.equal(channel, name), pc.invert(rows[f"consent_{name}"]))) == 0
    assert count(pc.and_(pc.equal(action, "winback_voucher"), rows["bargain_hunter"])) == 0


def test_holdout_experiment_and_exploration_have_their_shares():
    rows, people = february(), MONTHS["2001-02"][1]
    assert count(pc.is_valid(rows["holdout"])) / people == pytest.approx(0.05, abs=0.005)
    assert count(pc.equal(rows["arm_voucher_size"].cast(pa.string()), "ten")) / people == pytest.approx(
        0.5, abs=0.01
    )
    explored = rows.filter(pc.equal(rows["reason"].cast(pa.string()), "explored"))
    assert set(explored["action"].to_pylist()) == {"leaflet", "weekend_market"}
    assert explored.num_rows > 300
    assert pc.min(rows["probability"]).as_py() == pytest.approx(0.1 / 4)


def test_contacts_of_the_insurer_pay_on_average():
    people = insurance()
    rows = policy(INSURANCE).decide(people, now=datetime(2000, 5, 1, 9)).table
    assert pc.min(rows["score"]).as_py() >= 0.01
    assert {r["channel"] for r in rows.to_pylist()} == {"letter", "phone", None}
    farm = pc.greater_equal(people["tractor_policies"], 1)
    assert count(farm) > 100 and count(pc.and_(farm, pc.is_valid(rows["action"]))) == 0


def test_a_rule_that_sells_cannot_read_religion():
    text = (INSURANCE / "policy.nba").read_text()
    wrong = "\naction a in sales {\n  eligible when catholic_share_class >= 5\n  via letter\n  propensity 1%\n  value earns\n}\n"
    assert any(error.startswith("wrong-purpose") for error in check_fragment(text + wrong))


def test_the_first_command_works_without_pip_and_from_anywhere(tmp_path: Path):
    """As the project README has it: a virtual environment made without pip, and only what nbadsl depends on."""
    need()
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    # The libraries are those of this test run; what matters is that nothing else is asked for.
    site = next(p for p in sys.path if p.endswith("site-packages"))
    done = subprocess.run(
        [python, GROCERY / "run.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": site, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    assert "32,266 people, 23,170 decided something (71.8%)" in done.stdout
    assert pq.read_metadata(GROCERY / "out" / "decisions.parquet").num_rows == 32_266
