"""Starts the image of packages/container, and uses it. Arguments: a container of it, and the command that
speaks to buildah."""
import json
import os
import signal
import socket
import subprocess
import sys

from coder_users import Server

container, *buildah = sys.argv[1:]
config = json.loads(subprocess.run([*buildah, "inspect", container], stdout=subprocess.PIPE,
                                   check=True).stdout)["Docker"]["config"]
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = str(free.getsockname()[1])


def inside(*command: str) -> list[str]:
    return [*buildah, "run", "--isolation", "chroot", "--env", f"PORT={port}", container, "--",
            *command]


def healthy() -> bool:
    check = config["Healthcheck"]["Test"]
    assert check[0] == "CMD", check
    return subprocess.run(inside(*check[1:]), stdin=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode == 0


assert not healthy(), "healthy without a server"
who = subprocess.run(inside("id", "-u"), stdout=subprocess.PIPE, text=True, check=True).stdout
assert who.strip() == "65534", f"runs as {who}"
program = subprocess.Popen(inside(*config["Entrypoint"], "--coder-version", "2.35"),
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
assert program.stdout
line = program.stdout.readline()
try:
    with Server.attach(line, f"http://127.0.0.1:{port}") as server:
        assert server.coder_version == "2.35"
        assert server.user("bob").get("/users/me").json()["username"] == "bob"
    assert healthy(), "a server that is not healthy"
    os.kill(json.loads(line)["pid"], signal.SIGTERM)  # as the container's end does
    assert program.wait(20) == 0
finally:
    program.terminate()
print(f"the image runs as user {who.strip()}, is healthy, and ends when it is told")
