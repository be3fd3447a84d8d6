"""The fixtures and what the server can do, as a user of the package has them."""
import json
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone

import pytest

from coder_users import Client, Clock, ControlError, NotSeen, Server

BEGINNING = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
HOUR = 3_600_000_000_000


def token_of(client: Client, **more: object) -> str:
    made = client.post("/users/me/keys/tokens", {"lifetime": HOUR, **more})
    assert made.status == 201, made
    return str(made.json()["key"])


@pytest.mark.parametrize("round", [1, 2])
def test_every_test_finds_the_same_state(coder_users: Server, coder_owner: Client,
                                         coder_clock: Clock, round: int) -> None:
    assert coder_owner.get("/users").json()["count"] == 1
    assert coder_clock.now() == BEGINNING and coder_clock.frozen
    assert [each.path for each in coder_users.requests.find()] == ["/api/v2/users"]
    assert coder_users.faults.all() == [] and coder_users.passcodes.find() == []
    assert [each.name for each in coder_users.snapshots()] == ["pytest"]
    # All of this must be gone in the second round.
    coder_users.user("bob")
    coder_users.snapshot("with bob")
    coder_clock.advance(hours=2)
    coder_users.coder_version = "2.21"
    coder_users.faults.add(status=503, count=0)
    assert coder_owner.get("/users/me").status == 503


def test_the_owner_is_logged_in(coder_owner: Client) -> None:
    me = coder_owner.get("/users/me").json()
    assert (me["id"], me["username"], me["email"]) == (
        coder_owner.id, coder_owner.username, coder_owner.email)
    assert [each["name"] for each in me["roles"]] == ["owner"]
    login = coder_owner.post("/users/login", {"email": coder_owner.email,
                                              "password": coder_owner.password})
    assert login.status == 201


def test_users_are_made_with_roles(coder_users: Server, coder_owner: Client) -> None:
    bob = coder_users.user("bob", roles=["auditor"])
    assert bob.get("/users/me").json()["id"] == bob.id and bob.email == "bob@example.com"
    assert bob.get("/audit?limit=1").status == 200
    assert bob.put("/users/owner/profile", {"username": "robert"}).status in (403, 404)
    assert coder_users.user(roles=["auditor"]).username == "auditor"
    robot = coder_users.user("robot", service_account=True)
    assert robot.get("/users/me").json()["username"] == "robot"
    assert coder_users.visitor().get("/users/me").status == 401
    with pytest.raises(ControlError, match="bob") as taken:
        coder_users.user("bob")
    assert taken.value.status == 409
    with pytest.raises(ControlError) as unknown:
        coder_users.user("eve", roles=["no-such-role"])
    assert unknown.value.status == 400
    assert coder_owner.get("/users/eve").status == 404


def test_the_clock_moves_when_it_is_told(coder_users: Server, coder_owner: Client,
                                         coder_clock: Clock) -> None:
    robot = coder_users.client(token_of(coder_owner))
    assert robot.get("/users/me").status == 200
    assert coder_clock.advance(hours=2) == BEGINNING + timedelta(hours=2)
    assert robot.get("/users/me").status == 401
    assert coder_clock.advance(timedelta(hours=-2)) == BEGINNING
    assert robot.get("/users/me").status == 200
    assert coder_clock.set(datetime(2030, 1, 1)) == datetime(2030, 1, 1, tzinfo=timezone.utc)
    assert coder_clock.run() >= datetime(2030, 1, 1, tzinfo=timezone.utc)
    assert not coder_clock.frozen
    stopped = coder_clock.freeze()
    assert coder_clock.now() == stopped


def test_snapshots_are_gone_back_to(coder_users: Server, coder_owner: Client) -> None:
    coder_users.user("bob")
    with_bob = coder_users.snapshot("with bob")
    assert coder_owner.delete("/users/bob").status == 200
    coder_users.restore("with bob")
    assert coder_owner.get("/users/bob").status == 200
    assert "with bob" in [each.name for each in coder_users.snapshots()]
    assert coder_users.image(with_bob).startswith(b"SQLite format 3\0")
    coder_users.reset()
    assert coder_owner.get("/users/bob").status in (400, 404)
    coder_users.restore(with_bob)
    assert coder_owner.get("/users/bob").status == 200
    again = coder_users.keep_image("again", coder_users.image(with_bob))
    assert coder_owner.delete("/users/bob").status == 200
    coder_users.restore(again)
    assert coder_owner.get("/users/bob").status == 200
    with pytest.raises(ControlError) as foreign:
        coder_users.keep_image("foreign", b"no database")
    assert foreign.value.status == 400
    coder_users.forget(with_bob)
    with pytest.raises(ControlError) as gone:
        coder_users.restore(with_bob)
    assert gone.value.status == 404


def test_seeds(coder_users: Server, tmp_path_factory: pytest.TempPathFactory) -> None:
    token = "abcdefghij-0123456789ABCDEFGHIJKL"
    coder_users.seed([{"username": "ada", "email": "ada@example.com", "roles": ["user-admin"],
                       "tokens": {"ci": token}}])
    assert coder_users.client(token).get("/users/me").json()["username"] == "ada"
    file = tmp_path_factory.mktemp("seed") / "users.json"
    file.write_text('[{"username": "bob", "email": "bob@example.com", "status": "suspended"}]')
    coder_users.seed(file)
    assert coder_users.client(token).get("/users/bob").json()["status"] == "suspended"
    with pytest.raises(ControlError, match="line") as wrong:
        coder_users.seed([{"username": "no address"}])
    assert wrong.value.status == 400


