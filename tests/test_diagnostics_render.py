"""Findings as text, JSON, SARIF and GitHub annotations."""

import json
import re
import subprocess
import sys
from pathlib import Path
from unicodedata import category
from urllib.parse import unquote

import jsonschema
import pytest
from expectations import FOLDER, check_program
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from sarif_schema import LOG

from nbadsl.diagnostics import KINDS, Diagnostic, Edit, Fix
from nbadsl.diagnostics.display import cells, width
from nbadsl.diagnostics.fixes import compatible, edited
from nbadsl.diagnostics.render import FORMATS, render
from nbadsl.source import Source, Span


def span_of(text: str, part: str, path: str = "policy.nba") -> Span:
    """Where a part of a text stands, for the first time."""
    start = text.index(part)
    return Span(Source(path, text), start, start + len(part))


def finding(span: Span, kind: str = "unknown-name", message: str = "a message", **more: object) -> Diagnostic:
    return Diagnostic(KINDS[kind], span, message, **more)


def text_of(*found: Diagnostic, color: bool = False, width: int = 100, root: Path | None = None) -> str:
    return render(found, "text", color, width, root)


def lines_with(text: str, mark: str) -> list[str]:
    return [line for line in text.splitlines() if mark in line]


# --- text ---


def test_a_finding_shows_its_line_what_is_meant_and_how_to_mend_it():
    found = check_program("# comment\n\naction offer {\n  eligible when agee >= 18\n}\n")
    assert render(found, root=FOLDER) == (
        "error[unknown-name]: there is no value called `agee`\n"
        " --> policy.nba:4:17\n"
        "  |\n"
        "4 |   eligible when agee >= 18\n"
        "  |                 ^^^^\n"
        "  help: did you mean `age`?\n"
        "4 -   eligible when agee >= 18\n"
        "4 +   eligible when age >= 18\n"
        "\n"
        "1 error in 1 file; `nba doc unknown-name` explains it\n"
    )


def test_other_places_that_matter_are_shown_with_a_note_and_another_mark():
    found = check_program("define a = 1\n" + "\n" * 10 + "define a = 2\n")
    assert text_of(*found, root=FOLDER).startswith(
        "error[repeated-name]: the name `a` is already taken by a define\n"
        "  --> policy.nba:12:8\n"
        "   |\n"
        "12 | define a = 2\n"
        "   |        ^\n"
        "  ::: policy.nba:1:8\n"
        "   |\n"
        " 1 | define a = 1\n"
        "   |        - declared here\n"
    )


def test_several_fixes_have_their_titles():
    found = check_program("action a {\n  exclude when income < 800 EUR\n}\n")
    shown = text_of(*found)
    assert shown.index("fix: suppress when unknown") < shown.index(", unknown excludes\n")
    assert shown.index(", unknown excludes\n") < shown.index("fix: go on when unknown")
    assert shown.count("2 -   exclude when income < 800 EUR\n") == 2


def test_a_place_of_several_lines_shows_the_first_and_the_last():
    text = "action a {\n  one\n  two\n  three }  # rest\n"
    shown = text_of(finding(span_of(text, text.partition("  #")[0])))
    assert shown.splitlines()[1:] == [
        " --> policy.nba:1:1",
        "  |",
        "1 | action a {",
        "  | ^^^^^^^^^^ from here",
        "...",
        "4 |   three }  # rest",
        "  |   ^^^^^^^ to here",
        "",
        "1 error in 1 file; `nba doc unknown-name` explains it",
    ]


def test_a_place_of_two_lines_needs_no_dots():
    assert "..." not in text_of(finding(span_of("one\ntwo\n", "one\ntwo")))


def test_white_space_at_the_end_of_a_place_is_not_meant():
    shown = text_of(finding(span_of("one\n\n\ntwo\n", "one\n\n\n")))
    assert lines_with(shown, "^") == ["  | ^^^"]


def test_a_place_without_characters_has_one_caret():
    shown = text_of(finding(Span(Source("p.nba", "ab"), 2, 2)))
    assert lines_with(shown, "^") == ["  |   ^"]


def test_an_empty_file_is_named_without_a_line():
    shown = text_of(finding(Span(Source("p.nba", ""), 0, 0)))
    assert shown.startswith("error[unknown-name]: a message\n --> p.nba:1:1\n\n")


