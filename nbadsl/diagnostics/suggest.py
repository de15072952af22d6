"""Did you mean: the name that was probably intended."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that looks most like a name, if any is near enough."""
    by_lower = {c.lower(): c for c in candidates}
    found = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """A sentence of advice: the nearest candidate, or the list of them when it is short."""
    known = list(candidates)
    near = nearest(name, known)
    if near is not None:
        return f"did you mean `{near}`?"
    if 0 < len(known) <= 8:
        return f"there is {', '.join(f'`{k}`' for k in known)}"
    return ""
