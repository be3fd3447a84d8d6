#!/usr/bin/env python3
"""Kills the primary under three servers, and promotes its synchronous standby, again and again.

Usage: failover.py <coder-users> <haproxy> [rounds]
In front of the servers is HAProxy, through which clients with a ledger work all the time. In each round the
machine of the primary is lost, the standby is promoted, and a new standby takes the place of the lost one. No
change that was acknowledged may be lost, no token may be accepted by any server once its end was answered, no
answer may be 500, and service is to be back five seconds after the promotion.
"""

import os
import random
import shutil
import sys
import time

from instances import Failed, Server, make_key_file, make_owner, start_haproxy
from ledger import Client, Ledger
from postgres_cluster import Cluster, end_on_signals, make_folder, ordinary_user

CLIENTS = 6
LONGEST = 5.0  # seconds from the promotion until something is acknowledged


def until(what, seconds, condition):
    """Waits until condition() holds. Returns how long that took. Throws Failed."""
    begun = time.monotonic()
    while not condition():
        if time.monotonic() - begun > seconds:
            raise Failed(f"{what} took more than {seconds} s")
        time.sleep(0.01)
    return time.monotonic() - begun


class Pair:
    """A primary and its standby, each in a folder of its own."""

    def __init__(self, folder):
        user = ordinary_user()
        self.clusters = []
        for name in ("a", "b"):
            path = os.path.join(folder, name)
            os.mkdir(path, 0o700)
            if user is not None:
                os.chown(path, user.pw_uid, user.pw_gid)
            self.clusters.append(Cluster(path, tcp=True, connections=150, settings={"wal_keep_size": "64MB"}))
        self.primary, self.standby = self.clusters
        self.primary.create()
        self.primary.start()
        self.primary.add_role()

    def address(self):
        hosts = ",".join(f"127.0.0.1:{each.port}" for each in self.clusters)
        return self.clusters[0].tcp_address(hosts) + "?target_session_attrs=read-write"

    def add_standby(self):
        """Lets the standby follow the primary, and from then on nothing be committed without it."""
        self.standby.copy_of(self.primary, "standby")
        # A primary that has just been promoted has no standby to wait for.
        with open(os.path.join(self.standby.data, "postgresql.auto.conf"), "a", encoding="utf-8") as settings:
            settings.write("synchronous_standby_names = ''\n")
        self.standby.start()
        self.primary.sql("ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 (standby)'")
        self.primary.sql("SELECT pg_reload_conf()")
        until("the standby", 30, lambda: self.primary.sql("SELECT sync_state FROM pg_stat_replication") == "sync")

    def lose_primary(self):
        self.primary.kill()

    def promote(self):
        self.standby.sql("SELECT pg_promote(true, 30)", "postgres")
        self.primary, self.standby = self.standby, self.primary

    def stop(self):
        for each in self.clusters:
            each.stop()


def one_round(pair, ledger):
    """Returns after how many seconds from the promotion something was acknowledged, and what is wrong."""
    ledger.begin()
    time.sleep(random.uniform(0.3, 1.0))
    pair.lose_primary()
    time.sleep(random.choice([0, 0.2, 0.5]))
    pair.promote()
    promoted = time.monotonic()
    until("service", 30, lambda: ledger.last_success() > promoted or ledger.faults())
    back = ledger.last_success() - promoted
    pair.add_standby()
    time.sleep(0.2)
    ledger.end()
    faults = ledger.check(pair.primary.sql)
    if back > LONGEST:
        faults = faults + [f"service was back {back:.1f} s after the promotion"]
    return back, faults


def run(folder, program, haproxy, rounds):
    processes, pair = [], Pair(folder)
    try:
        pair.add_standby()
        key_file = make_key_file(folder)
        for name in ("one", "two", "three"):
            processes.append(Server(folder, name, program, pair.address(), key_file))
        for server in processes:  # which have all found an empty database
            server.wait()
        proxy = start_haproxy(folder, haproxy, processes)
        owner = make_owner(proxy.port)
        ports = [server.port for server in processes]
        processes.append(proxy)
        ledger = Ledger([Client(number, rounds, owner, proxy.port, ports) for number in range(1, CLIENTS + 1)])
        slowest = 0.0
        for number in range(1, rounds + 1):
            back, faults = one_round(pair, ledger)
            slowest = max(slowest, back)
            for process in processes:
                process.check_alive()
            if faults:
                print(f"round {number} of {rounds}:", *faults[:20], sep="\n  ")
                for process in processes:
                    print(f"== {process.name}\n{process.text()[-1500:]}")
                return 1
            if number % 10 == 0 or number == rounds:
                print(f"{number} rounds: {ledger.total('acknowledged')} changes acknowledged and found, "
                      f"{ledger.total('uncertain')} cut off and settled, {ledger.total('refused_at_once')} refusals of "
                      f"tokens just ended; back after {slowest:.1f} s at most", flush=True)
        for process in processes[:3]:
            if process.stop() != 0:
                raise Failed(f"{process.name} ends with an error:\n{process.text()[-1500:]}")
        return 0
    finally:
        for process in processes:
            process.kill()
        pair.stop()


def main():
    if len(sys.argv) not in (3, 4):
        print(__doc__, file=sys.stderr)
        return 2
    end_on_signals()
    folder = make_folder(ordinary_user())
    try:
        return run(folder, os.path.abspath(sys.argv[1]), sys.argv[2], int(sys.argv[3]) if len(sys.argv) == 4 else 20)
    except Failed as failure:
        print(failure, file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
