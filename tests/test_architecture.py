"""The house rules that nbadsl/README.md states, held by reading the imports of every module."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "nbadsl"

# Low to high. A module imports its own folder or lower ones; those in one row do not know each other.
LAYERS = (
    ("mistake",),
    ("aside", "source", "resources", "types", "room", "child", "settings", "page"),
    ("zone", "inputs"),
    ("diagnostics",),
    ("syntax",),
    ("semantics", "format"),
    ("program",),
    ("data",),
    ("plan", "interpreter"),
    ("engine", "history", "change"),
    ("pipeline",),
    ("lint",),
    ("workspace",),
    ("ide",),
    ("realtime", "limited", "replay", "difference"),
    ("report", "story", "run"),
    ("testing",),
    ("prove",),
    ("results",),
    ("api",),
    ("simulate",),
    ("lsp",),
    ("browser",),
    ("cli", "pygments", "pytest_plugin"),
)
RANK = {name: rank for rank, row in enumerate(LAYERS) for name in row}

# The folders that may import a library.
HOMES = {
    "lark": {"syntax"},
    "numba": {"engine"},
    "llvmlite": {"engine"},
    "pyarrow": {"data", "engine", "history", "limited", "replay", "run", "results", "api", "simulate", "cli"},
    "numpy": {"data", "plan", "engine", "history", "limited", "replay", "run", "simulate"},
    "pydantic": {"data", "cli", "api"},
    "click": {"cli"},
    "pytest": {"pytest_plugin"},
    "rich": {"cli", "diagnostics"},
    "pygls": {"lsp"},
    "lsprotocol": {"lsp"},
    "jinja2": {"page"},
    "markupsafe": {"page"},
    "altair": {"page"},
    "vl_convert": {"page"},
    "websockets": {"browser"},
    "z3": {"prove"},
    "sqlite3": {"history"},
    "redis": {"history"},
    "psycopg": {"history"},
    "pygments": {"pygments"},
}

MODULES = sorted(p for p in PACKAGE.rglob("*.py") if p != PACKAGE / "__init__.py")


def part_of(path: Path) -> str:
    """The folder of the package, or the module directly in it, that a file belongs to."""
    relative = path.relative_to(PACKAGE)
    return relative.parts[0].removesuffix(".py")


def imports(path: Path) -> list[tuple[str, int, bool]]:
    """Dotted names that a module imports, their lines, and whether they stand inside a function."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    found: list[tuple[str, int, bool]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(a.name, node.lineno, id(node) in inside) for a in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append((node.module, node.lineno, id(node) in inside))
            if node.module == "nbadsl":
                found += [(f"nbadsl.{a.name}", node.lineno, id(node) in inside) for a in node.names]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "import_module":
            found.append((begun(node.args[0]), node.lineno, id(node) in inside))
    return found


def begun(name: ast.expr) -> str:
    """What a name that is made of parts begins with; at least that must be in the text."""
    first = name.values[0] if isinstance(name, ast.JoinedStr) else name
    assert isinstance(first, ast.Constant) and isinstance(first.value, str), "imports who knows what"
    return first.value


def own(name: str) -> str | None:
    """The part of the package that a dotted name is in, if it is."""
    match = re.match(r"nbadsl\.(\w+)", name)
    return match.group(1) if match and match.group(1) in RANK else None


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_its_own_layer_or_lower_ones(path: Path) -> None:
    here = part_of(path)
    assert here in RANK, f"{here} has no place in LAYERS"
    wrong = [
        f"{name} (line {line})"
        for name, line, _ in imports(path)
        if (target := own(name)) is not None and target != here and RANK[target] >= RANK[here]
    ]
    assert wrong == []


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_library_is_imported_only_where_it_is_at_home(path: Path) -> None:
    here = part_of(path)
    wrong = [
        f"{name} (line {line})"
        for name, line, _ in imports(path)
        if name.split(".")[0] in HOMES and here not in HOMES[name.split(".")[0]]
    ]
    assert wrong == []


def test_only_the_edges_import_our_own_modules_late() -> None:
    late = {
        part_of(path)
        for path in MODULES
        for name, _, inside in imports(path)
        if inside and name.startswith("nbadsl")
    }
    assert late <= {"api", "cli", "history"}  # of stores each needs a library of its own


@pytest.mark.parametrize(
    "code",
    [
        "import nbadsl",
        "from nbadsl.cli import main; main(['check', '-q', 'nbadsl/templates/policy.nba'], standalone_mode=False)",
        "from nbadsl.cli import main; main(['lint', '-q', 'nbadsl/templates/policy.nba'], standalone_mode=False)",
        "from nbadsl import pipeline; from pathlib import Path; pipeline.compile(Path('nbadsl/templates/policy.nba'))",
    ],
)
def test_checking_does_not_pay_for_the_engine(code: str) -> None:
    heavy = "numba numpy pyarrow pydantic rich pygls jinja2".split()
    program = f"import sys\n{code}\nprint([m for m in {heavy} if m in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip().splitlines()[-1] == "[]"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_every_module_says_what_it_is_for_and_stays_readable(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), "a module begins with its docstring"


def test_nothing_evaluates_code_or_pickles() -> None:
    forbidden = re.compile(
        r"(?<!\.)\b(eval|exec)\(|\bbuiltins\.(eval|exec)\b|\bimport (pickle|cloudpickle|marshal|shelve)\b|\bpickle\.loads?\b"
    )
    found = [
        f"{path.relative_to(PACKAGE)}:{number}"
        for path in MODULES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if forbidden.search(line)
    ]
    assert found == []


def test_every_path_that_the_map_names_exists() -> None:
    text = (PACKAGE / "README.md").read_text(encoding="utf-8")
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    named = {name for name in re.findall(r"`([\w./-]+)`", prose) if "/" in name or name.endswith(".py")}
    linked = {PACKAGE / link for link in re.findall(r"\]\((?!https?:)([^)#]+)", text)}
    places = (PACKAGE, ROOT, ROOT / "tests", ROOT / "editor-support")
    modules = {p.name for folder in (PACKAGE, ROOT / "tests") for p in folder.rglob("*.py")}
    lost = {n for n in named if n not in modules and not any((place / n).exists() for place in places)}
    assert len(named) > 20
    assert lost | {str(link) for link in linked if not link.exists()} == set()


def test_the_map_names_every_folder() -> None:
    text = (PACKAGE / "README.md").read_text(encoding="utf-8")
    assert [name for name in RANK if f"`{name}" not in text] == []
