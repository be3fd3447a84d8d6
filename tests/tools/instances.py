"""Servers of ours and HAProxy in front of them, for the tools that try them with PostgreSQL. They start as the
files in examples/scaling say, at free ports of this machine.
"""

import base64
import os
import pathlib
import re
import secrets
import shlex
import subprocess
import time

from ledger import Connection
from postgres_cluster import PORT_TAKEN, Failed, end_with_parent, free_port

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples" / "scaling"
OWNER = {"email": "ada@example.com", "username": "ada", "password": "correct-Horse-9"}


def substituted(text, replacements):
    """Replaces what differs between a listing and a test. Throws when the listing has lost it."""
    for pattern, value in replacements:
        text, count = re.subn(pattern, lambda _, value=value: value, text, flags=re.M)
        if count == 0:
            raise Failed(f"a file in {EXAMPLES} has nothing like {pattern}")
    return text


def make_key_file(folder):
    path = os.path.join(folder, "secret.key")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(base64.b64encode(secrets.token_bytes(32)).decode() + "\n")
    return path


class Process:
    """A program that ends with this one. What it prints is in the file `log`."""

    def __init__(self, folder, name, command, environment=None):
        self.name = name
        self.log = os.path.join(folder, name + ".log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder,
                                            env=environment, preexec_fn=end_with_parent)

    def text(self):
        return pathlib.Path(self.log).read_text(encoding="utf-8", errors="replace")

    def check_alive(self):
        if self.process.poll() is not None:
            raise Failed(f"{self.name} has ended with {self.process.returncode}:\n{self.text()[-3000:]}")

    def stop(self):
        """Ends it in order. Throws Failed when that takes more than ten seconds or it has failed."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            status = self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failed(f"{self.name} does not stop:\n{self.text()[-3000:]}") from None
        return status

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Server(Process):
    """An instance of coder-users on the database at an address."""

    def __init__(self, folder, name, program, database, key_file, *arguments):
        unit = (EXAMPLES / "coder-users.service").read_text(encoding="utf-8")
        command = re.search(r"^ExecStart=(.*)$", unit.replace("\\\n", " "), flags=re.M).group(1)
        command = substituted(command, [
            (r"^/usr/bin/coder-users", shlex.quote(program)),
            (r"10\.0\.0\.11:3000", "127.0.0.1:0"),
            (r"/etc/coder-users/secret\.key", shlex.quote(key_file)),
            (r"10\.0\.0\.10", "127.0.0.1"),
        ])
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("CODER_", "PG"))}
        environment["CODER_PG_CONNECTION_URL"] = database
        super().__init__(folder, name, shlex.split(command) + [
            "--dangerous-disable-rate-limits", "--password-hash-cost=4", "--require-setup-code=false",
            "--log-level=warning", *arguments], environment)
        self.port = 0

    def wait(self, timeout=30):
        """Waits until it listens, and returns itself."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            found = re.search(r" listens on http://127\.0\.0\.1:(\d+)", self.text())
            if found:
                self.port = int(found.group(1))
                return self
            self.check_alive()
            time.sleep(0.02)
        raise Failed(f"{self.name} does not start:\n{self.text()[-3000:]}")


def make_owner(port):
    """Makes the first user through a server, and returns a token of it."""
    connection = Connection(port)
    status, value, _ = connection.ask("POST", "/api/v2/users/first", body=OWNER)
    if status != 201:
        raise Failed(f"the first user is answered {status} {value}")
    status, value, _ = connection.ask("POST", "/api/v2/users/login",
                                      body={"email": OWNER["email"], "password": OWNER["password"]})
    if status != 201:
        raise Failed(f"its login is answered {status} {value}")
    connection.close()
    return value["session_token"]


def start_haproxy(folder, program, servers):
    """Starts HAProxy with the file of the examples before these servers. Returns it, with its port."""
    for _ in range(2):
        try:
            return start_haproxy_at(free_port(), folder, program, servers)
        except Failed as failure:
            if PORT_TAKEN not in str(failure):  # a port that was free may be taken a moment later
                raise
    return start_haproxy_at(free_port(), folder, program, servers)


def start_haproxy_at(port, folder, program, servers):
    text = (EXAMPLES / "haproxy.cfg").read_text(encoding="utf-8")
    text = substituted(text, [(r"bind :443 ssl crt \S+$", f"bind 127.0.0.1:{port}")] + [
        (rf"10\.0\.0\.1{number}:3000$", f"127.0.0.1:{server.port}") for number, server in enumerate(servers, 1)])
    path = os.path.join(folder, "haproxy.cfg")
    pathlib.Path(path).write_text(text, encoding="utf-8")
    proxy = Process(folder, "haproxy", [program, "-db", "-f", path])
    proxy.port = port
    end = time.monotonic() + 20
    while Connection(port).ask("GET", "/readyz")[0] != 200:
        proxy.check_alive()
        if time.monotonic() > end:
            proxy.kill()
            raise Failed("HAProxy finds no server that is ready:\n" + proxy.text()[-3000:])
        time.sleep(0.05)
    proxy.check_alive()  # else it was another one that answered
    return proxy
