"""The vector engine where random programs do not look: data in odd forms, empty and wide tables, bad rows, notes."""

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_programs import BROKEN, NOW, POOL, candidate, column, number, program, rule

import nbadsl
from nbadsl.data.rules import BadData
from nbadsl.engine import compiled, hashing
from nbadsl.engine.batch import Engine, Results, decide
from nbadsl.engine.choose import BAD_DATA
from nbadsl.interpreter.decide import decide as decide_by_hand
from nbadsl.plan.lower import lower
from nbadsl.plan.ops import OPS, WIDTH
from nbadsl.program import chance
from nbadsl.program.givens import givens
from nbadsl.program.nodes import ELIGIBLE, Arbitration, Explore, Expr, Holdout, Input, Most, Program, Tier
from nbadsl.types import DATE, DURATION, HOUR, INTEGER, NUMBER, TEXT, TIME, Money, Set, Words

KEY = Input("id", TEXT)


def asked(when: Expr, field: Input, values: pa.Array | pa.ChunkedArray, **how: int) -> list[bool]:
    """For each value of a field whether a rule lets it pass."""
    policy = program(candidate("a", 1.0, rule(ELIGIBLE, when)), inputs=(KEY, field))
    table = pa.table({"id": ["c"] * len(values), field.column or field.name: values})
    results = decide(lower(policy), table, givens(policy, NOW), **how)
    assert (results.outcome.bad < 0).all(), results.outcome.bad
    return (results.outcome.chosen[:, 0] == 0).tolist()  # type: ignore[no-any-return]


def run(policy: Program, table: pa.Table, **how: int) -> Results:
    return decide(lower(policy), table, givens(policy, NOW), **how)


# --- columns as they come ------------------------------------------------------------------------------

INTEGERS = (pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64())
COMPARE = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}


@pytest.mark.parametrize("type", [*INTEGERS, pa.float16(), pa.float32(), pa.float64()], ids=str)
@pytest.mark.parametrize("op", COMPARE)
@pytest.mark.parametrize("bound", [3.0, 2.5, -1.0, 0.0, 127.0, 128.0, 1e300, -1e300, 0.1])
def test_a_column_is_compared_in_its_own_type_as_doubles_are(type: pa.DataType, op: str, bound: float):
    low = 0 if pa.types.is_unsigned_integer(type) else -3
    numbers = [*range(low, 5), 127]
    values = pa.array(np.array(numbers, type.to_pandas_dtype()), type)
    if pa.types.is_floating(type):
        values = pa.array(np.array([*numbers, 2.5, 0.1, -0.0], type.to_pandas_dtype()), type)
    field = Input("x", NUMBER)
    when = POOL.compare(op, POOL.column("x", NUMBER, False), number(bound))
    doubles = values.to_numpy(zero_copy_only=False).astype(np.float64)
    assert asked(when, field, values) == COMPARE[op](doubles, bound).tolist()


@pytest.mark.parametrize("bounds", [(1.0, 3.0), (0.5, 2.5), (3.0, 1.0), (-1e300, 1e300), (2.0, 2.0)])
@pytest.mark.parametrize("type", [pa.int8(), pa.int64(), pa.float32(), pa.float64()], ids=str)
def test_between_is_one_test_and_includes_both_ends(type: pa.DataType, bounds: tuple[float, float]):
    x, field = POOL.column("x", NUMBER, True), Input("x", NUMBER, optional=True)
    low, high = map(number, bounds)
    between = POOL.both(POOL.compare(">=", x, low), POOL.compare("<=", x, high))
    values = pa.array([0, 1, 2, 3, None, 4], type)
    expected = [v is not None and bounds[0] <= v <= bounds[1] for v in values.to_pylist()]
    assert asked(between, field, values) == expected
    outside = [v is not None and not bounds[0] <= v <= bounds[1] for v in values.to_pylist()]
    assert asked(POOL.negate(between), field, values) == outside
    plan = lower(program(candidate("a", 1.0, rule(ELIGIBLE, between)), inputs=(KEY, field)))
    assert "within" in {OPS[op].name for op in plan.code[::WIDTH]}


