"""Real servers for tests: Redis and PostgreSQL, started on loopback for one run of the tests, in a folder that goes.

A machine without them skips their tests and says so; continuous integration on Debian installs them first. So it is
with other programs that tests use.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import redis

PACKAGES = {
    "redis-server": ("redis-server",),
    "postgres": ("postgresql",),
    "emacs": ("emacs-nox", "elpa-eglot"),
    "chromium": ("chromium",),
}


class Missing(Exception):
    """A program that this machine does not have."""


def program(name: str) -> str:
    """Where a program is; installed first where this is continuous integration. Raises Missing."""
    if os.environ.get("CI") and os.geteuid() == 0 and shutil.which("apt-get"):
        with alone("apt-get"):
            if _find(name) is None:
                install(*PACKAGES[name])
    found = _find(name)
    if found is None:
        packages = " ".join(PACKAGES[name])
        raise Missing(f"{name} is not installed (Debian: apt-get install {packages}): its tests are skipped")
    return found


def install(*packages: str) -> None:
    """Install packages of Debian, if that can be done."""
    subprocess.run(["apt-get", "update", "-qq"], check=False, capture_output=True)
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    subprocess.run(command, check=False, capture_output=True, env=quiet)


@contextmanager
def alone(what: str) -> Iterator[None]:
    """One of the processes that run tests does something, the others wait."""
    with Path(tempfile.gettempdir(), f"nba-tests-{os.geteuid()}-{what}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _find(name: str) -> str | None:
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *map(str, homes)]))


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@contextmanager
def redis_server(folder: Path, port: int | None = None) -> Iterator[str]:
    """Its address."""
    port = port or free_port()
    command = [
        program("redis-server"),
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--dir",
        str(folder),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        address = f"redis://127.0.0.1:{port}/0"
        wait(process, lambda: redis.Redis.from_url(address).ping(), redis.ConnectionError)
        yield address
    finally:
        process.terminate()
        process.wait()


@contextmanager
def postgres_server(folder: Path) -> Iterator[str]:
    """Its address. PostgreSQL refuses to be started by root: then it is its own user's."""
    postgres = Path(program("postgres")).resolve()
    data, port = folder / "data", free_port()
    data.mkdir(parents=True)
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(data, user)
        for parent in (folder, *folder.parents):
            if parent.stat().st_uid == 0 and not parent.stat().st_mode & 1:
                parent.chmod(parent.stat().st_mode | 0o111)
    name = user or pwd.getpwuid(os.geteuid()).pw_name
    initdb = [
        str(postgres.with_name("initdb")),
        "-D",
        str(data),
        "-U",
        name,
        "-A",
        "trust",
        "-N",
        "-E",
        "UTF8",
    ]
    subprocess.run(initdb, check=True, capture_output=True, user=user, cwd="/")
    command = [
        str(postgres),
        "-D",
        str(data),
        "-p",
        str(port),
        "-h",
        "127.0.0.1",
        "-k",
        "",
        "-c",
        "fsync=off",
    ]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, user=user, cwd="/")
    try:
        address = f"postgresql://{name}@127.0.0.1:{port}/postgres"
        wait(process, lambda: psycopg.connect(address).close(), psycopg.OperationalError)
        yield address
    finally:
        process.terminate()
        process.wait()


def wait(process: subprocess.Popen[bytes], connect: Callable[[], object], refused: type[Exception]) -> None:
    """Until a server not only listens, but answers."""
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError(f"the server ended at once, with {process.returncode}")
        try:
            connect()
            return
        except refused:
            time.sleep(0.05)
    raise RuntimeError("the server does not answer")
