"""Files are written whole or not at all, in a form that can be read again."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from arrays import to_arrow
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies_profile import FIELDS, arrow_types, exactly, rows

from nbadsl.data.arrow import from_arrow
from nbadsl.data.output import write_table
from nbadsl.data.profiles import open_profiles
from nbadsl.data.records import read_record
from nbadsl.data.rules import BadData

BATCH = pa.record_batch({"id": ["a", "b"], "n": [1, None]})
READERS = {
    "d.parquet": pq.read_table,
    "d.PQ": pq.read_table,
    "d.csv": pa.csv.read_csv,
    "d.csv.gz": pa.csv.read_csv,
    "d.arrow": lambda path: pa.ipc.open_file(path).read_all(),
    "d.feather": lambda path: pa.ipc.open_file(path).read_all(),
    "d.arrows": lambda path: pa.ipc.open_stream(path.read_bytes()).read_all(),
}


@pytest.mark.parametrize("name", READERS)
def test_batches_come_back_from_the_file(tmp_path: Path, name: str) -> None:
    with write_table(tmp_path / name, BATCH.schema) as out:
        out.write(BATCH)
        out.write(BATCH.slice(0, 0))
        out.write(BATCH)
        assert out.rows == 4
    assert READERS[name](tmp_path / name).equals(pa.Table.from_batches([BATCH, BATCH]))
    assert [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", READERS)
def test_a_file_without_rows_has_its_columns(tmp_path: Path, name: str) -> None:
    with write_table(tmp_path / name, BATCH.schema):
        pass
    assert READERS[name](tmp_path / name).column_names == ["id", "n"]


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_after_an_error_nothing_is_left_and_what_was_there_stays(
    tmp_path: Path, name: str, error: type[BaseException]
) -> None:
    (tmp_path / name).write_text("before")
    with pytest.raises(error), write_table(tmp_path / name, BATCH.schema) as out:
        out.write(BATCH)
        raise error
    assert [p.name for p in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "before"


def test_small_batches_do_not_make_small_row_groups(tmp_path: Path) -> None:
    with write_table(tmp_path / "d.parquet", BATCH.schema) as out:
        for _ in range(100):
            out.write(BATCH)
    assert pq.read_metadata(tmp_path / "d.parquet").num_row_groups == 1


def test_what_is_being_read_is_not_replaced(tmp_path: Path) -> None:
    read = tmp_path / "p.csv"
    read.write_text("before")
    (tmp_path / "link.csv").symlink_to(read)
    for path in (read, tmp_path / "link.csv", tmp_path / ".." / tmp_path.name / "p.csv"):
        with pytest.raises(BadData, match="the run reads it"), write_table(path, BATCH.schema, reads=[read]):
            pass
    assert read.read_text() == "before"


def test_nothing_is_written_into_a_folder_that_is_being_read(tmp_path: Path) -> None:
    with (
        pytest.raises(BadData, match="the run reads everything in"),
        write_table(tmp_path / "d.parquet", BATCH.schema, reads=[tmp_path]),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_what_a_link_points_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "d.csv").symlink_to(tmp_path / "there" / "real.csv")
    for _ in range(2):
        with write_table(tmp_path / "d.csv", BATCH.schema):
            pass
    assert (tmp_path / "d.csv").is_symlink()
    assert (tmp_path / "there" / "real.csv").read_text() == '"id","n"\n'


def test_two_tables_do_not_go_into_one_file(tmp_path: Path) -> None:
    with write_table(tmp_path / "d.csv", BATCH.schema) as out:
        out.write(BATCH)
        with pytest.raises(BadData, match="writes something else"):
            with write_table(tmp_path / "." / "d.csv", BATCH.schema):
                pass
    with write_table(tmp_path / "d.csv", BATCH.schema):
        pass
    assert (tmp_path / "d.csv").read_text() == '"id","n"\n'


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("d.xlsx", "the ending does not say what to write, known are .parquet .pq .csv"),
        ("none/d.csv", "there is no folder"),
        ("", "the ending does not say"),
    ],
)
def test_a_place_where_nothing_can_be_written_is_refused_at_once(
    tmp_path: Path, name: str, message: str
) -> None:
    with pytest.raises(BadData, match=message), write_table(tmp_path / name, BATCH.schema):
        pytest.fail("it was opened")


def test_a_packed_file_is_packed(tmp_path: Path) -> None:
    with write_table(tmp_path / "d.csv.gz", BATCH.schema) as out:
        out.write(BATCH)
    assert gzip.decompress((tmp_path / "d.csv.gz").read_bytes()) == b'"id","n"\n"a",1\n"b",\n'


@settings(max_examples=60, deadline=None)
@given(rows(), st.data())
def test_rows_of_every_type_can_be_written_to_csv_and_read_again(
    tmp_path_factory: pytest.TempPathFactory, people: list, data: st.DataObject
) -> None:
    types = {
        f.name: data.draw(st.sampled_from(arrow_types(f)), label=f.name) for f in FIELDS if f.unit is None
    }
    table = to_arrow(people, FIELDS, types)
    path = tmp_path_factory.mktemp("csv") / "people.csv"
    with write_table(path, table.schema) as out:
        for batch in table.to_batches():
            out.write(batch)
    read = [
        read_record(FIELDS, from_arrow(batch.people, FIELDS, i))
        for batch in open_profiles(path, FIELDS)
        for i in range(batch.people.num_rows)
    ]
    assert [exactly(row) for row in read] == [exactly(row) for row in people]