def test_whole_numbers_beyond_exact_doubles_are_compared_as_the_doubles_they_are_read_as():
    x = POOL.column("x", NUMBER, False)
    values = pa.array([2**53 + 1, 2**62 + 1, 2**63 - 1], pa.int64())
    assert asked(POOL.compare(">", x, number(float(2**53))), Input("x", NUMBER), values) == [
        False,
        True,
        True,
    ]
    assert asked(POOL.compare(">=", x, number(float(2**63))), Input("x", NUMBER), values) == [
        False,
        False,
        True,
    ]


@given(st.lists(st.integers(-(10**14), 10**14), min_size=1), st.integers(0, 6))
def test_decimals_are_the_doubles_nearest_to_them(units: list[int], scale: int):
    decimals = [Decimal(n).scaleb(-scale) for n in units]
    doubles = {float(d) for d in decimals}
    field, x = Input("x", Money("EUR")), POOL.column("x", Money("EUR"), False)
    equal: Expr = POOL.no()
    for value in doubles:
        equal = POOL.either(equal, POOL.compare("==", x, POOL.literal(value, Money("EUR"))))
    for precision in (15, 30):
        assert all(asked(equal, field, pa.array(decimals, pa.decimal128(precision, scale))))


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_moments_of_every_unit_and_zone_are_the_same_moments(unit: str):
    now = POOL.given("now", TIME)
    values = pa.array(
        [datetime(2026, 11, 10, 9, tzinfo=UTC), datetime(2026, 11, 10, 8, tzinfo=UTC)], pa.timestamp("us")
    )
    when = POOL.compare("==", POOL.column("x", TIME, False), now)
    for zone in (None, "UTC", "Asia/Tokyo"):
        assert asked(
            when, Input("x", TIME), values.cast(pa.timestamp(unit)).cast(pa.timestamp(unit, zone))
        ) == [True, False]


def test_digits_finer_than_microseconds_are_cut_off_downwards():
    when = POOL.compare("==", POOL.column("x", TIME, False), POOL.literal(-1.0, TIME))
    assert asked(when, Input("x", TIME), pa.array([-1, -999, -1000, -1001], pa.timestamp("ns"))) == [
        True,
        True,
        True,
        False,
    ]


def test_a_duration_may_be_a_number_of_a_unit():
    when = POOL.compare("==", POOL.column("x", DURATION, False), POOL.literal(1.5 * HOUR, DURATION))
    field = Input("x", DURATION, unit=HOUR)
    assert asked(when, field, pa.array([1.5, 2.0], pa.float32())) == [True, False]
    assert asked(when, field, pa.array([5400, 0], pa.duration("s"))) == [True, False]


def test_days_may_be_date32_or_date64():
    when = POOL.compare("==", POOL.column("x", DATE, False), POOL.literal(-1.0, DATE))
    for values in (pa.array([-1, 0], pa.date32()), pa.array([-86_400_000, 0], pa.int64()).view(pa.date64())):
        assert asked(when, Input("x", DATE), values) == [True, False]


TEXTS = ["Berlin", None, "", "Bern", "Rom", "é🦄"]


@pytest.mark.parametrize(
    "type",
    [
        pa.string(),
        pa.large_string(),
        pa.string_view(),
        pa.dictionary(pa.int8(), pa.string()),
        pa.dictionary(pa.int64(), pa.large_string()),
    ],
    ids=str,
)
def test_texts_are_tested_whatever_they_are_stored_as(type: pa.DataType):
    x, field = POOL.column("x", TEXT, True), Input("x", TEXT, optional=True)
    values = pa.array(TEXTS, pa.string()).cast(type)
    starts = POOL.match("starts", x, POOL.literal("Ber", TEXT))
    assert asked(starts, field, values) == [True, False, False, True, False, False]
    assert asked(POOL.negate(starts), field, values) == [False, False, True, False, True, True]
    assert asked(POOL.match("contains", x, POOL.literal("🦄", TEXT)), field, values)[-1]
    assert asked(POOL.is_known(x), field, values) == [True, False, True, True, True, True]


