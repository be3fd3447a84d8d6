"""A server with Coder's users API for tests: in memory, its clock, faults and state in the test's hands.

    from coder_users import Server

    with Server(coder_version="2.35") as server:
        bob = server.user("bob", roles=["auditor"])
        assert bob.get("/users/me").json()["username"] == "bob"

With pytest there are the fixtures coder_users, coder_owner and coder_clock."""
from ._control import (Clock, Control, ControlError, Fault, Faults, Logins, NotSeen, Passcode,
                       Passcodes, Requests, SeenRequest, Snapshot)
from ._http import Answer
from ._process import ServerError, find_program
from ._server import Client, Server

__all__ = ["Answer", "Client", "Clock", "Control", "ControlError", "Fault", "Faults", "Logins",
           "NotSeen", "Passcode", "Passcodes", "Requests", "SeenRequest", "Server", "ServerError",
           "Snapshot", "find_program"]
