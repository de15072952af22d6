"""Options of the test run, for those who want to look longer than the default does; fixtures that tests share."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import editor_packages
import pytest
import servers
from commands import change, nba
from hypothesis import settings
from tree_sitter import Language

from nbadsl.resources import folder

# How long an example takes says more about the machine than about us.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--all-prefixes", action="store_true", help="try every prefix of every policy, not a sample of them"
    )
    parser.addoption(
        "--mutations", type=int, default=1000, metavar="N", help="how many damaged policies to try (1000)"
    )
    parser.addoption(
        "--differential-examples",
        type=int,
        default=2000,
        metavar="N",
        help="how many random programs to run through both engines (2000); with -n 2 on two processors",
    )
    parser.addoption(
        "--proofs",
        type=int,
        default=150,
        metavar="N",
        help="how many random programs the prover is asked about (150)",
    )
    parser.addoption(
        "--random-customers",
        type=int,
        default=100_000,
        metavar="N",
        help="how many random customers are asked whether they break a proved guarantee (100000)",
    )
    parser.addoption(
        "--forged", type=int, default=60, metavar="N", help="how many forged plans to run in every way (60)"
    )
    parser.addoption(
        "--race",
        type=int,
        default=100,
        metavar="N",
        help="decisions of each of eight processes that compete (100)",
    )
    parser.addoption("--kills", type=int, default=4, metavar="N", help="how often a run is killed (4)")
    parser.addoption(
        "--people", type=int, default=6000, metavar="N", help="how many people that run decides (6000)"
    )
    parser.addoption(
        "--update-documents", action="store_true", help="write what commands print into the documents"
    )
    parser.addoption(
        "--screenshots",
        type=Path,
        metavar="FOLDER",
        help="keep what pages look like (if not given, where pytest keeps temporary files)",
    )
    parser.addoption(
        "--editors",
        action="store_true",
        help="also what needs long installations: VS Code, the generator of tree-sitter",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--editors"):
        for item in items:
            if item.get_closest_marker("editors"):
                item.add_marker(pytest.mark.skip(reason="needs a long installation: only with --editors"))


ROUND = 2000
"""Examples of a round: Hypothesis remembers every example of one, and memory is finite."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "examples" in metafunc.fixturenames:
        wanted = metafunc.config.getoption("--differential-examples")
        rounds = [min(ROUND, wanted - start) for start in range(0, wanted, ROUND)]
        metafunc.parametrize("examples", rounds, ids=[f"round {n + 1}" for n in range(len(rounds))])


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as `nba new` made it on 2026-11-10, which is the working folder."""
    monkeypatch.chdir(tmp_path)
    assert nba("new", "shop").code == 0
    shutil.copy(folder("templates") / "customers.csv", "shop")
    monkeypatch.chdir(tmp_path / "shop")
    return tmp_path / "shop"


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


@pytest.fixture(scope="session")
def redis_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from started(servers.redis_server, tmp_path_factory.mktemp("redis"))


@pytest.fixture(scope="session")
def postgres_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from started(servers.postgres_server, tmp_path_factory.mktemp("postgres"))


@pytest.fixture(scope="session")
def parser_nba(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library of tree-sitter-nba."""
    return there(editor_packages.compiled_parser, tmp_path_factory.mktemp("tree-sitter"))


@pytest.fixture(scope="session")
def tree_sitter_nba(parser_nba: Path) -> Language:
    return editor_packages.language(parser_nba)


@pytest.fixture(scope="session")
def nvim() -> str:
    return there(editor_packages.neovim)


@pytest.fixture(scope="session")
def emacs() -> str:
    return there(servers.program, "emacs")


@pytest.fixture(scope="session")
def chromium() -> str:
    return there(servers.program, "chromium")


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    """Not for the session: while it runs, so does a loop of asyncio, and others could not start theirs."""
    playwright = pytest.importorskip(
        "playwright.sync_api",
        reason="no Playwright (PyPI's package playwright): pages are not tried in a browser",
    )
    with playwright.sync_playwright() as driver:
        # Its sandbox needs rights that containers do not have; the pages are ours.
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def npm() -> str:
    return there(editor_packages.npm, editor_packages.EXTENSION)


@pytest.fixture(scope="session")
def npm_of_page() -> str:
    return there(editor_packages.npm, editor_packages.PAGE)


def there(find: Callable[..., Any], *arguments: object) -> Any:
    """What is found. A test of what this machine does not have is skipped."""
    try:
        return find(*arguments)
    except servers.Missing as missing:
        pytest.skip(str(missing))


def started(server: Callable[[Path], Any], folder: Path) -> Iterator[str]:
    try:
        with server(folder) as address:
            yield address
    except servers.Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture
def proofs(request: pytest.FixtureRequest) -> int:
    """How many random programs the prover is asked about."""
    return int(request.config.getoption("--proofs"))


@pytest.fixture
def random_customers(request: pytest.FixtureRequest) -> int:
    """How many random customers of all scenarios together are decided."""
    return int(request.config.getoption("--random-customers"))
