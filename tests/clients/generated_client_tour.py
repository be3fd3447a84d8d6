"""Drives the server with the client that openapi-python-client made of its API description, which is
the package coder_users_client on the path. Arguments: the server's URL, the release that it answers
as; it has no users yet."""
import importlib
import pkgutil
import sys

import coder_users_client
from coder_users_client import AuthenticatedClient, Client, models
from coder_users_client.api import authentication, keys, organizations, users
from coder_users_client.types import UNSET

PASSWORD = "correct-Horse-9"
base, release = sys.argv[1] + "/api/v2", sys.argv[2]
minor = int(release.split(".")[1])
calls = []


def call(package, name, status, *arguments, **named):
    """Calls an operation; its answer as the model of the status."""
    function = importlib.import_module(f"{package.__name__}.{name}").sync_detailed
    answer = function(*arguments, **named)
    calls.append(name)
    if answer.status_code != status:
        sys.exit(f"{name}: {answer.status_code} instead of {status}: {answer.content}")
    return answer.parsed


def import_all():
    found = list(pkgutil.walk_packages(coder_users_client.__path__, "coder_users_client."))
    for each in found:
        importlib.import_module(each.name)
    return len(found)


def main():
    modules = import_all()
    public = Client(base_url=base)
    first = call(authentication, "create_initial_user", 201, client=public,
                 body=models.CreateFirstUserRequest(email="ada@example.com", username="ada",
                                                    password=PASSWORD))
    login = models.LoginWithPasswordRequest(email="ada@example.com", password=PASSWORD)
    session = call(authentication, "log_in_user", 201, client=public, body=login)
    ada = AuthenticatedClient(base_url=base, token=session.session_token, prefix="",
                              auth_header_name="Coder-Session-Token")

    bob = call(users, "create_new_user", 201, client=ada,
               body=models.CreateUserRequest(email="bob@example.com", username="bob",
                                             password=PASSWORD, name="Bob Barker",
                                             login_type=models.LoginType.PASSWORD,
                                             organization_ids=[first.organization_id]))
    assert bob.login_type is models.LoginType.PASSWORD, bob
    assert bob.status is models.UserStatus.DORMANT, bob
    assert hasattr(bob, "name") == (minor >= 7), bob
    assert minor < 7 or bob.name == "Bob Barker", bob

    page = call(users, "get_users", 200, client=ada, limit=10)
    assert page.count == 2 and [each.username for each in page.users] == ["ada", "bob"], page
    assert page.users[1] == bob
    found = call(users, "get_users", 200, client=ada, q="bob", after_id=UNSET)
    assert [each.id for each in found.users] == [bob.id], found
    assert call(users, "get_user_by_name", 200, "bob", client=ada) == bob
    suspended = call(users, "suspend_user_account", 200, "bob", client=ada)
    assert suspended.status is models.UserStatus.SUSPENDED

    made = call(keys, "create_token_api_key", 201, "me", client=ada,
                body=models.CreateTokenRequest(token_name="ci", lifetime=3600 * 10**9,
                                               scopes=["user:read"]))
    robot = AuthenticatedClient(base_url=base, token=made.key)  # as Authorization: Bearer
    assert call(users, "get_user_by_name", 200, "bob", client=robot).username == "bob"
    refused = call(users, "delete_user", 403, "bob", client=robot)
    assert refused.message == "Forbidden.", refused
    assert (refused.detail is not UNSET) == (minor >= 20), refused
    token, = call(keys, "get_user_tokens", 200, "me", client=ada, include_expired=True)
    assert token.token_name == "ci" and token.lifetime_seconds == 3600
    assert minor < 27 or token.scopes == ["user:read"], token

    organization, = call(organizations, "get_organizations", 200, client=ada)
    assert organization.id == first.organization_id
    assert hasattr(organization, "display_name") == (minor >= 13), organization

    taken = call(users, "create_new_user", 409, client=ada,
                 body=models.CreateUserRequest(email="b@example.com", username="bob",
                                               password=PASSWORD))
    assert taken.message == "User already exists.", taken
    bad = call(users, "create_new_user", 400, client=ada,
               body=models.CreateUserRequest(email="nonsense", username="x", password=PASSWORD))
    assert bad.validations[0].field == "email", bad
    assert call(users, "get_user_by_name", 404, "nobody", client=ada).message
    stranger = Client(base_url=base)  # without the cookie that the login set
    assert call(users, "get_users", 401, client=stranger).message
    call(keys, "delete_api_key", 204, "me", token.id, client=ada)
    call(users, "get_user_by_name", 401, "me", client=robot)
    print(f"openapi-python-client at {release}: {modules} modules, {len(calls)} calls as described")


main()
