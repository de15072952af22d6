"""The linter: each rule on the programs beside its expectations, what it says of the repository's own policies, and
what it does on anything else."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
from commands import nba
from expectations import (
    check_program,
    checked_files,
    complaints,
    completed,
    lint_files,
    lint_program,
    programs,
)

from nbadsl.diagnostics import KINDS
from nbadsl.lint import OF_MEANING, OF_TEXT, Options, lint
from nbadsl.lint import rules as folder
from nbadsl.pipeline import check

ROOT = Path(__file__).parent.parent
FOLDER = Path(__file__).parent / "cases" / "lint"
CASES = [
    pytest.param(path.stem, program, id=f"{path.stem}:{line}")
    for path in sorted(FOLDER.glob("*.nba"))
    for line, program in programs(path.read_text(encoding="utf-8"))
]
OWN = [
    path
    for folder in ("nbadsl/templates", "examples", "stdlib", "tests/benchmarks")
    for path in sorted((ROOT / folder).rglob("*.nba"))
    if any(line.startswith("policy") for line in path.read_text(encoding="utf-8").splitlines())
]


@pytest.mark.parametrize(("kind", "program"), CASES)
def test_a_rule_finds_exactly_what_stands_beside_the_lines(kind: str, program: str) -> None:
    kinds = frozenset({kind, "never-holds"} if kind == "unused-ignore" else {kind})
    if kind == "together":
        kinds = frozenset(KINDS)
    assert complaints(program, Options(select=kinds)) == []


def test_every_rule_is_a_file_a_kind_and_a_case() -> None:
    files = {p.stem for p in Path(folder.__file__).parent.glob("*.py")} - {"__init__"}
    kinds = {kind.name for kind in KINDS.values() if kind.severity == "hint"}
    of_comments = {"unused-ignore", "unknown-ignore", "ignore-without-reason"}
    assert {name.replace("_", "-") for name in files} == OF_TEXT.keys() | OF_MEANING.keys()
    assert OF_TEXT.keys() | OF_MEANING.keys() | of_comments == kinds
    assert kinds <= {path.stem for path in FOLDER.glob("*.nba")}


@pytest.mark.parametrize("path", OWN, ids=lambda p: str(p.relative_to(ROOT)))
def test_our_own_policies_give_no_findings(path: Path) -> None:
    checked = check(path)
    found = (*checked.diagnostics, *lint(checked))
    assert [f"{d.span}: {d.kind.name}: {d.message}" for d in found] == []


def test_a_sample_says_how_many_a_field_blocks() -> None:
    program = 'action offer {\n  require income > 800 EUR\n  eligible when city is "Berlin"\n}\n'
    options = Options(select=frozenset({"blocking-field"}), unknown_shares={"income": 0.125, "city": 0.5})
    assert [d.message for d in lint_program(program, options)] == [
        "whoever has no `income` does not pass this `require`, which is 12% of the sample",
        "whoever has no `city` does not pass this `eligible`, which is 50% of the sample",
    ]


def test_names_in_the_settings_replace_the_lists() -> None:
    program = (
        "channel pigeon { }\naction a { value 3  boost 2 when age > 20 }\narbitrate { score value * boost }\n"
    )
    kinds = frozenset({"sensitive-score", "missing-consent"})
    assert lint_program(program, Options(select=kinds)) == ()
    told = lint_program(program, Options(select=kinds, sensitive=("age",), consent=("Pigeon",)))
    assert [d.kind.name for d in told] == ["missing-consent", "sensitive-score"]


def test_warnings_of_check_are_ignored_by_comments_and_errors_are_not() -> None:
    program = (
        "action a {\n"
        '  exclude when age > 3, unknown keeps because "x"  # nba: ignore[idle-unknown-clause] soon\n'
        "  eligible when agee > 3  # nba: ignore[unknown-name] why not\n"
        "}\n"
    )
    assert [d.kind.name for d in check_program(program)] == ["unknown-name"]
    assert [d.kind.name for d in lint_program(program, Options())] == ["unknown-name", "unknown-ignore"]


def test_an_ignore_in_an_imported_file_may_be_for_another_policy() -> None:
    program = (
        'import "b.nba"\naction a { eligible when young }\n'
        "# file: b.nba\ndefine young = age < 20  # nba: ignore[never-holds] elsewhere it does\n"
    )
    assert lint_program(program, Options(select=frozenset({"never-holds", "unused-ignore"}))) == ()


def test_damaged_policies_are_looked_at_without_an_exception() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (*OWN[:6], *sorted(FOLDER.glob("*.nba")))]
    chance = Random(20)
    for number in range(150):
        text = chance.choice(texts)
        words = text.split(" ")
        place, other = chance.randrange(len(words)), chance.choice(texts).split(" ")
        words[place : place + chance.choice((0, 1, 3))] = [chance.choice(other), "{}"[: number % 2]]
        lint(checked_files({"policy.nba": " ".join(words)}))


# --- fixes ---------------------------------------------------------------------------------------------

TO_MEND = """policy p { currency EUR }
profile customer key id { id: text  age: integer in 0..120 }

# Not needed.
define unused = other > 3

define other = age + 1

action a {
  exclude when age > 20, unknown keeps because "x"
  eligible when age > 10  # nba: ignore[never-holds] gone
  eligible when age > 130
  value 3
}
arbitrate { score value }
"""
MENDED = """policy p { currency EUR }
profile customer key id { id: text  age: integer in 0..120 }

