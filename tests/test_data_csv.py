"""Profiles from CSV: what a cell means, that no row is lost, and that bad cells never end a run."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pyarrow as pa
import pytest
from arrays import to_arrow
from hypothesis import example, given, settings
from hypothesis import strategies as st
from strategies_profile import FIELDS, exactly, field, rows, texts

from nbadsl.data import csv_file
from nbadsl.data.arrow import from_arrow
from nbadsl.data.batches import Profiles
from nbadsl.data.cells import convert
from nbadsl.data.output import write_table
from nbadsl.data.profiles import open_profiles
from nbadsl.data.records import BadRecord, read_record, read_value
from nbadsl.data.rejects import problem
from nbadsl.data.rules import BadData, BadValue, check
from nbadsl.data.text import read_text
from nbadsl.program.nodes import Input, Value
from nbadsl.types import DAY, DURATION, INTEGER, NUMBER, TEXT

TWO = (Input("id", TEXT), Input("age", INTEGER, optional=True, low=0.0, high=120.0))


def open_text(
    folder: Path, text: str | bytes, inputs: tuple[Input, ...] = TWO, name: str = "p.csv"
) -> Profiles:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return open_profiles(path, inputs, key="id")


def read(profiles: Profiles) -> list[tuple[object, ...]]:
    """All rows as tuples; in place of a cell that could not be read, "?"."""
    read = []
    for batch in profiles:
        for i in range(batch.people.num_rows):
            person = list(from_arrow(batch.people, profiles.inputs, i).values())
            if batch.unreadable is not None and batch.unreadable[i] >= 0:
                person[batch.unreadable[i]] = "?"
            read.append(tuple(person))
    return read


# --- cells -------------------------------------------------------------------------------------------


def meaning(of: Input, text: str | None) -> Value | str:
    """What a cell should come to: a value, or "bad"."""
    try:
        value = read_text(of, text)
        check(of, value)
    except BadValue:
        return "bad"
    return value


def in_column(of: Input, array: pa.Array, bad: bool, row: int) -> Value | str:
    """What a cell did come to, when it was read and then judged as the values of a column are."""
    if bad:
        return "bad"
    batch = pa.record_batch([array], names=[of.column or of.name])
    try:
        return read_value(of, from_arrow(batch, (of,), row)[of.name])
    except BadValue:
        return "bad"


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(FIELDS).flatmap(lambda f: st.tuples(st.just(f), st.lists(texts(f), max_size=4))))
@example((field("age"), ["0x1F"]))
@example((field("visits"), ["9007199254740993"]))
@example((field("since"), ["9999-12-31 23:59:59.999999", "2026-11-21"]))
@example((field("since"), ["9999-12-31 23:59-01:00", "0001-01-01T00:00+00:01"]))
@example((field("birthday"), ["0000-12-31"]))
@example((field("heat"), ["nan", "1"]))
@example((field("offset"), ["1e308"]))
@example((field("wait"), ["1e300 days", "0.0000001 seconds", "4611686018428 seconds"]))
@example((field("since"), ["2026-11-21 10:00-0230", "2026-11-21 10:00"]))
@example((field("since"), ["2026-11-21 10:00+02:00", " 2026-11-21 10:00+02 "]))
def test_a_column_of_cells_means_what_its_cells_mean(case: tuple[Input, list[str | None]]) -> None:
    of, cells = case
    array, bad = convert(of, pa.array(cells, pa.string()))
    found = [in_column(of, array, bad is not None and bool(bad[i]), i) for i in range(len(cells))]
    expected = [meaning(of, cell) for cell in cells]
    assert [exactly({"": v}) for v in found] == [exactly({"": v}) for v in expected]


def test_the_fast_way_is_taken_for_plain_spellings(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = {
        "age": ["30", "7", None],
        "fee": ["12.5", "-3", None],
        "birthday": ["2026-11-21", None],
        "since": ["2026-11-21 10:00:00", "2026-11-21T10:00", None],
        "complaint": ["2026-11-21T10:00:00.5Z", "2026-11-21 10:00+02:00"],
        "offset": ["1.5", None],
    }
    monkeypatch.delattr("nbadsl.data.cells._one_by_one")
    for name, cells in plain.items():
        assert convert(field(name), pa.array(cells, pa.string()))[1] is None


@settings(max_examples=50, deadline=None)
@given(rows())
def test_rows_come_back_from_a_csv_file(tmp_path_factory: pytest.TempPathFactory, people: list) -> None:
    path = tmp_path_factory.mktemp("csv") / "people.csv"
    table = to_arrow(people, FIELDS)
    with write_table(path, table.schema) as out:
        for batch in table.to_batches():
            out.write(batch)
    read = [
        read_record(FIELDS, from_arrow(batch.people, FIELDS, i))
        for batch in open_profiles(path, FIELDS)
        for i in range(batch.people.num_rows)
    ]
    assert [exactly(row) for row in read] == [exactly(row) for row in people]


def test_nothing_between_commas_is_null_and_quoted_nothing_is_an_empty_text(tmp_path: Path) -> None:
    fields = (Input("id", TEXT), field("note"), field("age"), field("wishes"), field("interests"))
    text = 'id,note,age,wishes,interests\nc1,"","","",\nc2,,,,""\nc3, , , ,\n'
    empty, null = [], None
    assert read(open_text(tmp_path, text, fields)) == [
        ("c1", "", null, empty, empty),
        ("c2", null, null, null, empty),
        ("c3", " ", null, empty, empty),
    ]


# --- rows --------------------------------------------------------------------------------------------


def test_rows_with_too_many_or_too_few_fields_stay_in_their_place(tmp_path: Path) -> None:
    text = "id,age\nc1,1\nc2\nc3,3\n\nc5,5,5\nc6,6,6\nc7,7\nc8\n"
    profiles = open_text(tmp_path, text)
    people = [("c1", 1), ("?", None), ("c3", 3), ("?", None), ("?", None), ("c7", 7), ("?", None)]
    assert read(profiles) == people
    notes = {batch.first + i: note for batch in profiles for i, note in batch.notes.items()}
    assert notes[1] == "1 fields where the first line has 2: c2"
    assert sorted(notes) == [1, 3, 4, 6]


@pytest.mark.parametrize("batch_rows", [1, 2, 3, 100])
@pytest.mark.parametrize(
    "text", ["id,age\nc1\n", "id,age\nc1,1\nc2\nc3,3\n", "id,age\nx\ny\nc3,3\nz\nc4,4\nu\nv\nw\n"]
)
def test_broken_rows_are_neither_lost_nor_doubled_whatever_the_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, batch_rows: int
) -> None:
    monkeypatch.setattr(csv_file, "_BLOCK", 20)
    path = tmp_path / "p.csv"
    path.write_text(text)
    profiles = open_profiles(path, TWO, batch_rows=batch_rows)
    first = 0
    for batch in profiles:
        assert batch.first == first
        first += batch.people.num_rows
    lines = [line.split(",") for line in text.splitlines()[1:]]
    assert read(profiles) == [(x[0], int(x[1])) if len(x) == 2 else ("?", None) for x in lines]


def test_a_cell_that_is_no_value_marks_its_row_and_keeps_its_text(tmp_path: Path) -> None:
    (batch,) = open_text(tmp_path, "id,age\nc1,thirty\nc2,31\n")
    assert batch.unreadable is not None
    assert batch.unreadable.tolist() == [1, -1]
    assert batch.given.to_pydict() == {"id": ["c1", "c2"], "age": ["thirty", "31"]}
    assert batch.people.to_pydict() == {"id": ["c1", "c2"], "age": [None, 31]}


def test_of_two_cells_that_are_no_values_the_first_field_of_the_policy_is_marked(tmp_path: Path) -> None:
    fields = (Input("id", TEXT), field("churn"), field("age"))
    (batch,) = open_text(tmp_path, "age,churn,id\nx,x,c1\nx,1,c2\n", fields)
    assert batch.unreadable is not None
    assert batch.unreadable.tolist() == [1, 2]
    assert batch.people.schema.names == ["id", "churn", "age"]


def test_bytes_that_are_not_utf8_make_a_bad_row(tmp_path: Path) -> None:
    (batch,) = open_text(tmp_path, b"id,age\nc1,30\nm\xfcller,31\n\xff,\xff\n")
    assert batch.unreadable is not None
    assert batch.unreadable.tolist() == [-1, 0, 0]
    assert batch.given.column("id").to_pylist() == ["c1", "m\ufffdller", "\ufffd"]


def test_a_quoted_line_end_is_part_of_the_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_file, "_BLOCK", 40)
    text = "id,age\n" + "".join(f'"c\n{i}",{i}\n' for i in range(20))
    assert read(open_text(tmp_path, text)) == [(f"c\n{i}", i) for i in range(20)]


def test_batches_are_no_larger_than_asked_and_no_smaller_than_needed(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("id,age\n" + "".join(f"c{i},{i % 100}\n" for i in range(1000)))
    assert [b.people.num_rows for b in open_profiles(path, TWO, batch_rows=300)] == [300, 300, 300, 100]


# --- files -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_seen_in_the_first_line(tmp_path: Path, separator: str) -> None:
    assert read(open_text(tmp_path, f"id{separator}age\nc1{separator}30\n")) == [("c1", 30)]


@given(
    st.lists(
        st.integers(-(10**9), 10**9).map(lambda n: n / 100) | st.integers(-(2**53), 2**53).map(float),
        min_size=1,
    ),
    st.sampled_from(";\t,"),
    st.booleans(),
)
def test_numbers_with_decimal_commas_are_what_they_are_with_points(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[float], separator: str, groups: bool
) -> None:
    swap = str.maketrans(".,", ",.")
    cells = [f"{n:,.2f}" if groups else f"{n:.2f}" for n in numbers]
    rows = [f'{i}{separator}"{cell.translate(swap)}"\n' for i, cell in enumerate(cells)]
    inputs = (Input("id", TEXT), Input("fee", NUMBER))
    profiles = open_text(tmp_path_factory.mktemp("commas"), f"id{separator}fee\n" + "".join(rows), inputs)
    assert read(profiles) == [(str(i), n) for i, n in enumerate(numbers)]
    assert profiles.notes == ("numbers have decimal commas: `1.234,50` is read as 1234.50",)


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        ("0,125 1.234 1.234.567 12 -7,5", [0.125, 1234.0, 1234567.0, 12.0, -7.5]),
        ("7,5 0.125x 1,2,3", [7.5, "?", "?"]),
        ("7,5 1234.567", ["?", 1234.567]),
        ("7,5 12.5 1.234", ["?", 12.5, 1.234]),  # some with points: what commas are is not known
        ("1,234 1.234", ["?", 1.234]),  # thousands, perhaps
        ("1,234.50 7,5", ["?", "?"]),
        ("x 7,5", ["?", 7.5]),
        ("7,5 1,5e3 -2,5E-1", [7.5, 1500.0, -0.25]),
        ("7,5 1.5e1", ["?", 15.0]),
    ],
)
def test_decimal_commas_are_read_where_nothing_else_can_be_meant(
    tmp_path: Path, cells: str, values: list[float | str]
) -> None:
    inputs = (Input("id", TEXT), Input("fee", NUMBER))
    rows = "".join(f"c;{cell}\n" for cell in cells.split())
    assert [fee for _, fee in read(open_text(tmp_path, f"id;fee\n{rows}", inputs))] == values


def test_what_is_wrong_is_not_said_to_be_the_comma(tmp_path: Path) -> None:
    inputs = (Input("id", TEXT), Input("fee", NUMBER, high=9.0), Input("age", INTEGER))
    (batch,) = open_text(tmp_path, "id;fee;age\n1;2,5;3\n2;12,5;3\n3;2,5;3,5\n", inputs)
    assert problem(batch, 1, inputs[1]) == '"12,5" is not a number up to 9'
    assert problem(batch, 2, inputs[2]) == '"3,5" is not a whole number'
    (batch,) = open_text(tmp_path, "id;fee;age\n1;2.5;3\n2;1,5;3\n", inputs)
    assert problem(batch, 1, inputs[1]).endswith(
        "decimals stand behind a point, with nothing between thousands: 1024.50"
    )


def test_texts_keep_their_commas(tmp_path: Path) -> None:
    inputs = (Input("id", TEXT), Input("fee", NUMBER), Input("code", TEXT), Input("days", DURATION, unit=DAY))
    text = "id;fee;code;days\n1,5;2,5;1.234;1,5\n"
    assert read(open_text(tmp_path, text, inputs)) == [("1,5", 2.5, "1.234", 1.5)]  # a number of days


def test_only_the_beginning_of_a_file_says_how_numbers_are_written(tmp_path: Path) -> None:
    inputs = (Input("id", TEXT), Input("fee", NUMBER))
    plain, last = "c;12\n" * (csv_file._BEGINNING // 5), "c;7,5\n"
    assert [fee for _, fee in read(open_text(tmp_path, f"id;fee\n{plain}{last}", inputs))][-1] == "?"
    assert next(fee for _, fee in read(open_text(tmp_path, f"id;fee\n{last}{plain}", inputs))) == 7.5


def test_a_byte_order_mark_and_windows_line_ends_are_no_part_of_the_data(tmp_path: Path) -> None:
    assert read(open_text(tmp_path, b"\xef\xbb\xbfid,age\r\nc1,30\r\n")) == [("c1", 30)]


def test_gzip_is_unpacked_on_the_way(tmp_path: Path) -> None:
    packed = gzip.compress(b"id,age\nc1,30\n") + gzip.compress(b"c2,31\n")
    profiles = open_text(tmp_path, packed, name="p.csv.gz")
    assert read(profiles) == [("c1", 30), ("c2", 31)]
    assert profiles.size == len(packed)


def test_a_file_without_rows_has_no_people(tmp_path: Path) -> None:
    assert read(open_text(tmp_path, "id,age\n")) == []


def test_the_rows_of_a_csv_file_are_not_known_but_its_bytes_are(tmp_path: Path) -> None:
    profiles = open_text(tmp_path, "id,age\nc1,30\n")
    assert (profiles.rows, profiles.size) == (None, 13)
    assert [batch.position for batch in profiles] == [13]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("c1,30\nc2,31\n", "the first line must name the columns"),
        (
            "id,agee\nc1,30\n",
            "column `age` is missing, expected a whole number .int8 to int64, uint8 to uint64.; did you mean `agee`",
        ),
        ("idd,age\nc1,30\n", "column `id` is missing, .* did you mean `idd`?"),
        ("id,age,age\nc1,30,31\n", "column `age` is there 2 times"),
    ],
)
def test_a_first_line_that_does_not_fit_is_refused_before_anything_is_read(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(BadData, match=message):
        open_text(tmp_path, text)


def test_a_quote_that_never_ends_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (_, batch) = open_text(tmp_path, 'id,age\nc1,30\n"c2,31\nc3,32\n')
    assert list(batch.notes.values()) == [
        '1 fields where the first line has 2, in a row of 2 lines (is a quote not closed?): "c2,31\nc3,32'
    ]
    monkeypatch.setattr(csv_file, "_BLOCK", 40)
    with pytest.raises(BadData, match=r"p\.csv cannot be read further .*is a quote not closed\?"):
        read(open_text(tmp_path, 'id,age\nc1,30\n"c2,31\n' + "c3,32\n" * 30))


def test_a_cut_off_gzip_file_is_an_error_in_our_words(tmp_path: Path) -> None:
    packed = gzip.compress(b"id,age\n" + bytes(f"c{i},30\n".encode() for i in ()) + b"c1,30\n" * 99)[:-12]
    with pytest.raises(BadData, match="cannot be read"):
        read(open_text(tmp_path, packed, name="p.csv.gz"))


def test_a_bad_row_is_refused_by_the_record_reader_for_the_same_field(tmp_path: Path) -> None:
    (batch,) = open_text(tmp_path, "id,age\nc1,130\n")
    assert batch.unreadable is None
    with pytest.raises(BadRecord, match=r"^age: 130 is not"):
        read_record(TWO, from_arrow(batch.people, TWO, 0))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc to see open files")
def test_a_reader_that_is_left_in_the_middle_closes_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_file, "_BLOCK", 100)
    profiles = open_text(tmp_path, "id,age\n" + "c1,30\n" * 1000)

    def is_open() -> bool:
        files = (os.path.realpath(file) for file in Path("/proc/self/fd").iterdir())
        return any(file.endswith(".csv") for file in files)

    reading = iter(profiles)
    next(reading)
    assert is_open()
    reading.close()
    assert not is_open()
