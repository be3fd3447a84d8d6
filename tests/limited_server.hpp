// A server with its rate limits on, and what its answers say of them.
#pragma once

#include <string>
#include <utility>

#include "people.hpp"

namespace coder_users_test {

inline std::string header_field(const coder_users::Response& response, const std::string& name) {
    std::string value = "none";
    for (const auto& [key, text] : response.headers)
        if (key == name) value = text;
    return value;
}

/// A server with its limits on; requests go in without a socket, from any address.
struct Limited : TestServer {
    explicit Limited(coder_users::Options options = {}) : TestServer(std::move(options), true) {}

    coder_users::Response ask(const std::string& method, const std::string& path,
                              const std::string& token = "", HeaderList headers = {},
                              const std::string& address = "1.2.3.4",
                              const std::string& body = "{}") {
        if (!token.empty()) headers.emplace_back("Coder-Session-Token", token);
        const std::string target = path[0] == '!' ? path.substr(1) : "/api/v2" + path;
        return service().handle({method, target, headers, body, address});
    }
    /// "status limit remaining"
    std::string state(const std::string& method, const std::string& path,
                      const std::string& token = "", const HeaderList& headers = {},
                      const std::string& address = "1.2.3.4") {
        const auto response = ask(method, path, token, headers, address);
        return std::to_string(response.status) + " " + header_field(response, "X-RateLimit-Limit") +
               " " + header_field(response, "X-RateLimit-Remaining");
    }
};

inline coder_users::Options limits(int all, int tight) {
    coder_users::Options options;
    options.api_rate_limit = all;
    options.login_rate_limit = tight;
    return options;
}
inline std::string too_many(const std::string& limit) {
    return message("You've been rate limited for sending more than " + limit +
                   " requests in 1m0s.");
}

}  // namespace coder_users_test