def test_faults(coder_users: Server, coder_owner: Client) -> None:
    route = "/api/v2/users/{user}"
    fault = coder_users.faults.add(route, method="GET", status=429, headers={"Retry-After": "1"},
                                   body={"message": "slow down"}, skip=1)
    assert coder_owner.get("/users/me").status == 200
    refused = coder_owner.get("/users/me")
    assert (refused.status, refused.headers["retry-after"], refused.json()["message"]) == (
        429, "1", "slow down")
    assert coder_owner.get("/users/me").status == 200
    coder_users.faults.add(route, disconnect=True)
    with pytest.raises(ConnectionError):
        coder_owner.get("/users/me")
    coder_users.faults.add(commit="fail")
    assert coder_owner.post("/users/me/keys").status == 503
    stays = coder_users.faults.add(route, status=500, count=0)
    assert [coder_owner.get("/users/me").status for _ in range(3)] == [500] * 3
    assert {each.id: each.hits for each in coder_users.faults.all()}[stays.id] == 3
    coder_users.faults.remove(stays)
    assert coder_owner.get("/users/me").status == 200
    coder_users.faults.add(route, latency_ms=1, count=0)
    coder_users.faults.clear()
    assert coder_users.faults.all() == []
    with pytest.raises(ControlError) as unknown:
        coder_users.faults.add("/api/v2/nothing", status=500)
    assert unknown.value.status == 400 and fault.id != stays.id


def test_requests_are_seen_without_secrets(coder_users: Server, coder_owner: Client) -> None:
    token = token_of(coder_owner, token_name="ci")
    coder_owner.get("/users?q=bob")
    made, listed = coder_users.requests.find()
    assert (made.method, made.path, made.status) == ("POST", "/api/v2/users/me/keys/tokens", 201)
    assert made.route == "/api/v2/users/{user}/keys/tokens" and made.user_id == coder_owner.id
    assert '"ci"' in made.body and token not in made.response_body
    assert "q=bob" in listed.query
    assert coder_users.requests.find(method="GET") == [listed]
    assert coder_users.requests.find(status=404) == []
    assert coder_users.requests.wait(path="/api/v2/users") == [listed]
    coder_users.requests.forget()
    assert coder_users.requests.find() == []
    coder_owner.get("/users/nobody")
    with pytest.raises(NotSeen, match="/api/v2/users/nobody -> 40"):
        coder_users.requests.wait(method="DELETE", timeout=0.01)


def test_passcodes_would_have_been_mailed(coder_users: Server) -> None:
    bob = coder_users.user("bob")
    visitor = coder_users.visitor()
    assert visitor.post("/users/otp/request", {"email": bob.email}).status == 204
    coder_users.requests.wait(path="/api/v2/users/otp/request")
    code, = coder_users.passcodes.find(bob.email)
    assert code.username == "bob"
    changed = visitor.post("/users/otp/change-password", {
        "email": bob.email, "one_time_passcode": code.code, "password": "another-Horse-7"})
    assert changed.status == 204
    coder_users.passcodes.forget()
    assert coder_users.passcodes.find() == []


def browser() -> urllib.request.OpenerDirector:
    """Follows redirects, and keeps cookies."""
    return urllib.request.build_opener(urllib.request.HTTPCookieProcessor())


@pytest.mark.parametrize("provider", ["oidc", "oauth2/github"])
def test_somebody_logs_in_at_a_provider(coder_users: Server, coder_owner: Client,
                                        provider: str) -> None:
    logins = coder_users.logins
    logins.oidc("1", "bob@example.com", email_verified=True, preferred_username="bob")
    logins.github(1, "bob", "bob@example.com", orgs=("acme",))
    assert logins.get()["oidc"]["subject"] == "1" and logins.get()["github"]["login"] == "bob"
    login = f"{coder_users.url}/api/v2/users/{provider}/callback?redirect=/api/v2/users/me"
    with browser().open(login) as answer:
        assert json.load(answer)["username"] == "bob"
    kind = coder_owner.get("/users/bob").json()["login_type"]
    assert kind == ("oidc" if provider == "oidc" else "github")
    logins.clear()
    assert logins.get() == {"oidc": None, "github": None}


@pytest.mark.parametrize("provider", ["oidc", "oauth2/github"])
def test_a_provider_lets_nobody_in(coder_users: Server, provider: str) -> None:
    assert coder_users.logins.get() == {"oidc": None, "github": None}  # of no test before
    coder_users.logins.refuse_oidc()
    coder_users.logins.refuse_github()
    with pytest.raises(urllib.error.HTTPError) as refused:
        browser().open(f"{coder_users.url}/api/v2/users/{provider}/callback")
    assert 400 <= refused.value.code < 500
    refused.value.close()


def test_the_release_changes_at_once(coder_users: Server, coder_owner: Client) -> None:
    assert "updated_at" not in coder_owner.get("/users/me").json()
    coder_users.coder_version = "2.35"
    assert coder_users.coder_version == "2.35"
    assert "updated_at" in coder_owner.get("/users/me").json()
    with pytest.raises(ControlError) as wrong:
        coder_users.coder_version = "1.0"
    assert wrong.value.status == 400


def test_an_unknown_call_tells_which_there_are(coder_users: Server) -> None:
    with pytest.raises(ControlError, match="/test/v1/clock") as unknown:
        coder_users.control.call("GET", "/nothing")
    assert unknown.value.status == 404
