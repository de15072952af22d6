"""The recursion limit and the collector belong to the process: threads that compile leave them to each other."""

from __future__ import annotations

import gc
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread

import pytest

import nbadsl
from nbadsl.room import FRAMES, room

TERMS = 1000  # of a sum: an expression too deep for the usual limit


def state():
    return sys.getrecursionlimit(), gc.isenabled()


@pytest.fixture
def path(tmp_path):
    total = " + ".join(f"visits * {n}" for n in range(TERMS))
    text = f"""policy gym {{}}
profile member key id {{
  id: text
  visits: integer in 0..10
}}
channel email {{}}
action a {{
  eligible when {total} > 0
  via email
  value 1
}}
arbitrate {{ score value  pick 1 }}
"""
    (tmp_path / "policy.nba").write_text(text, encoding="utf-8")
    return tmp_path / "policy.nba"


def test_threads_load_what_one_loads(path):
    before, together = state(), threading.Barrier(3)

    def load(_):
        together.wait(10)
        return [nbadsl.load(path).hash for _ in range(3)]

    with ThreadPoolExecutor(3) as pool:
        hashes = [h for found in pool.map(load, range(3)) for h in found]
    assert set(hashes) == {nbadsl.load(path).hash}
    assert state() == before


def test_whoever_leaves_first_takes_the_room_from_nobody():
    before, inside, leave, seen = state(), Event(), Event(), []

    def first():
        with room():
            inside.set()
            leave.wait(10)

    thread = Thread(target=first)
    thread.start()
    inside.wait(10)
    with room():
        leave.set()
        thread.join()
        seen.append(state())
    assert seen == [(FRAMES, False)]
    assert state() == before


def test_room_in_room_is_left_in_order():
    before = state()
    with room(), pytest.raises(ZeroDivisionError):
        with room(frames=FRAMES + 1):
            _ = 1 / 0
    assert state() == before
