#!/usr/bin/env python3
"""A PostgreSQL cluster of its own, in a temporary folder, that is thrown away at the end.

Usage: postgres_cluster.py [--tcp] [--durable] [--connections N] [command...]
Runs the command with the address of an empty database in CODER_USERS_TEST_DATABASE, whose role may create
others. Without a command it prints the address and stays until it is told to end.

PostgreSQL refuses to run as root: as root it runs as the user postgres, or else nobody. Its programs are those
in $POSTGRES_PROGRAMS, or else the newest of this system.
"""

import argparse
import ctypes
import glob
import os
import pathlib
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time

ROLE = "coder_users"  # whom our databases belong to; also the name of the first one
SUPERUSER = "postgres"


class Failed(Exception):
    """A program of PostgreSQL failed; the text has what it wrote."""


def find_programs():
    """Returns the folder with initdb and postgres."""
    named = os.environ.get("POSTGRES_PROGRAMS")
    version = lambda path: float(path.split("/")[4])
    for folder in [named] if named else sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=version, reverse=True):
        if os.path.exists(os.path.join(folder, "initdb")):
            return folder
    found = shutil.which("initdb")
    if not found:
        raise Failed("there is no PostgreSQL server here (Debian's package postgresql has one)")
    return os.path.dirname(os.path.realpath(found))


def ordinary_user():
    """Returns who runs PostgreSQL: nobody special, and never root. None: whoever runs this."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Failed("there is neither a user postgres nor a user nobody")


def make_folder(user, on_disk=False):
    """Returns a new folder that the user may work in, in memory where that is possible and wanted."""
    for place in ("/var/tmp", "/tmp") if on_disk else (os.environ.get("TMPDIR"), "/dev/shm", "/tmp"):
        reachable = place and os.path.isdir(place) and os.access(place, os.W_OK) and (
            user is None or all(p.stat().st_mode & stat.S_IXOTH for p in [pathlib.Path(place), *pathlib.Path(place).parents]))
        if reachable and len(place) < 40:  # the name of a socket has 107 bytes
            break
    else:
        raise Failed("there is no folder for temporary files")
    folder = tempfile.mkdtemp(prefix="coder_users_pg.", dir=place)
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    return folder


def free_port():
    with socket.socket() as each:
        each.bind(("127.0.0.1", 0))
        return each.getsockname()[1]


def end_with_parent():
    """In a child: it ends at once when its parent does, however that ends."""
    ctypes.CDLL(None).prctl(1, signal.SIGQUIT)


def state_of(pid):
    """Returns the state of a process, a letter, and its parent's id. An ended one: "", 0."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "", 0
    state, parent = text[text.rindex(")") + 2:].split()[:2]
    return ("", 0) if state in "ZX" else (state, int(parent))


