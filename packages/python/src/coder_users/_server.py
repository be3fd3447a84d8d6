"""A server for tests, and those who use it."""
from __future__ import annotations

import json
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, Mapping, Sequence
from urllib.parse import quote

from ._control import Clock, Control, Faults, Logins, Passcodes, Requests, Snapshot, made_of
from ._http import Answer, Connection, json_bytes
from ._process import Process, ServerError, find_program, read_ready_line

Seed = str | os.PathLike[str] | Sequence[Mapping[str, Any]]
"""Users in the seed format: a list, or the name of a file that holds one."""


class Client:
    """A user who is logged in, or a visitor, whose token is "". A path that does not begin with
    /api/v2/ is taken as one under /api/v2."""

    def __init__(self, url: str, token: str, *, id: str = "", username: str = "", email: str = "",
                 password: str = "") -> None:
        self.url = url
        self.token = token
        self.id = id
        self.username = username
        self.email = email
        self.password = password
        self._connection = Connection(url)

    def __repr__(self) -> str:
        return f"<Client {self.username or ('with a token' if self.token else 'visitor')}>"

    def get(self, path: str) -> Answer:
        """Sends GET. This and the next functions return the answer, whatever its status, and raise
        ConnectionError when there is none."""
        return self.send("GET", path)

    def post(self, path: str, body: Any = None) -> Answer:
        """Sends POST. `body` is made JSON of; text and bytes are sent as they are."""
        return self.send("POST", path, body)

    def put(self, path: str, body: Any = None) -> Answer:
        """Sends PUT."""
        return self.send("PUT", path, body)

    def patch(self, path: str, body: Any = None) -> Answer:
        """Sends PATCH."""
        return self.send("PATCH", path, body)

    def delete(self, path: str) -> Answer:
        """Sends DELETE."""
        return self.send("DELETE", path)

    def send(self, method: str, path: str, body: Any = None,
             headers: Mapping[str, str] | None = None) -> Answer:
        """Sends any method, with headers beside the token's."""
        target = path if path.startswith("/api/v2/") else "/api/v2" + path
        own = {"Coder-Session-Token": self.token} if self.token else {}
        return self._connection.send(method, target, {**own, **(headers or {})}, json_bytes(body))


