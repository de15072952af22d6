"""What must come out of a trial, compared with what did.

expect ACTION …          some chosen candidate is this one; several such lines hold in the order of the list
expect nothing           nothing is decided; `because` is the decision's reason, or the word before its colon
expect no SCOPE          nothing of it is decided; `because` is the reason of the rule that stopped one of its
                         candidates, or the name of that candidate's fate
expect score ACTION      the highest score of the action's candidates lies between two values, both included
"""

from __future__ import annotations

from dataclasses import dataclass

from nbadsl.program.decision import Decision
from nbadsl.program.nodes import Candidate
from nbadsl.syntax import nodes
from nbadsl.testing.trials import Trial


@dataclass(frozen=True, slots=True)
class Unmet:
    """An expectation that a decision does not meet. `got`: what came instead; `about`: the candidates that it is about
    (indices)."""

    expect: nodes.Expect
    got: str
    about: tuple[int, ...]

    @property
    def expected(self) -> str:
        """Without the word `expect`."""
        words = self.expect.span.words
        return words.removeprefix("expect ") if words.startswith("expect ") else _said(self.expect)


def unmet(trial: Trial, decision: Decision) -> list[Unmet]:
    """The expectations that a decision does not meet."""
    check = _Check(trial, decision)
    lost = [e for e in trial.expects if e.kind != "action" and not check.holds(e)]
    actions = [e for e in trial.expects if e.kind == "action"]
    return [Unmet(e, check.got(e), tuple(check.among(e))) for e in (*lost, *check.missing(actions))]


class _Check:
    def __init__(self, trial: Trial, decision: Decision) -> None:
        self.trial, self.decision = trial, decision
        self.candidates = trial.subject.program.candidates

    def among(self, expect: nodes.Expect) -> list[int]:
        """The candidates that an expectation is about."""
        scope = expect.scope.text if expect.scope is not None else None
        return [i for i, c in enumerate(self.candidates) if scope in (c.action, c.channel, *c.groups)]

    def missing(self, expects: list[nodes.Expect]) -> list[nodes.Expect]:
        """Those that are not on the ranked list, or not in this order."""
        place = 0
        chosen = [self.candidates[choice.candidate] for choice in self.decision.chosen]
        for number, expect in enumerate(expects):
            at = next((p for p in range(place, len(chosen)) if _is(chosen[p], expect)), None)
            if at is None:
                return expects[number:]
            place = at + 1
        return []

    def holds(self, expect: nodes.Expect) -> bool:
        because = None if expect.because is None else expect.because.text
        match expect.kind:
            case "nothing":
                reason = self.decision.reason
                return not self.decision.chosen and because in (None, reason, reason.split(":")[0])
            case "no":
                among = self.among(expect)
                if any(choice.candidate in among for choice in self.decision.chosen):
                    return False
                return because is None or any(because in self._why(i) for i in among)
            case "score":
                assert expect.between is not None
                low, high = (self._number(end) for end in expect.between)
                best = self._best(expect)
                return best is not None and low <= best <= high
        raise AssertionError(expect.kind)

    def got(self, expect: nodes.Expect) -> str:
        """What came instead."""
        match expect.kind:
            case "score":
                best = self._best(expect)
                return "no score" if best is None else f"score {best:.6g}"
            case "no" if not any(c.candidate in self.among(expect) for c in self.decision.chosen):
                fates = dict.fromkeys(": ".join(self._why(i)) for i in self.among(expect))
                return f"none, but because of {', '.join(fates)}"
        names = [self.candidates[choice.candidate].name for choice in self.decision.chosen]
        return ", then ".join(names) if names else f"nothing because of {self.decision.reason}"

    def _why(self, number: int) -> tuple[str, ...]:
        """The fate of a candidate, and the reason of the rule that stopped it."""
        story = self.decision.stories[number]
        rules = () if story.rule is None else (self.candidates[number].rules[story.rule].reason,)
        return (str(story.fate), *rules)

    def _best(self, expect: nodes.Expect) -> float | None:
        """The highest score of an action."""
        scores = [self.decision.stories[i].score for i in self.among(expect)]
        return max((score for score in scores if score is not None), default=None)

    def _number(self, expr: nodes.Expr) -> float:
        value = self.trial.subject.value(expr, {})
        assert isinstance(value, float)
        return value


def _is(candidate: Candidate, expect: nodes.Expect) -> bool:
    wanted = (
        expect.scope and expect.scope.text,
        expect.channel and expect.channel.text,
        expect.content and expect.content.text,
    )
    found = (candidate.action, candidate.channel, candidate.content)
    return all(w is None or w == f for w, f in zip(wanted, found, strict=True))


def _said(expect: nodes.Expect) -> str:
    """An expectation of a row of `cases` as a line says it."""
    parts = [expect.scope.text if expect.scope is not None else expect.kind]
    if expect.channel is not None:
        parts.append(f"via {expect.channel.text}")
    if expect.content is not None:
        parts.append(f'content "{expect.content.text}"')
    return " ".join(parts)
