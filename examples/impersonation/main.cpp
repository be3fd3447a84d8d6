// Lets an owner act as another user for a while, for example to see what that user sees, so that
// the audit log tells who did it and why.
#include <chrono>
#include <coder_users.hpp>
#include <iostream>
#include <string>

using coder_users::Identity;

/// Makes the token with which an owner acts as another user for an hour. Its name says who and why;
/// the user finds it among its own tokens. Throws ApiError: 403 for callers who are no owners, 404
/// when there is no such user, 409 while a token for the same reason lives.
coder_users::MadeKey impersonate(coder_users::Service& users, const Identity& owner,
                                 const std::string& user, const std::string& reason) {
    coder_users::CreateToken wanted;
    wanted.name = owner.user.username + ": " + reason;  // at most 64 bytes
    wanted.lifetime = std::chrono::hours(1);
    return users.as(owner).make_token(user, wanted);  // not as the host: the log names the owner
}

/// Ends it early.
void stop_impersonating(coder_users::Service& users, const Identity& owner,
                        const coder_users::MadeKey& token) {
    users.as(owner).revoke_key(token.key.user_id, token.key.id);
}

int main() {
    coder_users::Options options;
    options.database = ":memory:";
    options.coder_version = "2.35";  // which release of Coder clients find
    auto users = coder_users::open(options);

    coder_users::CreateUser person;
    person.email = "ada@example.com", person.username = "ada", person.password = "correct-Horse-9";
    users.create_first_user(person);  // an owner
    const auto host = users.as(Identity::system());
    const Identity ada = users.authenticate(host.make_session("ada").token);
    person.email = "bob@example.com", person.username = "bob";
    host.create_user(person);

    const auto token = impersonate(users, ada, "bob", "ticket 4711");
    const Identity bob = users.authenticate(token.token);
    std::cout << "now " << bob.user.username << ", by " << bob.key.token_name << '\n';
    users.as(bob).rename_user("me", "robert");
    stop_impersonating(users, ada, token);
    try {
        users.as(bob).find_user("me");
    } catch (const coder_users::ApiError& refused) {
        std::cout << "then " << refused.status() << '\n';
    }

    // The audit log says that ada made the token, what was done with it, and that ada ended it.
    for (const auto& each : host.list_audit({"", 3}).entries)
        std::cout << (each.actor ? each.actor->username : "the program") << ' ' << each.entry.action
                  << ' ' << each.entry.resource_target << '\n';
}
