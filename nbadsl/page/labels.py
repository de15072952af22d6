"""Labels of plots: short, and different from each other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile


def distinct(labels: Sequence[str]) -> list[str]:
    """The labels, with numbers at those that were there before."""
    found: list[str] = []
    for label in labels:
        number, free = 1, label
        while free in found:
            number += 1
            free = f"{label} ({number})"
        found.append(free)
    return found


def short(names: Sequence[str], most: int) -> list[str]:
    """A label of about `most` letters for each name: the beginning and end of those that are longer; where these are alike,
    what comes after their common beginning. No two are alike."""
    whole = [" ".join(name.split()) for name in names]
    groups: dict[str, list[str]] = {}
    for name in whole:
        groups.setdefault(_cut(name, most), []).append(name)
    labels = []
    for name in whole:
        label = _cut(name, most)
        alike = groups[label]
        labels.append(label if len(alike) == 1 else _cut(f"…{name[_same(alike) :]}", most))
    return distinct(labels)


def _same(names: Sequence[str]) -> int:
    """With how many letters all of them begin."""
    return sum(1 for _ in takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False)))


def _cut(name: str, most: int) -> str:
    end = most // 3
    return name if len(name) <= most else f"{name[: most - end - 1]}…{name[-end:]}"
