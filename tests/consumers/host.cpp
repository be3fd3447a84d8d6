// A host that does what most hosts do: starts, acts in the process, catches a refusal, receives an
// event.
#include <atomic>
#include <chrono>
#include <coder_users.hpp>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>

int users_seen_by_the_other(const coder_users::Service& users, coder_users::Options options);

/// The status at the address of the page; 0 when this build has none.
int page_status(coder_users::Options options) {
    options.web_page = true;
    try {
        return coder_users::open(options).handle({}).status;
    } catch (const std::invalid_argument&) {
        return 0;
    }
}

int main() {
    std::atomic<int> events{0};
    coder_users::Options options;
    options.database = ":memory:";
    options.port = 0;
    options.password_hash_cost = 4;
    options.deadlines.stop = std::chrono::seconds(30);  // for the events, beside two compilers
    options.on_event = [&](const coder_users::Event&) { ++events; };
    auto users = coder_users::start(options);
    coder_users::CreateUser ada;
    ada.email = "ada@example.com";
    ada.username = "ada";
    ada.password = "correct-Horse-9";
    users.create_first_user(ada);
    std::string refusal;
    try {
        users.create_first_user(ada);
    } catch (const coder_users::ApiError& error) {  // also thrown across a shared library
        refusal = error.what();
    }
    const auto host = users.as(coder_users::Identity::system());
    const std::string token = host.make_token("ada").token;
    const bool known = users.authenticate(token).user.username == "ada";
    const int seen = users_seen_by_the_other(users, options);
    users.stop();
#ifdef WITHOUT_PAGE
    const bool page = page_status(options) == 0;
#else
    const bool page = page_status(options) == 200;
#endif
    const bool good = known && page && seen == 1 && events == 2 &&
                      refusal == "The initial user has already been created.";
    std::cout << (good ? "consumer: all is well" : "consumer: something is wrong") << '\n';
    return good ? 0 : 1;
}
