"""Opening a folder runs nothing that lies there: modules in it are not those that our processes import."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nbadsl import child
from nbadsl.browser import bridge, worker
from nbadsl.lsp import sampling
from nbadsl.prove import worker as prover
from nbadsl.prove.answers import PROVED
from nbadsl.prove.questions import GUARANTEE, Options, Question

NAMES = ("json", "lark", "zoneinfo", "numba", "pickle", "socket", "asyncio", "click", "pygls", "z3")
POLICY = """policy p { currency EUR }
profile customer key id { id: text  age: integer in 0..120 }
action a { eligible when age >= 18  value 1 EUR }
arbitrate { score value }
guarantee "grown up": never a when age < 18
"""


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "p.nba").write_text(POLICY)
    (folder / "people.csv").write_text("id,age\n1,20\n")
    for name in NAMES:
        text = f"open({str(tmp_path / name)!r}, 'w').close()\nraise SystemExit('{name} of the folder')\n"
        (folder / f"{name}.py").write_text(text)
    monkeypatch.chdir(folder)
    return folder


def ran(folder: Path) -> list[str]:
    """The modules of the folder that were imported."""
    return [name for name in NAMES if (folder.parent / name).exists()]


def test_python_by_itself_would_run_them(hostile: Path):
    subprocess.run([sys.executable, "-c", "import json, zoneinfo"], capture_output=True)
    assert ran(hostile) == ["json"]


def test_a_sample_is_decided_without_them(hostile: Path):
    asked = {"policy": str(hostile / "p.nba"), "sample": str(hostile / "people.csv"), "texts": {}}
    found = asyncio.run(sampling._measure(asked))
    assert ran(hostile) == []
    assert found["people"] == 1


def test_the_processes_of_the_page_run_without_them(hostile: Path):
    async def started() -> tuple[int | None, bytes]:
        async def tell(part: dict[str, Any]) -> None:
            pass

        looking = await worker.Worker(tell)._running()
        assert looking.stdin is not None
        looking.stdin.close()
        await looking.wait()
        serving = await bridge.started()
        text = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}})
        assert serving.stdin is not None and serving.stdout is not None
        serving.stdin.write(f"Content-Length: {len(text)}\r\n\r\n{text}".encode())
        answer = await serving.stdout.readline()
        await bridge.end(serving)
        return looking.returncode, answer

    code, answer = asyncio.run(started())
    assert ran(hostile) == []
    assert code == 0 and answer.startswith(b"Content-Length")


def test_a_proof_runs_without_them(hostile: Path):
    answers = prover.ask((hostile / "p.nba",), [Question(GUARANTEE)], Options())
    assert [answer.status for answer in answers] == [PROVED]
    assert ran(hostile) == []


def test_what_the_kernel_is_compiled_with_is_not_theirs(hostile: Path):
    ended = subprocess.run(
        child.command("-c", "import json, lark, zoneinfo, nbadsl.engine.kernel"), env=child.environment()
    )
    assert (ended.returncode, ran(hostile)) == (0, [])


def test_the_command_checks_a_folder_without_them(hostile: Path, tmp_path: Path):
    """As installed: Python looks for modules where the command is."""
    script = tmp_path / "bin" / "nba"
    script.parent.mkdir()
    script.write_text("from nbadsl.cli import main\nmain()\n")
    ended = subprocess.run([sys.executable, script, "check"], capture_output=True, text=True)
    assert (ended.returncode, ran(hostile)) == (0, []), ended.stderr