@pytest.mark.parametrize(
    ("before", "inside"),
    [
        ("plain ", "plain"),
        ("漢字 ", "plain"),
        ("ａｂ ", "字"),
        ("e\u0301a\u0308 ", "x"),
        ("a ", "e\u0301"),
        ("👍🏽 ", "👍🏽"),
        ("한국 ", "말"),
        ("各\u1112\u1161\u11ab ", "x"),
    ],
)
def test_carets_stand_under_wide_and_combined_characters(before, inside):
    text = f"{before}{inside} after"
    span = Span(Source("p.nba", text), len(before), len(before) + len(inside))
    shown = text_of(finding(span)).splitlines()
    source, carets = shown[3].removeprefix("1 | "), shown[4].removeprefix("  | ")
    assert source == text
    at = carets.index("^")
    # rich measures widths with tables of its own
    assert at == cell_len(before)
    assert carets.count("^") == cell_len(inside)


def test_a_picture_of_several_characters_is_as_wide_as_one():
    assert width("👩🏽\u200d💻") == 2
    assert width("🏳\ufe0f\u200d🌈") == 2
    assert width("❤\ufe0f") == 2
    assert width("🇩🇪") == 2


def test_tabs_are_shown_as_spaces_up_to_the_next_stop():
    text = "\tab\tcd"
    shown = text_of(finding(span_of(text, "cd"))).splitlines()
    assert shown[3:5] == ["1 |     ab  cd", "  |         ^^"]


def test_what_a_terminal_would_obey_or_hide_is_shown_by_its_code():
    text = 'title "\x1b[31mred\u202egnp.exe\u200b"'
    shown = text_of(finding(span_of(text, "red"), message="found `\x1b[31m\u202e`, a\nnew line"))
    assert not set(shown) & {"\x1b", "\u202e", "\u200b"}
    assert "found `␛[31m<U+202E>`, a new line" in shown
    assert '1 | title "␛[31mred<U+202E>gnp.exe<U+200B>"' in shown
    assert lines_with(shown, "^") == ["  |             ^^^"]


def test_a_long_line_is_cut_around_what_is_meant():
    text = "x" * 500 + " here " + "y" * 500
    shown = text_of(finding(span_of(text, "here")), width=60).splitlines()
    source, carets = shown[3], shown[4]
    assert len(source) <= 60
    assert source.startswith("1 | …x") and source.endswith("y…")
    assert source[carets.index("^") : carets.index("^") + 4] == "here"


def test_a_long_line_that_a_fix_changes_is_cut_around_the_change():
    source = Source("p.nba", "x" * 500 + " agee " + "y" * 500)
    fix = Fix("write `age`", (Edit(Span(source, 501, 505), "age"),))
    shown = text_of(finding(fix.edits[0].span, fixes=(fix,)), width=60).splitlines()
    assert " agee y" in shown[6] and " age y" in shown[7]
    assert all(len(line) <= 60 for line in shown[:-1])


def test_what_is_meant_may_be_longer_than_a_line():
    text = "a" * 500
    shown = text_of(finding(span_of(text, text)), width=60).splitlines()
    assert len(shown[3]) <= 60
    assert 0 < shown[4].count("^") <= 60