@pytest.mark.parametrize("op", ["starts", "ends", "contains", "member"])
@pytest.mark.parametrize("negated", [False, True])
def test_many_distinct_texts_are_tested_as_few_are(op: str, negated: bool):
    x, field = POOL.column("x", TEXT, True), Input("x", TEXT, optional=True)
    few = ["a1", "b1", None, "1a", "é1", ""]
    many = [*few, *(f"other{i}" for i in range(3000))]
    when = POOL.member(x, ("a1", "")) if op == "member" else POOL.match(op, x, POOL.literal("1", TEXT))
    when = POOL.negate(when) if negated else when
    assert asked(when, field, pa.array(many))[: len(few)] == asked(when, field, pa.array(few))


def test_a_dictionary_may_repeat_values_and_hold_nulls():
    x, field = POOL.column("x", TEXT, True), Input("x", TEXT, optional=True)
    values = pa.DictionaryArray.from_arrays(
        pa.array([0, 1, 2, None, 1], pa.int8()), pa.array(["a", "a", None])
    )
    assert asked(POOL.same(x, POOL.literal("a", TEXT)), field, values) == [True, True, False, False, True]
    assert asked(POOL.is_known(x), field, values) == [True, True, False, False, True]


def test_words_beyond_a_byte_have_codes_of_two():
    words = Words(tuple(f"w{i}" for i in range(1000)))
    x, field = POOL.column("x", words, True), Input("x", words, optional=True)
    values = pa.array(["w0", "w999", None, "w255", "w256"])
    assert asked(POOL.member(x, ("w255", "w999")), field, values) == [False, True, False, True, False]
    assert asked(POOL.negate(POOL.member(x, ("w255", "w999"))), field, values) == [
        True,
        False,
        False,
        False,
        True,
    ]


def test_sets_of_many_words_and_null_lists():
    words = Set(tuple(f"w{i}" for i in range(130)))
    x, field = POOL.column("x", words, True), Input("x", words, optional=True)
    values = pa.array([["w0", "w64", "w129"], [], None, ["w63", "w63"], ["w129"]], pa.list_(pa.string()))
    assert asked(POOL.has("any", x, ("w63", "w129")), field, values) == [True, False, False, True, True]
    assert asked(POOL.has("all", x, ("w0", "w129")), field, values) == [True, False, False, False, False]
    assert asked(POOL.negate(POOL.has("any", x, ("w129",))), field, values) == [
        False,
        True,
        False,
        True,
        False,
    ]
    sliced = pa.concat_arrays([pa.array([["w1"]], values.type), values]).slice(1)
    assert asked(POOL.has("any", x, ("w63", "w129")), field, sliced) == [True, False, False, True, True]


def test_two_columns_of_texts_are_compared_whatever_their_dictionaries():
    a, b = POOL.column("a", TEXT, True), POOL.column("b", TEXT, True)
    policy = program(
        candidate("same", 2.0, rule(ELIGIBLE, POOL.same(a, b))),
        candidate("different", 1.0, rule(ELIGIBLE, POOL.negate(POOL.same(a, b)))),
        inputs=(KEY, Input("a", TEXT, optional=True), Input("b", TEXT, optional=True)),
    )
    table = pa.table(
        {
            "id": ["1", "2", "3", "4"],
            "a": pa.array(["x", "y", None, "z"]).dictionary_encode(),
            "b": pa.array(["x", "x", None, None], pa.large_string()),
        }
    )
    assert run(policy, table).outcome.chosen.ravel().tolist() == [0, 1, -1, -1]


# --- tables as they come -------------------------------------------------------------------------------


def ages(count: int) -> pa.Table:
    return pa.table({"id": [str(i) for i in range(count)], "age": pa.array(range(count), pa.int32())})


