"""The program of a test server: where it is, how it starts and ends."""
from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections import deque
from pathlib import Path
from typing import Any, Sequence


class ServerError(RuntimeError):
    """The server did not start, or has ended. The text holds what it wrote last."""


def find_program(chosen: str | os.PathLike[str] | None = None) -> str:
    """The program to start: the chosen one, that of CODER_USERS_PROGRAM, the one in this package, or one
    on the PATH."""
    if chosen or os.environ.get("CODER_USERS_PROGRAM"):
        return os.fspath(chosen or os.environ["CODER_USERS_PROGRAM"])
    inside = Path(__file__).with_name("bin") / "coder-users"
    found = str(inside) if inside.exists() else shutil.which("coder-users")
    if not found:
        raise ServerError("there is no program coder-users: install the wheel of this system, or "
                          "name the program in CODER_USERS_PROGRAM")
    return found


def read_ready_line(line: str | bytes) -> dict[str, Any]:
    """What a server says when it is ready. Raises ValueError for anything else."""
    try:
        ready = json.loads(line)
        return {"url": ready["url"], "owner_token": ready["owner_token"],
                "control_token": ready["control_token"], **ready}
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"not the line of a server that is ready: {line!r}") from None


class Process:
    """Runs `coder-users test` until close(), or until this process ends in any way: the server
    reads its standard input and ends with it."""

    def __init__(self, program: str, arguments: Sequence[str], timeout: float) -> None:
        # Settings of a real Coder, as in one of its workspaces, are none of a test server.
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("CODER_")}
        try:
            self._child = subprocess.Popen(
                [program, "test", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, env=environment)
        except OSError as error:
            raise ServerError(f"cannot start {program}: {error.strerror}") from error
        self._written: deque[str] = deque(maxlen=200)
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        self.ready = self._read_ready_line(timeout)

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def exit_status(self) -> int | None:
        """None while it runs; below zero when a signal ended it."""
        return self._child.poll()

    def log(self) -> str:
        """The last 200 lines of its standard error."""
        return "".join(self._written)

    def close(self, timeout: float = 10.0) -> None:
        """Ends it, by force when it has not ended by itself after so many seconds. May be called
        again."""
        assert self._child.stdin and self._child.stdout and self._child.stderr
        self._child.stdin.close()
        try:
            self._child.wait(timeout)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._reader.join()
        self._child.stdout.close()
        self._child.stderr.close()

    def _read_log(self) -> None:
        assert self._child.stderr
        for line in self._child.stderr:
            self._written.append(line.decode("utf-8", "replace"))

    def _read_ready_line(self, timeout: float) -> dict[str, Any]:
        assert self._child.stdout
        watch = threading.Timer(timeout, self._child.kill)
        watch.start()
        line = self._child.stdout.readline()
        watch.cancel()
        try:
            return read_ready_line(line)
        except ValueError as error:
            self.close()
            raise ServerError(f"{error}; coder-users test has ended with {self.exit_status}:\n"
                              f"{self.log()}") from None
