#!/usr/bin/env python3
"""Loads the service and the servers it is compared with, in turn, with wrk; prints a table.

run.py <folder with load_server> [--seconds S] [--rounds R] [--users N] [--pinned] [--plots FOLDER]
       [--postgres ADDRESS]

Every figure is a median over the rounds, with the lowest and the highest behind it. In a round all
servers have their turn, so that what the machine does meanwhile meets them alike: compare ratios,
not figures of different runs.
"""

import argparse
import contextlib
import http.client
import math
import os
import pathlib
import re
import socket
import sqlite3
import statistics
import subprocess
import tempfile
import time

ME = """
local tokens, at = {}, 0
function init(args)
  for line in io.lines(args[1]) do tokens[#tokens + 1] = line end
  at = math.random(#tokens)
end
function request()
  at = at % #tokens + 1
  return wrk.format("GET", "/api/v2/users/me", {["Coder-Session-Token"] = tokens[at]})
end
"""
LIST = """
local token
function init(args) for line in io.lines(args[1]) do token = line break end end
function request()
  return wrk.format("GET", "/api/v2/users?limit=25", {["Coder-Session-Token"] = token})
end
"""
TOKENS = ME.replace('wrk.format("GET", "/api/v2/users/me", {',
                    'wrk.format("POST", "/api/v2/users/me/keys/tokens", {').replace(
                        "tokens[at]})", 'tokens[at]}, "{}")')
LOGIN = """
local at = 0
function request()
  at = at % 16 + 1
  return wrk.format("POST", "/api/v2/users/login", {["X-Forwarded-For"] = "192.0.2." .. at},
    '{"email":"' .. emails[at] .. '","password":"SomeSecurePassword!"}')
end
"""


