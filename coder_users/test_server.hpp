// A server for tests in other languages: one that a program controls over HTTP, by the control API
// of docs/contract/test_server.md, "Calls", which can what coder_users/testing.hpp can.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "coder_users/testing.hpp"

namespace coder_users { inline namespace v0 {

namespace control {
class Api;
}

namespace testing {

/// What a TestServer is to be.
struct TestServerOptions {
    /// A numeric address. One beyond loopback is refused unless `listen_anywhere` is set.
    std::string address = "127.0.0.1";
    bool listen_anywhere = false;
    int port = 0;                   ///< 0: any free one
    std::uint64_t seed_number = 1;  ///< of the randomness
    /// An SQLite file that no other kind of server has made, or ":memory:".
    std::string database = ":memory:";
    std::string coder_version = "2.6";  ///< as Options::coder_version
    std::string seed = {};              ///< users to make, as for Service::seed(); "": none
};

/// A server for tests with a control API: a Server whose members a program calls over HTTP, and
/// everything that they need. Cannot be copied or moved.
class CODER_USERS_API TestServer {
 public:
    /// Starts it, with the user "owner". Throws std::invalid_argument for an option, LineError for
    /// the seed, otherwise as start().
    explicit TestServer(const TestServerOptions& options);
    TestServer(const TestServer&) = delete;
    TestServer& operator=(const TestServer&) = delete;
    /// Ends waits of the control API, then stops the server.
    ~TestServer();

    /// The line of JSON that tells a program what it needs to know: url, owner_token,
    /// control_token, pid, version and coder_version. Without a line end.
    std::string ready_line() const;
    /// What the control API calls. Only one thread may change it at a time, and while calls of the
    /// control API run, none.
    Server& server();
    /// The secret that requests of the control API present. Made by the system's randomness.
    const std::string& control_token() const;

 private:
    std::unique_ptr<control::Api> api_;
};

}  // namespace testing
}}  // namespace coder_users::v0
