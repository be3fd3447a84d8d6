#!/usr/bin/env python3
"""Does to PostgreSQL what happens to databases, while clients with a ledger work on a server that uses it.

Usage: postgres_faults.py <coder-users> [scenarios]
In every scenario no answer may be 500, none may say what is not stored, none may take more than two seconds
longer than two of the server's deadlines for its database, since a request asks for its session and then for what
it wants, and five seconds after the database is well again the server
is to be, too.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import time

from instances import Failed, Server, make_key_file, make_owner
from ledger import Client, Connection, Ledger
from postgres_cluster import (ROLE, SUPERUSER, Cluster, TemporaryCluster, end_on_signals, make_folder,
                              ordinary_user)
from postgres_proxy import Proxy

CLIENTS = 6
DEADLINE = 2.0  # --database-timeout
LONGEST_ANSWER = 2 * DEADLINE + 2
LONGEST = 5.0  # seconds until service is back


class Bench:
    """A cluster, a proxy before it, a server that uses it, and clients of that."""

    def __init__(self, folder, program, cluster, *arguments, database=ROLE):
        self.cluster = cluster
        self.proxy = Proxy(cluster.port)
        address = cluster.tcp_address(f"127.0.0.1:{self.proxy.port}", database) + "?sslmode=disable"
        self.database = database
        self.server = Server(folder, "server", program, address, make_key_file(folder),
                             f"--database-timeout={DEADLINE:.0f}s", *arguments)
        self.faults = []
        try:
            self.server.wait()
            self.owner = make_owner(self.server.port)
        except BaseException:
            self.close()
            raise
        port = self.server.port
        self.ledger = Ledger([Client(number, 1, self.owner, port, [port]) for number in range(1, CLIENTS + 1)])

    def close(self):
        self.server.kill()
        self.proxy.stop()

    def sql(self, text):
        return self.cluster.sql(text, self.database)

    @contextlib.contextmanager
    def work(self, well=0.5):
        """The clients work before, during and after what happens inside. Afterwards service has to be back,
        and what was told to be stored."""
        self.ledger.begin()
        try:
            time.sleep(well)
            yield
            healed = time.monotonic()
            while self.ledger.last_success() < healed and not self.ledger.faults():
                if time.monotonic() > healed + 30:
                    raise Failed(f"service does not come back:\n{self.server.text()[-2000:]}")
                time.sleep(0.02)
            back = self.ledger.last_success() - healed
            if back > LONGEST:
                self.faults.append(f"service was back after {back:.1f} s")
            time.sleep(well)
        finally:
            self.ledger.end()
        self.expect_ready(200)
        self.server.check_alive()
        self.faults += self.ledger.check(self.sql)

    def expect_ready(self, status):
        """Asks whether the store answers: that, and that the process lives, is told in time."""
        for path, expected in (("/readyz", status), ("/healthz", 200)):
            begun = time.monotonic()
            found = Connection(self.server.port).ask("GET", path)[0]
            if found != expected:
                self.faults.append(f"{path} is answered {found} instead of {expected}")
            if time.monotonic() - begun > LONGEST_ANSWER:
                self.faults.append(f"{path} took {time.monotonic() - begun:.1f} s")

    def expect_503(self):
        """A read and a change are answered 503 and in time, with Retry-After in both."""
        for method, path, body in (("GET", "/api/v2/users/me", None),
                                   ("PUT", "/api/v2/users/me/appearance", {"theme_preference": "dark"})):
            begun = time.monotonic()
            status, value, _ = Connection(self.server.port).ask(method, path, self.owner, body)
            if status != 503:
                self.faults.append(f"{method} {path} is answered {status} {value} instead of 503")
            if time.monotonic() - begun > LONGEST_ANSWER:
                self.faults.append(f"{method} {path} took {time.monotonic() - begun:.1f} s")

    def longest_wait(self):
        return max(client.longest_wait() for client in self.ledger.clients)


def killed(bench):
    """The machine of the database is lost, and comes back after two seconds."""
    with bench.work():
        bench.cluster.kill()
        time.sleep(1)
        bench.expect_503()
        bench.expect_ready(503)
        bench.cluster.start()


def stopped(bench):
    """All processes of the database stand still, with their connections."""
    with bench.work():
        bench.cluster.freeze()
        time.sleep(1)
        bench.expect_503()
        bench.expect_ready(503)
        bench.cluster.freeze(False)


def restarted(bench):
    """The database is restarted three times."""
    for _ in range(3):
        with bench.work():
            bench.cluster.stop()
            bench.cluster.start()


def disconnected(bench):
    """Every connection is ended by an administrator, twenty times."""
    with bench.work():
        for _ in range(20):
            bench.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{ROLE}'")
            time.sleep(0.1)


def commits_cut(bench):
    """Connections break while a COMMIT is on its way to the database or its answer on the way back."""
    for name in ("cuts_before", "cuts_after"):
        with bench.work():
            cut = bench.proxy.cut
            for _ in range(10):
                setattr(bench.proxy, name, 3)
                time.sleep(0.3)
            setattr(bench.proxy, name, 0)
        if bench.proxy.cut - cut < 10:
            bench.faults.append(f"{name}: only {bench.proxy.cut - cut} COMMITs were cut")


def slow(bench):
    """The way to the database takes 50 ms in each direction, then longer than the deadline."""
    with bench.work():
        bench.proxy.delay = 0.05
        time.sleep(2)
        bench.proxy.delay = DEADLINE * 1.5
        time.sleep(3)
        bench.expect_503()
        bench.proxy.delay = 0.0
        bench.proxy.drop_all()


def unreachable(bench):
    """Nothing comes through, and nothing says so; then connections are cut and refused."""
    with bench.work():
        bench.proxy.stall()
        time.sleep(1)
        bench.expect_503()
        bench.expect_ready(503)
        bench.proxy.stall(False)
    with bench.work():
        bench.proxy.refusing = True
        bench.proxy.drop_all()
        bench.expect_503()
        bench.proxy.refusing = False


def locked(bench):
    """Somebody holds a lock on a table that everything needs, so that the whole pool waits."""
    with bench.work():
        holder = subprocess.Popen(
            [os.path.join(bench.cluster.programs, "psql"), "-XqAt", "-h", bench.cluster.folder, "-p",
             str(bench.cluster.port), "-U", SUPERUSER, "-d", bench.database, "-c",
             "BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(7); COMMIT"],
            **bench.cluster.as_user())
        time.sleep(0.5)
        bench.expect_503()
        holder.wait(30)


def crowded(bench):
    """Others hold all connections that the database takes, and the server's own are gone."""
    with bench.work():
        crowd = subprocess.Popen(
            [os.path.join(bench.cluster.programs, "pgbench"), "-n", "-c", "200", "-T", "60", "-f", "/dev/stdin", "-h",
             bench.cluster.folder, "-p", str(bench.cluster.port), "-U", ROLE, bench.database],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **bench.cluster.as_user())
        crowd.stdin.write(b"SELECT pg_sleep(60);\n")
        crowd.stdin.close()
        bench.sql("ALTER ROLE coder_users CONNECTION LIMIT 1")
        bench.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{ROLE}'")
        time.sleep(1)
        bench.expect_503()
        bench.sql("ALTER ROLE coder_users CONNECTION LIMIT -1")
        crowd.kill()
        crowd.wait()