class Server:
    """A server of its own, in memory, with the user "owner". A context manager; it also ends when
    this process does."""

    def __init__(self, *, coder_version: str | None = None, seed: Seed | None = None,
                 seed_number: int | None = None, database: str | os.PathLike[str] | None = None,
                 program: str | os.PathLike[str] | None = None, timeout: float = 30.0) -> None:
        """Starts it. `coder_version` is the release of Coder to answer as, such as "2.35"; `seed`
        the users to begin with; `seed_number` chooses other ids and tokens.
        Raises ServerError when it is not ready after `timeout` seconds."""
        given = {"--coder-version": coder_version, "--seed-number": seed_number,
                 "--database": os.fspath(database) if database is not None else None}
        arguments = [part for name, value in given.items() if value is not None
                     for part in (name, str(value))]
        with _seed_file(seed) as file:
            if file is not None:
                arguments += ["--seed", file]
            self._process: Process | None = Process(find_program(program), arguments, timeout)
        try:
            self._use(self._process.ready)
        except BaseException:
            self._process.close()
            raise

    @classmethod
    def attach(cls, ready: str | bytes | Mapping[str, Any], url: str | None = None) -> Server:
        """A server that something else has started, such as a container: `ready` is its ready
        line, `url` where it is reached when that is not what the line says. Raises ValueError for
        another line."""
        line = read_ready_line(ready) if isinstance(ready, (str, bytes)) else ready
        server = cls.__new__(cls)
        server._process = None
        server._use({**line, "url": url or line["url"]})
        return server

    def _use(self, ready: Mapping[str, Any]) -> None:
        self.url: str = ready["url"].rstrip("/")  #: without /api/v2
        self.control = Control(self.url, ready["control_token"])
        self.clock = Clock(self.control)
        self.faults = Faults(self.control)
        self._taken: list[Snapshot] = []
        self.requests = Requests(self.control)
        self.passcodes = Passcodes(self.control)
        self.logins = Logins(self.control)
        self.owner = Client(self.url, ready["owner_token"], username="owner",
                            email="owner@example.com", password="correct-Horse-9")
        self.owner.id = self.owner.get("/users/me").json()["id"]
        self.requests.forget()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the server. May be called again."""
        self.control.close()
        if self._process is not None:
            self._process.close()

    @property
    def exit_status(self) -> int | None:
        """None while the program runs, or when something else has started it."""
        return self._process.exit_status if self._process else None

    def log(self) -> str:
        """What the program has written to its standard error, the last 200 lines."""
        return self._process.log() if self._process else ""

    def client(self, token: str) -> Client:
        """Somebody with this token."""
        return Client(self.url, token)

    def visitor(self) -> Client:
        """Somebody without a session."""
        return Client(self.url, "")

    def user(self, username: str | None = None, *, roles: Sequence[str] = (),
             email: str | None = None, service_account: bool = False,
             organizations: Sequence[str] = ()) -> Client:
        """Makes a user who is logged in. Without a name it is named after its first role. Raises
        ControlError, 409 when the name is taken."""
        body: dict[str, Any] = {"roles": list(roles)}
        if username is not None:
            body["username"] = username
        if email is not None:
            body["email"] = email
        if service_account:
            body["service_account"] = True
        if organizations:
            body["organizations"] = list(organizations)
        made = self.control.call("POST", "/users", body)
        return Client(self.url, made["token"], id=made["id"], username=made["username"],
                      email=made.get("email") or "", password=made.get("password") or "")

    def seed(self, users: Seed) -> None:
        """Makes users with chosen ids, roles, hashes and tokens. Raises ControlError with the line
        that is wrong."""
        if isinstance(users, (str, os.PathLike)):
            self.control.call("POST", "/seed", Path(users).read_bytes())
        else:
            self.control.call("POST", "/seed", list(users))

    def reset(self) -> None:
        """The server is as it was when it was ready. Snapshots stay."""
        self.control.call("POST", "/reset")

    def snapshot(self, name: str = "") -> Snapshot:
        """Keeps the present state: data, clock, randomness and release. Raises ControlError, 409
        when the name is taken."""
        body = {"name": name} if name else {}
        taken = made_of(Snapshot, self.control.call("POST", "/snapshots", body))
        self._taken.append(taken)
        return taken

    def snapshots(self) -> list[Snapshot]:
        """Those that are kept."""
        answer = self.control.call("GET", "/snapshots")
        return [made_of(Snapshot, each) for each in answer["snapshots"]]

    def restore(self, snapshot: Snapshot | str) -> None:
        """Goes back to a snapshot, or to the one of that name: to its data, clock, randomness and
        release. Clears all faults, and forgets requests and passcodes."""
        self.control.call("POST", f"{_snapshot_path(snapshot)}/restore")

    def forget(self, snapshot: Snapshot | str) -> None:
        """Keeps that snapshot no longer."""
        self.control.call("DELETE", _snapshot_path(snapshot))
        self._taken = [each for each in self._taken if snapshot not in (each, each.id, each.name)]

    def begin_again(self, start: Snapshot) -> None:
        """Goes back to `start`, and forgets the snapshots that were taken here since. Raises
        ServerError when the server has ended."""
        if self.exit_status is not None:
            raise ServerError(self.report())
        for each in self._taken[self._taken.index(start) + 1:]:
            self.forget(each)
        self.restore(start)

    def image(self, snapshot: Snapshot | str) -> bytes:
        """The SQLite file of a snapshot."""
        return self.control.bytes(f"{_snapshot_path(snapshot)}/image")

    def keep_image(self, name: str, image: bytes) -> Snapshot:
        """Keeps an SQLite file as a snapshot of this name: image() of this server or another. Raises
        ControlError when it is of another kind or schema."""
        kept = made_of(Snapshot, self.control.call("PUT", f"{_snapshot_path(name)}/image", image))
        self._taken.append(kept)
        return kept

    @property
    def coder_version(self) -> str:
        """The release of Coder that is answered as. May be set, and is so at once."""
        return str(self.control.call("GET", "/version")["coder_version"])

    @coder_version.setter
    def coder_version(self, release: str) -> None:
        self.control.call("PUT", "/version", {"coder_version": release})

    def report(self) -> str:
        """What the server saw, for the message of a failing test: the newest requests, or how the
        program ended."""
        if self.exit_status is not None:
            return f"the server has ended with status {self.exit_status}:\n{self.log()}"
        try:
            return self.requests.describe()
        except OSError as error:
            return f"the server does not answer: {error}\n{self.log()}"


def _snapshot_path(snapshot: Snapshot | str) -> str:
    which = snapshot.id if isinstance(snapshot, Snapshot) else snapshot
    return "/snapshots/" + quote(which, safe="")


@contextmanager
def _seed_file(seed: Seed | None) -> Iterator[str | None]:
    if seed is None or isinstance(seed, (str, os.PathLike)):
        yield None if seed is None else os.fspath(seed)
        return
    # By name, because the standard input says how long the server is to live.
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(list(seed), file)
        file.flush()
        yield file.name
