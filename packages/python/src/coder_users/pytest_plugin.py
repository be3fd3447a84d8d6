"""Fixtures: one server for the session, and for each test the same state of it."""
from __future__ import annotations

from typing import Any, Generator, Iterator

import pytest

from ._control import Clock, Snapshot
from ._server import Client, Server

_SERVER = pytest.StashKey[Server]()


@pytest.fixture(scope="session")
def coder_users_options() -> dict[str, Any]:
    """Arguments of Server for this session. Define a fixture of this name to choose others."""
    return {}


@pytest.fixture(scope="session")
def coder_users_setup() -> Any:
    """A function that gets the Server and makes what every test finds there, or None. Define a
    fixture of this name to have one."""
    return None


@pytest.fixture(scope="session")
def _coder_users_server(coder_users_options: dict[str, Any], coder_users_setup: Any
                        ) -> Iterator[tuple[Server, Snapshot]]:
    with Server(**coder_users_options) as server:
        if coder_users_setup is not None:
            coder_users_setup(server)
        yield server, server.snapshot("pytest")


@pytest.fixture
def coder_users(_coder_users_server: tuple[Server, Snapshot],
                request: pytest.FixtureRequest) -> Server:
    """The server of this session, in the state in which every test finds it."""
    server, start = _coder_users_server
    server.begin_again(start)
    request.node.stash[_SERVER] = server
    return server


@pytest.fixture
def coder_owner(coder_users: Server) -> Client:
    """The user "owner" of that server, logged in."""
    return coder_users.owner


@pytest.fixture
def coder_clock(coder_users: Server) -> Clock:
    """The clock of that server."""
    return coder_users.clock


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport,
                                                              pytest.TestReport]:
    """Adds to the report of a failing test what the server saw."""
    report = yield
    server = item.stash.get(_SERVER, None)
    if server is not None and report.failed:
        report.sections.append(("What coder_users saw", server.report()))
    return report