ADULT = program(
    candidate("a", column("age"), rule(ELIGIBLE, POOL.compare(">=", column("age"), number(18.0)))),
    inputs=(KEY, Input("age", INTEGER, low=0.0, high=1e6)),
)


@pytest.mark.parametrize("rows", [0, 1, 7, 8, 63, 64, 65, 511, 512, 513, 2047, 2048, 2049, 5000])
def test_every_number_of_rows_is_decided_to_its_last(rows: int):
    found = run(ADULT, ages(rows), threads=3).outcome
    assert found.chosen.ravel().tolist() == [0 if i >= 18 else -1 for i in range(rows)]
    assert found.score[18:].ravel().tolist() == [float(i) for i in range(18, rows)]


def test_a_table_in_chunks_is_one_table():
    table = pa.concat_tables([ages(300)] * 5)
    assert len(table.column(0).chunks) == 5
    assert (run(ADULT, table).outcome.chosen == np.tile(run(ADULT, ages(300)).outcome.chosen, (5, 1))).all()
    assert run(ADULT, table).counters.stopped.tolist() == [5 * 18]


def test_counters_of_batches_add_up_to_those_of_the_whole():
    engine, given_ = Engine(lower(ADULT)), givens(ADULT, NOW)
    whole = engine.decide(ages(1000), given_).counters
    parts = (
        engine.decide(ages(1000).slice(0, 333), given_).counters
        + engine.decide(ages(1000).slice(333), given_).counters
    )
    for name in ("rows", "stopped", "unknown", "fates", "undefined", "reasons", "bad", "held"):
        assert np.array_equal(getattr(whole, name), getattr(parts, name)), name


def test_a_missing_column_and_a_wrong_type_stop_the_run_with_all_that_is_wrong():
    with pytest.raises(BadData, match="column `age` is missing") as error:
        run(ADULT, pa.table({"id": [1.5]}))
    assert len(error.value.problems) == 2


def test_an_optional_column_that_nothing_reads_may_be_missing():
    policy = program(candidate("a"), inputs=(KEY, Input("spare", NUMBER, optional=True)))
    assert run(policy, pa.table({"id": ["1"]})).outcome.chosen.tolist() == [[0]]


# --- bad rows ----------------------------------------------------------------------------------------


def test_a_bad_row_is_decided_nothing_and_names_the_first_bad_field():
    plan = Words(("basic", "plus"))
    fields = (
        KEY,
        Input("age", INTEGER, low=0.0, high=120.0),
        Input("plan", plan),
        Input("fee", NUMBER, optional=True),
    )
    policy = program(candidate("a"), inputs=fields)
    table = pa.table(
        {
            "id": ["1", "2", None, "4", "5", "6"],
            "age": pa.array([20, 121, 30, None, 40, 50], pa.int8()),
            "plan": ["plus", "gold", "plus", "gold", "gold", "basic"],
            "fee": [1.0, 1.0, 1.0, 1.0, 1.0, float("nan")],
        }
    )
    found = run(policy, table)
    assert found.outcome.bad.tolist() == [-1, 1, 0, 1, 2, 3]
    assert found.outcome.chosen.ravel().tolist() == [0, -1, -1, -1, -1, -1]
    assert found.outcome.reason[1:].tolist() == [BAD_DATA] * 5
    assert found.counters.bad.tolist() == [1, 2, 1, 1] and found.counters.fates[0, 4] == 1


def test_what_could_not_be_read_counts_where_it_stands_among_the_fields():
    engine = Engine(lower(ADULT))
    table = pa.table({"id": ["1", "2", None], "age": pa.array([1, -1, 30], pa.int32())})
    unreadable = np.array([1, 0, 1], np.int32)
    found = engine.decide(table, givens(ADULT, NOW), unreadable=unreadable).outcome
    assert found.bad.tolist() == [1, 0, 0]


def test_a_word_that_is_only_in_the_dictionary_makes_nobody_bad():
    field = Input("plan", Words(("basic", "plus")))
    values = pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int8()), pa.array(["basic", "plus", "gold"]))
    assert asked(POOL.yes(), field, values) == [True, True]


