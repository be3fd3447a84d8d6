// Logs people in by a link in an e-mail, without passwords. The users log in nowhere else when they
// are made with LoginType::none.
// Usage: login_by_link [port [outbox]]
#include <httplib.h>
#include <unistd.h>

#include <chrono>
#include <coder_users.hpp>
#include <csignal>
#include <fstream>
#include <iostream>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

using coder_users::Identity;
using coder_users::User;

/// 32 random bytes in hexadecimal digits.
std::string random_secret() {
    unsigned char bytes[32];
    if (::getentropy(bytes, sizeof bytes) != 0) throw std::runtime_error("no randomness");
    std::string text;
    for (const unsigned char byte : bytes)
        text += "0123456789abcdef"[byte / 16], text += "0123456789abcdef"[byte % 16];
    return text;
}

/// Whether both are the same and not empty, in a time that does not tell how much of them is.
bool same(const std::string& secret, const std::string& guess) {
    if (secret.empty() || secret.size() != guess.size()) return false;
    int different = 0;
    for (std::size_t i = 0; i < secret.size(); ++i) different |= secret[i] ^ guess[i];
    return different == 0;
}

/// The links that nobody has used yet, at most one for each user. Any thread may call it.
class Links {
 public:
    /// Returns the secret of a new link, which replaces the user's last one; "" when that is less
    /// than a minute old, so that nobody can fill somebody's mailbox.
    std::string make(const std::string& user_id) {
        const std::lock_guard lock(mutex_);
        const auto now = std::chrono::steady_clock::now();
        Link& link = by_user_[user_id];
        if (!link.secret.empty() && now < link.made + std::chrono::minutes(1)) return "";
        link = {random_secret(), now};
        return link.secret;
    }
    /// Returns whether this is the user's link, and forgets it; false when it was used, replaced or
    /// made more than 15 minutes ago.
    bool use(const std::string& user_id, const std::string& secret) {
        const std::lock_guard lock(mutex_);
        const auto found = by_user_.find(user_id);
        if (found == by_user_.end() || !same(found->second.secret, secret)) return false;
        found->second.secret.clear();
        return std::chrono::steady_clock::now() < found->second.made + std::chrono::minutes(15);
    }

 private:
    struct Link {
        std::string secret;
        std::chrono::steady_clock::time_point made;
    };
    std::mutex mutex_;
    std::map<std::string, Link> by_user_;
};

/// Leaves a mail for the program that sends them. To wait for a mail server here would tell by the
/// time of the answer who has an account. Returns whether it is written.
bool leave_mail(const std::string& outbox, const User& user, const std::string& link) {
    std::ofstream mail(outbox + "/" + user.id + ".eml");
    mail << "To: " << user.email << "\nSubject: Your login\n\nThis link logs you in once, in the "
         << "next 15 minutes:\n\n    " << link << "\n";
    return bool(mail.flush());
}

/// Whether a browser says that a page of another site sends this form.
bool from_elsewhere(const httplib::Request& request) {
    const std::string site = request.get_header_value("Sec-Fetch-Site");
    return !site.empty() && site != "same-origin" && site != "none";
}

void page(httplib::Response& response, int status, const std::string& content) {
    response.status = status;
    response.set_header("Referrer-Policy", "no-referrer");  // an address here may hold a secret
    response.set_content("<!doctype html><title>Log in</title>" + content, "text/html");
}

/// Where people ask for a link.
void add_form(httplib::Server& site, coder_users::Service& users, Links& links,
              const std::string& url, const std::string& outbox) {
    site.Get("/login", [](const httplib::Request&, httplib::Response& response) {
        page(response, 200,
             "<form method=post>Your e-mail address: <input name=email type=email><button>Mail me "
             "a link</button>"
             "</form>");
    });
    site.Post(
        "/login", [&, url, outbox](const httplib::Request& request, httplib::Response& response) {
            try {
                const auto host = users.as(Identity::system());
                const User user = host.find_user_by_email(request.get_param_value("email"));
                const bool may = user.status != coder_users::UserStatus::suspended;
                const std::string secret = may ? links.make(user.id) : "";
                const std::string link = url + "/login/link?user=" + user.id + "&secret=" + secret;
                if (!secret.empty() && !leave_mail(outbox, user, link)) {
                    std::cerr << "cannot write to " << outbox << '\n';
                    links.use(user.id, secret);  // nobody has it, so the next request makes another
                }
            } catch (const coder_users::ApiError& refused) {
                if (refused.status() >= 500) return page(response, 503, "Try again later.");
            }  // an unknown address gets the same answer as a known one, whatever happens
            page(response, 200, "If there is such a user, a mail is on its way.");
        });
}

/// Where links lead, and what they lead to.
void add_links(httplib::Server& site, coder_users::Service& users, Links& links) {
    // Programs that check mails open every link in them, so opening one does nothing yet.
    site.Get("/login/link", [](const httplib::Request&, httplib::Response& response) {
        page(response, 200, "<form method=post><button>Log in</button></form>");
    });
    site.Post("/login/link", [&](const httplib::Request& request, httplib::Response& response) {
        if (from_elsewhere(request)) return page(response, 403, "This came from another site.");
        const std::string user_id = request.get_param_value("user");
        if (!links.use(user_id, request.get_param_value("secret")))
            return page(response, 401, "This link has been used, or is too old.");
        try {
            // The audit log shows the session with the host as its maker: without an actor.
            const auto session = users.as(Identity::system()).make_session(user_id);
            response.set_header(
                "Set-Cookie",  // with "; Secure" where the site is served over https
                "coder_session_token=" + session.token + "; Path=/; HttpOnly; SameSite=Lax");
            response.set_redirect("/", 303);
        } catch (const coder_users::ApiError& refused) {  // the user has been deleted, for example
            page(response, refused.status(), "That did not work. Ask for another link.");
        }
    });
    site.Get("/", [&](const httplib::Request& request, httplib::Response& response) {
        try {
            const User user = users.authenticate(request).user;
            response.set_content("Hello, " + user.username + "!\n", "text/plain");
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
    const int port = argc > 1 ? std::stoi(argv[1]) : 8080;
    const int bound = port ? (site.bind_to_port("127.0.0.1", port) ? port : -1)
                           : site.bind_to_any_port("127.0.0.1");
    if (bound < 0) return std::cerr << "the port is taken\n", 1;

    const std::string url = "http://127.0.0.1:" + std::to_string(bound);
    Links links;
    users.mount(site, "/api/v2");
    add_form(site, users, links, url, argc > 2 ? argv[2] : "outbox");
    add_links(site, users, links);
    std::thread serving([&] { site.listen_after_bind(); });
    std::cout << url << std::endl;

    int signal = 0;
    sigwait(&signals, &signal);
    site.stop();
    serving.join();
}
