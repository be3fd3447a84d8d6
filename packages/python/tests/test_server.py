"""Servers without pytest: how they start and end, and what goes wrong with them."""
import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from coder_users import Answer, ControlError, Server, ServerError, find_program


def program_that(folder: Path, does: str) -> Path:
    program = folder / "program"
    program.write_text(f"#!/bin/sh\n{does}\n")
    program.chmod(0o755)
    return program


def test_it_ends_with_the_block() -> None:
    with Server() as server:
        assert server.owner.get("/users/me").status == 200
        assert server.exit_status is None
    assert server.exit_status == 0
    server.close()  # again


def test_it_ends_with_the_process_that_started_it() -> None:
    script = ("import os, coder_users; server = coder_users.Server(); "
              "print(server._process.pid, flush=True); os.kill(os.getpid(), 9)")
    started = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert started.returncode == -signal.SIGKILL
    pid = int(started.stdout)
    try:
        end = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ended = select.select([end], [], [], 10)[0]
    os.close(end)
    assert ended, "the server outlives the process that started it"


def test_it_begins_with_what_it_is_told(tmp_path: Path) -> None:
    users = [{"username": "bob", "email": "bob@example.com"}]
    file = tmp_path / "users.json"
    file.write_text(json.dumps(users))
    with Server(coder_version="2.35", seed=users, seed_number=7) as one, \
            Server(seed=file, seed_number=8) as other:
        assert one.coder_version == "2.35" and other.coder_version == "2.6"
        assert one.owner.get("/users/bob").status == other.owner.get("/users/bob").status == 200
        assert one.owner.id != other.owner.id
        one.reset()
        assert one.owner.get("/users/bob").status == 200


def test_it_keeps_a_database(tmp_path: Path) -> None:
    with Server(database=tmp_path / "users.db") as server:
        server.user("bob")
    with Server(database=tmp_path / "users.db") as server:
        assert server.owner.get("/users/bob").status == 200


def test_settings_of_a_real_coder_are_none_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODER_HTTP_ADDRESS", "nonsense")
    monkeypatch.setenv("CODER_PG_CONNECTION_URL", "postgres://elsewhere")
    with Server() as server:
        assert server.owner.get("/users/me").status == 200


def test_something_else_may_have_started_it() -> None:
    child = subprocess.Popen([find_program(), "test"], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE)
    assert child.stdin and child.stdout
    server = Server.attach(child.stdout.readline())
    assert server.user("bob").get("/users/me").status == 200
    server.close()
    assert server.exit_status is None and child.poll() is None
    child.stdin.close()
    assert child.wait(10) == 0
    child.stdout.close()


def test_only_a_ready_line_is_attached_to() -> None:
    for line in (b"", "no JSON", '{"url": "http://127.0.0.1:1"}', "[1]"):
        with pytest.raises(ValueError, match="not the line of a server that is ready"):
            Server.attach(line)
    ready = {"owner_token": "", "control_token": ""}
    with pytest.raises(ValueError, match="not the URL of a test server: 'ftp://elsewhere'"):
        Server.attach({**ready, "url": "ftp://elsewhere"})


def test_a_wrong_token_controls_nothing() -> None:
    with Server() as server:
        ready = {"url": server.url, "owner_token": server.owner.token, "control_token": "wrong"}
        with pytest.raises(ControlError) as refused:
            Server.attach(ready)
        assert refused.value.status == 401


def test_a_program_that_does_not_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="cannot start .*: No such file"):
        Server(program=tmp_path / "nothing")
    broken = program_that(tmp_path, "echo 'the disk is gone' >&2; exit 3")
    with pytest.raises(ServerError, match="(?s)ended with 3:.*the disk is gone"):
        Server(program=broken)
    silent = program_that(tmp_path, "exec cat")
    with pytest.raises(ServerError, match="ended with -9"):
        Server(program=silent, timeout=0.2)
    with pytest.raises(ServerError, match="coder-version"):
        Server(coder_version="1.0")


def test_a_server_that_has_ended_says_so() -> None:
    server = Server()
    assert server._process
    os.kill(server._process.pid, signal.SIGKILL)
    server._process.close()
    with pytest.raises(OSError):
        server.owner.get("/users/me")
    assert server.report().startswith("the server has ended with status -9")
    server.close()


def test_the_program_itself_is_installed() -> None:
    beside_python = str(Path(sys.executable).with_name("coder-users"))
    said = [subprocess.run([*command, "--version"], stdout=subprocess.PIPE, text=True,
                           check=True).stdout
            for command in ([sys.executable, "-m", "coder_users"], [beside_python])]
    assert said[0].startswith("coder_users ") and said[0] == said[1]


def test_an_answer_without_json_says_what_it_is() -> None:
    with Server() as server:
        answer = server.owner.get("/users/me")
        with pytest.raises(ValueError, match="not JSON at all"):
            Answer(502, answer.headers, b"not JSON at all").json()
