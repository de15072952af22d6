"""Two policies about the same customers: whether they decide the same, and whether one allows all that the other does.

**Same**: for every customer both decide the same candidates (action, channel, content, slot), in the same order where
several are picked. What exploring may choose, and how often it does, must be the same as well. **Implies**: whatever the first policy lets somebody have,
the second one does: a candidate that nothing stops under the first (it is active, its rules and limits let it pass, its
score is acted on) exists and is stopped by nothing under the second. What then wins may differ, and so may holdouts.

Fields and context that have the same name and type are the same, and the places by which experiments and holdouts divide
people are where field and seed are. The room of a limit is the same where two limits
say the same; else there may have been any contacts.
"""

from __future__ import annotations

from nbadsl.program.decision import Fate
from nbadsl.program.show import show_expr
from nbadsl.prove import as_test
from nbadsl.prove.answers import PROVED, REFUTED, UNKNOWN, Answer, Example, answer
from nbadsl.prove.choosing import Choosing
from nbadsl.prove.customer import Customer, Replay
from nbadsl.prove.guarantees import decided_lines, judged
from nbadsl.prove.plainer import IsExample, plainer
from nbadsl.prove.search import Found, Nobody, Search
from nbadsl.prove.subject import Subject
from nbadsl.prove.values import NO, Term, both, opposite, some

Numbers = dict[str, list[int]]


def same(search: Search, old: Subject, new: Subject) -> Answer:
    """Whether two policies decide the same for everybody."""
    name = f"{old.path} and {new.path}"
    first, second = search.replays

    def differ(customer: Customer) -> bool:
        return _decided(first, customer) != _decided(second, customer)

    said = "decide the same for everybody", "decide differently"
    found = _answer(search, "same", name, _differ(*search.choosing), differ, said, (old, new))
    shares = [choosing.explores for choosing in search.choosing]
    if found.status != PROVED or shares[0] == shares[1]:
        return found
    match search.exists(_explored(search.choosing[1])):
        case True:
            said_of = "explore {:.4g}% and {:.4g}% of the time".format(*(100 * share for share in shares))
            return answer("same", name, REFUTED, said_of)
        case None:
            return answer("same", name, UNKNOWN, "could not be told", why="time")
    return found


def implies(search: Search, old: Subject, new: Subject) -> Answer:
    """Whether the second policy lets everybody have what the first one does."""
    name = f"{old.path} by {new.path}"
    first, second = search.replays

    def more(customer: Customer) -> bool:
        return bool(_passing(first, customer) - _passing(second, customer))

    aside = "" if _holdouts(first) == _holdouts(second) else "; their holdouts differ, and are left aside"
    said = (
        f"whoever may have something by the first may have it by the second{aside}",
        f"the first lets somebody have what the second does not{aside}",
    )
    return _answer(search, "implies", name, _more(*search.choosing), more, said, (old, new))


def _answer(
    search: Search,
    kind: str,
    name: str,
    condition: Term,
    is_example: IsExample,
    said: tuple[str, str],
    subjects: tuple[Subject, Subject],
) -> Answer:
    first, second = search.replays
    if not _comparable(first, second):
        return answer(
            kind, name, UNKNOWN, "could not be told", why="their profiles have no customer in common"
        )
    found = search.ask(condition, lambda sketch: judged(first, sketch, is_example))
    match found:
        case Nobody():
            return answer(kind, name, PROVED, said[0])
        case Found(customer):
            plain = plainer(first, customer, is_example)
            return answer(
                kind, name, REFUTED, said[1], example=_example(subjects, (first, second), plain, kind)
            )
    return answer(kind, name, UNKNOWN, "could not be told", why=found.why)


def _comparable(first: Replay, second: Replay) -> bool:
    """Whether fields of one name are of one type, and the key is the same."""
    a, b = first.program, second.program
    types = {f.name: f.type for f in (*a.inputs, *a.context)}
    return a.key == b.key and all(types.get(f.name, f.type) == f.type for f in (*b.inputs, *b.context))


# --- conditions -------------------------------------------------------------------------------------


def _names(choosing: Choosing) -> Numbers:
    """The candidates of each name; the name is all that a decision says."""
    found: Numbers = {}
    for number, candidate in enumerate(choosing.candidates):
        found.setdefault(candidate.name, []).append(number)
    return found


def _differ(old: Choosing, new: Choosing) -> Term:
    """That something is decided by one policy and not by the other: somebody is in a holdout of one, or of none."""
    kept = old.expressions.held(), new.expressions.held()
    ways = [both(opposite(kept[0]), opposite(kept[1]), _differ_free(old, new))]
    if not kept[0].eq(kept[1]):
        ways += [
            both(kept[0], opposite(kept[1]), new.something()),
            both(kept[1], opposite(kept[0]), old.something()),
        ]
    return some(ways)


