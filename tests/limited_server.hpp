// A server with its rate limits on, and what its answers say of them.
#pragma once

#include <string>

#include "people.hpp"

namespace coder_users_test {

/// A server with its limits on; requests go in without a socket, from any address.
struct Limited : TestServer {
    Limited();
    explicit Limited(const coder_users::Options& options);

    coder_users::Response ask(const std::string& method, const std::string& path,
                              const std::string& token = "", HeaderList headers = {},
                              const std::string& address = "1.2.3.4",
                              const std::string& body = "{}");
    /// "status limit remaining"
    std::string state(const std::string& method, const std::string& path,
                      const std::string& token = "", const HeaderList& headers = {},
                      const std::string& address = "1.2.3.4");
};

coder_users::Options limits(int all, int tight);
std::string too_many(const std::string& limit);

}  // namespace coder_users_test
