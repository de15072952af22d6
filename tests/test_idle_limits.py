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
PLACES = {"coupon": (("promo", "loud"), "email"), "tip": ((), "email"), "news": (("promo",), None)}

lengths = st.sampled_from(["1 day", "2 days", "7 days", "8 days", "31 days", "367 days"])
windows = st.sampled_from(["day", "week", "month", "year"]) | lengths
since = st.sampled_from(["ever", "since left"])
outcomes = st.sampled_from(["decided", "decided", "clicked"])
limits = st.builds(
    "limit {} {} {} {}".format,
    st.integers(1, 3),
    outcomes,
    st.sampled_from(["", "per customer", "per customer", "per home"]),
    windows.map(lambda w: f"per {w}") | since,
)
rests = st.builds(
    "rest {} after {} {}{}{}".format,
    lengths,
    st.integers(1, 3),
    outcomes,
    st.sampled_from(["", "", " of promo", " of coupon", " of email"]),
    st.sampled_from(["", " within 3 days", " within 9 days"]),
)
budgets = st.builds(
    "budget {} EUR {}, {} EUR each".format,
    st.sampled_from([20, 30]),
    windows.map(lambda w: f"per {w}") | since,
    st.sampled_from([5, 10]),
)
pasts = st.lists(
    st.tuples(
        st.sampled_from(list(PLACES)),
        st.sampled_from(["decided", "decided", "clicked"]),
        st.integers(0, 20).map(lambda n: n * 12) | st.sampled_from([24 * 31, 24 * 200]),
        st.sampled_from([None, 1_000_000, 12_000_000]),
    ),
    max_size=8,
)


def happened(number: int, what: tuple[str, str, int, int | None]) -> Event:
    action, kind, hours, cost = what
    groups, channel = PLACES[action]
    home = (("home", "h1"),)
    return Event(f"d{number}", decided(1), kind, AT - hours * HOUR, "c1", action, groups, channel, None, cost, home)  # fmt: skip


@st.composite
def policies(draw: Any) -> str:
    """Two of one sort, or a limit and a rest, somewhere; not in the block of a channel, where limits alone can stand."""
    sort = draw(st.sampled_from([limits, rests, budgets, limits | rests]))
    places = [""] * 7
    for place in draw(st.lists(st.sampled_from([0, 1, 2, 4, 4, 5, 6]), min_size=2, max_size=3)):
        places[place] += f" {draw(sort)}"
    if draw(st.booleans()):
        places[3] = draw(limits)
    places[6] = (
        places[6]
        .strip()
        .replace(" limit", "\nlimit")
        .replace(" rest", "\nrest")
        .replace(" budget", "\nbudget")
    )
    return POLICY.format(*places)


@settings(deadline=None, max_examples=400)
@given(policies(), st.lists(pasts, min_size=5, max_size=5))
def test_an_idle_limit_stops_nothing(text, histories):
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
    for history in histories:
        asking = Asking(policy.program, policy.given(NOW, None, None))
        rooms = asking.rooms(MemoryStore(happened(n, each) for n, each in enumerate(history)), row)
        active = [limit for limit in limits if limit.origin.start not in idle]
        for limit in limits:
            if limit.origin.start in idle and rooms[limit.room] < 1:
                for candidate in limit.binds:
                    assert any(candidate in x.binds and rooms[x.room] < 1 for x in active), limit.name
