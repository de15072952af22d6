"""The command `nba`: what it prints, how it ends, what it leaves behind."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from commands import NOW, RUN, change, decided, fails, nba

from nbadsl.cli import COMMANDS
from nbadsl.cli.common import input_errors
from nbadsl.data.rules import BadData
from nbadsl.limited.parts import Unfinished
from nbadsl.replay.record import BadRecording

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
    assert fails(2, "new", "2 Shops") == "error: 2 Shops is already there, and not empty"


def test_a_new_policy_may_fill_an_empty_folder_and_says_how_to_get_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my shop").mkdir()
    assert "next:\n  cd 'my shop'\n  nba check\n" in nba("new", "my shop").out
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    assert "next:\n  nba check\n" in nba("new", ".").out
    assert "policy empty {" in Path("policy.nba").read_text() and nba("check").code == 0
    assert fails(2, "new", ".") == "error: this folder is not empty"


@pytest.mark.parametrize("command", ["check", "run", "explain", "simulate", "edit", "prove"])
def test_without_a_policy_the_command_that_was_typed_asks_for_one(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    said = fails(2, command)
    assert (
        said
        == f"Error: name a policy, as in `nba {command} policy.nba` (there is none here: `nba new shop` starts one)"
    )


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
    "two customers": (("explain", "policy.nba", "C003", "--profile", "-"), "say who"),
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


@pytest.mark.parametrize("typo", TYPOS)
def test_a_typo_gives_one_clear_line_and_code_2(typo: str, levers: Path):
    arguments, part = TYPOS[typo]
    before = {p.name: p.read_bytes() for p in levers.iterdir()}
    said = fails(2, *arguments)
    assert part in said and said.count("\n") == 0, said
    assert {p.name: p.read_bytes() for p in levers.iterdir()} == before


@pytest.mark.parametrize(
    "command", ["check", "lint", "test", "fmt", "prove", "edit", "show tree", "show model", "diff policy.nba"]
)
def test_a_compiled_policy_is_not_read_as_a_source(command: str, shop: Path):
    assert nba("build", "policy.nba").code == 0
    name, said = command.split()[0], fails(2, *command.split(), "policy.nbac")
    assert said == f"error: policy.nbac is compiled: `nba {name}` reads the .nba file that it was made of"


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


def test_what_a_user_can_mend_is_one_line_and_what_is_ours_is_not_hidden(capsys: pytest.CaptureFixture[str]):
    for mistake in (BadRecording("line 3 is none"), Unfinished("line 3 is none"), BadData("line 3 is none")):
        with pytest.raises(SystemExit) as ended, input_errors():
            raise mistake
        assert ended.value.code == 2 and capsys.readouterr().err == "error: line 3 is none\n"
    with pytest.raises(ValueError, match="ours"), input_errors():
        raise ValueError("ours")


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


def test_a_policy_with_limits_asks_for_a_history(shop: Path):
    change(shop / "policy.nba", "propensity 10%", "propensity 10%\n  limit 1 per customer per 30 days")
    assert nba("check").code == 0
    said = fails(2, "run", *NOW)
    assert "limit 1 per customer per 30 days" in said and "--history contacts.db" in said
    told = nba("explain", "C003", *NOW)
    assert told.code == 0 and "winback" in told.out and "as if nobody had been contacted" in told.said


def test_who_is_bad_data_is_not_explained_as_somebody_else(shop: Path):
    change(shop / "customers.csv", "2026-11-05 14:20", "05/11/2026 14:20")
    said = fails(2, "explain", "C003", *NOW)
    assert 'C003 is bad data: last_complaint: "05/11/2026 14:20" is not' in said
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
