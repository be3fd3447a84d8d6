// Users without a socket: a program that manages its users itself, and is told of changes.
#include <coder_users.hpp>
#include <iostream>

using coder_users::Action;
using coder_users::Event;
using coder_users::EventKind;
using coder_users::Identity;

int main() {
    coder_users::Options options;
    options.database = ":memory:";
    options.coder_version = "2.35";  // whose texts refusals have, here as over HTTP
    options.roles = {{"editor", "Editor", {"notes:write"}}};  // for rights of this program alone
    options.before = [](const Event& event) -> std::optional<coder_users::Veto> {
        if (event.kind == EventKind::deleted && event.user.username == "ada")
            return coder_users::Veto{"Ada stays."};  // clients get 403, calls below ApiError
        return std::nullopt;
    };
    options.on_event = [](const Event& event) {  // called after the commit, on a thread of its own
        std::clog << to_string(event.kind) << ' ' << event.user.username << '\n';
    };
    auto users = coder_users::open(options);

    coder_users::CreateUser ada;
    ada.email = "ada@example.com", ada.username = "ada", ada.password = "correct-Horse-9";
    users.create_first_user(ada);  // gets the role owner

    const auto host = users.as(Identity::system());  // may do everything
    coder_users::CreateUser bob = ada;
    bob.email = "bob@example.com", bob.username = "bob";
    host.create_user(bob);
    host.set_data("bob", R"({"plan":"paid"})");  // a text of this program about the user
    host.set_email("bob", "bob@example.org");
    std::cout << host.find_user_by_email("bob@example.org").username << ' ' << host.data("bob")
              << '\n';

    // A login form of one's own; the address is that of the client, for the limits.
    const auto login = users.log_in("bob@example.org", "correct-Horse-9", {"192.0.2.1"});
    const Identity caller = users.authenticate(login.token);  // whoever presents this session
    std::cout << caller.user.username << " may rename ada: " << std::boolalpha
              << users.may(caller, Action::edit_user, "ada") << '\n';
    users.as(caller).rename_user("me", "robert");
    host.set_roles("robert", {"auditor"});
    for (const auto& user : host.list_users({"role:auditor"}).users)
        std::cout << user.username << " is an auditor\n";
    host.set_roles("robert", {"auditor", "editor"});
    std::cout << "robert may write notes: " << users.may(caller, "notes:write") << '\n';
    try {
        host.delete_user("ada");
    } catch (const coder_users::ApiError& refused) {
        std::cout << refused.status() << ' ' << refused.message() << '\n';
    }
    for (const auto& each : users.as(caller).list_audit({"resource_type:user", 3}).entries)
        std::cout << each.entry.action << ' ' << each.entry.resource_target << ' '
                  << each.entry.status_code << '\n';
}
