// The short listings of the pages in docs/, as one program: so they compile, and do what their page
// says. tests/tools/listings.py holds the two against each other.
#include <httplib.h>

#include <coder_users.hpp>
#include <coder_users/testing.hpp>
#include <iostream>
#include <optional>
#include <string>

void say(const std::string& what) { std::cout << what << '\n'; }

// docs/embedding.md: what a program of your own has in their place.
bool ours(const std::string& email) { return email.find("@example.com") != std::string::npos; }
bool leaked(const std::string& password) { return password == "correct-Horse-1"; }
void mirror(coder_users::EventKind kind, const coder_users::User& user) {
    say("mirror: " + user.username + ' ' + std::string(to_string(kind)));
}

void ask_and_tell(coder_users::Options& options) {
    options.before = [](const coder_users::Event& event) -> std::optional<coder_users::Veto> {
        if (event.kind == coder_users::EventKind::created && !ours(event.user.email))
            return coder_users::Veto{"Not one of us."};
        return std::nullopt;
    };
    options.on_event = [](const coder_users::Event& event) { mirror(event.kind, event.user); };
}

void check_passwords(coder_users::Options& options) {
    options.check_password = [](const std::string& password,
                                const coder_users::User&) -> std::optional<std::string> {
        if (leaked(password)) return "this password is in lists of stolen ones";
        return std::nullopt;
    };
}

void mounted(httplib::Server& site) {
    auto users = coder_users::open({"users.db"});  // like start(), without a socket
    users.mount(site, "/api/v2");                  // before site listens
}

void calls(coder_users::Service& users, const std::string& token) {
    const coder_users::Identity caller = users.authenticate(token);  // or a request
    if (users.may(caller, coder_users::Action::edit_user, "bob"))
        users.as(caller).rename_user("bob", "robert");  // as this user
    const coder_users::Identity host = coder_users::Identity::system();
    users.as(host).set_roles("robert", {"auditor"});              // as the host
    users.as(caller).list_audit({"action:delete username:ada"});  // the newest hundred
}

void log_in(coder_users::Service& users, const std::string& email, const std::string& password,
            const std::string& client_address, const std::string& user_agent) {
    const coder_users::LoggedIn ada = users.log_in(email, password, {client_address, user_agent});
    std::cout << ada.identity.user.username << '\n';  // ada.token is the new session's key text
}

void keep_data(coder_users::Service& users) {
    const coder_users::Caller host = users.as(coder_users::Identity::system());
    host.set_data("ada", R"({"plan":"paid"})");  // a text of at most 64 KiB, in UTF-8, without NUL
    std::cout << host.data("ada") << '\n';       // "" when there is none
}

// docs/audit.md
void read_audit(coder_users::Service& users) {
    const coder_users::Caller host = users.as(coder_users::Identity::system());
    for (const auto& each : host.list_audit({"action:delete", 20}).entries)
        std::cout << each.entry.resource_target << " by "
                  << (each.actor ? each.actor->username : "nobody") << '\n';
}

// docs/roles.md
void declare_roles(coder_users::Options& options) {
    options.roles = {{"editor", "Editor", {"notes:write"}}, {"reader", "Reader", {"notes:read"}}};
}

void refuse(httplib::Response& response, int status) { response.status = status; }

void write_note(coder_users::Service& users, const httplib::Request& request,
                httplib::Response& response) {
    const coder_users::Identity caller = users.authenticate(request);
    if (!users.may(caller, "notes:write")) return refuse(response, 403);
}

// docs/passwords.md
void send_mail(const std::string& address, const std::string& text) {
    say("mail to " + address + ": " + text.substr(0, 10));
}

void send_codes(coder_users::Options& options) {
    options.send_passcode = [](const coder_users::Passcode& passcode) {
        send_mail(passcode.email, "Your code: " + passcode.code);
    };
}

// docs/coder-releases.md
void one_release() {
    coder_users::Options options{"users.db"};
    options.coder_version = "2.21";
    auto server = coder_users::start(options);
}

void test_my_client(const std::string& url) { say("client at " + url.substr(0, 17)); }

void many_releases() {
    for (const std::string release : {"2.6", "2.21", "2.35"}) {
        coder_users::testing::Server server(release);
        test_my_client(server.url());
    }
}

// docs/testing.md
void strict_github() {
    const auto controls = coder_users::testing::Controls::with_logins();
    auto options = coder_users::Options::for_tests(controls);
    options.github.allow_everyone = false;
    options.github.allowed_orgs = {"acme"};  // GithubLogin::orgs
    coder_users::testing::Server server(controls, options);
    say("logins at " + server.url().substr(0, 17));
}

// docs/page.md
void page() {
    coder_users::Options options{"users.db"};
    options.web_page = true;
    options.web_page_name = "Accounts of Example Ltd.";
    auto users = coder_users::start(options);  // the page at /, the API at /api/v2
}

void page_on(httplib::Server& site, coder_users::Service& users) {
    users.mount(site, "/accounts/api");
    users.mount_page(site, "/accounts");  // or "/"; before site listens
}

// mounted(), one_release() and page() are compiled alone: they write files and listen on port 3000.
int main() {
    httplib::Server site;
    coder_users::Options options{":memory:"};
    options.coder_version = "2.35", options.web_page = true;
    ask_and_tell(options), check_passwords(options), send_codes(options), declare_roles(options);
    auto users = coder_users::open(options);
    coder_users::CreateUser ada;
    ada.email = "ada@example.com", ada.username = "ada", ada.password = "correct-Horse-9";
    users.create_first_user(ada);
    const auto host = users.as(coder_users::Identity::system());
    coder_users::CreateUser bob = ada;
    bob.username = "bob";
    const auto create_bob = [&](const char* email, const char* password) {
        bob.email = email, bob.password = password;
        try {
            host.create_user(bob);
        } catch (const coder_users::ApiError& refused) {
            say(refused.what());
        }
    };
    create_bob("bob@example.org", "correct-Horse-9");
    create_bob("bob@example.com", "correct-Horse-1");
    create_bob("bob@example.com", "correct-Horse-9");
    calls(users, host.make_token("ada").token);
    for (const std::string& role : host.find_user("robert").roles) say("robert: " + role);
    log_in(users, ada.email, ada.password, "192.0.2.1", "a terminal");
    keep_data(users);
    httplib::Request request;
    httplib::Response response;
    request.set_header("Coder-Session-Token", host.make_token("robert").token);
    write_note(users, request, response);
    say("note: " + std::to_string(response.status));
    users.handle({"POST", "/api/v2/users/otp/request", {}, R"({"email":"ada@example.com"})"});
    host.delete_user("robert");
    read_audit(users);
    page_on(site, users);
    many_releases();
    strict_github();
    users.stop();
}
