"""Pictures of folders of policies: what they share, what belongs together, and what a file is."""

from pathlib import Path

import pytest

from nbadsl import workspace as module
from nbadsl.workspace import Workspace, document

POLICY = """# About the policy.
policy p { currency EUR }

profile customer key id { id: text  age: integer }
# Young.
define young = age < 30

define old = age > 60
action a { eligible when young }
arbitrate { score 1 }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "policy.nba").write_text('import "parts/people.nba"\n' + POLICY)
    (tmp_path / "second.nba").write_text('import "parts/people.nba"\npolicy q { }\n')
    (tmp_path / "alone.nba").write_text("define c = ag\n")
    for name in ("parts/people.nba", ".git/x.nba", "node_modules/y.nba"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("define tall = 1\n")
    return tmp_path


def names(paths: object) -> list[str]:
    return sorted(Path(str(p)).name for p in paths)  # type: ignore[attr-defined]


def test_a_keystroke_parses_the_declaration_that_it_is_in(monkeypatch):
    parsed = []

    def parse(source):
        parsed.append(source.text.strip().split("\n")[-1])
        return original(source)

    original = module.parse
    monkeypatch.setattr(module, "parse", parse)
    before = Workspace().with_text("/p.nba", POLICY)
    checked = before.check("/p.nba")
    assert len(parsed) == 6
    parsed.clear()
    after = before.with_text("/p.nba", POLICY.replace("age < 30", "age < 300"))
    again = after.check("/p.nba", checked)
    assert parsed == ["define young = age < 300"]
    old = [c.model.symbols["old"] for c in (checked, again)]
    assert old[0].node is old[1].node
    places = [w.place(s.span) for w, s in zip((before, after), old, strict=True)]
    assert places[1].start == places[0].start + 1
    assert before.place(again.model.symbols["young"].span) is None


def test_a_declaration_that_stands_twice_is_two():
    checked = (
        Workspace()
        .with_text("/p.nba", POLICY + "define old = age > 60\ndefine old = age > 60\n")
        .check("/p.nba")
    )
    assert [d.span.line for d in checked.diagnostics] == [11, 12]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "# only a comment",
        "x\ndefine a = 1",
        "# c\n\n# d\ndefine a = 1\n# e\n\n# f",
        "policy p {\n# x\ndefine a = 1",
    ],
)
def test_the_parts_of_a_file_are_the_file(text):
    found = document("/p.nba", text)
    assert "".join(c.source.text for c in found.chunks) == text
    for offset in range(len(text) + 1):
        chunk, inside = found.chunk_at(offset)
        assert found.start_of[chunk.source] + inside == offset


def test_comments_belong_to_the_declaration_below_them():
    found = document("/p.nba", POLICY)
    assert found.chunks[0].source.text.startswith("# About the policy.")
    assert found.chunks[2].source.text == "# Young.\ndefine young = age < 30\n\n"


def test_a_folder_is_read_without_what_tools_keep_in_it(folder):
    found = Workspace().with_folder(str(folder))
    assert names(found.documents) == ["alone.nba", "people.nba", "policy.nba", "second.nba"]
    assert found.without_folder(str(folder)).documents == {}


def test_a_folder_too_large_for_policies_is_left_early(folder, monkeypatch):
    seen, walk = [], module.os.walk
    monkeypatch.setattr(module.os, "walk", lambda path: (seen.append(path), walk(path))[1])
    whole = Workspace().with_folder(str(folder))
    assert (whole.cut, len(seen)) == ((), 2)
    monkeypatch.setattr(module, "MOST_FOLDERS", 1)
    found = Workspace().with_folder(str(folder))
    assert (found.cut, len(seen)) == ((str(folder),), 3)
    assert names(found.documents) == ["alone.nba", "policy.nba", "second.nba"]
    monkeypatch.setattr(module, "MOST_FILES", 2)
    found = Workspace().with_folder(str(folder))
    assert (found.cut, names(found.documents)) == ((str(folder),), ["alone.nba", "policy.nba"])
    assert found.without_folder(str(folder)).cut == ()


def test_a_file_belongs_to_the_policies_that_reach_it(folder):
    found = Workspace().with_folder(str(folder))
    assert names(found.policies[str(folder / "parts" / "people.nba")]) == ["policy.nba", "second.nba"]
    assert names(found.policies[str(folder / "policy.nba")]) == ["policy.nba"]
    assert names(found.related(str(folder / "policy.nba"))) == ["policy.nba", "second.nba"]


def test_a_file_that_no_policy_reaches_is_read_without_asking_for_the_rest(folder):
    checked = Workspace().with_folder(str(folder)).check(str(folder / "alone.nba"))
    assert checked.diagnostics == ()
    broken = Workspace().with_text("/alone.nba", "define c = 1 +\n").check("/alone.nba")
    assert [d.kind.name for d in broken.diagnostics] == ["syntax"]


def test_what_was_understood_stays_while_the_profile_cannot_be_read():
    before = Workspace().with_text("/p.nba", POLICY)
    checked = before.check("/p.nba")
    broken = before.with_text("/p.nba", POLICY.replace("age: integer", "age: ")).check("/p.nba", checked)
    assert "age" not in broken.model.symbols and "age" in broken.understood.symbols


def test_a_check_is_current_until_a_file_of_its_policy_changes(folder):
    found = Workspace().with_folder(str(folder))
    path = str(folder / "policy.nba")
    checked = found.check(path)
    assert found.is_current(checked)
    assert found.with_text(str(folder / "alone.nba"), "x").is_current(checked)
    assert not found.with_text(str(folder / "parts" / "people.nba"), "define tall = 2\n").is_current(checked)
    (folder / "policy.nba").write_text("policy p { }\n")
    assert not found.with_disk([path]).is_current(checked)
