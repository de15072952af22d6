"""The command `nba diff`: files, revisions of git, formats, exit codes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from commands import change, fails, nba

from nbadsl.difference.revision import Revision
from nbadsl.resources import folder

OFFERS = """# What we offer.
group offers { exclude when complained because "silence" }
action winback in offers {
  eligible when churn_risk > 50% because "may leave"
  value 3
}
"""
POLICY = """policy shop { currency EUR }
import "offers.nba"
profile customer key customer_id {
  customer_id: text
  churn_risk: probability
  complaints: integer in 0..100
}
define complained = complaints > 2
arbitrate { score value }
"""


def git(*arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *arguments], check=True, capture_output=True
    )


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a policy of two files, in a folder of it; the second one has been changed since it was committed."""
    monkeypatch.chdir(tmp_path)
    git("init", "-q", "-b", "main")
    (tmp_path / "shop").mkdir()
    monkeypatch.chdir(tmp_path / "shop")
    Path("policy.nba").write_text(POLICY)
    Path("offers.nba").write_text(OFFERS)
    git("add", ".")
    git("commit", "-q", "-m", "first")
    change(Path("offers.nba"), "50%", "60%")
    return tmp_path / "shop"


THRESHOLD = """action winback
  ~ eligible when: churn risk is above 60% instead of 50% — fewer people pass (tightened)
    HEAD:offers.nba:4 → offers.nba:4

1 difference: 1 tightened
"""


@pytest.mark.parametrize(
    "given",
    [
        (),
        ("HEAD",),
        ("policy.nba",),
        ("HEAD", "policy.nba"),
        ("HEAD", "--", "policy.nba"),
        ("HEAD:policy.nba", "policy.nba"),
    ],
    ids=" ".join,
)
def test_a_policy_is_compared_with_a_revision_and_its_imports_are_of_that_time(
    two: Path, given: tuple[str, ...]
):
    ended = nba("diff", *given)
    assert ended.code == 0
    assert ended.out == THRESHOLD


def test_two_revisions_and_what_is_staged(two: Path):
    git("add", ".")
    assert nba("diff", "HEAD", ":policy.nba").code == 2  # a revision and a file of another
    assert "HEAD:offers.nba:4 → :offers.nba:4" in nba("diff", "HEAD:policy.nba", ":policy.nba").out
    git("commit", "-q", "-m", "second")
    change(Path("offers.nba"), "60%", "70%")
    assert "HEAD~1:offers.nba:4 → HEAD:offers.nba:4" in nba("diff", "HEAD~1", "HEAD").out
    assert nba("diff", "HEAD~1", "HEAD", "--", "policy.nba").out == nba("diff", "HEAD~1", "HEAD").out


def test_the_standard_library_is_that_of_the_command(two: Path):
    change(Path("policy.nba"), "import", "import std.recency\nimport")
    assert nba("diff").out == THRESHOLD
    git("commit", "-qam", "second")
    assert nba("diff", "--exit-code").code == 0


def test_the_exit_code_says_whether_there_is_a_difference_where_it_is_asked(two: Path):
    assert nba("diff", "--exit-code").code == 1
    change(Path("offers.nba"), "60%", "0.5")
    ended = nba("diff", "--exit-code")
    assert (ended.code, ended.out) == (0, "no difference in what they mean\n")


def test_what_follows_stands_below_its_cause(two: Path):
    git("commit", "-qam", "second")
    change(Path("policy.nba"), "> 2", "> 1")
    assert nba("diff").out == (
        "define complained\n"
        "  ~ complaints is above 1 instead of 2 — holds for more people (loosened)\n"
        "    HEAD:policy.nba:8 → policy.nba:8\n"
        "    → group offers: exclude when: complained — fewer people pass (tightened)\n"
        "\n"
        "1 difference: 1 loosened; 1 more follows from them\n"
    )


def test_json_has_every_change_with_its_places(two: Path):
    found = json.loads(nba("diff", "--format", "json").out)
    assert found == {
        "schema_version": 1,
        "old": "HEAD:policy.nba",
        "new": "policy.nba",
        "same": False,
        "changes": [
            {
                "subject": "action winback",
                "part": "rule",
                "kind": "changed",
                "text": "eligible when: churn risk is above 60% instead of 50%",
                "old": {"path": "HEAD:offers.nba", "line": 4},
                "new": {"path": "offers.nba", "line": 4},
                "effect": "tightened",
                "through": [],
            }
        ],
    }


def test_a_comment_for_github_folds_each_subject_and_obeys_nothing_in_it(two: Path):
    change(Path("offers.nba"), '"may leave"', '"<b>@boss</b> | #12 *now*"')
    said = nba("diff", "--format", "github").out
    assert said.startswith(
        "### nba diff: HEAD:policy.nba → policy.nba\n\n**2 differences: 1 tightened, 1 changed**\n"
    )
    assert "<details><summary><b>action winback</b> (2)</summary>" in said
    assert (
        "- 🔻 eligible when: churn risk is above 60% instead of 50% — **fewer people pass (tightened)**"
        in said
    )
    assert "&#60;b&#62;@<!-- -->boss&#60;/b&#62; &#124; #<!-- -->12 &#42;now&#42;" in said


def test_colours_are_those_of_the_terminal(two: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[33m — fewer people pass (tightened)" in nba("diff").out


def test_a_policy_with_errors_gets_its_findings(two: Path):
    change(Path("offers.nba"), "churn_risk", "chrn_risk")
    ended = nba("diff")
    assert ended.code == 1 and "there is no value called `chrn_risk`" in ended.said
    assert nba("diff", "--format", "json").out == ""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("HAED", "policy.nba"), "error: there is no revision `HAED` in "),
        (("HEAD:other.nba", "policy.nba"), "error: there is no file HEAD:other.nba"),
        (("old.nba", "policy.nba"), "error: there is no file old.nba"),
        (("a", "b", "c", "policy.nba"), "name two policies"),
        (("policy.nba", "HEAD"), "name two policies"),
    ],
)
def test_mistakes_get_one_clear_line(two: Path, given: tuple[str, ...], said: str):
    assert said in fails(2, "diff", *given)


def test_outside_of_a_repository_there_are_no_revisions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("policy.nba").write_text(POLICY.replace('import "offers.nba"\n', ""))
    assert "is not in a git repository, so there is no revision `HEAD`" in fails(2, "diff")
    monkeypatch.setenv("PATH", "")
    assert fails(2, "diff") == "error: git is not installed, so there are no revisions"


def test_the_standard_library_is_read_from_the_disk_wherever_it_lies():
    inside = folder("stdlib") / "recency.nba"
    assert Revision("HEAD", folder("stdlib").parent.resolve()).read(inside)[0].path == str(inside)