# --- choosing --------------------------------------------------------------------------------------------


def test_many_candidates_are_ranked_with_limits_as_by_hand():
    candidates = tuple(
        candidate(
            f"a{i % 40}", float((i * 7919) % 101), channel=("email", "push")[i % 2], groups=(f"g{i % 5}",)
        )
        for i in range(300)
    )
    limits = (Most(2, "action"), Most(3, "group"), Most(5, "channel"))
    policy = program(*candidates, arbitration=Arbitration(pick=8, most=limits))
    by_hand = decide_by_hand(policy, {"id": "1"}, givens(policy, NOW))
    found = run(policy, pa.table({"id": ["1", "2"]})).outcome
    assert found.chosen.tolist() == [[c.candidate for c in by_hand.chosen]] * 2


def test_exploring_draws_anew_for_each_person_and_says_how_probable_it_was():
    candidates = tuple(candidate(f"a{i}", float(i)) for i in range(4))
    policy = program(*candidates, explore=Explore(0.5, (0, 1, 3)))
    found = run(policy, pa.table({"id": [str(i) for i in range(6000)]})).outcome
    shares = np.bincount(found.chosen[:, 0], minlength=4) / 6000
    assert np.allclose(shares, [1 / 6, 1 / 6, 0, 2 / 3], atol=0.03)
    assert set(found.probability[found.chosen == 3]) == {0.5 + 0.5 / 3}
    assert set(found.probability[found.chosen == 0]) == {0.5 / 3}


def test_people_in_a_holdout_keep_what_they_would_have_got():
    policy = program(candidate("a"), holdouts=(Holdout("universal", 0.5, "id", "universal"),))
    found = run(policy, pa.table({"id": [str(i) for i in range(1000)]}))
    held = found.outcome.holdout == 0
    assert 400 < held.sum() < 600 and (found.outcome.chosen == 0).all()
    assert found.counters.held.tolist() == [held.sum()] and found.counters.reasons[0] == 1000 - held.sum()


# --- undefined operations -----------------------------------------------------------------------------------


def test_an_undefined_operation_is_counted_for_those_who_reach_it():
    policy = program(
        candidate("a", BROKEN, rule(ELIGIBLE, POOL.compare(">=", column("age"), number(18.0)))),
        inputs=ADULT.inputs,
    )
    plan = lower(policy)
    found = run(policy, ages(5000), threads=2).counters
    assert [(place.line, place.text) for place in plan.undefined] == [(1, "0")]
    assert found.undefined.tolist() == [5000 - 18] and found.fates[0, 2] == 5000 - 18


def test_what_is_undefined_on_the_way_to_a_certain_answer_is_counted():
    """Found by chance: a default makes it certain that there is a value, and the first one was not computed."""
    broken = POOL.arithmetic("log", POOL.arithmetic("neg", column("age")))
    known = POOL.is_known(POOL.or_else(broken, number(1.0)))
    found = run(program(candidate("a", 1.0, rule(ELIGIBLE, known)), inputs=ADULT.inputs), ages(100)).counters
    assert found.undefined.tolist() == [100] and found.stopped.sum() == 0


def test_a_tier_is_asked_for_before_the_threshold():
    """Found by chance: who is below the threshold was not counted where the tier was undefined."""
    broken = POOL.arithmetic("log", POOL.arithmetic("neg", column("age")))
    tiers = (Tier(0, POOL.compare("<", broken, number(1.0))), Tier(1, None))
    policy = program(
        candidate("a", 0.5, tiers=tiers), inputs=ADULT.inputs, arbitration=Arbitration(threshold=number(1.0))
    )
    found = run(policy, ages(100)).counters
    assert found.fates[0].tolist() == [0, 0, 0, 100, 0, 0]
    assert found.undefined.tolist() == [100]


# --- hashes -----------------------------------------------------------------------------------------------


