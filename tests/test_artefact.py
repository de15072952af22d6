"""Compiled policies as files: complete, refused when damaged, and harmless when forged."""

import hashlib
import struct
from dataclasses import asdict, replace
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_programs import BROKEN, NOW, POOL, SOURCE, candidate, column, number, program, rule

from nbadsl.engine.batch import Engine
from nbadsl.plan.artefact import BadArtefact, dump, load, loads, save
from nbadsl.plan.lower import lower
from nbadsl.plan.meaning import policy_hash
from nbadsl.plan.ops import CODE, OPS, WIDTH
from nbadsl.plan.plan import FATES, VALID, Parts, Plan
from nbadsl.plan.verify import verify
from nbadsl.plan.verify_tables import BadPlan
from nbadsl.program.givens import givens
from nbadsl.program.nodes import (
    ELIGIBLE,
    Arbitration,
    Experiment,
    Explore,
    Input,
    Most,
    Program,
)
from nbadsl.source import Source, Span
from nbadsl.types import FLAG, NUMBER, TEXT, Set, Words

AGE, CITY, PLAN = column("age"), POOL.column("city", TEXT, True), Words(("basic", "plus"))
LIKES = Set(tuple(f"w{i}" for i in range(70)))
# The bound is this file's own: an expression of another file would bring its place along.
ADULT = POOL.compare(">=", AGE, number(17.75), origin=Span(SOURCE, 2, 5))
INPUTS = (
    Input("id", TEXT),
    Input("age", NUMBER, optional=True),
    Input("city", TEXT, optional=True),
    Input("plan", PLAN),
    Input("likes", LIKES),
    Input("vip", FLAG),
)


def policy(**parts: object) -> Program:
    """A policy that uses nearly every kind of instruction."""
    plan = POOL.column("plan", PLAN, False)
    wants = POOL.has("any", POOL.column("likes", LIKES, False), ("w3", "w68"))
    here = POOL.match("starts", CITY, POOL.literal("B", TEXT))
    score = POOL.arithmetic("exp", POOL.arithmetic("mul", AGE, number(0.01)))
    return program(
        candidate("a", score, rule(ELIGIBLE, ADULT), rule(ELIGIBLE, POOL.member(plan, ("plus",)))),
        candidate("b", 0.5, rule(ELIGIBLE, wants), rule(ELIGIBLE, POOL.column("vip", FLAG, False))),
        candidate("c", POOL.arithmetic("add", BROKEN, AGE), rule(ELIGIBLE, here, unknown_passes=True)),
        candidate("d", POOL.choose(ADULT, AGE, POOL.or_else(AGE, number(3.0)))),
        inputs=INPUTS,
        experiments=(Experiment("price", "id", "price", (("low", 0.5), ("high", 0.5))),),
        **parts,
    )


SAVED = dump(lower(policy()), policy())
PEOPLE = pa.table(
    {
        "id": ["c1", "c2", "c3"],
        "age": [20.0, None, 17.0],
        "city": ["Berlin", None, "Rome"],
        "plan": ["plus", "basic", "plus"],
        "likes": [["w3"], ["w68"], ["w1"]],
        "vip": [True, True, False],
    }
)


def run(plan: Plan) -> list[int]:
    chosen = Engine(plan).decide(PEOPLE, givens(policy(), NOW)).outcome.chosen
    return chosen.ravel().tolist()  # type: ignore[no-any-return]


def test_a_policy_comes_back_from_its_file(tmp_path: Path):
    path = tmp_path / "p.nbac"
    save(path, lower(policy()), policy())
    loaded = load(path)
    assert repr(loaded.plan) == repr(lower(policy()))
    assert run(loaded.plan) == run(lower(policy())) == [3, 1, 3]
    assert [p.name for p in tmp_path.iterdir()] == ["p.nbac"]


def test_the_program_within_is_whole_and_knows_its_source():
    program = loads(SAVED).program()
    assert program.candidates[0].rules[0].when.origin is not None
    assert program.candidates[0].rules[0].when.origin.text == "234"
    assert repr(replace(program, candidates=())) == repr(replace(policy(), candidates=()))


def test_the_program_of_another_plan_is_refused():
    other = dump(lower(policy()), policy(name="other"))
    with pytest.raises(BadArtefact, match="not that of the plan"):
        loads(other).program()


def test_every_flipped_byte_is_refused():
    for place in range(len(SAVED)):
        for bit in (1, 0x80):
            damaged = bytearray(SAVED)
            damaged[place] ^= bit
            with pytest.raises(BadArtefact):
                loads(bytes(damaged))


def test_a_cut_or_lengthened_file_is_refused():
    for length in range(0, len(SAVED), 7):
        with pytest.raises(BadArtefact):
            loads(SAVED[:length])
    with pytest.raises(BadArtefact, match="bytes instead of"):
        loads(SAVED + b"\0")


