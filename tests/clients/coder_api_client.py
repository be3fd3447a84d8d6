"""Drives the server with the Python package coder-api, unmodified: login, users, tokens,
organizations. Arguments: the server's URL; it has no users yet."""
import json
import sys
import urllib.request

import coder
from coder import Organization, User

PASSWORD = "correct-Horse-9"
url = sys.argv[1] + "/api/v2/"


def post(path, body):
    request = urllib.request.Request(url + path, json.dumps(body).encode(), method="POST")
    with urllib.request.urlopen(request) as answer:
        return answer.status, json.load(answer)


def expect(response, status):
    if response.status_code != status:
        sys.exit(f"{response.request.method} {response.url}: {response.status_code} "
                 f"instead of {status}: {response.text}")
    return response.json() if response.content else None


def main():
    status, first = post("users/first", {"email": "ada@example.com", "username": "ada",
                                         "password": PASSWORD})
    assert status == 201
    status, session = post("users/login", {"email": "ada@example.com", "password": PASSWORD})
    assert status == 201
    coder.api_domain = url
    coder.set_token(session["session_token"])

    assert expect(User.list(), 200)["count"] == 1
    assert expect(User.auth_methods(), 200)["password"] == {"enabled": True}
    # Without organizations the package sends [], which means none and is refused.
    bob = expect(User.create(email="bob@example.com", name="Bob", username="bob",
                             organization_ids=[first["organization_id"]]), 201)
    assert bob["login_type"] == "none" and bob["roles"] == [], bob
    assert expect(User.get_or_create(email="bob@example.com", name="Bob", username="bob"),
                  200) == bob
    assert expect(User.get("bob"), 200) == bob
    assert expect(User.suspend("bob"), 200)["status"] == "suspended"
    assert expect(User.activate("bob"), 200)["status"] == "active"
    assert expect(User.ssh_key("bob"), 200)["public_key"].startswith("ssh-ed25519 ")

    assert "-" in expect(User.create_session_key("me"), 201)["key"]
    made = expect(User.create_token("me", token_name="ci", scope="all"), 201)
    tokens = expect(User.get_tokens("me"), 200)
    assert [each["token_name"] for each in tokens] == ["ci"], tokens
    assert tokens[0]["lifetime_seconds"] == 30 * 24 * 3600 and made["key"].startswith(tokens[0]["id"])
    coder.set_token(made["key"])
    assert expect(User.get("me"), 200)["username"] == "ada"

    organizations = expect(Organization.list(), 200)
    assert [each["id"] for each in organizations] == [first["organization_id"]]
    assert expect(User.get_organizations("me"), 200) == organizations
    assert expect(Organization.get(first["organization_id"]), 200) == organizations[0]

    expect(User.delete("bob"), 200)
    expect(User.get("bob"), 404)
    expect(User.delete_token("me", tokens[0]["id"]), 204)
    expect(User.get("me"), 401)
    print("coder-api: 19 calls answered as it expects")


main()
