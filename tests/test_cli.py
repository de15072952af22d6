"""The command `nba`: what it prints, how it ends, what it leaves behind."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.ipc as ipc
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from nbadsl.cli import COMMANDS, main

NOW = ("--now", "2026-11-10 09:00")
RUN = ("run", "policy.nba", "-p", "customers.csv", *NOW)
FORMATS = ("csv", "parquet", "arrow")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended. `said`: standard output and error together."""

    code: int
    out: str
    said: str


def nba(*arguments: object, stdin: str | None = None) -> Ended:
    """Run a command here, in this process."""
    result = CliRunner().invoke(main, [str(a) for a in arguments], input=stdin, prog_name="nba")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ended(result.exit_code, result.stdout, result.output)


def fails(code: int, *arguments: object, stdin: str | None = None) -> str:
    """Run a command that must end with this code; what it said, without the lines on usage."""
    ended = nba(*arguments, stdin=stdin)
    assert ended.code == code, ended.said
    return "\n".join(x for x in ended.said.splitlines() if x and not x.startswith(("Usage:", "Try ")))


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as `nba new` makes it, which is the working folder."""
    monkeypatch.chdir(tmp_path)
    assert nba("new", "shop").code == 0
    monkeypatch.chdir(tmp_path / "shop")
    return tmp_path / "shop"


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def read(path: Path) -> pa.Table:
    """A table of any of the formats; from CSV, everything is text."""
    match path.suffix:
        case ".parquet":
            return pq.read_table(path)
        case ".arrow":
            return ipc.open_file(path).read_all()
        case _:
            rows = list(csv.DictReader(io.StringIO(path.read_text())))
            return pa.table({name: [row[name] for row in rows] for name in rows[0]})


def decided(path: Path) -> list[tuple[str, str, str]]:
    """Key, action and reason of every row, with nothing as ""."""
    columns = (read(path)[name].to_pylist() for name in ("customer_id", "action", "reason"))
    return [tuple(str(value or "") for value in row) for row in zip(*columns, strict=True)]


# --- help and usage ---


def test_help_lists_every_command():
    said = nba("--help").out
    assert [line.split()[0] for line in said.partition("Commands:")[2].splitlines() if line] == list(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_has_an_example_that_begins_with_it(command: str):
    ended = nba(command, "--help")
    assert ended.code == 0
    assert re.search(rf"Examples?:\n\s+nba {command}\b", ended.out)


def test_the_version_is_that_of_the_package():
    import nbadsl

    assert nba("--version").out == f"nba, version {nbadsl.__version__}\n"


def test_a_new_policy_is_checked_run_and_explained_without_options(shop: Path):
    assert nba("check").out == "policy.nba: 3 actions, nothing to report\n"
    ran = nba("run", *NOW)
    assert ran.code == 0 and "12 people, 8 decided something (66.7%)" in ran.out
    assert len(decided(shop / "decisions.csv")) == 12
    explained = nba("explain", "C003", *NOW)
    assert explained.code == 0 and explained.out.startswith("apology via email\n  because: chosen\n")


def test_a_new_policy_has_the_name_of_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert nba("new", "2 Shops").code == 0
    assert "\npolicy policy_2_shops {" in (tmp_path / "2 Shops" / "policy.nba").read_text()
    assert nba("check", "2 Shops").code == 0
    assert fails(2, "new", "2 Shops") == "error: 2 Shops is already there"


# --- mistakes of the person at the keyboard: one clear line and exit code 2 ---

TYPOS = {
    "command": (("chekc",), "there is no command `chekc`. Did you mean `check`?"),
    "option": ((*RUN, "--profles", "x"), "Did you mean '--profiles'?"),
    "policy": (("check", "polcy.nba"), "there is no file polcy.nba; did you mean `policy.nba`?"),
    "profiles": (("run", "policy.nba", "-p", "custmers.csv"), "custmers.csv"),
    "kind of finding": (
        ("doc", "unknwn-name"),
        "there is no finding called `unknwn-name`; did you mean `unknown-name`?",
    ),
    "stage": (("show", "programme", "policy.nba"), "'programme' is not one of"),
    "format": (("check", "policy.nba", "--format", "xml"), "'xml' is not one of"),
    "customer": (
        ("explain", "policy.nba", "C999", "-p", "customers.csv"),
        "nobody in customers.csv has customer_id C999",
    ),
    "no customer": (("explain", "policy.nba"), "say who"),
    "time": ((*RUN, "--now", "yesterday"), "`yesterday` is not a time"),
    "pair": ((*RUN, "--set", "lever"), "`lever` is not `name=value`"),
    "parameter": ((*RUN, "--set", "levr=2"), "there is no parameter `levr`: did you mean `lever`?"),
    "value": ((*RUN, "--set", "lever=much"), '`lever`: "much" is not a number from 0.5 to 2'),
    "range": ((*RUN, "--set", "lever=3"), "lever"),
    "context": ((*RUN, "--context", "pge=home"), "there is no context field `pge`: did you mean `page`?"),
    "word": ((*RUN, "--context", "page=hme"), "page"),
    "ending of the output": ((*RUN, "--out", "decisions.xlsx"), "decisions.xlsx"),
    "folder of the output": ((*RUN, "--out", "out/decisions.csv"), "there is no folder out"),
    "output is the input": ((*RUN, "--out", "customers.csv"), "cannot write customers.csv: the run reads it"),
    "output is the policy": (
        ("build", "policy.nba", "-o", "policy.nba"),
        "the output would replace the policy",
    ),
    "threads": ((*RUN, "--threads", "0"), "--threads"),
}


@pytest.fixture
def levers(shop: Path) -> Path:
    """The shop with a parameter and a context that its policy reads."""
    (shop / "nba.toml").unlink()
    change(
        shop / "policy.nba",
        "value 60 EUR",
        "value 60 EUR * lever\n  eligible when page is home, unknown passes",
    )
    with (shop / "policy.nba").open("a") as policy:
        policy.write(
            "\nparameter lever: number = 1 in 0.5..2\n\ncontext { page: one of home, cart optional }\n"
        )
    return shop


@pytest.mark.parametrize("typo", TYPOS)
def test_a_typo_gives_one_clear_line_and_code_2(typo: str, levers: Path):
    arguments, part = TYPOS[typo]
    before = {p.name: p.read_bytes() for p in levers.iterdir()}
    said = fails(2, *arguments)
    assert part in said and said.count("\n") == 0, said
    assert {p.name: p.read_bytes() for p in levers.iterdir()} == before


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ('polcy = "policy.nba"', "nba.toml: there is no setting `polcy`; did you mean `policy`?"),
        ('threads = "two"', "nba.toml: `threads`: input should be a valid integer"),
        ("threads = ", "nba.toml: "),
    ],
)
def test_a_mistake_in_the_settings_is_named(line: str, part: str, shop: Path):
    (shop / "nba.toml").write_text(line)
    said = fails(2, "run", *NOW)
    assert part in said and said.count("\n") == 0


def test_settings_of_pyproject_count_and_options_come_first(shop: Path):
    (shop / "nba.toml").unlink()
    (shop / "pyproject.toml").write_text('[tool.nbadsl]\npolicy = "policy.nba"\nprofiles = "nowhere.csv"\n')
    assert "nowhere.csv" in fails(2, "run", *NOW)
    assert nba("run", "-p", "customers.csv", *NOW).code == 0


def test_a_policy_with_errors_is_shown_and_ends_with_1(shop: Path):
    change(shop / "policy.nba", "eligible when churn_risk", "eligible when churnrisk")
    assert nba("check").code == 1
    for arguments in (("run", *NOW), ("explain", "C003"), ("build",), ("schema",), ("show", "program")):
        ended = nba(*arguments)
        assert ended.code == 1 and "error[unknown-name]: there is no value called `churnrisk`" in ended.said
    assert sorted(p.name for p in shop.iterdir()) == ["customers.csv", "nba.toml", "policy.nba"]


def test_a_policy_with_limits_is_not_run_and_says_what_it_has(shop: Path):
    change(shop / "policy.nba", "propensity 10%", "propensity 10%\n  limit 1 per customer per 30 days")
    assert nba("check").code == 0
    said = fails(2, "run", *NOW)
    assert "does not enforce them yet" in said and "limit 1 per customer per 30 days" in said
    assert not (shop / "decisions.csv").exists()


# --- check ---


def test_findings_for_machines(shop: Path):
    change(shop / "policy.nba", "eligible when churn_risk", "eligible when churnrisk")
    line = (shop / "policy.nba").read_text().split("churnrisk")[0].count("\n") + 1
    found = json.loads(nba("check", "--format", "json").out)
    assert [(f["kind"], f["path"], f["start"]["line"]) for f in found["findings"]] == [
        ("unknown-name", "policy.nba", line)
    ]
    (result,) = json.loads(nba("check", "--format", "sarif").out)["runs"][0]["results"]
    assert result["ruleId"] == "unknown-name"
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == line
    assert nba("check", "--format", "github").out.startswith(f"::error file=policy.nba,line={line},")


def test_machines_get_an_empty_list_when_nothing_was_found(shop: Path):
    assert json.loads(nba("check", "--format", "json").out)["findings"] == []
    assert json.loads(nba("check", "--format", "sarif").out)["runs"][0]["results"] == []
    assert nba("check", "--format", "github").out == ""
    assert nba("check", "--quiet").said == ""


def test_all_policies_of_a_folder_are_checked(shop: Path):
    for name in ("a", "b"):
        (shop / "all" / name).mkdir(parents=True)
        (shop / "all" / name / "main.nba").write_text((shop / "policy.nba").read_text())
    change(shop / "all" / "b" / "main.nba", "churn_risk: probability", "churn_risk: probabilty")
    (shop / "all" / "part.nba").write_text("define half = 50%\n")
    ended = nba("check", "all")
    assert ended.code == 1 and "all/b/main.nba" in ended.out and "part.nba" not in ended.out


# --- run ---


@pytest.mark.parametrize("source", FORMATS)
@pytest.mark.parametrize("target", FORMATS)
def test_every_format_goes_in_and_out(source: str, target: str, shop: Path):
    table = arrow_csv.read_csv(
        shop / "customers.csv",
        convert_options=arrow_csv.ConvertOptions(
            column_types={"last_complaint": pa.timestamp("us")}, true_values=["yes"], false_values=["no"]
        ),
    )
    if source == "parquet":
        pq.write_table(table, "customers.parquet")
    elif source == "arrow":
        with ipc.new_file("customers.arrow", table.schema) as file:
            file.write_table(table)
    assert nba(*RUN, "--out", "expected.csv").code == 0
    ended = nba("run", "policy.nba", "-p", f"customers.{source}", *NOW, "--out", f"found.{target}")
    assert ended.code == 0, ended.said
    assert decided(shop / f"found.{target}") == decided(shop / "expected.csv")


def with_bad_rows(shop: Path) -> None:
    with (shop / "customers.csv").open("a") as customers:
        customers.write(
            "C013,200,basic,19.90,0.5,,yes\nC014,20,gold,19.90,0.5,,yes\nC015,20,basic,,0.5,,yes\n"
        )


def test_bad_rows_are_decided_nothing_and_written_aside(shop: Path):
    with_bad_rows(shop)
    ended = nba(*RUN, "--out", "decisions.csv", "--rejects", "rejects.csv")
    assert ended.code == 0 and "15 people" in ended.out
    assert decided(shop / "decisions.csv")[12:] == [
        ("C013", "", "bad data: age"),
        ("C014", "", "bad data: plan"),
        ("C015", "", "bad data: monthly_fee"),
    ]
    rejects = read(shop / "rejects.csv").to_pylist()
    assert [(r["customer_id"], r["row"]) for r in rejects] == [("C013", "13"), ("C014", "14"), ("C015", "15")]
    assert rejects[0]["problem"] == '"200" is not a whole number from 0 to 120'
    assert rejects[1]["plan"] == "gold" and "gold" in rejects[1]["problem"]


def test_strict_makes_bad_rows_an_error_and_writes_nothing(shop: Path):
    with_bad_rows(shop)
    before = sorted(p.name for p in shop.iterdir())
    said = fails(1, *RUN, "--out", "decisions.csv", "--rejects", "rejects.csv", "--strict")
    assert 'row 13: bad data: age: "200" is not a whole number from 0 to 120' in said
    assert said.endswith("nothing was written (--strict)")
    assert sorted(p.name for p in shop.iterdir()) == before
    change(shop / "nba.toml", "out =", "strict = true\nout =")
    assert fails(1, "run", *NOW) == said


def test_a_failed_run_leaves_the_old_decisions_and_no_half_ones(shop: Path):
    assert nba(*RUN, "--out", "decisions.csv").code == 0
    before = (shop / "decisions.csv").read_bytes()
    change(shop / "customers.csv", "churn_risk", "churn")
    said = fails(2, *RUN, "--out", "decisions.csv")
    assert "churn_risk" in said
    assert (shop / "decisions.csv").read_bytes() == before
    assert sorted(p.name for p in shop.iterdir()) == [
        "customers.csv",
        "decisions.csv",
        "nba.toml",
        "policy.nba",
    ]


def test_both_reports_and_the_decisions_tell_the_same_numbers(shop: Path):
    with_bad_rows(shop)
    change(shop / "policy.nba", "arbitrate {", "holdout asleep 30% by customer_id\n\narbitrate {")
    text = nba(*RUN, "--out", "decisions.csv").out
    report = json.loads(nba(*RUN, "--report", "json").out)
    rows = decided(shop / "decisions.csv")
    assert report["people"] == len(rows) == 15 and "15 people" in text
    actions, nothing = Counter(a for _, a, _ in rows if a), Counter(r for _, a, r in rows if not a)
    of_report: Counter[str] = Counter()
    for share in report["decisions"]:
        of_report[share["name"].split()[0]] += share["people"]
        assert re.search(rf"^{re.escape(share['name'])} +{share['people']} ", text, re.MULTILINE)
    assert of_report == actions
    told: Counter[str] = Counter()
    for name, people in nothing.items():
        told["bad data" if name.startswith("bad data") else name] += people
    assert {s["name"]: s["people"] for s in report["nothing"]} == told
    assert any(name.startswith("holdout") for name in told) and told["bad data"] == 3
    for name, people in told.items():
        assert re.search(rf"^nothing \({re.escape(name)}\) +{people} ", text, re.MULTILINE)
    for funnel in report["funnels"]:
        lost = sum(r["stopped"] for r in funnel["rules"])
        rest = sum(
            funnel[n]
            for n in ("inactive", "quiet", "no_score", "below_threshold", "outranked", "held_out", "chosen")
        )
        assert lost + rest == funnel["considered"]


def test_no_report_is_silent(shop: Path):
    assert nba(*RUN, "--report", "none").out == ""


def test_a_run_can_be_repeated_to_the_byte(shop: Path):
    files = []
    for threads in ("1", "2"):
        assert nba(*RUN, "--threads", threads, "--seed", "7", "--out", f"{threads}.csv").code == 0
        files.append((shop / f"{threads}.csv").read_bytes())
    assert files[0] == files[1]


def test_a_parameter_is_set_as_one_writes_it_in_the_policy(levers: Path):
    for value in ("0.5", "50%"):
        assert nba(*RUN, "--set", f"lever={value}", "--out", "decisions.csv").code == 0
        assert read(levers / "decisions.csv").to_pylist()[1]["score"] == "3"


def test_the_compiled_policy_decides_like_its_source(shop: Path):
    built = nba("build", "policy.nba", "-o", "compiled.nbac")
    assert built.code == 0 and "4 candidates" in built.out
    assert nba(*RUN, "--out", "a.csv").code == 0
    assert nba("run", "compiled.nbac", "-p", "customers.csv", *NOW, "--out", "b.csv").code == 0
    assert (shop / "a.csv").read_bytes() == (shop / "b.csv").read_bytes()
    sources, compiled = (
        nba("explain", p, "C001", "-p", "customers.csv", *NOW).out for p in ("policy.nba", "compiled.nbac")
    )
    assert sources == compiled


def test_a_damaged_compiled_policy_is_refused(shop: Path):
    assert nba("build", "policy.nba", "-o", "compiled.nbac").code == 0
    whole = (shop / "compiled.nbac").read_bytes()
    (shop / "compiled.nbac").write_bytes(whole[:-20])
    said = fails(2, "run", "compiled.nbac", "-p", "customers.csv", *NOW)
    assert said.startswith("error: ") and "compiled.nbac" in said and said.count("\n") == 0


# --- explain, schema, show, doc ---


def test_an_explanation_names_the_rule_the_place_and_the_values(shop: Path):
    said = nba("explain", "C004", *NOW).out
    assert said.startswith("nothing\n  because: nobody passed\n")
    assert "not allowed      winback via email\n" in said
    assert re.search(r"group promotional: no offers to minors \(policy\.nba:\d+\)\n +age = 17\n", said)


def test_an_explanation_is_also_data(shop: Path):
    told = json.loads(nba("explain", "C004", *NOW, "--format", "json").out)
    assert told["decision"] == "nothing" and told["reason"] == "nobody passed"
    assert {c["candidate"]: c["fate"] for c in told["candidates"]}["winback via email"] == "require"


def test_a_customer_can_be_given_as_json(shop: Path):
    with (shop / "customers.csv").open() as file:
        row = next(r for r in csv.DictReader(file) if r["customer_id"] == "C001")
    person = {
        **row,
        "age": int(row["age"]),
        "monthly_fee": 19.9,
        "churn_risk": 0.72,
        "last_complaint": None,
        "consent_email": True,
    }
    (shop / "one.json").write_text(json.dumps(person))
    from_file = nba("explain", "policy.nba", "--profile", "one.json", *NOW)
    from_pipe = nba("explain", "policy.nba", "--profile", "-", *NOW, stdin=json.dumps(person))
    assert from_file.out == from_pipe.out == nba("explain", "C001", *NOW).out
    assert "age" in fails(
        2, "explain", "policy.nba", "--profile", "-", *NOW, stdin=json.dumps({**person, "age": "x"})
    )
    assert "is not JSON" in fails(2, "explain", "policy.nba", "--profile", "-", *NOW, stdin="{")
    assert "a customer is a JSON object" in fails(
        2, "explain", "policy.nba", "--profile", "-", *NOW, stdin="[]"
    )


def test_the_schema_accepts_a_customer(shop: Path):
    import jsonschema

    schema = json.loads(nba("schema", "policy.nba").out)
    person = {
        "customer_id": "C1", "age": 30, "plan": "basic", "monthly_fee": 20, "churn_risk": 0.5,
        "last_complaint": None, "consent_email": True,
    }  # fmt: skip
    jsonschema.validate(person, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(person | {"plan": "gold"}, schema)


@pytest.mark.parametrize("stage", ["tree", "model", "program", "plan"])
def test_every_stage_can_be_seen(stage: str, shop: Path):
    ended = nba("show", stage, "policy.nba")
    assert ended.code == 0 and "winback" in ended.out


def test_every_kind_of_finding_has_a_page_in_the_command():
    kinds = [line.split()[0] for line in nba("doc").out.splitlines()]
    assert "unsettled-unknown" in kinds
    assert "## Avoid" in nba("doc", "unsettled-unknown").out


# --- as a process of its own ---


def process(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    import os

    command = [sys.executable, "-m", "nbadsl.cli", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", env={**os.environ, **settings}
    )


def test_colours_are_for_terminals_and_on_request(shop: Path):
    change(shop / "policy.nba", "eligible when churn_risk", "eligible when churnrisk")
    assert "\x1b[" not in process("check").stdout
    assert "\x1b[" in process("check", FORCE_COLOR="1").stdout


def test_output_that_cannot_show_a_letter_does_not_stop_the_command(shop: Path):
    done = process("run", *NOW, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr


def test_checking_loads_no_engine_and_no_tables(shop: Path):
    code = (
        "import sys, click\n"
        "from nbadsl.cli import main\n"
        "main(['check', 'policy.nba'], standalone_mode=False)\n"
        "print(sorted({'numba', 'numpy', 'pyarrow', 'rich', 'pydantic'} & set(sys.modules)))"
    )
    (shop / "nba.toml").unlink()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]", done.stdout + done.stderr