def children_of(pid):
    """Returns the processes that a process has started."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and state_of(name)[1] == pid]


class Cluster:
    """One server. Its socket lies in `folder`; with `port` it also listens on 127.0.0.1."""

    def __init__(self, folder, *, port=None, durable=False, connections=300, settings=None):
        self.folder = folder
        self.data = os.path.join(folder, "data")
        self.log = os.path.join(folder, "log")
        self.tcp = port is not None
        self.port = port or 5432
        self.programs = find_programs()
        self.user = ordinary_user()
        self.process = None
        self.settings = {
            "listen_addresses": "127.0.0.1" if port else "",
            "port": str(self.port),
            "unix_socket_directories": folder,
            "max_connections": str(connections),
            "fsync": "on" if durable else "off",
            "full_page_writes": "on" if durable else "off",
            "jit": "off",
            "autovacuum_naptime": "10s",
            "max_wal_size": "128MB",
            "min_wal_size": "32MB",
            "shared_buffers": "64MB",
            **(settings or {}),
        }

    def run(self, program, *arguments, timeout=60):
        """Runs a program of PostgreSQL and returns what it wrote. Throws Failed."""
        done = subprocess.run([os.path.join(self.programs, program), *arguments], cwd=self.folder,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout,
                              check=False, **self.as_user())
        if done.returncode != 0:
            raise Failed(f"{program} failed with {done.returncode}:\n{done.stdout}")
        return done.stdout

    def as_user(self):
        if self.user is None:
            return {}
        return {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}

    def create(self):
        """Makes the files of an empty cluster. Its texts are ordered as a language orders them, as on many
        servers, so that who relies on the order of bytes and does not say so is found out."""
        self.run("initdb", "-D", self.data, "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8",
                 "--locale-provider=icu", "--icu-locale=en-US", "--no-sync", "--no-instructions")

    def copy_of(self, primary, name):
        """Makes the files of a standby of `primary`, which follows it under a name."""
        shutil.rmtree(self.data, ignore_errors=True)
        self.run("pg_basebackup", "-D", self.data, "-h", primary.folder, "-p", str(primary.port), "-U", SUPERUSER,
                 "-R", "--checkpoint=fast", "--no-sync")
        with open(os.path.join(self.data, "postgresql.auto.conf"), "a", encoding="utf-8") as settings:
            settings.write(f"primary_conninfo = 'host={primary.folder} port={primary.port} user={SUPERUSER} "
                           f"application_name={name}'\n")

    def begin(self, **settings):
        """Starts the server without waiting for it."""
        arguments = [os.path.join(self.programs, "postgres"), "-D", self.data]
        for name, value in {**self.settings, **settings}.items():
            arguments += ["-c", f"{name}={value}"]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            cwd=self.folder, preexec_fn=end_with_parent, **self.as_user())

    def start(self, **settings):
        """Starts the server and waits until it answers."""
        self.begin(**settings)
        self.wait()

    def wait(self, timeout=60):
        """Waits until the server answers. Throws Failed."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                self.run("pg_isready", "-q", "-h", self.folder, "-p", str(self.port), timeout=10)
                return
            except (Failed, subprocess.TimeoutExpired):
                time.sleep(0.02)
        with open(self.log, encoding="utf-8", errors="replace") as log:
            raise Failed("the server does not start:\n" + log.read()[-3000:])

    def stop(self, how=signal.SIGINT):
        """Ends the server in order, SIGTERM: after its clients, SIGINT: at once, SIGQUIT: as by a crash."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.freeze(False)
            self.process.send_signal(how)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
        self.process = None

    def kill(self):
        """Ends all processes of the server as a machine does whose power is cut."""
        processes = [self.process.pid, *children_of(self.process.pid)]
        for signal_number in (signal.SIGSTOP, signal.SIGKILL):  # none of them acts on the end of another
            for pid in processes:
                try:
                    os.kill(pid, signal_number)
                except ProcessLookupError:
                    pass
        self.process.wait(20)
        while any(state_of(pid)[0] for pid in processes):
            time.sleep(0.005)  # until they have let their files go
        self.process = None

    def freeze(self, frozen=True):
        """Stops all processes of the server where they stand, or lets them go on."""
        for pid in [self.process.pid, *children_of(self.process.pid)]:
            try:
                os.kill(pid, signal.SIGSTOP if frozen else signal.SIGCONT)
            except ProcessLookupError:
                pass

    def sql(self, text, database=ROLE, timeout=60):
        """Runs SQL as the superuser and returns the rows as lines, columns divided by |."""
        return self.run("psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-p", str(self.port), "-U", SUPERUSER,
                        "-d", database, "-c", text, timeout=timeout).strip()

    def add_role(self):
        """Adds our role, which may create databases, and its empty database."""
        self.sql(f"CREATE ROLE {ROLE} LOGIN CREATEDB", "postgres")
        self.sql(f"CREATE DATABASE {ROLE} OWNER {ROLE}", "postgres")
        self.sql(f"ALTER ROLE {SUPERUSER} SET search_path = {ROLE}, public", "postgres")  # for sql()

    def address(self):
        """Returns the address of our role's own database, by TCP where the server listens, else by its
        socket. Those of others have /name at the end, or before the question mark."""
        if self.tcp:
            return f"postgres://{ROLE}@127.0.0.1:{self.port}"
        return f"postgres://{ROLE}@?host={self.folder}&port={self.port}"


class TemporaryCluster:
    """with TemporaryCluster() as cluster: a running server with our role, which is gone afterwards."""

    def __init__(self, *, tcp=False, on_disk=False, **options):
        self.on_disk = on_disk
        self.options = {"port": free_port() if tcp else None, **options}
        self.cluster = None

    def __enter__(self):
        folder = make_folder(ordinary_user(), self.on_disk)
        self.cluster = Cluster(folder, **self.options)
        try:
            self.cluster.create()
            self.cluster.start()
            self.cluster.add_role()
        except BaseException:
            self.__exit__()
            raise
        return self.cluster

    def __exit__(self, *_):
        try:
            self.cluster.stop(signal.SIGQUIT)
        finally:
            shutil.rmtree(self.cluster.folder, ignore_errors=True)


def end_on_signals():
    """Lets SIGTERM and SIGHUP end a program as SIGINT does: everything is put away."""

    def end(number, _):
        raise SystemExit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tcp", action="store_true", help="listen on a free port of 127.0.0.1, too, and give that out")
    parser.add_argument("--durable", action="store_true", help="on the disk, with fsync")
    parser.add_argument("--connections", type=int, default=300, help="how many at once (300)")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    wanted = parser.parse_args()
    end_on_signals()
    try:
        with TemporaryCluster(tcp=wanted.tcp, on_disk=wanted.durable, durable=wanted.durable,
                              connections=wanted.connections) as cluster:
            if not wanted.command:
                print(cluster.address(), flush=True)
                signal.pause()
            environment = {**os.environ, "CODER_USERS_TEST_DATABASE": cluster.address()}
            status = subprocess.run(wanted.command, env=environment, check=False).returncode
            if status == 0:
                return 0
            with open(cluster.log, encoding="utf-8", errors="replace") as log:
                last = [line for line in log if " FATAL: " in line or " PANIC: " in line][-20:]
            sys.stderr.write("".join(["The last the server wrote:\n", *last] if last else []))
            return status
    except Failed as failure:
        print(failure, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