def read_only(bench):
    """The database takes no changes, as a standby or a primary that was demoted."""
    with bench.work():
        name = bench.database
        bench.sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        bench.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{ROLE}'")
        time.sleep(1)
        bench.expect_503()
        bench.sql(f"BEGIN READ WRITE; ALTER DATABASE {name} RESET default_transaction_read_only; COMMIT")


def storms(bench):
    """Changes fail as those do that disturb each other: half of the tries, then all of them."""
    for code in ("40001", "40P01"):
        bench.sql(f"""CREATE FUNCTION storm() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF random() < 0.5 THEN RAISE EXCEPTION 'a storm' USING ERRCODE = '{code}'; END IF; RETURN NEW; END $$;
            CREATE TRIGGER storm BEFORE INSERT ON audit_logs FOR EACH ROW EXECUTE FUNCTION storm()""")
        with bench.work():
            before = bench.ledger.total("acknowledged"), bench.ledger.total("uncertain")
            time.sleep(2)
            done, failed = (bench.ledger.total(name) - value for name, value in zip(("acknowledged", "uncertain"), before))
            if failed > done:  # one in 32 where a change is tried five times
                bench.faults.append(f"{failed} of {done + failed} changes failed in a storm of {code}")
            bench.sql("CREATE OR REPLACE FUNCTION storm() RETURNS trigger LANGUAGE plpgsql AS "
                      f"$$ BEGIN RAISE EXCEPTION 'a storm' USING ERRCODE = '{code}'; END $$")
            status, value, _ = Connection(bench.server.port).ask(
                "PUT", "/api/v2/users/me/appearance", bench.owner, {"theme_preference": "dark"})
            if status != 503:
                bench.faults.append(f"a change that can never be made is answered {status} {value}")
            bench.sql("DROP TRIGGER storm ON audit_logs; DROP FUNCTION storm()")


def fill(folder):
    """Fills a file system. Returns the file that does."""
    path = os.path.join(folder, "full")
    with open(path, "wb", buffering=0) as file:
        for size in (1 << 20, 4096, 512):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"\0" * size)
    return path


