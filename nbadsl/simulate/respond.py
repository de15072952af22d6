"""What people do with what they are decided: assumptions, as somebody types them, and what they make of draws.

    accepted with propensity     as often as the action's propensity for this person says
    clicked with 20%             of every hundred contacts, twenty
    ignored otherwise            where nobody clicks, accepts or rejects

One draw decides for a contact, so that outcomes fit together: who accepts at 3% is among those who click at 20%, and these
among those who see it at 60%. Rejecting and ignoring come from the other end, and never from who clicks or accepts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nbadsl.data.decisions import Floats
from nbadsl.diagnostics.suggest import did_you_mean, nearest
from nbadsl.program.givens import BadInput
from nbadsl.program.limits import OUTCOMES

HAPPENING = OUTCOMES[1:]  # all but being decided
_YES, _NO = ("clicked", "accepted"), ("rejected", "ignored")
_ANSWERS = (*_YES, *_NO)
_FORM = re.compile(r"(\w+)\s+(?:with\s+(.+)|(otherwise))")
_SHARE = re.compile(r"(\d+(?:\.\d+)?)\s*(%?)")
_EXAMPLE = "write `accepted with propensity`, `clicked with 20%` or `ignored otherwise`"

Happened = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Response:
    """`share`: of the contacts, in 0..1; None: each with its propensity. `otherwise`: when there was no answer instead."""

    outcome: str
    share: float | None
    otherwise: bool = False

    def __str__(self) -> str:
        if self.otherwise:
            return f"{self.outcome} otherwise"
        return f"{self.outcome} with {'propensity' if self.share is None else f'{self.share * 100:.12g}%'}"

    @property
    def reads_propensity(self) -> bool:
        return self.share is None and not self.otherwise


def responses(texts: Sequence[str]) -> tuple[Response, ...]:
    """What is typed, several in one text by commas. Raises BadInput."""
    found = [_response(part.strip()) for text in texts for part in text.split(",")]
    names = [each.outcome for each in found]
    for name in names:
        if names.count(name) > 1:
            raise BadInput(f"--respond says twice when `{name}` happens")
    if sum(each.otherwise for each in found) > 1:
        raise BadInput("--respond: only one outcome can happen `otherwise`")
    shares = {each.outcome: each.share or 0.0 for each in found}
    whole = max(shares.get(name, 0.0) for name in _YES) + sum(shares.get(name, 0.0) for name in _NO)
    if whole > 1:
        raise BadInput(f"--respond: clicking or accepting, rejecting and ignoring are {whole:.0%} together")
    return tuple(sorted(found, key=lambda each: (each.otherwise, HAPPENING.index(each.outcome))))


def _response(text: str) -> Response:
    wrong = f"--respond `{text}`"
    match = _FORM.fullmatch(text)
    if match is None:
        raise BadInput(f"{wrong} does not say what happens how often: {_EXAMPLE}")
    outcome, how, otherwise = match.groups()
    if outcome not in HAPPENING:
        raise BadInput(f"{wrong}: `{outcome}` is no outcome; {did_you_mean(outcome, HAPPENING)}")
    if otherwise:
        return Response(outcome, None, True)
    if how == "propensity":
        return Response(outcome, None)
    share = _SHARE.fullmatch(how)
    if share is None:
        near = nearest(how, ["propensity"])
        raise BadInput(f"{wrong}: `{how}` is no share; {f'did you mean `{near}`?' if near else _EXAMPLE}")
    number = float(share[1]) / (100 if share[2] else 1)
    if number > 1:
        percent = "" if share[2] else f"; for so many of a hundred, write `{outcome} with {how}%`"
        raise BadInput(f"{wrong}: a share is at most 100%{percent}")
    return Response(outcome, number)


def happened(asked: Sequence[Response], draws: Floats, propensities: Floats) -> dict[str, Happened]:
    """Of m contacts, by outcome, for which of them it happens: [m]. `asked`: as `responses` gives them. `propensities`:
    [m], NaN where there is none."""
    found: dict[str, Happened] = {}
    top = np.ones(len(draws))
    for each in asked:
        if each.otherwise:
            found[each.outcome] = ~_any(found, _ANSWERS, len(draws))
            continue
        share = np.nan_to_num(propensities) if each.share is None else np.full(len(draws), each.share)
        if each.outcome in _NO:
            below, top = top, top - share
            found[each.outcome] = (draws >= top) & (draws < below) & ~_any(found, _YES, len(draws))
        else:
            found[each.outcome] = draws < share
    return found


def _any(found: Mapping[str, Happened], outcomes: Sequence[str], size: int) -> Happened:
    """[size]: where any of these outcomes happens."""
    happens = np.zeros(size, np.bool_)
    for outcome in outcomes:
        happens |= found.get(outcome, False)
    return happens
