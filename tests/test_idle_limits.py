"""A limit that is reported to be idle stops nothing that another one would not stop, whatever has happened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import nbadsl
from nbadsl.data.records import read_record
from nbadsl.history.asking import Asking
from nbadsl.history.events import Event, decided
from nbadsl.history.memory import MemoryStore

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
HOUR = 3_600_000_000
AT = int(NOW.timestamp()) * 1_000_000

POLICY = """
policy shop {{ timezone "Europe/Berlin"  currency EUR }}
profile customer key customer_id {{ customer_id: text  home: text  left: time }}
channel email {{ {} }}
group promo {{ {} }}
group loud in promo {{ {} }}
action coupon in loud {{ via email {{ {} }}  {} }}
action tip {{ via email }}
action news in promo {{ {} }}
{}
arbitrate {{ score 1 }}
"""
INSIDE, OVERALL = "  ", "\n"
PLACES = {"coupon": (("promo", "loud"), "email"), "tip": ((), "email"), "news": (("promo",), None)}

lengths = st.sampled_from(["2 days", "7 days", "8 days", "367 days"])
windows = st.sampled_from(["per day", "per week", "per year", "ever", "since left"]) | lengths.map(
    "per {}".format
)
outcomes = st.sampled_from(["decided", "decided", "decided", "clicked"])
limits = st.builds(
    "limit {} {} {} {}".format,
    st.integers(1, 3),
    outcomes,
    st.sampled_from(["", "per customer", "per customer", "per home"]),
    windows,
)
rests = st.builds(
    "rest {} after {} {}{}{}".format,
    lengths,
    st.integers(1, 3),
    outcomes,
    st.sampled_from(["", "", "", " of promo", " of coupon", " of email"]),
    st.sampled_from(["", " within 3 days", " within 9 days"]),
)
budgets = st.builds(
    "budget {} EUR {}, {} EUR each".format,
    st.sampled_from([20, 30]),
    st.sampled_from(["per 8 days", "per year", "ever"]),
    st.sampled_from([5, 10]),
)
SOME = [
    (action, kind, hours, cost)
    for action in PLACES
    for kind in ("decided", "decided", "clicked")
    for hours in (0, 12, 24, 48, 60, 150, 160, 167, 168, 185, 200, 700, 5000)
    for cost in (None, None, 12_000_000)
]


def happened(number: int, what: tuple[str, str, int, int | None]) -> Event:
    action, kind, hours, cost = what
    groups, channel = PLACES[action]
    home = (("home", "h1"),)
    return Event(f"d{number}", decided(1), kind, AT - hours * HOUR, "c1", action, groups, channel, None, cost, home)  # fmt: skip


@st.composite
def policies(draw: Any) -> str:
    """Two or three of one sort, or limits and rests, in blocks that are within each other."""
    sort = draw(st.sampled_from([limits, rests, budgets, limits | rests]))
    places = [""] * 7
    for place in draw(
        st.lists(st.sampled_from([0, 1, 2, 4, 4, 6]), min_size=2, max_size=3)
        | st.sampled_from([[4, 4], [5, 5], [1, 4], [0, 0], [6, 4]])
    ):
        places[place] += f"{OVERALL if place == 6 else INSIDE}{draw(sort)}"
    if draw(st.integers(0, 3)) == 0:
        places[3] = draw(limits)
    return POLICY.format(*places)


@settings(deadline=None, max_examples=500)
@given(policies(), st.randoms(use_true_random=False))
def test_an_idle_limit_stops_nothing(text, chance):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "policy.nba"
        path.write_text(text)
        checked = nbadsl.check(path)
        idle = {d.span.start for d in checked.diagnostics if d.kind.name == "idle-limit"}
        policy = nbadsl.load(path)
    limits = policy.program.limits
    row = read_record(
        policy.facts.inputs, {"customer_id": "c1", "home": "h1", "left": NOW - timedelta(days=9)}
    )
    asking = Asking(policy.program, policy.given(NOW, None, None))
    for _ in range(60 if idle else 0):
        history = chance.sample(SOME, chance.randrange(1, 9))
        store = MemoryStore(happened(n, each) for n, each in enumerate(history))
        rooms = asking.rooms(store, asking.demands(row))
        active = [limit for limit in limits if limit.origin.start not in idle]
        for limit in limits:
            if limit.origin.start in idle and rooms[limit.room] < 1:
                for candidate in limit.binds:
                    assert any(candidate in x.binds and rooms[x.room] < 1 for x in active), limit.name
