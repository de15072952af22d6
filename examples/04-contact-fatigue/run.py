"""Decide twelve weeks with limits and without, and compare them:  python run.py

Fetches the data when it is not there yet. Then it gives the commands of the README for each week: every run counts what
the runs before it have kept in its history, `out/contacts.db` with limits and `out/without.db` without. At the end it
prints what came out, and draws `out/contacts.svg` where matplotlib is installed.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import StringIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

HERE = Path(__file__).resolve().parent
# From a checkout, nbadsl need not be installed, only what it depends on.
sys.path[:0] = [str(HERE), *([str(HERE.parents[1])] if (HERE.parents[1] / "nbadsl").is_dir() else [])]

import get_data  # noqa: E402 - both are found through the path set above

from nbadsl.cli import main as nba  # noqa: E402

OUT = HERE / "out"
# Mondays at nine; but on New Year's Day nobody works, so that week is decided on Tuesday.
MONDAYS = [datetime(2000, 12, 11, 9) + timedelta(weeks=week) for week in range(12)]
RUNS = [day + timedelta(days=1) if day.date() == date(2001, 1, 1) else day for day in MONDAYS]
POLICIES = {"with limits": ("policy.nba", "contacts"), "without": ("without_limits.nba", "without")}
COUPON = 9  # TWD, the parameter `coupon_cost`
WEEK = np.timedelta64(7, "D")
# The blue and the vermilion of Okabe and Ito, which colour-blind people tell apart.
COLOURS = {"with limits": "#0072B2", "without": "#D55E00"}


@dataclass(frozen=True)
class Quarter:
    """What twelve weeks have given. `contacts`: of each customer of the last week's file. `weeks`: contacts of each run.
    `third`: how many customers had three contacts within 7 days. `coupons`: printed in each month, such as `2001-01`."""

    contacts: np.ndarray
    weeks: np.ndarray
    third: int
    coupons: Counter[str]


def decide(policy: str, name: str, out: Path = OUT) -> None:
    """The twelve runs, from an empty history, and its export."""
    history = out / f"{name}.db"
    for old in out.glob(f"{name}.db*"):
        old.unlink()
    for week, now in enumerate(RUNS, 1):
        profiles = get_data.file_of(week)
        command("run", HERE / policy, "--profiles", profiles, "--now", f"{now:%Y-%m-%d %H:%M}", "--history", history,
                "--out", out / f"{name}-week-{week:02}.parquet", "--report", "none")
    command("history", "export", out / f"{name}.parquet", "--history", history)


def command(*words: object) -> None:
    with redirect_stdout(StringIO()):
        nba([str(word) for word in words], prog_name="nba", standalone_mode=False)


def measure(name: str, out: Path = OUT) -> Quarter:
    """Read what `decide` has written."""
    events = pq.read_table(out / f"{name}.parquet").sort_by([("key", "ascending"), ("at", "ascending")])
    key, at = events["key"].to_numpy(), events["at"].to_numpy()
    third = (key[2:] == key[:-2]) & (at[2:] - at[:-2] < WEEK)
    customers = pq.read_table(get_data.file_of(12), columns=["customer_id"])["customer_id"].combine_chunks()
    heard = pc.value_counts(events["key"])
    contacts = pc.fill_null(heard.field("counts").take(pc.index_in(customers, value_set=heard.field("values"))), 0)
    printed = events.filter(pc.equal(events["channel"], "post"))
    local = pc.local_timestamp(pc.cast(printed["at"], pa.timestamp("us", "Asia/Taipei")))
    return Quarter(
        contacts=contacts.to_numpy(),
        weeks=np.unique(at, return_counts=True)[1],
        third=len(np.unique(key[:-2][third].astype(str))),
        coupons=Counter(pc.strftime(local, "%Y-%m").to_pylist()),
    )


def tell(found: dict[str, Quarter]) -> None:
    """The numbers, one column for each way."""
    rows = [
        ("contacts in twelve weeks", lambda q: f"{q.contacts.sum():,}"),
        ("a customer, on average", lambda q: f"{q.contacts.mean():.1f}"),
        ("a customer, 95th percentile", lambda q: f"{np.percentile(q.contacts, 95):.0f}"),
        ("a customer, at most", lambda q: f"{q.contacts.max()}"),
        ("customers with more than 2 in any 7 days", lambda q: f"{q.third:,}"),
        ("  of all customers", lambda q: f"{q.third / len(q.contacts):.1%}"),
        *((f"printed coupons of {month}, TWD", lambda q, month=month: f"{q.coupons[month] * COUPON:,}")
          for month in ("2000-12", "2001-01", "2001-02")),
        *((f"contacts on {now:%Y-%m-%d}", lambda q, n=n: f"{q.weeks[n]:,}") for n, now in enumerate(RUNS)),
    ]
    print(f"{len(next(iter(found.values())).contacts):,} customers\n")
    print(f"{'':<42}" + "".join(f"{name:>13}" for name in found))
    for text, value in rows:
        print(f"{text:<42}" + "".join(f"{value(quarter):>13}" for quarter in found.values()))


def draw(found: dict[str, Quarter], to: Path) -> None:
    """How many customers had how many contacts, with limits and without. Raises ImportError without matplotlib."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    longest = 1 + max(int(quarter.contacts.max()) for quarter in found.values())
    style = {"font.size": 11, "font.family": "DejaVu Sans", "svg.hashsalt": "contacts", "axes.edgecolor": "#888888"}
    with plt.rc_context(style):
        figure, rows = plt.subplots(2, sharex=True, sharey=True, figsize=(9, 5.4), layout="constrained")
        for axes, (way, quarter) in zip(rows, reversed(found.items()), strict=True):
            mean = quarter.contacts.mean()
            axes.bar(np.arange(longest), np.bincount(quarter.contacts, minlength=longest), color=COLOURS[way])
            axes.axvline(mean, color="#333333", linewidth=1)
            axes.annotate(f"{mean:.1f} on average", (mean, 1), xycoords=("data", "axes fraction"), xytext=(5, -10),
                          textcoords="offset points", color="#333333")
            axes.set_title(f"{way}: {quarter.contacts.max()} at most", loc="left", color=COLOURS[way], weight="bold",
                           size=12)
            axes.spines[["top", "right"]].set_visible(False)
            axes.yaxis.set_major_formatter("{x:,.0f}")
            axes.margins(x=0.01, y=0.15)
        figure.supylabel("customers", size=11)
        rows[-1].set_xlabel("contacts of a customer in twelve weeks")
        most = found["with limits"].contacts.max()
        more = (found["without"].contacts > most).mean()
        figure.suptitle(f"With limits nobody hears more than {most} times in twelve weeks; without, {more:.0%} do",
                        x=0.01, ha="left", weight="bold", size=13)
        figure.savefig(to, dpi=110, metadata={"Date": None} if to.suffix == ".svg" else None)
        plt.close(figure)


def main(arguments: Sequence[str] = ()) -> int:
    if not all(get_data.file_of(week).exists() for week in range(1, 13)):
        status = get_data.main([])
        if status:
            return status
    OUT.mkdir(exist_ok=True)
    for policy, name in POLICIES.values():
        decide(policy, name)
    found = {way: measure(name) for way, (_, name) in POLICIES.items()}
    tell(found)
    try:
        draw(found, OUT / "contacts.svg")
    except ImportError:
        print("no plot: it needs matplotlib (pip install matplotlib)", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
