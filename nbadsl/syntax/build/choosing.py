"""The rules of priority, arbitration, chance, promises and tests."""

from __future__ import annotations

from typing import Any

from nbadsl.source import Span
from nbadsl.syntax import nodes
from nbadsl.syntax.build.scopes import Scopes
from nbadsl.syntax.build.words import Part, Parts, all_of, exprs, first, keyed, part_of


class Choosing(Scopes):
    """Priority, arbitration, chance, promises and tests."""

    def everything_line(self, parts: Parts) -> nodes.Line:
        return nodes.Line(None, None, self.span(parts))

    def scope_line(self, parts: Parts) -> nodes.Line:
        when = parts[2] if len(parts) > 2 else None
        return nodes.Line(self.name_of(parts[0]), when, self.span(parts))

    def priority(self, parts: Parts) -> nodes.Priority:
        return nodes.Priority(all_of(parts, nodes.Line), self.span(parts))

    def score(self, parts: Parts) -> nodes.Score:
        return nodes.Score(parts[1], self.span(parts))

    def threshold(self, parts: Parts) -> nodes.Threshold:
        return nodes.Threshold(parts[2], self.span(parts))

    def most(self, parts: Parts) -> nodes.Most:
        return nodes.Most(self.number_of(parts[3]), self.name_of(parts[5]), self.span(parts))

    def pick(self, parts: Parts) -> nodes.Pick:
        return nodes.Pick(self.number_of(parts[1]), all_of(parts, nodes.Most), self.span(parts))

    def fallback(self, parts: Parts) -> nodes.Fallback:
        return nodes.Fallback(self.name_of(parts[1]), self.span(parts))

    def arbitrate(self, parts: Parts) -> nodes.Arbitrate:
        kinds = nodes.Score | nodes.Threshold | nodes.Pick | nodes.Fallback
        return nodes.Arbitrate(all_of(parts, kinds), self.span(parts))

    def seed(self, parts: Parts) -> Part:
        return Part("seed", self.string_of(parts[1]), self.span(parts))

    def holdout(self, parts: Parts) -> nodes.Holdout:
        name, share = self.name_of(parts[1]), self.number_of(parts[2])
        by, seed, period = part_of(parts, "by"), part_of(parts, "seed"), first(parts, nodes.Period)
        return nodes.Holdout(name, share, by, seed, period, self.span(parts))

    def arm(self, parts: Parts) -> nodes.Arm:
        return nodes.Arm(self.name_of(parts[0]), self.number_of(parts[1]), self.span(parts))

    def experiment(self, parts: Parts) -> nodes.Experiment:
        name, by, seed = self.name_of(parts[1]), part_of(parts, "by"), part_of(parts, "seed")
        return nodes.Experiment(name, by, seed, all_of(parts, nodes.Arm), self.span(parts))

    among = keyed("among")

    def explore(self, parts: Parts) -> nodes.Explore:
        return nodes.Explore(self.number_of(parts[1]), part_of(parts, "among"), self.span(parts))

    def _guarantee(self, parts: Parts) -> nodes.Guarantee:
        title, never = self.string_of(parts[1]), str(parts[3]) == "never"
        return nodes.Guarantee(title, never, self.name_of(parts[4]), parts[6], self.span(parts))

    never = some = _guarantee

    def at_most(self, parts: Parts) -> nodes.AtMost:
        title, [count] = self.string_of(parts[1]), self.numbers_of(parts)
        scope, window = self.names_of(parts)[0], first(parts, nodes.Window)
        return nodes.AtMost(title, count, scope, part_of(parts, "subject"), window, self.span(parts))

    def test_now(self, parts: Parts) -> nodes.TestNow:
        return nodes.TestNow(parts[1], self.span(parts))

    def entries(self, parts: Parts) -> Part:
        return Part(
            "entries", all_of(parts, nodes.Entry), self.span(parts) if parts else Span(self.source, 0, 0)
        )

    def _test_entries(self, parts: Parts) -> nodes.TestEntries:
        return nodes.TestEntries(self.name_of(parts[0]), part_of(parts, "entries"), self.span(parts))

    test_context = test_profile = _test_entries

    def entry(self, parts: Parts) -> nodes.Entry:
        return nodes.Entry(self.name_of(parts[0]), parts[2], False, self.span(parts))

    def entry_ago(self, parts: Parts) -> nodes.Entry:
        return nodes.Entry(self.name_of(parts[0]), parts[2], True, self.span(parts))

    def entry_set(self, parts: Parts) -> nodes.Entry:
        words = part_of(parts, "words") or ()
        return nodes.Entry(self.name_of(parts[0]), words, False, self.span(parts))

    def entry_never(self, parts: Parts) -> nodes.Entry:
        return nodes.Entry(self.name_of(parts[0]), str(parts[2]), False, self.span(parts))

    entry_unknown = entry_never

    def _event(self, parts: Parts) -> nodes.Event:
        names = self.names_of(parts)
        channel = names[1] if len(names) > 1 else None
        return nodes.Event(names[0], str(parts[1]), parts[2], channel, self.span(parts))

    event_ago = event_at = _event

    def test_history(self, parts: Parts) -> nodes.TestHistory:
        return nodes.TestHistory(all_of(parts, nodes.Event), self.span(parts))

    def test_cases(self, parts: Parts) -> nodes.TestCases:
        return nodes.TestCases(all_of(parts, nodes.Row), self.span(parts))

    def _expect(self, kind: str, parts: Parts) -> nodes.Expect:
        names = self.names_of(parts)
        numbers = exprs(parts)
        return nodes.Expect(
            kind,
            names[0] if names else None,
            names[1] if len(names) > 1 else None,
            self.string_in(parts),
            part_of(parts, "because"),
            (numbers[0], numbers[1]) if numbers else None,
            self.span(parts),
        )

    def expect_action(self, parts: Parts) -> nodes.Expect:
        return self._expect("action", parts)

    def expect_nothing(self, parts: Parts) -> nodes.Expect:
        return self._expect("nothing", parts)

    def expect_no(self, parts: Parts) -> nodes.Expect:
        return self._expect("no", parts)

    def expect_score(self, parts: Parts) -> nodes.Expect:
        return self._expect("score", parts)

    def test(self, parts: Parts) -> nodes.Test:
        kinds = nodes.TestNow | nodes.TestEntries | nodes.TestHistory | nodes.TestCases | nodes.Expect
        return nodes.Test(self.string_of(parts[1]), all_of(parts, kinds), self.span(parts))

    def declaration(self, parts: Parts) -> Any:
        return parts[0]
