"""The server of `nba edit`: whom it lets in, files and their conflicts, a language server for each connection, and answers
about the text as it is typed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path

import pyarrow as pa
import pytest
from commands import fails, nba
from pages import Desk, Edit, children, editing, runs
from websockets.exceptions import InvalidStatus

from nbadsl.browser.figures import MOST_CUSTOMERS, customers
from nbadsl.browser.folder import Conflict, Folder, Refused

CHURN = "churn_risk > 50%"


@pytest.fixture
def edit(shop: Path) -> Iterator[Edit]:
    with editing(shop) as running:
        yield running


@pytest.fixture
def desk(edit: Edit) -> Iterator[Desk]:
    with edit.connect("desk") as socket:
        yield Desk(socket)


def until(holds: Callable[[], bool], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


# --- who is let in ---


def test_the_page_and_its_parts_are_there_and_reach_nothing_else(edit: Edit):
    status, headers, body = edit.get()
    assert status == 200 and b'src="page.js"' in body
    policy = headers["Content-Security-Policy"]
    nonce = policy.partition("'nonce-")[2].partition("'")[0]
    assert f'data-nonce="{nonce}"'.encode() in body
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert headers["Referrer-Policy"] == "no-referrer" and headers["X-Content-Type-Options"] == "nosniff"
    assert edit.get("page.js")[1]["Content-Type"].startswith("text/javascript")
    assert [edit.get(name)[0] for name in ("page.css", "icon.svg", "nowhere.js", "../server.py")] == [
        200,
        200,
        404,
        404,
    ]
    assert edit.get("page.js", method="POST")[0] == 405
    assert edit.get()[1]["Content-Security-Policy"] != policy


@pytest.mark.parametrize(
    ("path", "host"),
    [
        ("/", None),
        ("/policy.nba", None),
        ("/{token}", None),
        ("/x{token}/", None),
        ("/{token}/", "nba.example.com"),
        ("/{token}/", "127.0.0.1:1"),
    ],
)
def test_nobody_else_is_let_in(edit: Edit, path: str, host: str | None):
    _, _, address, token, _ = edit.url.split("/")
    connection = HTTPConnection(address)
    connection.request("GET", path.format(token=token), headers={"Host": host or address})
    answer = connection.getresponse()
    assert answer.status == 403 and token.encode() not in answer.read()


@pytest.mark.parametrize("name", ["desk", "lsp"])
def test_a_socket_is_for_our_own_page_alone(edit: Edit, name: str):
    for origin in ("http://nba.example.com", "null"):
        with pytest.raises(InvalidStatus, match="403"), edit.connect(name, origin):
            pass
    assert edit.get(name)[0] == 403  # no origin at all


def test_it_listens_on_this_machine_only(edit: Edit):
    port = int(edit.origin.rpartition(":")[2])
    lines = Path("/proc/net/tcp").read_text().splitlines()
    listening = [line.split()[1] for line in lines if line.split()[3] == "0A"]
    assert [place for place in listening if place.endswith(f":{port:04X}")] == [f"0100007F:{port:04X}"]


def test_two_on_one_port_end_with_a_sentence(edit: Edit, shop: Path):
    port = edit.origin.rpartition(":")[2]
    assert f"port {port} cannot be used" in fails(2, "edit", "--no-browser", "--port", port)


def test_without_its_library_it_says_what_to_install(shop: Path):
    code = "import sys; sys.modules['websockets'] = None; from nbadsl.cli import main; main(['edit', '--no-browser'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=shop)
    assert (done.returncode, done.stderr) == (
        2,
        "error: the editor needs the library websockets: pip install 'nbadsl[edit]'\n",
    )


def test_what_is_no_policy_is_refused(shop: Path):
    assert fails(2, "edit", "customers.csv") == "error: customers.csv is no source of a policy (.nba)"


# --- files ---


def test_a_text_is_saved_unless_the_file_has_changed_meanwhile(desk: Desk, shop: Path):
    path = shop / "policy.nba"
    path.chmod(0o640)
    first = desk.open()
    assert desk.hello["files"] == ["policy.nba"] and first["text"] == path.read_text()
    saved = desk.save("policy.nba", first["text"] + "# one\n", first["tag"])
    assert saved["what"] == "saved" and path.read_text().endswith("# one\n")
    assert path.stat().st_mode & 0o777 == 0o640 and [p.name for p in shop.glob(".*")] == []
    stale = desk.save("policy.nba", first["text"] + "# two\n", first["tag"])
    assert (stale["what"], stale["tag"]) == ("conflict", saved["tag"])
    assert stale["text"] == path.read_text() == first["text"] + "# one\n"


def test_the_page_hears_when_something_else_writes_the_file(desk: Desk, shop: Path):
    first = desk.open()
    (shop / "policy.nba").write_text("# another\n")
    heard = desk.hear("changed")
    assert heard["text"] == "# another\n" and heard["tag"] != first["tag"]
    assert desk.save("policy.nba", "# mine\n", heard["tag"])["what"] == "saved"


@pytest.mark.parametrize("name", ["../out.nba", "nba.toml", "/etc/passwd", "a\0.nba", "link.nba"])
def test_only_policies_in_the_folder_are_read_and_written(tmp_path: Path, name: str):
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "out.nba").write_text("# outside\n")
    (root / "link.nba").symlink_to(tmp_path / "out.nba")
    with pytest.raises(Refused):
        Folder(root).read(name)
    with pytest.raises(Refused):
        Folder(root).save(name, "# inside\n", "")
    assert (tmp_path / "out.nba").read_text() == "# outside\n"


def test_line_ends_and_the_byte_order_mark_stay(tmp_path: Path):
    path, folder = tmp_path / "a.nba", Folder(tmp_path)
    path.write_bytes(b"\xef\xbb\xbf# a\r\n")
    found = folder.read("a.nba")
    assert found.text == "# a\r\n"
    folder.save("a.nba", found.text + "# b\r\n", found.tag)
    assert path.read_bytes() == b"\xef\xbb\xbf# a\r\n# b\r\n"
    path.write_bytes(b"\xff")
    with pytest.raises(Refused, match="not UTF-8"):
        folder.read("a.nba")
    path.unlink()
    assert folder.save("a.nba", "# again\n", "a tag of long ago").text == path.read_text()
    with pytest.raises(Conflict):
        folder.save("a.nba", "# mine\n", "")


# --- what the policy does ---


def test_figures_tests_and_a_story_are_those_of_the_text_that_is_typed(desk: Desk):
    text = desk.open()["text"]
    desk.look(1, {"policy.nba": text})
    assert [t["failures"] for t in desk.hear("tests")["tests"]] == [[]]
    story = desk.hear("story")
    assert (story["customer"], story["decision"]) == ("C001", "winback via email")
    figures = desk.hear("figures")
    winback = {action["name"]: action for action in figures["actions"]}["winback"]
    [candidate] = winback["candidates"]
    assert [(s["stage"], s["stopped"], s["left"]) for s in candidate["steps"]] == [
        ("require", 1, 11),
        ("require", 3, 8),
        ("eligible", 2, 6),
        ("exclude", 1, 5),
    ]
    assert (figures["people"], figures["decided"], winback["chosen"]) == (12, 8, 5)
    assert candidate["steps"][2]["place"] == {"name": "policy.nba", "line": 32}
    assert ["C003", "apology"] in figures["customers"]
    for action in figures["actions"]:
        for each in action["candidates"]:
            assert each["considered"] - sum(s["stopped"] for s in each["steps"]) == each["chosen"]

    desk.look(2, {"policy.nba": text.replace(CHURN, "churn_risk > 70%")}, customer="C006")
    assert desk.hear("tests")["id"] == 2
    assert desk.hear("story")["decision"] == "nothing"
    winback = next(a for a in desk.hear("figures")["actions"] if a["name"] == "winback")
    assert winback["chosen"] == 2

    desk.look(3, {"policy.nba": text.replace(CHURN, "churn_rik > 50%")})
    assert desk.hear("mistakes")["errors"] == 1
    desk.look(4, {"policy.nba": text.replace("expect apology", "expect winback")}, customer="nobody")
    [test] = desk.hear("tests")["tests"]
    assert [f["expected"] for f in test["failures"]] == ["winback via email"]
    assert desk.hear("story")["missing"] == "nobody in customers.csv has customer_id nobody"


def test_of_many_questions_the_newest_is_answered(desk: Desk):
    text = desk.open()["text"]
    for id in range(1, 40):
        desk.look(id, {"policy.nba": text.replace(CHURN, f"churn_risk > {id}%")})
    heard = []
    while not heard or heard[-1]["id"] != 39:
        heard.append(desk.hear("figures", "tests", "story"))
    assert len(heard) < 39


def test_customers_to_choose_from_are_the_first_and_one_of_every_action():
    def batch(first: int, actions: list[str | None]) -> pa.RecordBatch:
        keys = [f"C{first + n}" for n in range(len(actions))]
        return pa.RecordBatch.from_pydict({"id": keys, "action": actions})

    many = MOST_CUSTOMERS
    first = batch(0, ["a"] * many + [None, "b"])
    found = customers([first, batch(1_000, ["a", "c"]), batch(2_000, ["c"])], {"a", "b", "c", "d"})
    assert found[:many] == [(f"C{n}", "a") for n in range(many)]
    assert found[many:] == [(f"C{many + 1}", "b"), ("C1001", "c")]


def test_limits_count_as_if_nobody_had_been_contacted_before(desk: Desk):
    text = desk.open()["text"] + "\nlimit 1 per customer per 7 days\n"
    desk.look(1, {"policy.nba": text})
    desk.hear("tests")
    assert desk.hear("story")["limits"][0]["said"].startswith("0 of 1")
    figures = desk.hear("figures")
    assert (figures["limits"], figures["decided"]) == (True, 8)


def test_limits_count_what_the_history_of_the_settings_has(shop: Path):
    text = (shop / "policy.nba").read_text() + "\nlimit 1 per customer per 7 days\n"
    (shop / "policy.nba").write_text(text)
    yesterday = ("--now", "2026-11-09 09:00")
    nba("run", "policy.nba", "-p", "customers.csv", "--history", "contacts.db", *yesterday)
    export = ("history", "export", "--history", "contacts.db", "events.csv")
    assert nba(*export).code == 0
    before = (shop / "events.csv").read_bytes()
    with (shop / "nba.toml").open("a") as settings:
        settings.write('history = "contacts.db"\n')
    with editing(shop) as edit, edit.connect("desk") as socket:
        desk = Desk(socket)
        desk.look(1, {})
        desk.hear("tests")
        assert desk.hear("story")["limits"][0]["said"].startswith("1 of 1")
        figures = desk.hear("figures")
        assert (figures["limits"], figures["decided"]) == (False, 0)
    nba(*export)
    assert (shop / "events.csv").read_bytes() == before


def test_without_a_sample_the_panel_says_how_to_name_one(shop: Path):
    (shop / "nba.toml").unlink()
    with editing(shop) as edit, edit.connect("desk") as socket:
        desk = Desk(socket)
        desk.look(1, {})
        assert len(desk.hear("tests")["tests"]) == 1
        assert 'sample = "customers.csv"' in desk.hear("story")["missing"]
        assert 'sample = "customers.csv"' in desk.hear("figures")["missing"]
        (shop / "nba.toml").write_text('sample = "nowhere.csv"\n')
        desk.look(2, {})
        desk.hear("tests")
        assert desk.hear("story")["missing"].startswith("nowhere.csv is not there")


def test_the_options_of_a_run_hold(levers: Path):
    (levers / "nba.toml").write_text('sample = "customers.csv"\n')
    with editing(levers, "--set", "lever=7") as edit, edit.connect("desk") as socket:
        desk = Desk(socket)
        desk.look(1, {})
        desk.hear("tests")
        assert "lever" in desk.hear("story")["error"]
        assert "lever" in desk.hear("figures")["error"]


# --- the language server ---


def test_a_language_server_for_each_connection_that_ends_with_it(edit: Edit):
    asked = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}
    with edit.connect("lsp") as one, edit.connect("lsp") as other:
        for socket in (one, other):
            socket.send(json.dumps(asked))
            answer = json.loads(socket.recv(timeout=30))
            assert answer["result"]["capabilities"]["documentFormattingProvider"]
        assert len(servers := children(edit.process.pid)) == 2
        other.close()
        assert until(lambda: sum(map(runs, servers)) == 1)
    assert until(lambda: not any(map(runs, servers)))


def test_processes_end_with_the_server(shop: Path):
    with editing(shop) as edit:
        with edit.connect("lsp"), edit.connect("desk") as socket:
            Desk(socket).look(1, {})
            assert until(lambda: len(children(edit.process.pid)) == 2)
            started = children(edit.process.pid)
            edit.process.kill()
            assert until(lambda: not any(map(runs, started)), 60)
            edit.process.wait()
