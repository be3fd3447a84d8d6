"""The plug-in in test runs of its own."""
import pytest

FAILING = """
    def test_it_fails(coder_users):
        bob = coder_users.user("bob")
        bob.put("/users/owner/profile", {"username": "robert"})
        assert bob.get("/users/me").status == 201

    def test_it_passes(coder_users):
        assert coder_users.owner.get("/users/me").status == 200
"""


@pytest.mark.parametrize("arguments", [(), ("-n", "2")])
def test_a_failing_test_says_what_the_server_saw(pytester: pytest.Pytester,
                                                 arguments: tuple[str, ...]) -> None:
    pytester.makepyfile(FAILING)
    result = pytester.runpytest_subprocess(*arguments)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.re_match_lines([
        "-+ What coder_users saw -+",
        r"03:04:05 PUT /api/v2/users/owner/profile -> 40[34] \(by bob, [0-9.]+ ms\)",
        '    sent: {"username": ?"robert"}', "    answered: .*message.*",
        r"03:04:05 GET /api/v2/users/me -> 200 \(by bob, .*"], consecutive=True)
    assert result.stdout.str().count("What coder_users saw") == 1


def test_a_server_that_died_is_reported(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import os, signal

        def test_it_fails(coder_users):
            os.kill(coder_users._process.pid, signal.SIGKILL)
            coder_users._process.close()
            coder_users.owner.get("/users/me")

        def test_after_it(coder_users):
            pass
    """)
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(failed=1, errors=1)
    result.stdout.fnmatch_lines([
        "E*ServerError: the server has ended with status -9*",
        "*What coder_users saw*", "the server has ended with status -9*"])


def test_a_session_chooses_what_its_tests_find(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("""
        import pytest

        @pytest.fixture(scope="session")
        def coder_users_options():
            return {"coder_version": "2.35",
                    "seed": [{"username": "ada", "email": "ada@example.com"}]}

        @pytest.fixture(scope="session")
        def coder_users_setup():
            return lambda server: server.user("bob")
    """)
    pytester.makepyfile("""
        import pytest

        @pytest.mark.parametrize("round", [1, 2])
        def test_all_is_there(coder_users, coder_owner, round):
            assert coder_users.coder_version == "2.35"
            assert coder_owner.get("/users/ada").status == 200
            assert coder_owner.delete("/users/bob").status == 200
            assert [each.path for each in coder_users.requests.find()] == [
                "/api/v2/users/ada", "/api/v2/users/bob"]
    """)
    pytester.runpytest_subprocess().assert_outcomes(passed=2)


def test_workers_of_xdist_have_servers_of_their_own(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.mark.parametrize("round", range(20))
        def test_bob_is_new(coder_users, round):
            assert coder_users.user("bob").get("/users/me").status == 200
            assert coder_users.owner.get("/users").json()["count"] == 2
            with open("urls", "a") as file:
                file.write(coder_users.url + "\\n")
    """)
    result = pytester.runpytest_subprocess("-n", "2", "--dist", "each")
    result.assert_outcomes(passed=40)
    urls = (pytester.path / "urls").read_text().split()
    assert len(urls) == 40 and len(set(urls)) == 2


def test_a_session_that_asks_for_no_server_starts_none(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_nothing(): pass")
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=1)