@contextlib.contextmanager
def small_disk(folder, size, user):
    """A file system of its own, in memory. Nothing where it cannot be had."""
    path = os.path.join(folder, "disk")
    os.mkdir(path)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0755", "none", path], check=False,
                             stderr=subprocess.DEVNULL).returncode == 0
    try:
        if mounted and user is not None:
            os.chown(path, user.pw_uid, user.pw_gid)
        yield path if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", "-l", path], check=False)


@contextlib.contextmanager
def on_small_disk(size):
    """A folder, and in it a file system of its own; both are gone afterwards."""
    user = ordinary_user()
    folder = make_folder(user)
    try:
        with small_disk(folder, size, user) as disk:
            yield folder, disk
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fill_for_a_while(disk):
    full = fill(disk)
    try:
        time.sleep(4)
    finally:
        os.unlink(full)


def tables_full(program):
    """No table can grow any more."""
    with on_small_disk("24m") as (folder, disk):
        if disk is None:
            return [], "left out: a disk of its own needs root"
        cluster = Cluster(folder, tcp=True, durable=True)
        with running(cluster):
            cluster.sql(f"CREATE TABLESPACE small LOCATION '{disk}'")
            cluster.sql(f"CREATE DATABASE small OWNER {ROLE} TABLESPACE small")
            with contextlib.closing(Bench(folder, program, cluster, database="small")) as bench:
                with bench.work():
                    fill_for_a_while(disk)
                if "53100" not in bench.server.text():
                    bench.faults.append("nothing was ever full")
                return report(bench)


def log_full(program):
    """The log of the database cannot grow any more, which ends its server."""
    with on_small_disk("160m") as (folder, disk):
        if disk is None:
            return [], "left out: a disk of its own needs root"
        cluster = Cluster(folder, tcp=True, durable=True, settings={"wal_recycle": "off"})
        cluster.data = os.path.join(disk, "data")
        with running(cluster), contextlib.closing(Bench(folder, program, cluster)) as bench:
            with bench.work():
                # So much is written that the log needs another file.
                bench.sql("CREATE TABLE public.filler AS SELECT repeat('x', 500) FROM generate_series(1, 20000)")
                full = fill(disk)
                try:
                    with contextlib.suppress(Failed):
                        for _ in range(3):
                            bench.sql("SELECT pg_switch_wal(); INSERT INTO public.filler SELECT * FROM public.filler")
                    time.sleep(3)
                finally:
                    os.unlink(full)
                if cluster.process.poll() is not None:  # it could not even end what it had begun
                    cluster.start()
                cluster.wait()
                bench.sql("DROP TABLE public.filler")
            with open(cluster.log, encoding="utf-8", errors="replace") as log:
                if "No space left on device" not in log.read():
                    bench.faults.append("nothing was ever full")
            return report(bench)


@contextlib.contextmanager
def running(cluster):
    """A new cluster at work."""
    try:
        cluster.create()
        cluster.start()
        cluster.add_role()
        yield
    finally:
        cluster.stop()


def report(bench):
    """Returns what is wrong after a scenario, and what it was like."""
    faults, ledger = bench.faults, bench.ledger
    longest, what = bench.longest_wait()
    if longest > LONGEST_ANSWER:
        faults.append(f"{what} took {longest:.1f} s")
    if faults:
        faults.append(bench.server.text()[-2000:])
    return faults, (f"{ledger.total('acknowledged')} changes acknowledged and found, {ledger.total('uncertain')} settled, "
                    f"no answer after more than {longest:.1f} s")


SCENARIOS = [killed, stopped, restarted, disconnected, commits_cut, slow, unreachable, locked, crowded, read_only,
             storms]
ON_SMALL_DISKS = [tables_full, log_full]


def run(program, scenario):
    """Runs a scenario on a cluster and a server of its own. Returns what report() does."""
    if scenario in ON_SMALL_DISKS:
        return scenario(program)
    with TemporaryCluster(tcp=True, durable=True) as cluster:
        with contextlib.closing(Bench(cluster.folder, program, cluster)) as bench:
            scenario(bench)
            return report(bench)


def main():
    scenarios = {each.__name__: each for each in SCENARIOS + ON_SMALL_DISKS}
    chosen = sys.argv[2:] or list(scenarios)
    if len(sys.argv) < 2 or not set(chosen) <= set(scenarios):
        print(f"{__doc__}\nScenarios: {' '.join(scenarios)}", file=sys.stderr)
        return 2
    end_on_signals()
    failed = []
    for name in chosen:
        print(f"{name}: {scenarios[name].__doc__}", flush=True)
        try:
            faults, told = run(os.path.abspath(sys.argv[1]), scenarios[name])
        except Failed as failure:
            faults, told = [str(failure)], "failed"
        print(f"  {told}", flush=True)
        if faults:
            failed.append(name)
            print(*faults[:20], sep="\n  ", flush=True)
    print("failed: " + ", ".join(failed) if failed else "all scenarios passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