def test_the_message_names_the_file_and_what_to_do(tmp_path: Path):
    path = tmp_path / "old.nbac"
    path.write_bytes(SAVED[:8] + struct.pack("<I", 9) + SAVED[12:])
    with pytest.raises(BadArtefact, match=r"old\.nbac has format 9.*compile the policy again"):
        load(path)
    path.write_bytes(b"policy p {}\n")
    with pytest.raises(BadArtefact, match="is not a compiled policy"):
        load(path)


# --- forged files ------------------------------------------------------------------------------------


def forged(content: bytes) -> bytes:
    """A file with a right length and checksum."""
    return SAVED[:12] + struct.pack("<Q", len(content)) + hashlib.sha256(content).digest() + content


HEAD = 52


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_forged_file_is_refused_or_runs_safely(data: st.DataObject):
    content = bytearray(SAVED[HEAD:])
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        artefact = loads(forged(bytes(content)))
    except BadArtefact:
        return
    try:
        run(artefact.plan)
    except ValueError:
        pass  # a column or a constant that this run does not bring
    try:
        artefact.program()
    except BadArtefact:
        pass


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_a_plan_with_one_forged_number_is_refused_or_runs_safely(data: st.DataObject):
    plan = lower(policy())
    what = data.draw(st.sampled_from(["code", "code", "code", "lists", "constants", "masks"]))
    numbers = list(getattr(plan, what))
    place = data.draw(st.integers(0, len(numbers) - 1))
    if what == "constants":
        numbers[place] = data.draw(st.floats())
    elif what == "masks":
        numbers[place] = data.draw(st.integers(0, 2**64 - 1))
    else:
        numbers[place] = data.draw(st.integers(-3, 80) | st.sampled_from([2**31 - 1, -(2**31), 10_000]))
    changed = replace(plan, **{what: tuple(numbers)})
    try:
        verify(changed)
    except BadPlan:
        return
    run(changed)


def instruction(plan: Plan, name: str) -> int:
    """Where the first instruction of a name begins in the code."""
    return next(i for i in range(0, len(plan.code), WIDTH) if plan.code[i] == CODE[name])


def again(plan: Plan, name: str, number: int = 1, at: int | None = None) -> Plan:
    """A plan in which the first instruction of a name stands so many times more, where it stands or elsewhere."""
    rows = [list(plan.code[i : i + WIDTH]) for i in range(0, len(plan.code), WIDTH)]
    here = instruction(plan, name) // WIDTH
    place = here if at is None else at
    for row in rows:
        for operand, kind in enumerate(OPS[row[0]].operands, start=1):
            row[operand] += number if kind == "j" and row[operand] > place else 0
    parts = {name: start + (number if start > place else 0) for name, start in asdict(plan.parts).items()}
    rows[place:place] = [rows[here]] * number
    return replace(plan, code=tuple(chain.from_iterable(rows)), parts=Parts(**parts))


def changed(name: str, operand: int, value: int, plan: Plan | None = None) -> Plan:
    plan = plan or lower(policy())
    code = list(plan.code)
    code[instruction(plan, name) + operand] = value
    return replace(plan, code=tuple(code))


COLUMNS = lower(policy()).columns


def counting(counter: int) -> Plan:
    """A plan whose first rule counts somewhere else."""
    plan = lower(policy())
    lists = list(plan.lists)
    lists[plan.code[instruction(plan, "gate") + 2] + 2] = counter
    return replace(plan, lists=tuple(lists))


STANDS = lower(
    program(
        candidate("a", 1.0, rule(ELIGIBLE, ADULT)),
        candidate("last", None),
        inputs=INPUTS,
        arbitration=Arbitration(fallback="last"),
    )
)