def _differ_free(old: Choosing, new: Choosing) -> Term:
    """That they do for somebody who is in no holdout."""
    first, second = _names(old), _names(new)
    single = old.is_single and new.is_single and not old.explores and not new.explores
    changed = _changed(old, new, first, second) if single else [*first, *second]
    ways = []
    for name in dict.fromkeys(changed):
        mine, theirs = first.get(name, []), second.get(name, [])
        ways.append(_apart(some(map(old.may, mine)), some(map(new.may, theirs))))
        if old.explores or new.explores:  # what is decided where it does not, too
            ways.append(_apart(some(map(old.best, mine)), some(map(new.best, theirs))))
    if not single:
        ways += _reordered(old, new, first, second)
    return some(ways)


def _apart(a: Term, b: Term) -> Term:
    """That one of two conditions holds without the other."""
    return NO if a.eq(b) else some((both(a, opposite(b)), both(b, opposite(a))))


def _changed(old: Choosing, new: Choosing, first: Numbers, second: Numbers) -> list[str]:
    """Names of candidates that are not the same in both. Where decisions differ, one of these is decided by one policy:
    others pass in both, and their order is the same, so neither can come before another one in one policy alone."""
    shared = [name for name in first if name in second]
    kept_order = shared == [name for name in second if name in first]
    names = dict.fromkeys([*first, *second])
    if not kept_order or len(old.fallbacks) + len(new.fallbacks):
        return list(names)
    return [name for name in names if not _is_same(old, new, first.get(name, []), second.get(name, []))]


def _is_same(old: Choosing, new: Choosing, a: list[int], b: list[int]) -> bool:
    if len(a) != 1 or len(b) != 1:
        return False
    scores = old.score(a[0]), new.score(b[0])
    same_score = scores[0].value.eq(scores[1].value)
    return bool(same_score and old.passes(a[0]).eq(new.passes(b[0])) and old.tier(a[0]).eq(new.tier(b[0])))


def _reordered(old: Choosing, new: Choosing, first: Numbers, second: Numbers) -> list[Term]:
    """That two are decided by both policies in another order."""
    if old.is_single or new.is_single:
        return []
    shared = [(first[name][0], second[name][0]) for name in first if name in second]
    competing = [(a, b) for a, b in shared if a in old.chosen and b in new.chosen]
    return [
        both(old.chosen[a], old.chosen[c], old.better(a, c), new.chosen[b], new.chosen[d], new.better(d, b))
        for a, b in competing
        for c, d in competing
        if a != c
    ]


def _more(old: Choosing, new: Choosing) -> Term:
    """That somebody may have something by one policy alone."""
    second = _names(new)
    ways = []
    for name, numbers in _names(old).items():
        a, b = (
            some(old.passes(n) for n in numbers),
            some((NO, *(new.passes(n) for n in second.get(name, ())))),
        )
        if not a.eq(b):
            ways.append(both(a, opposite(b)))
    return some(ways)


def _explored(choosing: Choosing) -> Term:
    """That exploring may choose something but the best."""
    return some(both(choosing.explored(n), opposite(choosing.best(n))) for n in choosing.competing)


def _holdouts(replay: Replay) -> set[tuple[object, ...]]:
    """Whom they hold out, and when."""
    return {
        (h.by, h.seed, h.share, "" if h.active is None else show_expr(h.active))
        for h in replay.program.holdouts
    }


# --- by the interpreter -----------------------------------------------------------------------------


def _decided(replay: Replay, customer: Customer) -> list[str]:
    chosen = replay.decide(fitted(replay, customer)).chosen
    return [replay.program.candidates[choice.candidate].name for choice in chosen]


def _passing(replay: Replay, customer: Customer) -> set[str]:
    stories = replay.decide(fitted(replay, customer)).stories
    return {replay.program.candidates[n].name for n, s in enumerate(stories) if s.fate >= Fate.OUTRANKED}


def fitted(replay: Replay, customer: Customer) -> Customer:
    """The customer with the fields of a policy; contacts with what both policies call the same."""
    plain = replay.plain()
    row = {name: customer.row.get(name, value) for name, value in plain.row.items()}
    context = {name: customer.context.get(name, value) for name, value in plain.context.items()}
    return Customer(row, customer.now, context, {}, customer.contacts)


def _example(
    subjects: tuple[Subject, Subject], replays: tuple[Replay, Replay], customer: Customer, kind: str
) -> Example:
    old, new = (fitted(replay, customer) for replay in replays)
    decisions = [replay.decide(each) for replay, each in zip(replays, (old, new), strict=True)]
    title = "decided differently" if kind == "same" else "no longer allowed"
    text = as_test.as_test(replays[0], old, title, decided_lines(replays[0], old), subjects[0].read)
    fails = subjects[0].fails(text, title)
    return Example(
        customer=tuple(as_test.readable(replays[0], old)),
        moment=as_test.moment(customer.now, replays[0].zone),
        history=tuple(as_test.history(replays[0].program, customer, each) for each in customer.contacts),
        decided=tuple(
            tuple(replay.program.candidates[c.candidate].name for c in decision.chosen)
            for replay, decision in zip(replays, decisions, strict=True)
        ),
        reasons=tuple(decision.reason for decision in decisions),
        test=text if fails is not None else "",
        fails=bool(fails),
    )
