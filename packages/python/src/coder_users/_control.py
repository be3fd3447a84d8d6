"""The control API of a test server, under /test/v1."""
from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Mapping, Sequence, TypeVar
from urllib.parse import quote, urlencode

from ._http import Connection, json_bytes
from ._report import describe


class ControlError(Exception):
    """The control API refused a call."""

    def __init__(self, call: str, status: int, body: Mapping[str, Any]) -> None:
        self.status = status
        self.message = str(body.get("message", ""))
        self.detail = str(body.get("detail", ""))
        said = [self.message, self.detail]
        said += [f"{each.get('field')}: {each.get('detail')}"
                 for each in body.get("validations") or []]
        super().__init__(f"{call}: {status}: " + " ".join(filter(None, said)))


class NotSeen(AssertionError):
    """The request that was waited for did not come in time. The text says what came instead."""


class Control:
    """Makes the calls. Any thread may use it."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._connection = Connection(url)

    def call(self, method: str, path: str, body: Any = None, *,
             query: Mapping[str, Any] | None = None) -> Any:
        """Returns the JSON of the answer, or None. Raises ControlError when it is refused."""
        return self._call(self._connection, method, path, body, query)

    def wait(self, path: str, body: Any, seconds: float) -> Any:
        """A call that may take so long, on a connection of its own: others need not wait for it."""
        connection = Connection(self._url, timeout=seconds + 30)
        try:
            return self._call(connection, "POST", path, body, None)
        finally:
            connection.close()

    def bytes(self, path: str) -> bytes:
        """Returns the body of an answer to GET as it is."""
        answer = self._connection.send("GET", "/test/v1" + path, self._headers)
        if answer.status != 200:
            raise ControlError(f"GET /test/v1{path}", answer.status, answer.json())
        return answer.body

    def close(self) -> None:
        self._connection.close()

    def _call(self, connection: Connection, method: str, path: str, body: Any,
              query: Mapping[str, Any] | None) -> Any:
        target = "/test/v1" + path
        given = {name: value for name, value in (query or {}).items() if value is not None}
        if given:
            target += "?" + urlencode(given)
        answer = connection.send(method, target, self._headers, json_bytes(body))
        if answer.status >= 300:
            raise ControlError(f"{method} {target}", answer.status, answer.json())
        return answer.json() if answer.body else None


def parse_time(text: str) -> datetime:
    """Reads RFC 3339. Digits after the microseconds are left out."""
    found = re.fullmatch(r"(.{19})(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", text)
    if not found:
        raise ValueError(f"not a time: {text!r}")
    whole, fraction, zone = found.groups()
    micros = (fraction or "")[:6].ljust(6, "0")
    return datetime.fromisoformat(f"{whole}.{micros}{'+00:00' if zone == 'Z' else zone}")


def format_time(time: datetime) -> str:
    """Writes RFC 3339. A time without a zone is taken as UTC."""
    if time.tzinfo is None:
        time = time.replace(tzinfo=timezone.utc)
    return time.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


class Clock:
    """The clock of the server. It stands still until the test moves it."""

    def __init__(self, control: Control) -> None:
        self._control = control

    def now(self) -> datetime:
        """The time, in UTC."""
        return self._time(self._control.call("GET", "/clock"))

    @property
    def frozen(self) -> bool:
        """Whether it stands still."""
        return bool(self._control.call("GET", "/clock")["frozen"])

    def advance(self, by: timedelta | None = None, *, days: float = 0, hours: float = 0,
                minutes: float = 0, seconds: float = 0) -> datetime:
        """Moves the clock forward, or back by what is negative: advance(hours=2). Returns the new
        time."""
        step = (by or timedelta()) + timedelta(days=days, hours=hours, minutes=minutes,
                                               seconds=seconds)
        return self._time(self._control.call("POST", "/clock/advance",
                                             {"seconds": step.total_seconds()}))

    def set(self, time: datetime) -> datetime:
        """Sets the clock. A time without a zone is taken as UTC."""
        return self._time(self._control.call("PUT", "/clock", {"now": format_time(time)}))

    def run(self) -> datetime:
        """Lets the clock run on from where it stands."""
        return self._time(self._control.call("PUT", "/clock", {"frozen": False}))

    def freeze(self) -> datetime:
        """Stops a clock that runs."""
        return self._time(self._control.call("PUT", "/clock", {"frozen": True}))

    @staticmethod
    def _time(clock: Mapping[str, str]) -> datetime:
        return parse_time(clock["now"])


_T = TypeVar("_T")


def made_of(kind: type[_T], values: Mapping[str, Any]) -> _T:
    """A value of a data class; what it has no member for is left out, since a newer program may
    say more than this package knows."""
    known = kind.__annotations__
    return kind(**{name: value for name, value in values.items() if name in known})


@dataclass(frozen=True)
class Snapshot:
    """A state of the server that it can go back to."""

    id: str
    name: str = ""
    taken_at: str = ""


@dataclass(frozen=True)
class Fault:
    """Something that is to go wrong, and how often it has."""

    id: str
    method: str = ""
    path: str = ""
    status: int = 0
    hits: int = 0


class Faults:
    """What is to go wrong. All are cleared before the next test."""

    def __init__(self, control: Control) -> None:
        self._control = control

    def add(self, path: str | None = None, *, method: str | None = None, status: int | None = None,
            body: Any = None, headers: Mapping[str, str] | None = None,
            latency_ms: int | None = None, disconnect: bool | None = None,
            commit: str | None = None, skip: int | None = None, count: int | None = None) -> Fault:
        """Makes the next request fail, or the next `count` after `skip` others; count=0 means all
        until the fault is removed.

        `path` is a route such as "/api/v2/users/{user}", without one every route is meant. A request
        is answered `status`, cut off (`disconnect`), or its change fails: `commit` is "fail" or
        "disk_full". `latency_ms` comes before any of these, or alone."""
        given = {"path": path, "method": method, "status": status, "body": body,
                 "headers": dict(headers) if headers else None, "latency_ms": latency_ms,
                 "disconnect": disconnect, "commit": commit, "skip": skip, "count": count}
        asked = {name: value for name, value in given.items() if value is not None}
        return made_of(Fault, self._control.call("POST", "/faults", asked))

    def all(self) -> list[Fault]:
        """Those that are there, with their hits."""
        return [made_of(Fault, each) for each in self._control.call("GET", "/faults")["faults"]]

    def remove(self, fault: Fault) -> None:
        """Nothing more goes wrong because of this one."""
        self._control.call("DELETE", f"/faults/{quote(fault.id, safe='')}")

    def clear(self) -> None:
        """Nothing more goes wrong."""
        self._control.call("DELETE", "/faults")


@dataclass(frozen=True)
class SeenRequest:
    """A request that came, and its answer. Secrets are "***"."""

    id: str
    time: str
    method: str
    path: str
    route: str = ""
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    status: int = 0
    user_id: str = ""
    username: str = ""
    latency_us: int = 0
    response_body: str = ""


class Requests:
    """What came to the API, oldest first. It is forgotten before the next test."""

    def __init__(self, control: Control) -> None:
        self._control = control

    def find(self, *, method: str | None = None, path: str | None = None,
             status: int | None = None, user: str | None = None,
             limit: int | None = None) -> list[SeenRequest]:
        """Those that match: `path` is a path or a route, `user` an id or a name, `limit` how many of the
        newest."""
        query = {"method": method, "path": path, "status": status, "user": user, "limit": limit}
        return self._seen(self._control.call("GET", "/requests", query=query))

    def wait(self, *, method: str | None = None, path: str | None = None,
             status: int | None = None, user: str | None = None, count: int = 1,
             timeout: float = 5.0) -> list[SeenRequest]:
        """Returns when `count` requests that match have come, earlier ones among them. Raises
        NotSeen when they have not after `timeout` seconds."""
        body = {"method": method, "path": path, "status": status, "user": user, "count": count,
                "timeout_ms": round(timeout * 1000)}
        asked = {name: value for name, value in body.items() if value is not None}
        try:
            return self._seen(self._control.wait("/requests/wait", asked, timeout))
        except ControlError as error:
            if error.status != 408:
                raise
            raise NotSeen(f"{error.message}\n{self.describe()}") from None

    def forget(self) -> None:
        """None has come."""
        self._control.call("DELETE", "/requests")

    def describe(self, limit: int = 20) -> str:
        """The newest as text for people."""
        answer = self._control.call("GET", "/requests", query={"limit": limit})
        return describe(answer["requests"])

    @staticmethod
    def _seen(answer: Mapping[str, Any]) -> list[SeenRequest]:
        return [made_of(SeenRequest, each) for each in answer["requests"]]


@dataclass(frozen=True)
class Passcode:
    """A one-time code that would have been mailed."""

    email: str
    username: str
    code: str
    expires_at: str = ""


class Passcodes:
    """The one-time codes for new passwords that were asked for."""

    def __init__(self, control: Control) -> None:
        self._control = control

    def find(self, email: str | None = None) -> list[Passcode]:
        """All, or those for an address; oldest first."""
        answer = self._control.call("GET", "/passcodes", query={"email": email})
        return [made_of(Passcode, each) for each in answer["passcodes"]]

    def forget(self) -> None:
        """None was asked for."""
        self._control.call("DELETE", "/passcodes")


class Logins:
    """Who logs in next at the built-in OpenID provider and at the stand-in of GitHub. They stay
    until others are set."""

    def __init__(self, control: Control) -> None:
        self._control = control

    def oidc(self, subject: str, email: str, **claims: Any) -> None:
        """The provider says this of who logs in; `claims` are more of the id token."""
        self._control.call("PUT", "/logins/oidc", {"subject": subject, "email": email, **claims})

    def refuse_oidc(self, error: str = "access_denied") -> None:
        """The provider lets nobody in."""
        self._control.call("PUT", "/logins/oidc", {"error": error})

    def github(self, id: int, login: str, email: str, *, name: str = "",
               orgs: Sequence[str] = (), teams: Sequence[str] = ()) -> None:
        """GitHub says this of who logs in; a team is "org/team"."""
        self._control.call("PUT", "/logins/github", {
            "id": id, "login": login, "email": email, "name": name, "orgs": list(orgs),
            "teams": list(teams)})

    def refuse_github(self, error: str = "access_denied") -> None:
        """GitHub lets nobody in."""
        self._control.call("PUT", "/logins/github", {"error": error})

    def get(self) -> dict[str, Any]:
        """What is set: {"oidc": …, "github": …}, with None for what is not."""
        return dict(self._control.call("GET", "/logins"))

    def clear(self) -> None:
        """Nobody is set: the provider shows a page that says so."""
        self._control.call("DELETE", "/logins")