def standing_among_selected() -> Plan:
    """A plan in which somebody stands while rows are selected, whose indices it overwrites."""
    plan = again(STANDS, "stand", at=instruction(STANDS, "dense") // WIDTH)
    code, second = list(plan.code), instruction(STANDS, "stand") + WIDTH
    code[instruction(plan, "stand") + 1] = 2 * VALID
    code[second : second + WIDTH] = [CODE["fill"], 2, 0, 0, 0, 0]
    return replace(plan, code=tuple(code))


@pytest.mark.parametrize(
    ("plan", "problem"),
    [
        (standing_among_selected(), "`stand` is not for the rows"),
        (changed("range", 1, 1), "out of range"),  # the mask of valid rows
        (changed("range", 1, 999), "out of range"),
        (changed("range", 2, 999), "out of range"),
        (changed("range", 4, -1), "out of range"),
        (changed("gather", 1, 999), "out of range"),
        (changed("words", 4, 999), "out of range"),
        (changed("words", 4, 0), "beyond the lists"),
        (changed("gate", 3, 9), "beyond the lists"),
        (counting(1), "counter"),  # the second of two
        (counting(2), "counter"),  # another rule's
        (counting(4), "counter"),  # another candidate's
        (
            counting(lower(policy()).rule_counters + FATES.index("quiet")),
            "counter",
        ),  # of a moment; this is none
        (counting(lower(policy()).rule_counters + FATES.index("passed")), "counter"),
        (changed("gate", 4, 1), "leads back"),
        (changed("gate", 4, 10_000), "out of range"),
        (changed("best", 2, 3), "offered twice"),
        (again(STANDS, "stand"), "offered twice"),
        (again(STANDS, "stand", 5000), "offered twice"),
        (changed("stand", 2, 0, STANDS), "offered twice"),
        (changed("select", 0, CODE["dense"]), "not for the rows"),
        (changed("dense", 0, CODE["end"]), "not for the rows"),
        (changed("has_any", 0, CODE["range"]), "another kind"),
        (changed("best", 4, 2), "out of range"),
        (changed("count", 2, 0), "out of range"),
        (
            replace(lower(policy()), columns=(*COLUMNS, replace(COLUMNS[0], other=COLUMNS[0].source))),
            "not fit",
        ),
        (changed("best", 0, CODE["give"]), "what it must not"),
        (replace(lower(policy()), code=()), "cut off"),
        (replace(lower(policy()), code=lower(policy()).code[:-1]), "cut off"),
        (replace(lower(policy()), code=lower(policy()).code[:-WIDTH]), "no end"),
        (replace(lower(policy()), mask_registers=1 << 40), "registers"),
        (replace(lower(policy()), mask_registers=3), "out of range"),
        (replace(lower(policy()), rules=()), "do not fit"),
        (replace(lower(policy()), masks=(2**64,)), "too large"),
        (replace(lower(policy()), givens=((99, "now"),)), "constant"),
        (replace(lower(policy()), givens=((0, "nobody"),)), "given"),
    ],
)
def test_a_plan_that_would_read_or_write_elsewhere_is_refused(plan: Plan, problem: str):
    with pytest.raises(BadPlan, match=problem):
        verify(plan)


def test_a_test_of_texts_may_not_be_asked_of_a_column_with_more_values():
    plan = lower(policy())
    column = plan.columns[plan.code[instruction(plan, "test") + 2]]
    other = replace(plan, columns=(*plan.columns, replace(column, source=replace(column.source, name="id"))))
    with pytest.raises(BadPlan, match="another column"):
        verify(changed("test", 2, len(plan.columns), other))


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"1e999"])
def test_a_file_with_numbers_that_are_none_is_refused(number: bytes):
    lengths = struct.unpack("<QQQ", SAVED[HEAD : HEAD + 24])
    text = SAVED[HEAD + 24 : HEAD + 24 + lengths[0]].replace(b"0.5", number, 1)
    content = struct.pack("<QQQ", len(text), *lengths[1:]) + text + SAVED[HEAD + 24 + lengths[0] :]
    with pytest.raises(BadArtefact, match=r"NaN|Infinity|inf is no float"):
        loads(forged(content))


# --- the hash ------------------------------------------------------------------------------------------


def test_the_hash_is_of_the_meaning_not_of_the_text():
    here, there = Source("a.nba", "x" * 50), Source("b.nba", "\n" * 50)

    def placed(source: Source, at: int) -> Program:
        origin = Span(source, at, at + 1)
        flag = POOL.compare("<", AGE, number(30.0), origin=origin)
        return program(
            candidate("a", 1.0, replace(rule(ELIGIBLE, flag), origin=origin)),
            inputs=(INPUTS[0], replace(INPUTS[1], doc=source.path)),
        )

    assert policy_hash(placed(here, 1)) == policy_hash(placed(there, 7))


def test_the_hash_changes_with_the_meaning():
    plans = [
        policy(),
        policy(arbitration=Arbitration(pick=2)),
        policy(arbitration=Arbitration(pick=2, most=(Most(2, "action"),))),
        policy(explore=Explore(0.1, (0,))),
        policy(explore=Explore(0.1, (1,))),
        policy(name="other"),
        program(candidate("a", 1.0)),
        program(candidate("a", 1.5)),
        program(candidate("a", -0.0)),
        program(candidate("a", 0.0)),
    ]
    hashes = [policy_hash(p) for p in plans]
    assert len(set(hashes)) == len(hashes)
    assert hashes[0] == policy_hash(loads(SAVED).program())


def test_the_hash_is_the_same_on_every_machine():
    """Fixed by hand: a change here means that no saved decision can be traced to its policy any more."""
    plain = program(candidate("a", 1.0))
    assert policy_hash(plain)[:12] == KNOWN


KNOWN = "c8925f220066"
