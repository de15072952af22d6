"""`nba simulate --arms` and `--days` on the command line: what they say, and that they are what `nba run` decides."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import NOW, change, fails, nba

POLICY = """
policy shop { timezone "Europe/Berlin"  currency EUR }
profile customer key customer_id {
  customer_id: text
  orders: integer in 0..100
}
group mail { limit 1 per customer per 10 days  limit 6 per day }
action coupon in mail { propensity 30%  value 5 EUR  boost 2 when orders > 5 }
action news in mail { propensity if orders > 8 then 60% else 10%  value 2 EUR }
action hello { propensity 1%  value 0.10 EUR }
arbitrate { score propensity * value * boost }
"""
RESPOND = ("--respond", "accepted with propensity", "--respond", "ignored otherwise")


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("policy.nba").write_text(POLICY)
    rows = [f"c{number:02},{number % 11}" for number in range(40)]
    Path("customers.csv").write_text("\n".join(("customer_id,orders", *rows, "")))


def simulate(*options: str) -> str:
    ended = nba("simulate", "policy.nba", "-p", "customers.csv", *NOW, *options)
    assert ended.code == 0, ended.said
    return ended.out


def run(now: str, *options: str) -> dict[str, object]:
    ended = nba("run", "policy.nba", "-p", "customers.csv", "--now", now, "--report", "json", *options)
    return json.loads(ended.out)


def test_the_policy_itself_is_what_a_run_decides(tmp_path):
    run("2026-11-09 09:00", "--history", "before.db", "--out", "first.csv")
    report = run("2026-11-10 09:00", "--history", "before.db")
    for history, reported in (
        ((), run("2026-11-10 09:00", "--history", "none.db")),
        (("--history", "before.db"), report),
    ):
        found = json.loads(simulate("--arms", "--format", "json", *history))
        full = found["arms"][0]
        assert full["name"] == "full"
        shares = {share["name"]: share["people"] for share in reported["decisions"]}
        assert {share["name"]: share["people"] for share in full["actions"] if share["people"]} == shares
        assert full["limits"] == reported["limits"]
    assert run("2026-11-10 09:00", "--history", "before.db")["limits"] == report["limits"]


def test_arms_are_told_side_by_side():
    said = simulate("--arms")
    for name in ("full", "no boosts", "propensity only", "rules only", "random eligible"):
        assert f"\n{name} " in said
    assert "of full" in said
    assert "group mail: limit 6 per day" in said
    assert "note: without a history" in said
    change(Path("policy.nba"), "  boost 2 when orders > 5", "")
    change(Path("policy.nba"), "propensity 1%  ", "")
    change(Path("policy.nba"), "score propensity * value * boost", "score value")
    change(Path("policy.nba"), "score value }", "score value  fallback hello }")
    said = simulate("--arms")
    assert "note: 34 contacts by full have no score by the policy, and count as 0" in said
    assert "left out: no boosts: it is the policy itself" in said
    assert "left out: propensity only" not in said, "the fallback needs none"
    assert "note: without a propensity, so that nobody responds by it: hello" in simulate(
        "--days", "7", *RESPOND
    )
    change(Path("policy.nba"), "  fallback hello", "")
    assert "left out: propensity only: hello has no propensity" in simulate("--arms")


def test_days_without_answers_are_runs_with_one_history():
    run("2026-11-01 09:00", "--history", "given.db", "--out", "first.csv")
    before = Path("given.db").read_bytes()
    options = (
        "--days",
        "25",
        "--every",
        "6",
        "--history",
        "given.db",
        "--format",
        "json",
        "--without-limits",
    )
    found = json.loads(simulate(*options))
    assert Path("given.db").read_bytes() == before
    assert [day["now"][:10] for day in found["days"]] == [
        f"2026-{d}" for d in ("11-10", "11-16", "11-22", "11-28", "12-04")
    ]
    for day, free in zip(found["days"], found["without_limits"], strict=True):
        report = run(day["now"][:16], "--history", "given.db", "--out", "next.csv")
        assert (day["contacts"], day["limits"]) == (report["contacts"], report["limits"])
        assert free["contacts"] == 40 >= day["contacts"]
        assert free["limits"] == []
    used = [day["limits"][1]["used"] for day in found["days"]]
    assert used == [6] * 5, "the other limit leaves room, so this one is used up"


def test_days_are_told_with_small_bars():
    said = simulate("--days", "28", *RESPOND, "--without-limits")
    assert "4 runs, 7 days apart, 2026-11-10 09:00 Europe/Berlin to 2026-12-01 09:00 Europe/Berlin" in said
    assert "assumed: accepted with propensity, ignored otherwise" in said
    assert "note: profiles stay as they are" in said
    assert "2026-11-24" in said
    assert "without limits" in said
    assert "█" in said
    assert "group mail: limit 1 per customer per 10 days" in said
    assert "95th percentile" in said
    assert simulate("--days", "28", *RESPOND, "--without-limits") == said
    alone = simulate("--days", "3")
    assert "one run, 2026-11-10 09:00 Europe/Berlin · seed" in alone
    assert "assumed: nothing happens after a decision" in alone
    assert "without limits" not in alone


def test_a_history_that_the_first_run_will_make_is_empty_before(tmp_path):
    Path("nba.toml").write_text('history = "contacts.db"')
    assert "without a history" in simulate("--days", "7")
    assert not Path("contacts.db").exists()
    run("2026-11-01 09:00", "--out", "first.csv")
    assert "without a history" not in simulate("--days", "7")
    assert "there is no history other.db" in fails(
        2, "simulate", "policy.nba", "-p", "customers.csv", "--history", "other.db"
    )


def test_nobody_is_no_mistake():
    Path("customers.csv").write_text("customer_id,orders\n")
    assert "0 people" in simulate("--arms")
    assert "0 people" in simulate("--days", "14", *RESPOND, "--without-limits")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--every", "3"), "--every is about runs in a row: say how long with --days, as in --days 84"),
        (("--respond", "ignored otherwise"), "--respond is about runs in a row"),
        (("--without-limits",), "--without-limits is about runs in a row"),
        (("--days", "3000000"), "3000000 is not in the range 1<=x<=3660"),
        (("--arms", "--days", "7"), "--arms and --days are two questions"),
        (("--arms", "--against", "policy.nba"), "--against does not go with --arms"),
        (("--days", "7", "--fail-if", "changed > 5%"), "--fail-if does not go with --days"),
        (
            ("--days", "7", "--respond", "acepted with 20%"),
            "`acepted` is no outcome; did you mean `accepted`?",
        ),
        (("--days", "7", "--respond", "accepted"), "write `accepted with propensity`, `clicked with 20%` or"),
    ],
)
def test_options_that_cannot_be_are_told_in_a_line(options, message):
    said = fails(2, "simulate", "policy.nba", "-p", "customers.csv", *options)
    assert message in said
    assert len(said.splitlines()) == 1


def test_other_scores_need_the_source(tmp_path):
    assert nba("build", "policy.nba", "-o", "policy.nbac").code == 0
    for options in (("--arms",), ("--days", "7", *RESPOND)):
        said = fails(2, "simulate", "policy.nbac", "-p", "customers.csv", *options)
        assert "policy.nbac is compiled: to score in another way, give the policy's source (.nba)" in said
    ended = nba(
        "simulate", "policy.nbac", "-p", "customers.csv", "--days", "7", "--respond", "accepted with 5%"
    )
    assert ended.code == 0
    for words in ("propensity 30%  ", "propensity if orders > 8 then 60% else 10%  ", "propensity 1%  "):
        change(Path("policy.nba"), words, "")
    change(Path("policy.nba"), "score propensity * value * boost", "score value * boost")
    said = fails(2, "simulate", "policy.nba", "-p", "customers.csv", "--days", "7", *RESPOND)
    assert "no action of the policy has a propensity; write a share, as in `accepted with 5%`" in said
