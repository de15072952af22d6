"""Promises about everybody: proved, refuted with a customer, or unknown.

`never SCOPE when C` is refuted by somebody for whom C is yes and something of the scope is decided; `some SCOPE when C`
by somebody for whom C is yes and nothing of it is. Who is in a holdout refutes nothing.
"""

from __future__ import annotations

from nbadsl.program.nodes import Guarantee
from nbadsl.prove import as_test
from nbadsl.prove.answers import PROVED, REFUTED, UNKNOWN, Answer, Example, answer
from nbadsl.prove.customer import Customer, Replay
from nbadsl.prove.history import with_rooms
from nbadsl.prove.plainer import IsExample, plainer
from nbadsl.prove.search import Found, Nobody, Search, Sketch
from nbadsl.prove.subject import Subject
from nbadsl.prove.values import Term, both, some
from nbadsl.syntax import nodes
from nbadsl.types import quoted


def prove(search: Search, subject: Subject, number: int) -> Answer:
    """One of a policy's guarantees."""
    guarantee, node = subject.program.guarantees[number], subject.model.guarantees[number]
    replay, place = search.replays[0], guarantee.origin

    def refutes(customer: Customer) -> bool:
        return is_broken(replay, guarantee, customer)

    if guarantee.never and search.exists(_passing(search, guarantee)) is False:
        return answer("guarantee", guarantee.name, PROVED, "holds for everybody", span=place)
    found = search.ask(_broken(search, guarantee), lambda sketch: judged(replay, sketch, refutes))
    match found:
        case Nobody():
            return answer("guarantee", guarantee.name, PROVED, "holds for everybody", span=place)
        case Found(customer):
            plain = plainer(replay, customer, refutes)
            example = example_of(
                subject, replay, plain, f"{guarantee.name}: broken", expects_of(replay, plain, node)
            )
            said = "something of it is decided" if guarantee.never else "nothing of it is decided"
            return answer("guarantee", guarantee.name, REFUTED, said, example=example, span=place)
    return answer("guarantee", guarantee.name, UNKNOWN, "could not be told", why=found.why, span=place)


def _passing(search: Search, guarantee: Guarantee) -> Term:
    """That the promise holds for somebody who passes the rules: without what is chosen, and so quickly answered."""
    choosing = search.choosing[0]
    return both(search.of[0].flag(guarantee.when).yes, some(choosing.allowed(n) for n in guarantee.among))


def _broken(search: Search, guarantee: Guarantee) -> Term:
    choosing = search.choosing[0]
    if guarantee.never:
        broken = some(choosing.may(number) for number in guarantee.among)
    else:
        broken = choosing.beside(guarantee.among)
    return both(search.of[0].flag(guarantee.when).yes, broken)


def is_broken(replay: Replay, guarantee: Guarantee, customer: Customer) -> bool:
    """Whether a customer refutes a promise: the definition."""
    if replay.value(customer, guarantee.when) is not True:
        return False
    decision = replay.decide(customer)
    if decision.holdout is not None:
        return False
    chosen = {choice.candidate for choice in decision.chosen}
    return bool(chosen & set(guarantee.among)) is guarantee.never


def judged(replay: Replay, sketch: Sketch, is_example: IsExample) -> Customer | None:
    """The customer of a sketch, with a key and contacts as it needs them, if they are an example."""
    try:
        for customer in replay.placed(sketch.customer, sketch.arms, sketch.held, sketch.fixed):
            for full in with_rooms(replay, customer, sketch.rooms):
                if is_example(full):
                    return full
    except (ValueError, OverflowError):  # no such moment, or a number beyond doubles
        return None
    return None


# --- shown ----------------------------------------------------------------------------------------------


def example_of(
    subject: Subject, replay: Replay, customer: Customer, title: str, expects: list[str]
) -> Example:
    """A customer to show, with the test that says what should be decided, or what is."""
    decision = replay.decide(customer)
    text, fails = "", False
    if not customer.parameters and not any(contact.who for contact in customer.contacts):
        text = as_test.as_test(replay, customer, title, expects, subject.read)
        result = subject.fails(text, title)
        text, fails = (text, result) if result is not None else ("", False)
    return Example(
        customer=tuple(as_test.readable(replay, customer)),
        moment=as_test.moment(customer.now, replay.zone),
        history=tuple(as_test.history(replay.program, customer, each) for each in customer.contacts),
        decided=(tuple(replay.program.candidates[c.candidate].name for c in decision.chosen),),
        reasons=(decision.reason,),
        test=text,
        fails=fails,
    )


def expects_of(replay: Replay, customer: Customer, node: nodes.Guarantee) -> list[str]:
    """What a test says: the promise, where tests have words for it, or else what is decided."""
    if node.never:
        return [f"expect no {node.scope.text}"]
    if any(candidate.action == node.scope.text for candidate in replay.program.candidates):
        return [f"expect {node.scope.text}"]
    return decided_lines(replay, customer)


def decided_lines(replay: Replay, customer: Customer) -> list[str]:
    lines = []
    for choice in replay.decide(customer).chosen:
        candidate = replay.program.candidates[choice.candidate]
        via = f" via {candidate.channel}" if candidate.channel else ""
        content = f" content {quoted(candidate.content)}" if candidate.content else ""
        lines.append(f"expect {candidate.action}{via}{content}")
    return lines or ["expect nothing"]
