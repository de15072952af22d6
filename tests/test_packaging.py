"""What the package says of itself to those who install it."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
    "optional-dependencies"
]
OURS = {"all", "test", "bench"}  # of those who change nbadsl, and the one that is checked


def test_all_extras_are_one_extra():
    [everything] = EXTRAS["all"]
    assert everything == f"nbadsl[{','.join(sorted(EXTRAS.keys() - OURS))}]"


def test_what_documents_and_messages_tell_people_to_install_is_there():
    files = [ROOT / "README.md", *ROOT.glob("*/*.md"), *(ROOT / "nbadsl").rglob("*.py")]
    told = {
        extra
        for path in files
        for names in re.findall(r"nbadsl\[([\w,]+)\]", path.read_text(encoding="utf-8"))
        for extra in names.split(",")
    }
    assert told and told <= EXTRAS.keys()
