"""A run that is killed is taken up again: everybody is decided once, no limit is exceeded, nothing is lost."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from commands import decided, nba

from nbadsl.history.sqlite import SqliteStore
from nbadsl.limited.parts import Parts
from nbadsl.zone import EPOCH

POLICY = """
policy kills { timezone "Europe/Berlin" currency EUR }
profile customer key customer_id {
  customer_id: integer
  household: text
  worth: number
}
channel letter { budget BUDGET EUR per month, 0.90 EUR each }
channel push { }
group promo { limit 1 per household per 7 days }
action coupon in promo { via letter, push  value worth }
action news in promo { via push  value 4 }
action tip { via push  value 2  limit TIPS per week }
limit 2 per customer per 7 days
arbitrate { score value  pick 1 }
"""
NOW = "2026-11-10 09:00"


@pytest.fixture
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A policy, and people in ten files, which are ten batches."""
    people = request.config.getoption("--people")
    chance = np.random.default_rng(1)
    text = POLICY.replace("BUDGET", str(people // 5)).replace("TIPS", str(people // 7))
    (tmp_path / "policy.nba").write_text(text)
    (tmp_path / "people").mkdir()
    table = pa.table(
        {
            "customer_id": np.arange(people),
            "household": pa.array(chance.integers(0, people // 2, people)).cast(pa.string()),
            "worth": chance.random(people) * 10,
        }
    )
    for number in range(10):
        size = -(-people // 10)
        pq.write_table(table.slice(number * size, size), tmp_path / "people" / f"{number}.parquet")
    return tmp_path


def started(folder: Path, name: str, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "nbadsl.cli", "run", "policy.nba", "--profiles", "people"]
    command += ["--out", f"{name}.parquet", "--history", f"{name}.db", "--report", "none", "--threads", "1"]
    return subprocess.Popen([*command, *more], cwd=folder, stderr=subprocess.PIPE, text=True)


def finished(folder: Path, name: str, *more: str) -> str:
    process = started(folder, name, *more)
    _, said = process.communicate()
    assert process.returncode == 0, said
    return said


def killed(folder: Path, chance: random.Random, *more: str) -> str:
    """Kill the run when it has come one part further than the one before, or let it end; what it said."""
    parts = len(list(folder.glob(".broken.parquet.run/*.decisions.arrow")))
    process = started(folder, "broken", *more)
    # A part that is written says that the history has those before it.
    while not (folder / f".broken.parquet.run/{parts + 1:06}.decisions.arrow").exists():
        if process.poll() is not None:
            break
        time.sleep(0.001)
    time.sleep(chance.uniform(0, 0.01))
    process.kill()
    _, said = process.communicate()
    assert process.returncode in (0, -signal.SIGKILL), said
    return said


@pytest.mark.parametrize("more", [("--now", NOW), ()], ids=["at a moment", "now"])
def test_a_run_that_is_killed_again_and_again_decides_everybody_once(folder, request, more):
    people, begun, chance = request.config.getoption("--people"), None, random.Random(7)
    for _ in range(request.config.getoption("--kills")):
        if (folder / "broken.parquet").exists():  # it came to its end: once more, from the start
            check(folder, people, begun)
            for path in folder.glob("*broken*"):
                path.unlink()
            begun = None
        said = killed(folder, chance, *more)
        assert ("taking up the run of" in said) == (begun is not None), said
        about = folder / ".broken.parquet.run" / "run.json"
        if about.exists():
            now = json.loads(about.read_text())["now"]
            assert begun in (None, now)
            begun = now
    if not (folder / "broken.parquet").exists():
        assert "taking up the run of" in finished(folder, "broken", *more)
    assert begun is not None
    check(folder, people, begun)
    assert not list(folder.glob(".broken*"))


def check(folder: Path, people: int, now: int) -> None:
    """Assert that the broken run came to what a whole one does at its moment, in its file as in its history."""
    (folder / "whole.db").unlink(missing_ok=True)
    finished(folder, "whole", "--now", f"{EPOCH + timedelta(microseconds=now):%Y-%m-%dT%H:%M:%S.%fZ}")
    whole, broken = (pq.read_table(folder / f"{name}.parquet").to_pylist() for name in ("whole", "broken"))
    assert [row["customer_id"] for row in broken] == list(range(people))
    found = {str(r["customer_id"]): (r["action"], r["channel"]) for r in broken if r["action"]}
    assert found == {str(r["customer_id"]): (r["action"], r["channel"]) for r in whole if r["action"]}
    store = SqliteStore(folder / "broken.db")
    kept = [(event.key, (event.action, event.channel)) for event in store.events()]
    store.close()
    assert len(kept) == len(found) and dict(kept) == found
    counts = Counter(what for _, what in kept)
    assert 0 < counts["coupon", "letter"] * 0.9 <= people // 5
    assert 0 < counts["tip", "push"] <= people // 7


def test_another_run_to_the_same_file_does_not_forget_one_that_did_not_end(folder):
    process = started(folder, "broken")
    while not list(folder.glob(".broken.parquet.run/000003*")):
        assert process.poll() is None
        time.sleep(0.001)
    process.send_signal(signal.SIGSTOP)
    assert "another run is writing broken.parquet" in started(folder, "broken").communicate()[1]
    process.kill()
    process.communicate()
    (folder / "policy.nba").write_text((folder / "policy.nba").read_text().replace("value 4", "value 5"))
    refused = started(folder, "broken")
    said = refused.communicate()[1]
    assert refused.returncode == 2 and "did not end, and since then its policy changed" in said
    assert "Traceback" not in said and not (folder / "broken.parquet").exists()
    said = finished(folder, "broken", "--discard")
    assert "decisions are released" in said
    rows = pq.read_table(folder / "broken.parquet").to_pylist()
    store = SqliteStore(folder / "broken.db")
    released = {event.decision for event in store.events() if event.kind == "released"}
    stands = [event for event in store.events() if event.decision not in released]
    store.close()
    assert released and len(stands) == sum(row["action"] is not None for row in rows)


def test_a_run_that_is_made_again_at_its_moment_gives_what_it_gave(folder):
    finished(folder, "whole", "--now", NOW)
    first = pq.read_table(folder / "whole.parquet")
    finished(folder, "whole", "--now", NOW)
    again = pq.read_table(folder / "whole.parquet")
    names = ["customer_id", "action", "channel"]
    assert first.select(names).equals(again.select(names))
    assert (
        Counter(again["reason"].to_pylist())["decided before"]
        == Counter(first["reason"].to_pylist())["chosen"]
    )
    store = SqliteStore(folder / "whole.db")
    assert store.stats().events == sum(action is not None for action in first["action"].to_pylist())
    store.close()
    assert os.listdir(folder).count("whole.parquet") == 1


def test_a_run_that_never_began_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("policy.nba").write_text(POLICY.replace("BUDGET", "9").replace("TIPS", "9"))
    Path("people.csv").write_text("customer_id,household,worth\n1,a,3\n2,b,4\n")
    run = ("run", "policy.nba", "-p", "people.csv", "--history", "contacts.db", "--out", "out.csv")
    for mistake in (("--rejects", "nowhere/rejects.csv"), ("--record", "out.csv"), ("--history", "no.arrow")):
        assert nba(*run, *mistake, "--now", "2026-11-09 09:00").code == 2
        assert not list(Path.cwd().glob(".out*"))
    ended = nba(*run, "--now", NOW)
    assert ended.code == 0 and "taking up" not in ended.said


def test_a_run_of_which_nothing_was_kept_does_not_bind_the_next_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("policy.nba").write_text(POLICY.replace("BUDGET", "9").replace("TIPS", "9"))
    Path("people.csv").write_text("customer_id,household,worth\n1,a,3\n2,b,4\n")
    run = ("run", "policy.nba", "-p", "people.csv", "--history", "contacts.db", "--out", "out.csv")

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(SqliteStore, "reserve", interrupted)
        nba(*run)
    assert list(Path.cwd().glob(".out.csv.run/000000*"))
    Path("people.csv").write_text("customer_id,household,worth\n1,a,3\n2,b,4\n3,c,5\n")
    ended = nba(*run, "--now", NOW)
    assert ended.code == 0 and "taking up" not in ended.said, ended.said
    assert len(decided(Path("out.csv"))) == 3 and not list(Path.cwd().glob(".out*"))


def test_a_run_goes_on_with_the_history_that_has_its_decisions(folder):
    process = started(folder, "broken")
    while not list(folder.glob(".broken.parquet.run/000003*")):
        assert process.poll() is None
        time.sleep(0.001)
    process.kill()
    process.communicate()
    for more in ((), ("--discard",)):
        refused = started(folder, "broken", *more, "--history", "other.db")
        said = refused.communicate()[1]
        assert refused.returncode == 2 and "its history changed" in said, said
    assert "taking up" in finished(folder, "broken", "--history", "broken.db")


def test_a_run_that_is_taken_up_is_recorded_as_it_was_begun(folder):
    # Where people share nothing, what is written down does not depend on the room that there is left.
    policy = re.sub(
        r"budget .* each|limit 1 per household .* days|limit \d+ per week",
        "",
        (folder / "policy.nba").read_text(),
    )
    (folder / "policy.nba").write_text(policy)
    begun = ("--now", NOW, "--record", "broken.jsonl")
    killed(folder, random.Random(7), *begun)
    first = (folder / ".broken.parquet.run" / "000000.rejects.arrow").read_bytes()
    assert (folder / ".broken.parquet.run" / "000000.decisions.arrow").stat().st_size > 5 * len(first)
    for other in (begun[:2], (*begun, "--record-share", "1%")):
        refused = started(folder, "broken", *other)
        said = refused.communicate()[1]
        assert refused.returncode == 2 and "its share of recorded decisions (--record) changed" in said
    assert "taking up" in finished(folder, "broken", *begun)
    finished(folder, "whole", "--now", NOW, "--record", "whole.jsonl")
    lines = (folder / "broken.jsonl").read_text()
    assert lines == (folder / "whole.jsonl").read_text()
    assert lines.count("\n") == pq.read_metadata(folder / "broken.parquet").num_rows


def test_decisions_are_on_disk_before_what_they_were_made_from_goes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("policy.nba").write_text(POLICY.replace("BUDGET", "9").replace("TIPS", "9"))
    Path("people.csv").write_text("customer_id,household,worth\n1,a,3\n2,b,4\n")
    synced: set[int] = set()
    sync, remove, gone = os.fsync, Parts.remove, []

    def noted(file: int) -> None:
        synced.add(os.fstat(file).st_ino)
        sync(file)

    def removed(parts: Parts) -> None:
        gone.append({Path(p).stat().st_ino for p in ("out.csv", "rejects.csv", ".")} <= synced)
        remove(parts)

    monkeypatch.setattr(os, "fsync", noted)
    monkeypatch.setattr(Parts, "remove", removed)
    run = ("run", "policy.nba", "-p", "people.csv", "--history", "contacts.db", "--out", "out.csv")
    assert nba(*run, "--rejects", "rejects.csv").code == 0
    assert gone == [True]
