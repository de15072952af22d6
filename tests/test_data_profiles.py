"""Profiles from every kind of source, in bounded batches, and what is said when there is something wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from arrays import to_arrow
from strategies_profile import FIELDS, exactly, field, person

from nbadsl.data.arrow import from_arrow
from nbadsl.data.batches import Profiles
from nbadsl.data.profiles import open_profiles
from nbadsl.data.records import read_record
from nbadsl.data.rules import BadData
from nbadsl.program.decision import Row
from nbadsl.program.nodes import Input
from nbadsl.types import INTEGER, TEXT

PEOPLE = [
    read_record(FIELDS, person(customer_id="c1", complaint="2026-01-01 10:00", wait="14 days", note="é")),
    read_record(FIELDS, person(customer_id="c2", plan="basic", interests=[], income=0.5, wakes="21:00")),
    read_record(
        FIELDS, person(customer_id="c3", birthday="1990-02-03", offset=1.5, wishes=["film", "travel"])
    ),
]
TABLE = to_arrow(PEOPLE, FIELDS)
TWO = (Input("id", TEXT), Input("age", INTEGER, optional=True))


def rows(profiles: Profiles) -> list[Row]:
    """Everybody, as rows, after checking that batches say truly where they begin."""
    found: list[Row] = []
    for batch in profiles:
        assert batch.first == len(found)
        assert batch.people.schema.equals(profiles.schema)
        assert batch.given.schema.equals(profiles.given)
        found += [
            read_record(profiles.inputs, from_arrow(batch.people, profiles.inputs, i))
            for i in range(len(batch.people))
        ]
    return found


def same(found: list[Row]) -> bool:
    return [exactly(row) for row in found] == [exactly(row) for row in PEOPLE]


# --- files -------------------------------------------------------------------------------------------


def write_ipc(table: pa.Table, path: Path) -> None:
    with pa.ipc.new_file(str(path), table.schema) as out:
        out.write_table(table, max_chunksize=2)


def write_stream(table: pa.Table, path: Path) -> None:
    with pa.ipc.new_stream(str(path), table.schema) as out:
        out.write_table(table)


WRITERS: dict[str, Callable[[pa.Table, Path], object]] = {
    "p.parquet": pq.write_table,
    "p.PQ": lambda table, path: pq.write_table(table, path, row_group_size=2),
    "p.arrow": write_ipc,
    "p.arrows": write_stream,
    "stream.ipc": write_stream,
    "p.feather": pyarrow.feather.write_feather,
}


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("batch_rows", [1, 2, 100])
def test_people_come_back_from_every_kind_of_file(tmp_path: Path, name: str, batch_rows: int) -> None:
    path = tmp_path / name
    WRITERS[name](TABLE.append_column("undeclared", pa.array([1, 2, 3])), path)
    profiles = open_profiles(path, FIELDS, batch_rows=batch_rows)
    assert same(rows(profiles))
    assert same(rows(profiles))  # again
    assert all(len(batch.people) <= batch_rows for batch in profiles)
    assert "undeclared" not in profiles.schema.names
    assert profiles.paths == (path,)
    assert profiles.size == path.stat().st_size


def test_a_path_may_be_text(tmp_path: Path) -> None:
    pq.write_table(TABLE, tmp_path / "p.parquet")
    assert same(rows(open_profiles(str(tmp_path / "p.parquet"), FIELDS)))


def test_a_folder_is_all_its_parquet_files_in_order(tmp_path: Path) -> None:
    for i, place in enumerate(("a.parquet", "b/part-0.parquet", "b/part-1.parquet")):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        pq.write_table(TABLE.slice(i, 1), tmp_path / place)
    (tmp_path / "_SUCCESS").touch()
    (tmp_path / "_temporary").mkdir()
    (tmp_path / "_temporary" / "c.parquet").touch()
    (tmp_path / ".a.parquet.crc.parquet").touch()
    profiles = open_profiles(tmp_path, FIELDS)
    assert same(rows(profiles))
    assert profiles.rows == 3
    assert tmp_path in profiles.paths


def test_a_column_of_nulls_in_one_file_has_the_type_of_the_other_files(tmp_path: Path) -> None:
    for name, ages in (("a", [None]), ("b", pa.array([30], pa.int16())), ("c", [None])):
        pq.write_table(pa.table({"id": ["x"], "age": ages}), tmp_path / f"{name}.parquet")
    profiles = open_profiles(tmp_path, TWO)
    assert profiles.schema.field("age").type == pa.int16()
    assert [row["age"] for row in rows(profiles)] == [None, 30.0, None]


def test_files_of_a_folder_that_differ_are_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["x"], "age": pa.array([1], pa.int16())}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"id": ["x"], "age": pa.array([1], pa.int64())}), tmp_path / "b.parquet")
    with pytest.raises(BadData, match=r"b\.parquet: column `age` is int64, and int16 in a\.parquet"):
        open_profiles(tmp_path, TWO)
    pq.write_table(pa.table({"id": ["x"]}), tmp_path / "b.parquet")
    with pytest.raises(BadData, match=r"b\.parquet and a\.parquet do not both have `age`"):
        open_profiles(tmp_path, TWO, used={"id"})


def test_words_and_repeated_texts_come_as_codes_from_parquet_and_keys_do_not(tmp_path: Path) -> None:
    fields = (Input("id", TEXT), field("plan"), Input("city", TEXT), Input("note", TEXT))
    many = 5_000
    table = pa.table(
        {
            "id": [f"customer number {i}" for i in range(many)],
            "plan": ["basic"] * many,
            "city": ["Berlin", "Hamburg"] * (many // 2),
            "note": [f"a note that is never the same, such as {i}" for i in range(many)],
        }
    )
    pq.write_table(table, tmp_path / "p.parquet")
    profiles = open_profiles(tmp_path / "p.parquet", fields, key="id")
    coded = [pa.types.is_dictionary(column.type) for column in profiles.schema]
    assert coded == [False, True, True, False]
    assert [row["city"] for row in rows(profiles)] == table.column("city").to_pylist()
    keyed = open_profiles(tmp_path / "p.parquet", fields, key="city")
    assert keyed.schema.field("city").type == pa.string()


def test_a_wide_row_makes_smaller_batches(tmp_path: Path) -> None:
    fields = (Input("id", TEXT), *(Input(f"n{i}", INTEGER) for i in range(400)))
    column = pa.array(np.arange(5_000))
    pq.write_table(
        pa.table({"id": [str(i) for i in range(5_000)]} | {f.name: column for f in fields[1:]}),
        tmp_path / "p.parquet",
    )
    sizes = [len(batch.people) for batch in open_profiles(tmp_path / "p.parquet", fields)]
    assert sizes == [2048, 2048, 904]


def test_old_spark_times_reach_the_year_9999(tmp_path: Path) -> None:
    fields = (field("since"),)
    moments = pa.array([dt.datetime(9999, 12, 31), dt.datetime(2020, 1, 1)], pa.timestamp("us"))
    pq.write_table(pa.table({"since": moments}), tmp_path / "p.parquet", use_deprecated_int96_timestamps=True)
    assert [row["since"] for row in rows(open_profiles(tmp_path / "p.parquet", fields))] == [
        2932896 * 86400e6,
        18262 * 86400e6,
    ]


# --- what is wrong with files ------------------------------------------------------------------------


def failing(source: Any, inputs: tuple[Input, ...] = TWO) -> str:
    with pytest.raises(BadData) as error:
        rows(open_profiles(source, inputs))
    return str(error.value)


def test_a_file_that_is_not_there_is_told_with_its_nearest_neighbour(tmp_path: Path) -> None:
    (tmp_path / "customers.parquet").touch()
    assert "did you mean" in failing(tmp_path / "custmers.parquet")
    assert "customers.parquet" in failing(tmp_path / "custmers.parquet")
    assert "there is no folder" in failing(tmp_path / "nowhere" / "p.parquet")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("p.xlsx", b"PK", "the ending does not say what it holds, known are .parquet .pq .csv"),
        ("p", b"", "the ending does not say"),
        ("p.parquet", b"", "p.parquet is not a Parquet file: it is empty"),
        ("p.parquet", b"id,age\nc1,3\n", "is not a Parquet file: it does not begin with PAR1"),
        ("p.parquet", b"PAR1" + bytes(100), "is a Parquet file that is cut off or damaged"),
        ("p.arrow", b"", "p.arrow is empty"),
        ("p.arrow", b"ARROW1\x00\x00" + bytes(100), "is not an Arrow IPC file or stream, or is cut off"),
        ("p.feather", b"id,age\nc1,3\n", "is not an Arrow IPC file or stream, or is cut off"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert message in failing(tmp_path / name)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    assert "there is no Parquet file in the folder" in failing(tmp_path)


def test_wrong_columns_are_told_with_the_name_of_the_file(tmp_path: Path) -> None:
    pq.write_table(pa.table({"ID": ["c1"], "age": ["30"]}), tmp_path / "p.parquet")
    message = failing(tmp_path / "p.parquet")
    assert "p.parquet: column `id` is missing, expected text" in message
    assert "p.parquet: column `age` is text (string), expected a whole number" in message


def test_a_file_that_breaks_off_in_the_middle_is_an_error_in_our_words(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    ids = pa.array([f"{i * 7919 % 100_003}" for i in range(50_000)])
    pq.write_table(pa.table({"id": ids, "age": pa.nulls(50_000, pa.int64())}), path, row_group_size=25_000)
    whole = bytearray(path.read_bytes())
    middle = len(whole) // 2
    whole[middle : middle + 2_000] = bytes(2_000)
    path.write_bytes(whole)
    assert "p.parquet cannot be read to its end" in failing(path)


def test_bytes_that_are_no_utf8_make_a_bad_row_in_every_kind_of_column(tmp_path: Path) -> None:
    latin = pa.array([b"a", b"\xe9", None, b"b"])
    fields = tuple(
        Input(n, t, optional=True)
        for n, t in (
            ("t", TEXT),
            ("w", field("plan").type),
            ("s", field("wishes").type),
            ("v", TEXT),
            ("l", TEXT),
        )
    )
    columns = {
        "t": latin.view(pa.string()),
        "w": latin.view(pa.string()).dictionary_encode(),
        "s": pa.ListArray.from_arrays([0, 1, 3, 3, 4], latin.view(pa.string())),
        "v": latin.cast(pa.binary_view()).view(pa.string_view()),
        "l": latin.cast(pa.large_binary()).view(pa.large_string()),
    }
    write_ipc(pa.table(columns), tmp_path / "p.arrow")
    batches = list(open_profiles(tmp_path / "p.arrow", fields, used={"t"}, batch_rows=4))
    marks = [list(b.unreadable) if b.unreadable is not None else [-1] * len(b.people) for b in batches]
    assert [mark for marks_of_batch in marks for mark in marks_of_batch] == [-1, 0, -1, -1]
    assert batches[0].people.column("t").to_pylist()[:2] == ["a", None]
    assert batches[0].given.column("w").to_pylist()[:2] == ["a", "\ufffd"]
    assert batches[0].given.column("s").to_pylist() == [["a"], ["\ufffd", None]]
    assert batches[0].people.column("l").to_pylist()[:2] == ["a", None]
    assert batches[0].people.column("v").to_pylist()[:2] == ["a", None]


def test_a_damaged_column_is_refused_and_not_read_beyond_its_end() -> None:
    offsets = pa.py_buffer(np.array([0, 999_999, 2], np.int32))
    broken = pa.StringArray.from_buffers(2, offsets, pa.py_buffer(b"ab"))
    table = pa.table({"id": broken, "age": [1, 2]})
    assert "column `id` is damaged" in failing(table)


# --- tables in memory --------------------------------------------------------------------------------


def test_people_come_back_from_arrow_tables_batches_and_streams() -> None:
    assert same(rows(open_profiles(TABLE, FIELDS)))
    assert same(rows(open_profiles(TABLE.to_batches()[0], FIELDS)))
    assert same(rows(open_profiles(TABLE.to_reader(), FIELDS)))
    assert open_profiles(TABLE, FIELDS).rows == 3


def test_a_table_can_be_read_again_and_a_stream_says_that_it_cannot() -> None:
    table, stream = open_profiles(TABLE, FIELDS), open_profiles(TABLE.to_reader(), FIELDS)
    assert (table.again, stream.again) == (True, False)
    assert same(rows(table))
    assert same(rows(table))
    assert stream.rows is None
    assert same(rows(stream))
    with pytest.raises(BadData, match="was read already"):
        rows(stream)


def test_a_large_table_is_cut_into_batches_without_copying() -> None:
    table = pa.table({"id": [str(i) for i in range(10)], "age": list(range(10))})
    batches = list(open_profiles(table, TWO, batch_rows=4))
    assert [len(batch.people) for batch in batches] == [4, 4, 2]
    at = table.column("age").chunk(0).buffers()[1].address
    assert [batch.people.column("age").buffers()[1].address for batch in batches] == [at] * 3


def test_people_come_back_from_polars() -> None:
    pl = pytest.importorskip("polars")
    frame = pl.from_arrow(TABLE)
    assert same(rows(open_profiles(frame, FIELDS)))
    assert open_profiles(frame, FIELDS).rows == 3
    with pytest.raises(TypeError, match=r"polars.*LazyFrame: collect\(\) it first"):
        open_profiles(frame.lazy(), FIELDS)
    words = frame.with_columns(pl.col("plan").cast(pl.Enum(["basic", "plus", "unlimited"])))
    assert same(rows(open_profiles(words, FIELDS)))


def test_people_come_back_from_pandas() -> None:
    pd = pytest.importorskip("pandas")
    frame = TABLE.to_pandas(types_mapper=pd.ArrowDtype)
    assert same(rows(open_profiles(frame, FIELDS)))
    plain = pd.DataFrame({"id": ["c1", None], "age": pd.array([30, None], "Int64")})
    batch = next(iter(open_profiles(plain, TWO)))
    missing = pd.DataFrame({"heat": [1.5, float("nan")]})
    assert [row["heat"] for row in rows(open_profiles(missing, (field("heat"),)))] == [1.5, None]
    assert batch.people.to_pydict() == {"id": ["c1", None], "age": [30, None]}


def test_whole_numbers_that_pandas_made_floats_are_told_as_such() -> None:
    pd = pytest.importorskip("pandas")
    assert "cast it to int64" in failing(pd.DataFrame({"id": ["c1", "c2"], "age": [30, None]}))


def test_people_come_back_from_duckdb() -> None:
    duckdb = pytest.importorskip("duckdb")
    people = TABLE.drop_columns(["wait"])  # its intervals are no lengths of time
    relation = duckdb.from_arrow(people)
    profiles = open_profiles(relation, FIELDS, used=set())
    assert profiles.rows is None
    assert len(rows(profiles)) == 3
    found = [{k: v for k, v in row.items() if k != "wait"} for row in rows(profiles)]
    wanted = [{k: v for k, v in row.items() if k != "wait"} for row in PEOPLE]
    assert [exactly(row) for row in found] == [exactly(row) for row in wanted]
    assert "an interval may hold months" in failing(
        duckdb.sql("select interval 1 day as wait"), (field("wait"),)
    )


def test_something_that_is_no_table_is_refused() -> None:
    with pytest.raises(TypeError, match=r"cannot read profiles from builtins\.int: give a path"):
        open_profiles(3, TWO)


# --- Python ------------------------------------------------------------------------------------------


def test_people_come_back_from_a_dict_of_arrays_and_lists() -> None:
    found = rows(open_profiles({"id": np.array(["c1", "c2"]), "age": [30, None], "other": [1, 2]}, TWO))
    assert found == [{"id": "c1", "age": 30.0}, {"id": "c2", "age": None}]


def test_people_come_back_from_a_list_of_dicts() -> None:
    records = [from_arrow(TABLE, FIELDS, i) for i in range(3)]
    profiles = open_profiles(records, FIELDS)
    assert same(rows(profiles))
    assert profiles.rows == 3


def test_a_key_that_nobody_has_is_a_missing_column_and_one_that_some_have_is_null() -> None:
    assert "column `id` is missing" in failing([{"age": 3}])
    assert rows(open_profiles([{"id": "a"}, {"id": "b", "age": 3}], TWO)) == [
        {"id": "a", "age": None},
        {"id": "b", "age": 3.0},
    ]


def test_a_python_value_that_does_not_fit_marks_its_row() -> None:
    profiles = open_profiles({"id": ["a", 7, "c"], "age": [30, "x", 2.5]}, TWO, batch_rows=2)
    first, second = profiles
    assert first.unreadable is not None
    assert second.unreadable is not None
    assert [*first.unreadable, *second.unreadable] == [-1, 0, 1]
    assert first.given.to_pydict() == {"id": ["a", "7"], "age": ["30", "x"]}
    assert second.given.to_pydict() == {"id": ["c"], "age": ["2.5"]}
    assert first.people.to_pydict() == {"id": ["a", None], "age": [30, None]}


def test_of_two_fields_that_cannot_be_read_the_first_one_is_marked_whatever_its_kind() -> None:
    latin = pa.array([b"\xe9", b"\xe9", b"a", b"a"]).view(pa.string())
    both = (Input("a", TEXT), Input("n", INTEGER), Input("z", TEXT))
    ages = ["x", 1, "x", 1]
    for name, expected in (("a", [0, 0, 1, -1]), ("z", [1, 2, 1, -1])):
        texts = {"a": ["", "", "", ""], "z": ["", "", "", ""], name: latin}
        (batch,) = open_profiles({**texts, "n": ages}, both)
        assert batch.unreadable is not None
        assert batch.unreadable.tolist() == expected


def test_numpy_arrays_are_not_copied_and_their_nan_is_not_null() -> None:
    fields = (Input("id", TEXT), field("heat"))
    heat = np.array([1.5, np.nan])
    (batch,) = open_profiles({"id": ["a", "b"], "heat": heat}, fields)
    assert batch.people.column("heat").buffers()[1].address == heat.ctypes.data
    assert batch.people.column("heat").null_count == 0


def test_columns_that_are_not_equally_long_are_refused() -> None:
    assert "not equally long: `id` 2, `age` 1" in failing({"id": ["a", "b"], "age": [1]})
