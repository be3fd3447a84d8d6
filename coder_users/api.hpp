// The promise to the host program: the service, and the one call that starts it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "coder_users/base/action.hpp"
#include "coder_users/base/config.hpp"
#include "coder_users/base/errors.hpp"
#include "coder_users/base/line_error.hpp"
#include "coder_users/base/model.hpp"
#include "coder_users/caller.hpp"
#include "coder_users/options.hpp"

namespace httplib {
class Server;
struct Request;
}  // namespace httplib

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
    /// Where clients find what is below /api/v2 here, as links and redirects to it say.
    std::string api_prefix = "/api/v2";
};

/// What is answered, without Content-Length and Connection.
struct Response {
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string body = {};
};

/// Everything that a server for tests held at one moment, the clock apart. Copies share it; it may
/// outlive its service and be given to another one.
class Snapshot {
 public:
    /// For Service::snapshot(): the bytes of an SQLite file.
    explicit Snapshot(std::string image)
        : image_(std::make_shared<const std::string>(std::move(image))) {}
    /// The database as the bytes of an SQLite file.
    const std::string& image() const { return *image_; }

 private:
    std::shared_ptr<const std::string> image_;
};

/// The layout of cpp-httplib's classes depends on macros. Where host and library were compiled with
/// different ones, a program that calls mount() or authenticate(httplib::Request) does not link:
/// "undefined reference to ... HttpAbi<...>".
template <std::size_t RequestSize>
struct HttpAbi {};

/// Told, by what may take longer than a second, how much of how much is done.
using Progress = std::function<void(std::int64_t done, std::int64_t total)>;

/// A copy of a database.
struct Copied {
    std::string file;
    std::string key_file;  ///< the key that opens what is sealed in it; "": the host keeps it
};

/// A running server. It owns its threads, its listening socket and its database; destroying it
/// stops it. Movable; a moved-from Service is only good for destruction and assignment, anything
/// else throws std::logic_error. All member functions may be called from any thread at once. After
/// stop(), calls throw ApiError with status 503; url() and port() still tell what they were.
class CODER_USERS_API Service {
 public:
    /// Threads, sockets, mounts and callers of as() go on undisturbed.
    Service(Service&&) noexcept;
    /// Stops the service that is replaced.
    Service& operator=(Service&&) noexcept;
    /// Stops and waits until every thread has ended. Not to be run by one of the service's own
    /// threads (the log function, for one): it would wait for itself.
    ~Service();

    /// Where it listens, such as "http://127.0.0.1:3000" or "http://[::1]:3000"; "" after open().
    std::string url() const;
    /// The port it listens on; 0 after open().
    int port() const;

    /// Serves from the host's server, too, below a prefix such as "/accounts/api". Adds routes and
    /// touches nothing else there. Call it before that server listens, and include httplib.h. Any
    /// order of ends is fine: when the service is gone, its routes answer 503. Throws
    /// std::invalid_argument for a prefix without a slash in front, std::logic_error after stop().
    template <class HttpRequest = httplib::Request>
    void mount(httplib::Server& site, const std::string& prefix = "/api/v2") {
        attach(site, prefix, HttpAbi<sizeof(HttpRequest)>());
    }

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

    /// The same for the token of a request, wherever it stands there. One from a cookie is refused
    /// with 403 when the request changes something and comes from another site.
    Identity authenticate(const Request& request);

    /// The same for a request to the host's server.
    template <class HttpRequest,
              std::enable_if_t<std::is_same_v<HttpRequest, httplib::Request>, int> = 0>
    Identity authenticate(const HttpRequest& request) {
        return identify(request, HttpAbi<sizeof(HttpRequest)>());
    }

    /// Whether the identity may do this to a user (an id, a name, "me"), or at all where the action
    /// has no target, as things are now: false as well when its session has ended, or when it may
    /// not know that there is such a user. What nobody does to oneself (delete, suspend, own roles)
    /// is refused by the calls themselves. Throws ApiError 503 when the store fails.
    bool may(const Identity& identity, Action action, std::string_view user = {});

    /// Calls in the process on behalf of an identity of authenticate() or of Identity::system():
    /// `users.as(Identity::system()).suspend_user("bob")`.
    Caller as(Identity identity);

    /// Creates the first user, who owns the deployment, and its organization. Throws ApiError 409
    /// when there is a user already, 400 with what is wrong with the values.
    User create_first_user(const CreateUser& wanted);

    /// Creates users with chosen ids, roles, hashes and tokens, all or none of them; docs/data.md
    /// describes the JSON. Throws LineError for what is wrong with it, ApiError with status 503
    /// when the store fails.
    void seed(std::string_view json);

    /// Copies the database as it is at one moment to the new file `to`, and the sealing key to
    /// "<to>.key" unless the host keeps it in Options::secret_key. Requests go on meanwhile. Throws
    /// std::runtime_error that names the file, also when there is one and `replace` is false.
    Copied backup(const std::string& to, bool replace = false, const Progress& progress = {});

    /// For servers with Options::test_data, std::logic_error from any other. While restore() runs
    /// no request should: one that is under way may answer from either state.
    Snapshot snapshot();
    /// Replaces everything by what a snapshot holds.
    void restore(const Snapshot& snapshot);

 private:
    friend CODER_USERS_API Service start(Options options);
    friend CODER_USERS_API Service open(Options options);
    template <std::size_t RequestSize>
    void attach(httplib::Server& site, const std::string& prefix, HttpAbi<RequestSize>);
    template <std::size_t RequestSize>
    Identity identify(const httplib::Request& request, HttpAbi<RequestSize>);
    explicit Service(std::unique_ptr<server::Running> running);
    server::Running& running() const;
    std::unique_ptr<server::Running> running_;
};

/// Opens or creates and migrates the database, binds, and serves on threads of its own. What goes
/// wrong until then is thrown here as std::runtime_error that names the cause (path, address, the
/// system's reason), std::invalid_argument for a bad option.
CODER_USERS_API Service start(Options options);

/// The same without a socket: for mount(), handle() and calls in the process. Address and port are
/// not used.
CODER_USERS_API Service open(Options options);

}}  // namespace coder_users::v0
