"""A connection to the server that is kept between requests."""
from __future__ import annotations

import http.client
import json
import select
import threading
from dataclasses import dataclass
from email.message import Message
from typing import Any, Mapping
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    """What came back. Names of headers are found in any case."""

    status: int
    headers: Message
    body: bytes

    def __repr__(self) -> str:
        return f"<Answer {self.status} {self.text}>"

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON. Raises ValueError, with the body in its text, when it is none."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise ValueError(f"{self.status} is not answered with JSON: {self.text!r}") from error


class Connection:
    """Sends one request after the other; any thread may do so. Never sends one twice, so that a
    connection that the server cuts is seen."""

    def __init__(self, url: str, timeout: float = 30.0) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError(f"not the URL of a test server: {url!r}")
        self._http = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
        self._lock = threading.Lock()

    def send(self, method: str, target: str, headers: Mapping[str, str],
             body: bytes | None = None) -> Answer:
        """Returns the answer, whatever its status. Raises ConnectionError when no whole answer
        comes, and TimeoutError."""
        with self._lock:
            self._leave_what_the_server_closed()
            try:
                self._http.request(method, target, body, dict(headers))
                got = self._http.getresponse()
                return Answer(got.status, got.headers, got.read())
            except http.client.HTTPException as error:
                self._http.close()
                raise ConnectionError(f"{method} {target} got no whole answer: {error}") from error
            except BaseException:
                self._http.close()
                raise

    def close(self) -> None:
        """The next request connects anew."""
        with self._lock:
            self._http.close()

    def __del__(self) -> None:
        # A client of a test is dropped without a word; its socket would warn of that.
        if hasattr(self, "_http"):
            self._http.close()

    def _leave_what_the_server_closed(self) -> None:
        socket = self._http.sock
        if socket is not None and select.select([socket], [], [], 0)[0]:
            self._http.close()


def json_bytes(value: Any) -> bytes | None:
    """A body: None is none, text and bytes are sent as they are, all else as JSON."""
    if value is None or isinstance(value, bytes):
        return value
    return (value if isinstance(value, str) else json.dumps(value)).encode()
