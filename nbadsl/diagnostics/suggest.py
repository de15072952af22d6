"""Did you mean: the name that was probably intended.

Near is a name that lies a few slips of the keyboard away (a letter missing, added, wrong, or swapped with its
neighbour: one in three letters at most), one with the same words in another order, or the only one that
begins with the whole name. A wrong guess is worse than none, so anything further away is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable

_LONGEST = 60  # nobody misspells a longer name, and the work grows with its length


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that looks most like a name, the first of them on ties, if any is near enough."""
    known, wanted = list(candidates), name.lower()
    if len(name) > _LONGEST:
        return None
    most = max(1, len(name) // 3) if len(name) > 1 else 0
    distances = [(slips(wanted, c.lower(), most), i) for i, c in enumerate(known)]
    best, index = min(distances, default=(most + 1, 0))
    if best <= most:
        return known[index]
    words = sorted(wanted.split("_"))
    longer = [c for c in known if c.lower().startswith(wanted + "_")]
    same_words = [c for c in known if sorted(c.lower().split("_")) == words]
    return next(iter(same_words), longer[0] if len(longer) == 1 else None)


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """A sentence of advice: the nearest candidate, or the list of them when it is short."""
    known = list(candidates)
    near = nearest(name, known)
    if near is not None:
        return f"did you mean `{near}`?"
    if len(known) == 1:
        return f"there is `{known[0]}`"
    if 1 < len(known) <= 8:
        return f"there are {', '.join(f'`{k}`' for k in known[:-1])} and `{known[-1]}`"
    return ""


def slips(a: str, b: str, most: int) -> int:
    """How many slips lead from one word to another (optimal string alignment), or `most` + 1 when more."""
    if abs(len(a) - len(b)) > most:
        return most + 1
    before: list[int] = []
    last, row = before, list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        before, last, row = last, row, [i]
        for j, other in enumerate(b, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and other == a[i - 2]:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)
