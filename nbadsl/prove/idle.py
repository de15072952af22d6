"""What never happens: actions that never win, rules that never stop anybody, lines of the priority never reached.

What was seen to happen for some customer, in the interpreter, needs no proof; every customer who is found on the way is
looked at for that. Of the rest z3 is asked whether it can happen at all; where it cannot, the reasons are what made it
impossible: rules that contradict each other, or actions that always come before.
"""

from __future__ import annotations

from collections.abc import Iterator

import z3

from nbadsl.program.decision import Fate
from nbadsl.prove.answers import PROVED, UNKNOWN, Answer, answer
from nbadsl.prove.customer import Customer
from nbadsl.prove.guarantees import judged
from nbadsl.prove.search import Found, Nobody, Search, Sketch, Unknown
from nbadsl.prove.subject import Subject
from nbadsl.prove.values import YES, Term, both, either, every, opposite, some
from nbadsl.source import Span

NEVER_WINS, NEVER_STOPS, NEVER_REACHED = "never-wins", "never-stops", "never-reached"

_ALONE = 500  # milliseconds to find a customer for whom little competes


class Idle:
    """What never happens in one policy. `seconds`: for each question."""

    def __init__(self, search: Search, subject: Subject) -> None:
        self.search, self.subject = search, subject
        self.program, self.choosing, self.replay = subject.program, search.choosing[0], search.replays[0]
        self.won: set[int] = set()
        self.stopped: set[tuple[int, int]] = set()
        self.reached: set[int] = set()
        self.rivals: dict[int, list[int]] = {}
        self.losers: set[str] = set()

    # --- what was seen ---

    def see(self, customer: Customer) -> set[int]:
        """Look at what is decided for a customer; the candidates that may be."""
        decision = self.replay.decide(customer)
        best = min(
            (s.tier for s in decision.stories if s.fate >= Fate.OUTRANKED and s.tier is not None),
            default=None,
        )
        for number, story in enumerate(decision.stories):
            if story.rule is not None:
                self.stopped.add((number, story.rule))
            if story.fate >= Fate.OUTRANKED and story.tier is not None:
                self.reached.add(story.tier)
        may = {choice.candidate for choice in (*decision.chosen, *decision.held)}
        if self.choosing.explores and self.program.explore is not None:
            among = self.program.explore.among
            may |= {
                n
                for n in among
                if decision.stories[n].fate >= Fate.OUTRANKED and decision.stories[n].tier == best
            }
        self.won |= may
        return may

    # --- actions that never win ---

    def actions(self) -> Iterator[Answer]:
        """One answer for each action that never wins, or of which it could not be told."""
        self._alone()
        for action in dict.fromkeys(c.action for c in self.program.candidates):
            numbers = [n for n, c in enumerate(self.program.candidates) if c.action == action]
            if not self.won & set(numbers):
                answer = self._action(action, numbers)
                if answer is not None:
                    self.losers.add(action)
                    yield answer

    def _alone(self) -> None:
        """Look for a customer for each candidate for whom as little else competes as can be."""
        allowed = {n: z3.Bool(f"allowed {n}") for n in range(len(self.program.candidates))}
        told = [flag == self.choosing.allowed(n) for n, flag in allowed.items()]
        solver = self.search.rules(told)
        solver.set("timeout", _ALONE)
        for number, flag in allowed.items():
            if number in self.won or z3.is_false(self.choosing.allowed(number)):
                continue
            others = {n: z3.Not(other) for n, other in allowed.items() if n != number}
            while True:
                answer = solver.check(flag, *others.values())
                if answer == z3.sat:
                    judged(self.replay, self.search.sketch(solver.model()), lambda c: bool(self.see(c)))
                if answer != z3.unsat:
                    break
                core = {each.get_id() for each in solver.unsat_core()}
                rivals = [n for n, other in others.items() if other.get_id() in core]
                if not rivals:
                    break
                self.rivals.setdefault(number, []).extend(rivals)
                others = {n: other for n, other in others.items() if n not in rivals}

    def _action(self, action: str, numbers: list[int]) -> Answer | None:
        place = self.subject.model.scopes[action].name.span

        def judge(sketch: Sketch) -> Customer | None:
            return judged(self.replay, sketch, lambda c: bool(self.see(c) & set(numbers)))

        found: Found[Customer] | Nobody | Unknown = Unknown("time")
        for condition, is_whole in self._conditions(numbers):
            found = self.search.ask(condition, judge)
            if isinstance(found, Found) or (is_whole and isinstance(found, Nobody)):
                break
        match found:
            case Found():
                return None
            case Nobody():
                return answer(NEVER_WINS, action, PROVED, "never wins", why=self._why(numbers), span=place)
        return answer(
            NEVER_WINS, action, UNKNOWN, "whether it ever wins could not be told", why=found.why, span=place
        )

    def _conditions(self, numbers: list[int]) -> Iterator[tuple[Term, bool]]:
        """What may hold where one of some candidates wins: first what is quickly answered. And whether it must hold there.

        Rivals are those that cannot all be kept away from a candidate; against them alone it must win."""
        rivals = {n: [r for r in self.rivals.get(n, ()) if r in self.choosing.competing] for n in numbers}
        if self.choosing.is_single and not self.choosing.explores and any(rivals.values()):
            against = {
                n: every(opposite(self.choosing.beats(r, n)) for r in rivals[n])
                for n in numbers
                if n in self.choosing.competing
            }
            wins = {n: both(self.choosing.passes(n), each) for n, each in against.items()}
            away = {
                n: every(
                    opposite(self.choosing.allowed(o))
                    for o in self.choosing.competing
                    if o != n and o not in rivals[n]
                )
                for n in against
            }
            yield some(both(wins[n], away[n]) for n in against), False
            yield some(wins.values()), True
        yield some(self.choosing.may(n) for n in numbers), True

    def _why(self, numbers: list[int]) -> str:
        """Why candidates never win: a rule, or what comes before."""
        reasons = dict.fromkeys(self._stopped_by(number) for number in numbers)
        if None not in reasons:
            return "; ".join(reason for reason in reasons if reason)
        better = self._always_better(numbers)
        if better:
            shown = " or ".join(f"`{name}`" for name in better)
            return f"whoever may have it may have {shown}, which comes first"
        return "something else always comes first"

    def _stopped_by(self, number: int) -> str | None:
        """The first rule that nobody passes who came that far."""
        before = self.choosing.active(number)
        if self.search.exists(before) is False:
            return "it is never active"
        for rule in self.choosing.rules(number):
            passes = self.choosing.lets_pass(rule)
            if self.search.exists(both(before, passes)) is False:
                alone = self.search.exists(passes) is False
                return f'nobody passes "{rule.reason}"' + ("" if alone else " who passes the rules before it")
            before = both(before, passes)
        if self.search.exists(self.choosing.allowed(number)) is False:
            return "it has no moment to be sent"
        if self.search.exists(self.choosing.passes(number)) is False:
            return "its score is unknown or below the least that is acted on"
        return None

    def _always_better(self, numbers: list[int]) -> list[str]:
        """Actions one of which always comes before candidates; a small set, where one is found."""
        if not self.choosing.is_single or self.choosing.explores:
            return []
        rivals = {rival for number in numbers for rival in self.rivals.get(number, self.choosing.competing)}
        asked = {
            n: z3.Bool(f"better {n}") for n in self.choosing.competing if n in rivals and n not in numbers
        }
        none = (
            either(opposite(flag), opposite(self.choosing.beats(n, number)))
            for number in numbers
            for n, flag in asked.items()
            if self.program.candidates[number].score is not None
        )
        core = self.search.core(
            both(some(self.choosing.passes(n) for n in numbers), *none), list(asked.values())
        )
        by_flag = {flag.get_id(): n for n, flag in asked.items()}
        return list(dict.fromkeys(self.program.candidates[by_flag[flag.get_id()]].action for flag in core))

    # --- rules that never stop anybody ---

    def rules(self) -> Iterator[Answer]:
        """One answer for each rule of the text that never stops anybody who came that far."""
        places: dict[Span, list[tuple[int, int]]] = {}
        for number, candidate in enumerate(self.program.candidates):
            asked = self.choosing.rules(number) if candidate.action not in self.losers else []
            for index, rule in enumerate(candidate.rules):
                if rule.origin is not None and not rule.room and rule in asked:
                    places.setdefault(rule.origin, []).append((number, index))
        for span, found in places.items():
            if not self.stopped & set(found):
                answer = self._rule(span, found)
                if answer is not None:
                    yield answer

    def _rule(self, span: Span, places: list[tuple[int, int]]) -> Answer | None:
        reached = (self._stops(number, index) for number, index in places)
        exists = self.search.exists(some(reached))
        if exists:
            return None
        number, index = places[0]
        rule = self.program.candidates[number].rules[index]
        if exists is None:
            return answer(
                NEVER_STOPS,
                rule.reason,
                UNKNOWN,
                "whether it ever stops anybody could not be told",
                why="time",
                span=span,
            )
        return answer(
            NEVER_STOPS, rule.reason, PROVED, "never stops anybody", why=self._why_idle(places), span=span
        )

    def _stops(self, number: int, index: int) -> Term:
        """That somebody comes to a rule, and is stopped."""
        candidate = self.program.candidates[number]
        asked = [r for r in candidate.rules[:index] if candidate.score is not None or r.binds_fallback]
        before = (self.choosing.lets_pass(rule) for rule in asked)
        return every(
            [self.choosing.active(number), *before, opposite(self.choosing.lets_pass(candidate.rules[index]))]
        )

    def _why_idle(self, places: list[tuple[int, int]]) -> str:
        alone = some(
            opposite(self.choosing.lets_pass(self.program.candidates[n].rules[i])) for n, i in places
        )
        if self.search.exists(alone) is False:
            return "everybody passes it"
        return "the rules before it stop whoever it would stop"

    # --- lines of the priority ---

    def lines(self) -> Iterator[Answer]:
        """One answer for each line of the priority that nothing ever stands in."""
        lines = self.subject.model.priority.lines if self.subject.model.priority else ()
        for rank, line in enumerate(lines):
            if rank in self.reached:
                continue
            stands = some(
                both(self.choosing.passes(n), self.choosing.in_tier(n, rank)) for n in self.choosing.competing
            )
            exists = self.search.exists(stands)
            text = line.span.words
            if exists is False:
                why = self._why_unreached(rank)
                yield answer(NEVER_REACHED, text, PROVED, "is never reached", why=why, span=line.span)
            elif exists is None:
                said = "whether it is ever reached could not be told"
                yield answer(NEVER_REACHED, text, UNKNOWN, said, why="time", span=line.span)

    def _why_unreached(self, rank: int) -> str:
        when = (
            t.when
            for n in self.choosing.competing
            for t in self.program.candidates[n].tiers
            if t.rank == rank
        )
        holds = some(YES if each is None else self.search.of[0].flag(each).yes for each in when)
        if self.search.exists(holds) is False:
            return "its condition holds for nobody" if not z3.is_false(holds) else "nothing is left for it"
        return "lines above take, or rules stop, whoever it would be for"
