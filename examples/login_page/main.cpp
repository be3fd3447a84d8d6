// Logs people in and out by a form of the program's own, which works without scripts.
// Usage: login_page [port]
#include <httplib.h>

#include <coder_users.hpp>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <string>
#include <thread>

/// A text as JSON has it, with its quotation marks.
std::string quoted(const std::string& text) {
    std::string json = "\"";
    for (const char c : text) {
        char escape[8];
        std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned char>(c));
        if (c == '"' || c == '\\' || (c >= 0 && c < ' '))
            json += escape;
        else
            json += c;
    }
    return json + '"';
}

/// Passes a form on as a request of the API. Headers and address go along: by them the service
/// refuses forms of other sites, counts attempts and fills the audit log.
coder_users::Response pass_on(coder_users::Service& users, const httplib::Request& form,
                              const std::string& path, const std::string& body) {
    coder_users::Request request{"POST", "/api/v2" + path};
    for (const auto& [name, value] : form.headers)
        if (name.rfind("Content-", 0) != 0) request.headers.emplace_back(name, value);
    request.body = body;
    request.address = form.remote_addr;
    return users.handle(request);
}

/// Gives the browser the session cookie of an answer, or clears it, and another page.
void go_on(const coder_users::Response& answer, const std::string& to,
           httplib::Response& response) {
    for (const auto& [name, value] : answer.headers)
        if (name == "Set-Cookie") response.set_header(name, value);
    response.set_redirect(to, 303);
}

void login_form(httplib::Response& response, int status, const std::string& message) {
    response.status = status;
    response.set_content("<!doctype html><title>Log in</title><p>" + message +
                             "<form method=post action=/login>"
                             "<input name=email type=email autocomplete=username required>"
                             "<input name=password type=password autocomplete=current-password "
                             "required><button>Log in</button></form>",
                         "text/html");
}

void add_routes(httplib::Server& site, coder_users::Service& users) {
    site.Get("/login", [](const httplib::Request&, httplib::Response& response) {
        login_form(response, 200, "Welcome.");
    });
    site.Post("/login", [&](const httplib::Request& form, httplib::Response& response) {
        const auto answer =
            pass_on(users, form, "/users/login",
                    "{\"email\":" + quoted(form.get_param_value("email")) +
                        ",\"password\":" + quoted(form.get_param_value("password")) + "}");
        if (answer.status == 201) return go_on(answer, "/", response);
        const bool wrong = answer.status == 400 || answer.status == 401;
        login_form(response, answer.status,
                   wrong                  ? "Address or password is wrong."
                   : answer.status == 429 ? "Too many attempts. Wait a minute."
                                          : "Logging in does not work at the moment.");
    });
    site.Post("/logout", [&](const httplib::Request& form, httplib::Response& response) {
        const auto answer = pass_on(users, form, "/users/logout", "");
        if (answer.status == 200 || answer.status == 401)  // 401: the session had ended already
            return go_on(answer, "/login", response);
        response.status = answer.status;
    });
    site.Get("/", [&](const httplib::Request& request, httplib::Response& response) {
        try {
            const auto caller = users.authenticate(request);
            response.set_content("<!doctype html><title>Hello</title><p>Hello, " +
                                     caller.user.username +
                                     "!<form method=post action=/logout><button>Log out</button>"
                                     "</form>",
                                 "text/html");
        } catch (const coder_users::ApiError&) {
            response.set_redirect("/login", 303);
        }
    });
}

int main(int argc, char** argv) {
    sigset_t signals;
    sigemptyset(&signals), sigaddset(&signals, SIGINT), sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    coder_users::Options options{"users.db"};
    options.coder_version = "2.35";  // which release of Coder clients find
    auto users = coder_users::open(options);
    httplib::Server site;
    users.mount(site, "/api/v2");
    add_routes(site, users);

    const int port = argc > 1 ? std::stoi(argv[1]) : 8080;
    const int bound = port ? (site.bind_to_port("127.0.0.1", port) ? port : -1)
                           : site.bind_to_any_port("127.0.0.1");
    if (bound < 0) return std::cerr << "the port is taken\n", 1;
    std::thread serving([&] { site.listen_after_bind(); });
    std::cout << "http://127.0.0.1:" << bound << std::endl;

    int signal = 0;
    sigwait(&signals, &signal);
    site.stop();
    serving.join();
}
