"""How long things take. Printed; what is asserted is generous, for machines with other work."""
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from coder_users import Client, Server


def say(request: pytest.FixtureRequest, text: str) -> None:
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print(f"\n{text}")


def test_the_way_back_to_the_same_state(coder_users: Server, request: pytest.FixtureRequest
                                        ) -> None:
    start = coder_users.snapshot()
    took = []
    for _ in range(100):
        coder_users.owner.post("/users/me/keys")
        begun = time.perf_counter()
        coder_users.restore(start)
        took.append((time.perf_counter() - begun) * 1000)
    say(request, f"back to a snapshot: {statistics.median(took):.2f} ms (goal 3 ms)")
    assert statistics.median(took) < 30


def test_a_test_costs_little_over_its_body(pytester: pytest.Pytester,
                                           request: pytest.FixtureRequest) -> None:
    pytester.makeconftest("""
        spent = {}

        def pytest_runtest_logreport(report):
            if "[0]" not in report.nodeid:  # the first one starts the server
                kind = report.nodeid.split("::")[1].split("[")[0]
                spent[kind] = spent.get(kind, 0.0) + report.duration

        def pytest_sessionfinish():
            with open("spent", "w") as file:
                print(spent["test_with_a_user"], spent["test_without"], file=file)
    """)
    pytester.makepyfile("""
        import pytest

        @pytest.mark.parametrize("round", range(201))
        def test_with_a_user(coder_owner, round):
            assert coder_owner.token

        @pytest.mark.parametrize("round", range(201))
        def test_without(round):
            pass
    """)
    pytester.runpytest_subprocess("-q").assert_outcomes(passed=402)
    with_a_user, without = map(float, (pytester.path / "spent").read_text().split())
    over = (with_a_user - without) / 200 * 1000
    say(request, f"a test with a logged-in user, over its own body: {over:.2f} ms (goal 5 ms)")
    assert 0 < over < 50


def test_a_hundred_servers_at_once(request: pytest.FixtureRequest) -> None:
    begun = time.perf_counter()
    with ThreadPoolExecutor(8) as pool:
        servers = list(pool.map(lambda number: Server(seed_number=number), range(1, 101)))
        started = time.perf_counter()
        try:
            assert len({each.url for each in servers}) == 100
            users: list[Client] = list(pool.map(lambda each: each.user("bob"), servers))
            assert all(each.get("/users/me").status == 200 for each in users)
        finally:
            list(pool.map(Server.close, servers))
    assert [each.exit_status for each in servers] == [0] * 100
    say(request, f"100 servers at once: all there after {started - begun:.1f} s, "
                 f"used and ended after {time.perf_counter() - begun:.1f} s")


def test_the_ready_line(request: pytest.FixtureRequest) -> None:
    took = []
    for _ in range(20):
        begun = time.perf_counter()
        server = Server()
        took.append((time.perf_counter() - begun) * 1000)
        server.close()
    assert statistics.median(took) < 5000
    say(request, f"a server, from Server() to its first answer: {statistics.median(took):.1f} ms")