action a {
  exclude when age > 20 because "x"
  eligible when age > 10
  eligible when age > 130
  value 3
}
arbitrate { score value }
"""


@pytest.fixture
def policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "policy.nba"
    path.write_bytes(b"\xef\xbb\xbf" + TO_MEND.replace("\n", "\r\n").encode())
    return path


def test_fix_mends_what_is_safe_says_so_and_leaves_the_rest(policy: Path) -> None:
    done = nba("lint", "--fix")
    assert done.code == 1
    assert [line.split(": ", 1)[1] for line in done.out.splitlines() if line.startswith("mended")] == [
        "nothing in this rule can be unknown: remove the clause",
        "nothing uses the definition `unused`: remove it",
        "there is no `never-holds` here to ignore: remove the comment",
        "nothing uses the definition `other`: remove it",
    ]
    assert "hint[never-holds]" in done.out and "1 hint in 1 file" in done.out
    assert policy.read_bytes() == b"\xef\xbb\xbf" + MENDED.replace("\n", "\r\n").encode()
    assert [p.name for p in policy.parent.iterdir()] == ["policy.nba"]


def test_a_policy_with_errors_is_not_mended(policy: Path) -> None:
    broken = TO_MEND.replace("value 3", "value thrice")
    policy.write_text(broken, encoding="utf-8")
    done = nba("lint", "--fix")
    assert done.code == 1 and "unknown-name" in done.out
    assert policy.read_text(encoding="utf-8") == broken


def test_lint_ends_with_1_for_any_finding_and_shows_what_check_finds(policy: Path) -> None:
    done = nba("lint")
    assert done.code == 1
    assert "warning[idle-unknown-clause]" in done.out and "1 warning, 3 hints in 1 file" in done.out
    assert nba("check").code == 0
    chosen = nba("lint", "--select", "never-holds,unused-definition", "--ignore", "unused-definition")
    assert "1 hint in 1 file; `nba doc never-holds` explains it" in chosen.out
    assert nba("lint", "-q", "--select", "look-alike").out == ""


def test_the_formats_of_machines_tell_hints_apart(policy: Path) -> None:
    told = json.loads(nba("lint", "--format", "json").out)
    assert (told["errors"], told["warnings"], told["hints"]) == (0, 1, 3)
    assert {f["kind"]: [x["safe"] for x in f["fixes"]] for f in told["findings"]}["unused-definition"] == [
        True
    ]
    log = json.loads(nba("lint", "--format", "sarif").out)["runs"][0]
    assert [r["level"] for r in log["results"]] == ["warning", "note", "note", "note"]
    assert nba("lint", "--format", "github").out.count("::notice ") == 3


def test_kinds_and_settings_that_do_not_exist_are_named(policy: Path) -> None:
    wrong = nba("lint", "--select", "never-hold")
    assert wrong.code == 2 and "did you mean `never-holds`?" in wrong.said
    assert "`wrong-type` cannot be chosen" in nba("lint", "--ignore", "wrong-type").said
    settings = policy.parent / "nba.toml"
    settings.write_text('[lint]\nignore = ["never-hold"]\n', encoding="utf-8")
    assert "lint.ignore: there is no finding called `never-hold`" in nba("lint").said
    settings.write_text('[lint]\nsensitiv = ["age"]\n', encoding="utf-8")
    assert "there is no setting `lint.sensitiv`; did you mean `lint.sensitive`?" in nba("lint").said
    settings.write_text(
        '[lint]\nignore = ["never-holds", "unused-definition", "unused-ignore"]\n', encoding="utf-8"
    )
    assert "1 warning in 1 file" in nba("lint").out


@pytest.mark.parametrize("module", sorted((ROOT / "stdlib").glob("*.nba")), ids=lambda p: p.stem)
def test_a_module_of_the_library_gives_no_findings_as_a_file_of_a_policy(module: Path) -> None:
    text = module.read_text(encoding="utf-8").replace("import std.", "# import std.")
    imports = "".join(
        f"import std.{p.stem}\n" for p in sorted((ROOT / "stdlib").glob("*.nba")) if p != module
    )
    found = lint_files(
        completed({"policy.nba": imports + 'import "module.nba"\n', "module.nba": text}), Options()
    )
    assert [
        f"{d.kind.name}: {d.message}" for d in found if Path(d.span.source.path).name == "module.nba"
    ] == []


def test_who_a_field_blocks_is_counted_in_the_sample_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policy.nba").write_text(
        "policy p { currency EUR }\nprofile customer key id { id: text  income: money optional }\n"
        "action offer { require income > 800 EUR }\narbitrate { score 1 }\n",
        encoding="utf-8",
    )
    (tmp_path / "people.csv").write_text("id,income\na,900\nb,\nc,700\nd,100\n", encoding="utf-8")
    blocks = "whoever has no `income` does not pass this `require`, which is 25% of the sample"
    assert nba("lint").code == 0
    (tmp_path / "nba.toml").write_text('sample = "people.csv"\n', encoding="utf-8")
    ended = nba("lint")
    assert (ended.code, blocks in ended.out) == (1, True)
    (tmp_path / "people.csv").write_text("name\na\n", encoding="utf-8")
    ended = nba("lint")
    assert ended.code == 0
    assert "note: people.csv does not fit policy.nba: " in ended.said