class Server:
    """A program that prints its port and serves until its input ends, on core 0 alone if pinned."""

    def __init__(self, command, pinned):
        pin = ["taskset", "-c", "0"] if pinned else []
        self.process = subprocess.Popen([*pin, *command], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        port, *self.told = self.process.stdout.readline().split()
        self.url = f"http://127.0.0.1:{int(port)}"

    def memory(self):
        """Resident, in MB."""
        pages = pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * 4096 / 2**20

    def cpu(self):
        """Seconds that processors have worked for it."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1]
        return sum(map(int, fields.split()[11:13])) / os.sysconf("SC_CLK_TCK")

    def threads(self):
        return len(list(pathlib.Path(f"/proc/{self.process.pid}/task").iterdir()))

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


class Bench:
    def __init__(self, arguments, folder):
        self.seconds, self.rounds = arguments.seconds, arguments.rounds
        self.users = arguments.users
        self.pinned = arguments.pinned
        self.program = f"{arguments.programs}/load_server"
        self.folder = folder
        self.database = f"{folder}/users.db"
        self.postgres = arguments.postgres
        self.tokens = f"{folder}/tokens"
        self.make(self.database)

    def make(self, database):
        """Fills an empty database. The tokens are the same in each."""
        made = subprocess.run([self.program, "make", database, str(self.users), self.tokens],
                              check=True, stdout=subprocess.PIPE, text=True)
        print(made.stdout.strip())

    def serve(self, mode):
        """A mode of load_server on the file, or "postgres": the service on that database."""
        if mode == "postgres":
            return Server([self.program, "serve", "service", self.postgres], self.pinned)
        database = [] if mode.startswith("fixed") else [self.database]
        return Server([self.program, "serve", mode, *(database or [""])], self.pinned)

    def start_wrk(self, server, script, connections):
        path = pathlib.Path(f"{self.folder}/{abs(hash(script))}.lua")
        if not path.exists():  # another client may be reading it
            path.write_text(script)
        pin = ["taskset", "-c", "1"] if self.pinned else []
        return subprocess.Popen(
            [*pin, "wrk", "-t1", f"-c{connections}", f"-d{self.seconds}s", "--latency",
             "-s", str(path), server.url, "--", self.tokens], stdout=subprocess.PIPE, text=True)

    def finish(self, running):
        text = running.communicate()[0]
        rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))
        value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", text).groups()
        bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
        if bad:
            print(f"  {bad.group(1)} refused requests in {rate:.0f}/s")
        return rate, float(value) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit]

    def warm_up(self, server):
        """Every token once, so that what is measured is not how sessions are first read."""
        port = int(server.url.rsplit(":", 1)[1])
        client = http.client.HTTPConnection("127.0.0.1", port)
        with contextlib.closing(client), open(self.tokens) as tokens:
            for token in tokens:
                client.request("GET", "/api/v2/users/me",
                               headers={"Coder-Session-Token": token.strip()})
                client.getresponse().read()

    def load(self, server, script, connections):
        before = server.cpu()
        rate, late = self.finish(self.start_wrk(server, script, connections))
        return rate, late, (server.cpu() - before) * 1e6 / (rate * self.seconds)

    def compare(self, script, connections, modes):
        """Rate, p99 and microseconds of processor time for a request of each mode in each round,
        the modes in turn."""
        found = {mode: [] for mode in modes}
        for _ in range(self.rounds):
            for mode in modes:
                server = self.serve(mode)
                if script is ME and not mode.startswith("fixed"):
                    self.warm_up(server)
                found[mode].append(self.load(server, script, connections))
                server.stop()
        return found


def median(values):
    return statistics.median(values)


def spread(values):
    return f"{median(values):,.0f} ({min(values):,.0f} to {max(values):,.0f})"


def row(what, found, mode):
    rates, latencies, *cpu = zip(*found[mode])
    print(f"| {what} | {mode} | {spread(rates)} | {median(latencies):.1f} "
          f"({min(latencies):.1f} to {max(latencies):.1f}) | "
          f"{f'{median(cpu[0]):.1f}' if cpu else ''} |")
    return median(rates)


def spread_of_ratios(values):
    return f"{median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def ratio(found, one, other):
    """Of the rates of each round by itself, and of the requests for which a server needs the same
    processor time, which other work on the machine changes less."""
    pairs = list(zip(found[one], found[other]))
    return (f"{spread_of_ratios([a[0] / b[0] for a, b in pairs])}, by processor time "
            f"{spread_of_ratios([b[2] / a[2] for a, b in pairs])}")


def plot(path, title, over, series):
    """Lines as an SVG; series: name -> [(x, y)]."""
    colours = ("#1f6fb4", "#c8501e", "#4a8f3c", "#7d55a8")
    xs = sorted({x for points in series.values() for x, _ in points})
    highest = max(y for points in series.values() for _, y in points)
    power = 10 ** math.floor(math.log10(highest))
    top = next(power * step for step in (1, 2, 4, 8, 10) if power * step >= highest)
    place_x = {x: 70 + 480 * i / max(1, len(xs) - 1) for i, x in enumerate(xs)}
    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 340" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="640" height="340" fill="white"/>',
        f'<text x="70" y="22" font-size="14">{title}</text>',
        f'<text x="310" y="332" text-anchor="middle">{over}</text>']
    for i in range(5):
        y = 290 - 60 * i
        lines.append(f'<line x1="70" x2="550" y1="{y}" y2="{y}" stroke="#ddd"/>'
                     f'<text x="64" y="{y + 4}" text-anchor="end">{top * i / 4:,g}</text>')
    for x, at in place_x.items():
        lines.append(f'<text x="{at}" y="308" text-anchor="middle">{x:,}</text>')
    for i, (name, points) in enumerate(series.items()):
        at = " ".join(f"{place_x[x]:.0f},{290 - 240 * y / top:.0f}" for x, y in points)
        colour = colours[i % len(colours)]
        lines.append(f'<polyline points="{at}" fill="none" stroke="{colour}" stroke-width="2"/>'
                     f'<text x="{80 + 150 * i}" y="40" fill="{colour}">{name}</text>')
    pathlib.Path(path).write_text("\n".join([*lines, "</svg>", ""]))


def reads(bench):
    modes = ("service", "stock", "fixed_front", "fixed_stock", "fixed_raw")
    for connections in (64, 256):
        found = bench.compare(ME, connections, modes)
        for mode in modes:
            row(f"GET /users/me, {connections} connections", found, mode)
        late = [a[1] / b[1] for a, b in zip(found["service"], found["fixed_front"])]
        print(f"| | ratios | service / stock {ratio(found, 'service', 'stock')}, service / "
              f"fixed_front {ratio(found, 'service', 'fixed_front')}, p99 "
              f"{spread_of_ratios(late)}; fixed_front / fixed_raw "
              f"{ratio(found, 'fixed_front', 'fixed_raw')} | | |")


def list_rounds(bench):
    """For each round GET /users/me, the first page of the list, and the memory after them."""
    rounds = []
    for _ in range(bench.rounds):
        server = bench.serve("service")
        bench.warm_up(server)
        me = bench.load(server, ME, 64)
        page = bench.load(server, LIST, 64)
        rounds.append((me, page, server.memory()))
        server.stop()
    return rounds


def lists(bench):
    rates = list_rounds(bench)
    pages = {"service": [page for _, page, _ in rates]}
    row("GET /users?limit=25, 64 connections", pages, "service")
    ratios = [page[0] / me[0] for me, page, _ in rates]
    cpu = [me[2] / page[2] for me, page, _ in rates]
    print(f"| | ratios | / GET /users/me {spread_of_ratios(ratios)}, by processor time "
          f"{spread_of_ratios(cpu)} | | |")
    print(f"| resident after this load | service | {max(m for _, _, m in rates):.1f} MB | | |")


def writes(bench):
    found = bench.compare(TOKENS, 64, ("service", "single"))
    for mode in found:
        row("POST keys/tokens, 64 connections", found, mode)
    print(f"| | ratios | with / without group commit {ratio(found, 'service', 'single')} | | |")


def logins(bench):
    """Of 16 clients, since one has a quarter of a lane and no more."""
    with contextlib.closing(sqlite3.connect(bench.database)) as database:
        emails = [row[0] for row in database.execute("SELECT email FROM users LIMIT 16")]
    script = "local emails = {" + ", ".join(f'"{each}"' for each in emails) + "}" + LOGIN
    alone, logged, read = [], [], []
    for _ in range(bench.rounds):
        bare = subprocess.run([bench.program, "hash", str(bench.seconds)], check=True,
                              stdout=subprocess.PIPE, text=True)
        server = bench.serve("proxied")
        rate, late = bench.finish(bench.start_wrk(server, script, 16))
        alone.append((rate, late, rate / float(bare.stdout)))
        running = bench.start_wrk(server, script, 16)
        read.append(bench.finish(bench.start_wrk(server, ME, 8)))
        logged.append(bench.finish(running))
        server.stop()
    row("POST /users/login, cost 10, 16 connections",
        {"service": [each[:2] for each in alone]}, "service")
    print(f"| | ratios | / bare bcrypt on all cores {spread_of_ratios([a[2] for a in alone])} | | |")
    row("POST /users/login beside reads", {"service": logged}, "service")
    row("GET /users/me meanwhile, 8 connections", {"service": read}, "service")


def idle(bench):
    """1,000 connections that ask for nothing, from two addresses: one may have 1,000 and no more."""
    server = bench.serve("service")
    port = int(server.url.rsplit(":", 1)[1])
    print(f"| memory of an idle start | service | {server.memory():.1f} MB | | |")
    alone = bench.finish(bench.start_wrk(server, ME, 64))
    before, threads = server.memory(), server.threads()
    waiting = [socket.create_connection(("127.0.0.1", port),
                                        source_address=(f"127.0.0.{2 + i % 2}", 0))
               for i in range(1000)]
    time.sleep(0.2)
    print(f"| 1,000 idle connections | service | {server.threads() - threads:+d} threads, "
          f"{server.memory() - before:+.1f} MB | | |")
    beside = bench.finish(bench.start_wrk(server, ME, 64))
    print(f"| GET /users/me beside them, to without them | service | "
          f"{beside[0] / alone[0]:.2f} | {beside[1]:.1f}, {alone[1]:.1f} | |")
    for each in waiting:
        each.close()
    server.stop()


def long_list(bench):
    """GET /users without a limit: how much memory, how long, what others notice."""
    server = bench.serve("service")
    with open(bench.tokens) as tokens:
        token = tokens.readline().strip()
    bench.finish(bench.start_wrk(server, ME, 8))
    before, highest = server.memory(), 0
    port = int(server.url.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port)) as client:
        begin = time.time()
        client.sendall(b"GET /api/v2/users HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                       b"Coder-Session-Token: " + token.encode() + b"\r\n\r\n")
        size, end, first = 0, b"", None
        while part := client.recv(1 << 20):
            first = first or time.time() - begin
            size, end = size + len(part), (end + part)[-5:]
            highest = max(highest, server.memory())
        took = time.time() - begin
    whole = "whole" if end == b"0\r\n\r\n" else "cut short"
    print(f"| GET /users without a limit, {bench.users:,} users, {size / 2**20:.0f} MB | service | "
          f"{whole} in {took:.2f} s, first byte after {first * 1e3:.0f} ms, "
          f"{highest - before:+.1f} MB | | |")
    server.stop()


def build_pocketbase(folder):
    """Returns the program, or None where its Go module cannot be built."""
    source = pathlib.Path(__file__).with_name("pocketbase")
    program = f"{folder}/pocketbase"
    try:
        subprocess.run(["go", "build", "-o", program, "."], cwd=source, check=True,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return program
    except FileNotFoundError:
        reason = "there is no Go"
    except subprocess.CalledProcessError as error:
        reason = (error.stdout.strip().splitlines() or ["go build failed"])[-1]
    print(f"| PocketBase | left out: {reason} | | | |")
    return None


def scripts_of_pocketbase(identity, token):
    """What corresponds to GET /users/me, a page of the list with its count and without, and the
    creation of a token."""
    def script(path, method="GET", body="nil"):
        headers = f'{{["Authorization"] = "{token}", ["Content-Type"] = "application/json"}}'
        return ("function request()\n"
                f'  return wrk.format("{method}", "/api/collections/{path}", {headers}, {body})\n'
                "end\n")
    return {"a read with a token": (ME, script(f"users/records/{identity}")),
            "a page of 25, with count": (LIST, script("users/records?perPage=25")),
            "a page of 25, theirs without count": (
                LIST, script("users/records?perPage=25&skipTotal=1")),
            "a change with a token, theirs not synced": (
                TOKENS, script("tokens/records", "POST", """'{"name":"ci"}'"""))}


def pocketbase(bench):
    """Beside PocketBase with 10,000 users, in turn: as it is by default, its commits do not wait
    for the disk."""
    program = build_pocketbase(bench.folder)
    if not program:
        return
    with tempfile.TemporaryDirectory() as data:
        theirs = Server([program, data, "10000"], bench.pinned)
        ours = bench.serve("service")
        bench.warm_up(ours)
        for what, (our_script, their_script) in scripts_of_pocketbase(*theirs.told).items():
            found = {"service": [], "pocketbase": []}
            for _ in range(bench.rounds):
                found["service"].append(bench.load(ours, our_script, 64))
                found["pocketbase"].append(bench.load(theirs, their_script, 64))
            for mode in found:
                row(f"{what}, 64 connections", found, mode)
            print(f"| | ratios | service / pocketbase {ratio(found, 'service', 'pocketbase')} | | |")
        for server in (ours, theirs):
            server.stop()


def load_all(bench, servers, script):
    """Rate and p99 of a client with 24 connections for each of the servers, all at once."""
    running = [bench.start_wrk(server, script, 24) for server in servers]
    rates, late = zip(*[bench.finish(each) for each in running])
    return sum(rates), max(late)


def postgres(bench):
    """The service on PostgreSQL beside the same on a file, and three instances beside one."""
    if not bench.postgres:
        print("| PostgreSQL | left out: no address was given | | | |")
        return
    bench.make(bench.postgres)
    for what, script in (("GET /users/me", ME), ("GET /users?limit=25", LIST),
                         ("POST keys/tokens", TOKENS)):
        found = bench.compare(script, 64, ("service", "postgres"))
        for mode in found:
            row(f"{what}, 64 connections", found, mode)
        print(f"| | ratios | postgres / service {ratio(found, 'postgres', 'service')} | | |")
        servers = [bench.serve("postgres") for _ in range(3)]
        found = {"postgres": [], "three of them": []}
        for _ in range(bench.rounds):
            found["postgres"].append(load_all(bench, servers[:1] * 3, script))
            found["three of them"].append(load_all(bench, servers, script))
        for server in servers:
            server.stop()
        for mode in found:
            row(f"{what}, 3 clients with 24 connections", found, mode)
        pairs = zip(found["three of them"], found["postgres"])
        print(f"| | ratios | three / one {spread_of_ratios([a[0] / b[0] for a, b in pairs])} | | |")


def plots(bench, folder):
    modes, connections = ("service", "stock", "fixed_front"), (1, 4, 16, 64, 256)
    rate = {mode: [] for mode in modes}
    late = {mode: [] for mode in modes}
    for count in connections:
        for mode, values in bench.compare(ME, count, modes).items():
            rate[mode].append((count, median([r for r, *_ in values])))
            late[mode].append((count, median([p for _, p, _ in values])))
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    plot(folder / "me-rate.svg", "GET /users/me, requests per second", "connections", rate)
    plot(folder / "me-p99.svg", "GET /users/me, p99 in ms", "connections", late)


def plot_costs(arguments, folder):
    """What a request costs the server over the number of its users."""
    costs = {"GET /users/me": [], "GET /users?limit=25": []}
    for users in (1_000, 10_000, 100_000, 1_000_000):
        arguments.users = users
        with tempfile.TemporaryDirectory() as data:
            rounds = list_rounds(Bench(arguments, data))
        for name, loads in zip(costs, zip(*rounds)):
            costs[name].append((users, median([cpu for _, _, cpu in loads])))
    print(costs)
    plot(pathlib.Path(folder) / "cost-users.svg", "processor time of a request in µs", "users", costs)


PARTS = {part.__name__: part
         for part in (reads, lists, writes, logins, idle, long_list, pocketbase, postgres)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("programs")
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--pinned", action="store_true")
    parser.add_argument("--only", nargs="+", choices=PARTS, metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--plots")
    parser.add_argument("--postgres", default=os.environ.get("CODER_USERS_TEST_DATABASE"),
                        help="an empty database ($CODER_USERS_TEST_DATABASE)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(arguments, folder)
        print("| Work | Server | requests per second | p99 in ms | server's CPU in us |\n"
              "|---|---|---|---|---|")
        for part in arguments.only or PARTS:
            PARTS[part](bench)
        if arguments.plots:
            plots(bench, arguments.plots)
    if arguments.plots:
        plot_costs(arguments, arguments.plots)


if __name__ == "__main__":
    main()
