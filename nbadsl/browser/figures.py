"""A run over the sample as the panel shows it: by action, how many people each rule stops, and how many it is decided for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nbadsl.api import Policy
from nbadsl.report import Funnel, Report

MOST_CUSTOMERS = 100  # of the first ones


def figures(
    policy: Policy, report: Report, decisions: Sequence[Any], folder: Path, counted: bool
) -> dict[str, Any]:
    """`decisions`: the batches of the run. `counted`: limits counted what was decided before; else, if there are some, `limits`
    says that they did as if nobody had been. People with bad data count in `rejected` alone.

    `actions`: in the order of the policy, each with its candidates' funnels; `left` after a step are those who go on.
    `customers`: pairs of key and action, "" for nothing: the first ones, and one for every action."""
    rejected = sum(share.people for share in report.rejected)
    actions: dict[str, dict[str, Any]] = {}
    for candidate, funnel in zip(policy.facts.candidates, report.funnels, strict=True):
        action = actions.setdefault(
            candidate.action, {"name": candidate.action, "chosen": 0, "candidates": []}
        )
        action["chosen"] += funnel.chosen
        action["candidates"].append(_funnel(funnel, folder))
    return {
        "people": report.people - rejected,
        "rejected": [{"name": share.name, "people": share.people} for share in report.rejected],
        "decided": sum(share.people for share in report.decisions),
        "contacts": report.contacts,
        "actions": list(actions.values()),
        "nothing": [{"name": n.name, "people": n.people} for n in report.nothing if n.name != "bad data"],
        "limits": bool(policy.facts.limits) and not counted,
        "customers": customers(decisions, set(actions)),
    }


def place_in(folder: Path, path: str, line: int) -> dict[str, Any] | None:
    """A place as the page names it; None outside the policy's folder."""
    file = Path(path)
    return (
        {"name": file.relative_to(folder).as_posix(), "line": line} if file.is_relative_to(folder) else None
    )


def _funnel(funnel: Funnel, folder: Path) -> dict[str, Any]:
    left, steps = funnel.considered, []
    for stage, reason, people, unknown, place in _steps(funnel, folder):
        left -= people
        steps.append(
            {
                "stage": stage,
                "reason": reason,
                "stopped": people,
                "unknown": unknown,
                "left": left,
                "place": place,
            }
        )
    return {
        "name": funnel.candidate,
        "considered": funnel.considered,
        "steps": steps,
        "chosen": funnel.chosen,
    }


def _steps(funnel: Funnel, folder: Path) -> list[tuple[str, str, int, int, dict[str, Any] | None]]:
    rules = [
        (r.stage, r.reason, r.stopped, r.unknown, place_in(folder, r.path, r.line) if r.path else None)
        for r in funnel.rules
    ]
    rest = (
        ("quiet", "no moment to send it", funnel.quiet),
        ("no score", "its score is unknown", funnel.no_score),
        ("threshold", "its score is too low", funnel.below_threshold),
        ("outranked", "another action ranks higher", funnel.outranked),
        ("held out", "in a holdout", funnel.held_out),
    )
    inactive = [("inactive", "not in its dates", funnel.inactive, 0, None)] if funnel.inactive else []
    return [*inactive, *rules, *((stage, said, people, 0, None) for stage, said, people in rest if people)]


def customers(decisions: Sequence[Any], actions: set[str]) -> list[tuple[str, str]]:
    """Keys with what is decided, "" for nothing: the first people's, and those of one for every action that is decided."""
    found: dict[str, str] = {}
    wanted = set(actions)
    for batch in decisions:
        keys = batch.column(0)
        for row, action in enumerate(batch.column("action").to_pylist()):
            if len(found) < MOST_CUSTOMERS or action in wanted:
                wanted.discard(action)
                found.setdefault(str(keys[row].as_py()), action or "")
            elif not wanted:
                break
    return list(found.items())
