"""What the page of `nba edit` is made of: its words are those of the language, and what the package carries is what its sources
make. How it behaves is in test_browser.py."""

from __future__ import annotations

import json
import subprocess
import tomllib
from pathlib import Path

from editor_packages import PAGE, ROOT
from grammar_words import keywords

from nbadsl.semantics.fields import NAMED_TYPES
from nbadsl.syntax.declarations import KEYWORDS

ASSETS = ROOT / "nbadsl" / "browser" / "assets"


def test_its_words_are_those_of_the_language():
    words = json.loads((PAGE / "src" / "words.json").read_text(encoding="utf-8"))
    types = {*words.pop("types")}
    assert types == {*NAMED_TYPES, "money"}
    assert words["declarations"] == sorted(KEYWORDS)
    assert {word for group in words.values() for word in group} | types & keywords() == keywords()


def test_the_version_is_that_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert json.loads((PAGE / "package.json").read_text(encoding="utf-8"))["version"] == project["version"]


def test_the_lock_names_no_registry():
    text = (PAGE / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in text and "registry" not in text


def test_the_package_carries_what_the_sources_make(npm_of_page: str, tmp_path: Path):
    subprocess.run([npm_of_page, "run", "--silent", "check"], cwd=PAGE, check=True)
    subprocess.run([npm_of_page, "run", "--silent", "build", "--", "--into", tmp_path], cwd=PAGE, check=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(p.name for p in ASSETS.iterdir())
    different = [p.name for p in tmp_path.iterdir() if p.read_bytes() != (ASSETS / p.name).read_bytes()]
    assert different == [], "npm run build in editor-support/browser makes them anew"


def test_everything_in_the_bundle_has_its_licence():
    text = (ASSETS / "LICENSES.txt").read_text(encoding="utf-8")
    assert {"@codemirror/lsp-client", "@codemirror/view", "marked", "style-mod"} <= {
        line.split()[0] for line in text.splitlines() if line.endswith("(MIT)")
    }