@given(st.text(max_size=80), st.integers(0, 80), st.integers(0, 80), st.integers(20, 100))
def test_any_text_can_be_shown(text, a, b, room):
    start, end = sorted((min(a, len(text)), min(b, len(text))))
    fix = Fix("t", (Edit(Span(Source("p.nba", text), start, end), "new"),))
    place = fix.edits[0].span
    shown = text_of(
        finding(place, message=text, help=text, fixes=(fix,), related=((place, text),)), width=room
    )
    shown.encode("utf-8")
    dangerous = {c for c in shown if category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")} - {"\n"}
    assert dangerous <= {"\u200d"} | {chr(tag) for tag in range(0xE0020, 0xE0080)}


@given(st.text())
def test_every_character_of_a_line_has_its_cell(text):
    line = text.replace("\n", "")
    assert len(cells(line)) == len(line)
    assert all(0 <= cell.width <= len(cell.text) * 2 for cell in cells(line))


def test_a_fix_of_several_places_shows_each_with_its_own_lines():
    text = "one\ntwo\nthree\nfour\nfive\n"
    source = Source("p.nba", text)
    edits = (Edit(Span(source, 0, 3), "ONE"), Edit(Span(source, 14, 18), "FOUR"))
    shown = text_of(finding(Span(source, 0, 3), fixes=(Fix("write it in capitals", edits),)))
    assert shown.splitlines()[5:10] == [
        "  fix: write it in capitals",
        "1 - one",
        "1 + ONE",
        "4 - four",
        "4 + FOUR",
    ]


def test_two_changes_of_one_line_are_shown_together():
    source = Source("p.nba", "one two three\n")
    edits = (Edit(Span(source, 0, 3), "1"), Edit(Span(source, 8, 13), "3"))
    shown = text_of(finding(Span(source, 0, 3), fixes=(Fix("use digits", edits),))).splitlines()
    assert shown[6:8] == ["1 - one two three", "1 + 1 two 3"]


def test_a_fix_that_removes_a_line_or_adds_one_shows_it():
    source = Source("p.nba", "one\ntwo\nthree\n")
    gone = Fix("remove it", (Edit(Span(source, 4, 8), ""),))
    added = Fix("add it", (Edit(Span(source, 3, 3), "\nmore"),))
    shown = text_of(finding(Span(source, 4, 7), fixes=(gone, added))).splitlines()
    assert shown[6:8] == ["2 - two", "  fix: add it"]
    assert shown[8:9] == ["2 + more"]


def test_the_last_line_counts_findings_and_files():
    a, b = Source("a.nba", "x"), Source("b.nba", "x")
    errors = [finding(Span(a, 0, 1)), finding(Span(b, 0, 1), "syntax"), finding(Span(b, 0, 1))]
    warning = finding(Span(a, 0, 1), "unreachable-row")
    last = "3 errors, 1 warning in 2 files; `nba doc KIND` explains a kind, such as `nba doc unknown-name`"
    assert text_of(*errors, warning).splitlines()[-1] == last
    assert text_of(warning).splitlines()[-1] == "1 warning in 1 file; `nba doc unreachable-row` explains it"


def test_nothing_found_is_nothing_said():
    assert text_of() == ""
    assert render((), "github") == ""


def test_colour_changes_nothing_but_colour():
    found = check_program("define a = agee\naction b { exclude when income < 1 EUR }\n")
    plain, coloured = text_of(*found), text_of(*found, color=True)
    assert "\x1b[1;31merror[unknown-name]\x1b[0m" in coloured
    stripped = re.sub(r"\x1b\[[\d;]*m", "", coloured)
    assert [line.rstrip() for line in stripped.splitlines()] == plain.splitlines()


def test_colour_is_what_the_caller_says_whatever_the_environment(monkeypatch):
    found = check_program("define a = agee\n")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b[1;31merror" in text_of(*found, color=True)
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" not in text_of(*found)


def test_text_without_colour_does_not_load_rich():
    program = (
        "import sys\n"
        "from nbadsl.diagnostics import KINDS, Diagnostic\n"
        "from nbadsl.diagnostics.render import render\n"
        "from nbadsl.source import Source, Span\n"
        "span = Span(Source('p.nba', 'x'), 0, 1)\n"
        "found = [Diagnostic(KINDS['syntax'], span, 'm')]\n"
        "assert render(found)\n"
        "assert 'rich' not in sys.modules\n"
        "render(found, color=True)\n"
        "assert 'rich' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_paths_are_shown_relative_to_the_folder_that_is_given():
    inside = finding(Span(Source("/home/me/policies/sub/a.nba", "x"), 0, 1))
    outside = finding(Span(Source("/usr/lib/stdlib/b.nba", "x"), 0, 1))
    shown = text_of(inside, outside, root=Path("/home/me/policies"))
    assert " --> sub/a.nba:1:1\n" in shown
    assert " --> /usr/lib/stdlib/b.nba:1:1\n" in shown


def test_another_format_is_refused():
    with pytest.raises(ValueError, match="'xml'; there is text, json, sarif, github"):
        render((), "xml")


# --- JSON ---


def test_json_says_everything_with_places_that_need_no_counting():
    text = "漢字\n  agee > 3\n"
    span = span_of(text, "agee", "/p/policy.nba")
    fix = Fix("write `age`", (Edit(span, "age"),))
    d = finding(
        span, help="did you mean `age`?", fixes=(fix,), related=((span_of(text, "漢", "/p/a.nba"), "seen"),)
    )
    place = {
        "path": "policy.nba",
        "start": {"line": 2, "column": 3, "offset": 5},
        "end": {"line": 2, "column": 7, "offset": 9},
    }
    other = {
        "path": "a.nba",
        "start": {"line": 1, "column": 1, "offset": 0},
        "end": {"line": 1, "column": 2, "offset": 1},
    }
    assert json.loads(render((d,), "json", root=Path("/p"))) == {
        "schema_version": 1,
        "errors": 1,
        "warnings": 0,
        "hints": 0,
        "findings": [
            {
                "kind": "unknown-name",
                "severity": "error",
                "message": "a message",
                **place,
                "help": "did you mean `age`?",
                "fixes": [{"title": "write `age`", "safe": False, "edits": [{**place, "text": "age"}]}],
                "related": [{"message": "seen", **other}],
            }
        ],
    }


def test_json_without_findings_is_still_an_object():
    nothing = {"schema_version": 1, "errors": 0, "warnings": 0, "hints": 0, "findings": []}
    assert json.loads(render((), "json")) == nothing


@given(st.text(max_size=40))
def test_json_carries_any_text(text):
    d = finding(Span(Source("p.nba", text), 0, len(text)), message=text)
    written = render((d,), "json").encode("utf-8")
    assert json.loads(written)["findings"][0]["message"] == text


def test_half_a_character_is_escaped_because_utf_8_has_no_place_for_it():
    d = finding(Span(Source("p.nba", "\ud800"), 0, 1), message="\ud800")
    for format in FORMATS:
        written = render((d,), format)
        if format in ("json", "sarif"):
            assert json.loads(written.encode("utf-8"))


# --- SARIF ---


def sarif_of(*found: Diagnostic, root: Path | None = None) -> dict:
    log = json.loads(render(found, "sarif", root=root))
    jsonschema.Draft202012Validator(LOG).validate(log)
    return log


MIXED = """
define a = agee
action b {
  exclude when income < 800 EUR
  exclude when age < 18, unknown keeps
}
define a = 2
"""


def test_a_sarif_log_has_rules_results_and_fixes_in_the_form_of_the_standard():
    log = sarif_of(*check_program(MIXED), root=FOLDER)
    [run] = log["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    rules = run["tool"]["driver"]["rules"]
    assert [rules[r["ruleIndex"]]["id"] for r in run["results"]] == [r["ruleId"] for r in run["results"]]
    assert [(r["ruleId"], r["level"]) for r in run["results"]] == [
        ("unknown-name", "error"),
        ("unsettled-unknown", "error"),
        ("idle-unknown-clause", "warning"),
        ("repeated-name", "error"),
    ]
    first = run["results"][0]
    assert first["message"]["text"] == "there is no value called `agee`\ndid you mean `age`?"
    where = {"uri": "policy.nba", "uriBaseId": "%SRCROOT%"}
    region = {"startLine": 2, "startColumn": 12, "endLine": 2, "endColumn": 16}
    assert first["locations"] == [{"physicalLocation": {"artifactLocation": where, "region": region}}]
    replacement = {"deletedRegion": region, "insertedContent": {"text": "age"}}
    change = {"artifactLocation": where, "replacements": [replacement]}
    assert first["fixes"] == [{"description": {"text": "write `age`"}, "artifactChanges": [change]}]
    assert run["results"][3]["relatedLocations"][0]["message"] == {"text": "declared here"}


def test_the_rules_of_a_sarif_log_explain_themselves():
    [rule] = sarif_of(*check_program("define a = agee\n"))["runs"][0]["tool"]["driver"]["rules"]
    assert rule["shortDescription"]["text"] == "There is nothing of this name"
    assert rule["help"]["markdown"].startswith("# There is nothing of this name\n")
    assert rule["defaultConfiguration"] == {"level": "error"}


def test_the_schema_notices_what_is_not_sarif():
    log = sarif_of(*check_program("define a = agee\n"))
    log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startColumn"] = 0
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(LOG).validate(log)


@pytest.mark.parametrize("name", ["a b.nba", "100%.nba", "größe/漢字.nba", "a#b?.nba"])
def test_a_sarif_address_is_percent_encoded(name):
    d = finding(Span(Source(f"/p/{name}", "x"), 0, 1))
    [result] = sarif_of(d, root=Path("/p"))["runs"][0]["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.isascii() and not set(uri) & set(" #?") and unquote(uri) == name


def test_a_file_outside_the_folder_has_an_absolute_sarif_address():
    d = finding(Span(Source("/usr/lib/std lib/b.nba", "x"), 0, 1))
    [result] = sarif_of(d, root=Path("/p"))["runs"][0]["results"]
    where = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert where == {"uri": "file:///usr/lib/std%20lib/b.nba"}


def test_a_sarif_fix_of_two_files_says_which_change_is_where():
    one, two = Source("one.nba", "a"), Source("two.nba", "b")
    fix = Fix("rename", (Edit(Span(one, 0, 1), "x"), Edit(Span(two, 0, 1), "x")))
    [result] = sarif_of(finding(Span(one, 0, 1), fixes=(fix,)))["runs"][0]["results"]
    changes = result["fixes"][0]["artifactChanges"]
    assert [(c["artifactLocation"]["uri"], len(c["replacements"])) for c in changes] == [
        ("one.nba", 1),
        ("two.nba", 1),
    ]


def fingerprints(program: str) -> list[str]:
    results = sarif_of(*check_program(program))["runs"][0]["results"]
    return [r["partialFingerprints"]["nbaFinding/v1"] for r in results]


def test_a_fingerprint_stays_when_lines_above_it_come_and_go():
    assert fingerprints("define a = agee\n") == fingerprints("# a comment\n\ndefine a =   agee\n")


def test_two_findings_never_share_a_fingerprint():
    found = fingerprints(
        "action a { eligible when agee > 3 }\naction b {\n  boost agee\n}\naction c {\n  boost agee\n}\n"
    )
    assert len(found) == len(set(found)) == 3


# --- GitHub ---


def test_a_github_annotation_names_place_kind_and_message():
    found = check_program("\naction b in help { }\n")
    assert render(found, "github", root=FOLDER) == (
        "::error file=policy.nba,line=2,col=13,endLine=2,endColumn=17,title=nba unknown-name"
        "::there is no group called `help`\n"
    )


def test_a_github_annotation_escapes_what_would_end_it():
    span = Span(Source("a,b:c%d.nba", "x"), 0, 1)
    d = finding(span, "unreachable-row", "100%\r\nof: a, b", help="::error::no")
    assert render((d,), "github") == (
        "::warning file=a%2Cb%3Ac%25d.nba,line=1,col=1,endLine=1,endColumn=2,title=nba unreachable-row"
        "::100%25%0D%0Aof: a, b%0A::error::no\n"
    )


def test_a_github_annotation_of_several_lines_has_no_columns():
    shown = render((finding(span_of("one\ntwo", "one\ntwo")),), "github")
    assert shown.startswith("::error file=policy.nba,line=1,endLine=2,title=")


# --- fixes ---


def test_edits_apply_to_the_offsets_of_the_text_as_it_was():
    source = Source("p.nba", "one two three")
    edits = (
        Edit(Span(source, 8, 13), "3"),
        Edit(Span(source, 0, 3), "number 1"),
        Edit(Span(source, 4, 4), "and "),
    )
    assert edited(source.text, edits) == "number 1 and two 3"


def test_of_fixes_that_touch_each_other_the_first_is_taken():
    source, other = Source("p.nba", "one two three"), Source("q.nba", "one two three")
    first = Fix("first", (Edit(Span(source, 0, 3), "1"),))
    inside = Fix("inside", (Edit(Span(source, 2, 5), "x"),))
    same_place = Fix("same place", (Edit(Span(source, 0, 0), "x"),))
    beside = Fix("beside", (Edit(Span(source, 3, 7), "y"),))
    elsewhere = Fix("elsewhere", (Edit(Span(other, 0, 3), "z"),))
    assert compatible((first, inside, same_place, beside, elsewhere)) == (first, beside, elsewhere)
