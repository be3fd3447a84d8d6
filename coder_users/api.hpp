// The promise to the host program: the service, and the one call that starts it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/base/config.hpp"
#include "coder_users/base/errors.hpp"
#include "coder_users/base/line_error.hpp"
#include "coder_users/base/model.hpp"
#include "coder_users/options.hpp"

namespace coder_users { inline namespace v0 {

/// The version of this library.
inline constexpr const char* version = "0.1.0";

/// One HTTP request, as Service::handle() takes it. Header names compare with letter case folded.
struct Request {
    std::string method = "GET";
    std::string target = "/";  ///< path and query, percent-encoded: "/api/v2/users?limit=1"
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string body = {};
    std::string address = {};  ///< of the client, numeric; may be ""
};

struct Response {
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string body = {};
};

/// Everything that a server for tests held at one moment, the clock apart. Copies share it; it may
/// outlive its service and be given to another one.
class Snapshot {
 public:
    explicit Snapshot(std::string image)
        : image_(std::make_shared<const std::string>(std::move(image))) {}
    /// The database as the bytes of an SQLite file.
    const std::string& image() const { return *image_; }

 private:
    std::shared_ptr<const std::string> image_;
};

/// A running server. It owns its threads, its listening socket and its database; destroying it
/// stops it. Movable; a moved-from Service is only good for destruction and assignment. All
/// member functions may be called from any thread at once.
class CODER_USERS_API Service {
 public:
    Service(Service&&) noexcept;
    /// Stops the service that is replaced.
    Service& operator=(Service&&) noexcept;
    /// Stops and waits until every thread has ended. Not to be run by one of the service's own
    /// threads (the log function, for one): it would wait for itself.
    ~Service();

    /// Where it listens, such as "http://127.0.0.1:3000" or "http://[::1]:3000".
    std::string url() const;
    int port() const;

    /// Stops accepting, closes idle and half-sent connections, lets running requests finish and
    /// closes the database. Returns when that is done, at the latest after Deadlines::stop. Any
    /// number of calls, any thread, also inside a request. Not async-signal-safe.
    void stop() noexcept;

    /// Answers a request as if it had come over HTTP, on the caller's thread, without a socket.
    /// Never throws for what the request holds. After stop() it answers 503.
    Response handle(const Request& request);

    /// Who presents this token ("<id>-<secret>"), with the checks and effects of a request over
    /// HTTP: a dormant user becomes active, the key counts as used, a session's expiry slides.
    /// Throws ApiError with status 401 when the token is no good, 503 when the store fails.
    Identity authenticate(std::string_view token);

    /// Creates users with chosen ids, roles, hashes and tokens, all or none of them; docs/data.md
    /// describes the JSON. Throws LineError for what is wrong with it, ApiError with status 503
    /// when the store fails.
    void seed(std::string_view json);

    /// For servers with Options::test_data, std::logic_error from any other. While restore() runs
    /// no request should: one that is under way may answer from either state.
    Snapshot snapshot();
    void restore(const Snapshot& snapshot);

 private:
    friend CODER_USERS_API Service start(Options options);
    struct Running;
    explicit Service(std::unique_ptr<Running> running);
    std::unique_ptr<Running> running_;
};

/// Opens or creates and migrates the database, binds, and serves on threads of its own. What goes
/// wrong until then is thrown here as std::runtime_error that names the cause (path, address, the
/// system's reason), std::invalid_argument for a bad option.
CODER_USERS_API Service start(Options options);

}}  // namespace coder_users::v0
