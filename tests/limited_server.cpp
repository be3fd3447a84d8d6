#include "limited_server.hpp"

#include <utility>

namespace coder_users_test {

Limited::Limited() : Limited(coder_users::Options()) {}
Limited::Limited(const coder_users::Options& options) : TestServer(options, true) {}

coder_users::Response Limited::ask(const std::string& method, const std::string& path,
                                   const std::string& token, HeaderList headers,
                                   const std::string& address, const std::string& body) {
    if (!token.empty()) headers.emplace_back("Coder-Session-Token", token);
    const std::string target = path[0] == '!' ? path.substr(1) : "/api/v2" + path;
    return service().handle({method, target, headers, body, address});
}
std::string Limited::state(const std::string& method, const std::string& path,
                           const std::string& token, const HeaderList& headers,
                           const std::string& address) {
    const auto response = ask(method, path, token, headers, address);
    return std::to_string(response.status) + " " +
           header_of(response.headers, "X-RateLimit-Limit", "none") + " " +
           header_of(response.headers, "X-RateLimit-Remaining", "none");
}

coder_users::Options limits(int all, int tight) {
    coder_users::Options options;
    options.api_rate_limit = all;
    options.login_rate_limit = tight;
    return options;
}

std::string too_many(const std::string& limit) {
    return message("You've been rate limited for sending more than " + limit +
                   " requests in 1m0s.");
}

}  // namespace coder_users_test