@settings(max_examples=300)
@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1),
    st.text(max_size=5),
    st.integers(0, 2**64),
)
def test_places_and_draws_are_those_of_the_definition(keys: list[str], seed: str, run_seed: int):
    experiment = seed.encode("utf-8", "replace").decode()
    expected = [chance.place(experiment, key) for key in keys]
    bases = [chance.base(chance.decision_id(key, NOW, "größe"), run_seed) for key in keys]
    for type in (pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())):
        array = pa.array(keys, pa.string()).cast(type)
        shifted = pa.concat_arrays([array.slice(0, 1), array]).slice(1)
        assert (hashing.places(shifted, experiment) / 10_000).tolist() == expected
        assert hashing.bases(shifted, NOW, run_seed, "größe").view(np.uint64).tolist() == bases


@given(st.lists(st.integers(-(2**53), 2**53), min_size=1))
def test_whole_numbers_are_hashed_by_their_digits(keys: list[int]):
    expected = [chance.place("seed", str(key)) for key in keys]
    for array in (pa.array(keys, pa.int64()), pa.array([float(k) for k in keys])):
        assert (hashing.places(array, "seed") / 10_000).tolist() == expected


# --- the machine code ---------------------------------------------------------------------------------------


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder with a module `own`, whose function `slow` is compiled apart, and leaves a line in `own.py.compiled` then."""
    code = (
        "from nbadsl.engine import compiled, kernel\n"
        "fast = compiled.Compiled(lambda stamp: lambda x: x + len(stamp), 'int64(int64)')\n"
        "slow = compiled.Compiled(lambda stamp: lambda x: x - len(stamp), 'int64(int64)',\n"
        '    apart=\'import own, time; open(own.__file__ + ".compiled", "a").write("once\\\\n"); time.sleep(1); own.slow.compile()\')\n'
    )
    (tmp_path / "own.py").write_text(code)
    return tmp_path


USE = (
    "import own\n"
    "with own.compiled.telling(print): print(own.fast(1)); print(own.slow(1))\n"
    "print(sum(own.slow._code.stats.cache_hits.values()))"
)


def start(folder: Path, code: str = USE) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    # Not the folder that it runs in: processes of our own find no modules there.
    own = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(folder), str(Path(nbadsl.__file__).parent.parent)])
    }
    command = [sys.executable, "-c", code]
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=folder.parent, env=own)


def lines(process: subprocess.Popen[str]) -> list[str]:
    out, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    return [*out.splitlines(), *said.splitlines()]


def test_people_are_told_before_something_slow_is_compiled(own: Path):
    # What is slow is compiled by another process, and then loaded.
    assert lines(start(own)) == ["65", compiled.NOTE, "-63", "1"]
    # The second time it comes from the cache, and nobody is told.
    assert lines(start(own)) == ["65", "-63", "1"]


def test_of_processes_that_start_together_one_compiles(own: Path):
    for process in [start(own) for _ in range(3)]:
        assert lines(process) == ["65", compiled.NOTE, "-63", "1"]
    assert (own / "own.py.compiled").read_text() == "once\n"


def test_a_process_that_fails_to_compile_is_told_and_the_engine_runs_all_the_same(own: Path):
    text = (own / "own.py").read_text()
    (own / "own.py").write_text(text.replace("time.sleep(1)", 'raise SystemExit("no room")'))
    note = f"{compiled.SLOW}: no room"
    assert lines(start(own, "import own; print(own.slow(1))")) == ["-63", note]
    shutil.rmtree(own / "__pycache__")
    assert lines(start(own)) == ["65", compiled.NOTE, note, "-63", "0"]


def test_where_nothing_can_be_cached_the_engine_runs_all_the_same(monkeypatch: pytest.MonkeyPatch):
    real = compiled.njit

    def no_folder(**options: object) -> object:
        if options.pop("cache", False):
            raise RuntimeError("cannot cache function: no locator available")
        return real(**options)

    monkeypatch.setattr(compiled, "njit", no_folder)
    for apart in (None, "raise SystemExit"):
        assert compiled.Compiled(lambda stamp: lambda x: x + 1, "int64(int64)", apart)(1) == 2
