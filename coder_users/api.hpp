// The service: start() serves the HTTP API from threads of its own, open() serves a host's own
// server and calls in the process.
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

#include "coder_users/action.hpp"
#include "coder_users/caller.hpp"
#include "coder_users/config.hpp"
#include "coder_users/errors.hpp"
#include "coder_users/model.hpp"
#include "coder_users/options.hpp"

namespace httplib {
class Server;
struct Request;
}  // namespace httplib

namespace coder_users { inline namespace v0 {

/// The version of this library.
inline constexpr const char* version = "0.2.0";

/// An HTTP request for Service::handle(). Names of headers are compared without regard to letter
/// case.
struct Request {
    std::string method = "GET";
    std::string target = "/";  ///< path and query, percent-encoded: "/api/v2/users?limit=1"
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string body = {};
    std::string address = {};  ///< the client's address as a number, such as "192.0.2.1"; may be ""
    /// The path under which clients find /api/v2 on this server. Links and redirects in answers
    /// begin with it.
    std::string api_prefix = "/api/v2";
};

/// The answer to a Request. It has no Content-Length and no Connection header. The status is 0
/// where a test lets the connection end without an answer (testing::Fault).
struct Response {
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string body = {};
};

/// Everything that a server for tests holds at one moment, except its clock. Copies share the same
/// data. A snapshot may outlive the service that made it, and another service for tests can restore
/// it.
class Snapshot {
 public:
    /// Made by Service::snapshot(); `image` holds the bytes of an SQLite file.
    explicit Snapshot(std::string image)
        : image_(std::make_shared<const std::string>(std::move(image))) {}
    /// The database as the bytes of an SQLite file.
    const std::string& image() const { return *image_; }

 private:
    std::shared_ptr<const std::string> image_;
};

/// Makes a program fail to link when host and library were compiled with different settings of
/// cpp-httplib, which change the layout of its classes. Only mount() and
/// authenticate(httplib::Request) need it. The linker then reports "undefined reference to ...
/// HttpAbi<...>".
template <std::size_t RequestSize>
struct HttpAbi {};

/// Called from time to time by functions that may take longer than a second. `total` is 0 when it
/// is not known.
using Progress = std::function<void(std::int64_t done, std::int64_t total)>;

/// The files that a backup or a restore has written.
struct Copied {
    std::string file;
    std::string key_file;  ///< holds the sealing key of the copy; "" when the host keeps that key
};

/// A running server. It owns its threads, its listening socket and its database. The destructor
/// stops it. A moved-from Service can only be destroyed or assigned to; every other call throws
/// std::logic_error. Any thread may call any member function at any time. After stop(), calls throw
/// ApiError with status 503, but url() and port() still return what they returned before. In a
/// process that was forked after start() or open(), every call of Service and Caller throws
/// std::logic_error, but stop() and the destructor do nothing to the service of the other process:
/// make it in the process that uses it.
class CODER_USERS_API Service {
 public:
    /// Threads, sockets, mounted routes and every Caller continue to work.
    Service(Service&&) noexcept;
    /// Stops the service that is replaced, then does the same.
    Service& operator=(Service&&) noexcept;
    /// Stops the service and waits until all of its threads have ended. Never destroy a service on
    /// one of its own threads, for example in Options::log: the destructor would wait for the
    /// thread that runs it.
    ~Service();

    /// The URL at which it listens, such as "http://127.0.0.1:3000" or "http://[::1]:3000"; ""
    /// after open().
    std::string url() const;
    /// The port it listens on; 0 after open().
    int port() const;

    /// Also serves the API from the host's own server, under a prefix such as "/accounts/api". Adds
    /// routes and changes nothing else of `site`. Include httplib.h, and call this before `site`
    /// listens. Service and `site` may be destroyed in either order: once the service has gone, its
    /// routes answer 503. Throws std::invalid_argument when the prefix does not begin with a slash,
    /// std::logic_error after stop() and when `site` listens already.
    template <class HttpRequest = httplib::Request>
    void mount(httplib::Server& site, const std::string& prefix = "/api/v2") {
        attach(site, prefix, HttpAbi<sizeof(HttpRequest)>());
    }

    /// Also serves the web page (Options::web_page) from the host's own server, under a prefix such
    /// as "/accounts", or "/" for the root. The page calls the API where the last mount() put it,
    /// so call that first, and add the host's own routes of one or two segments below the prefix
    /// before: the page answers the others there. Otherwise as mount(). Throws std::logic_error
    /// without Options::web_page or mount().
    template <class HttpRequest = httplib::Request>
    void mount_page(httplib::Server& site, const std::string& prefix = "/") {
        attach_page(site, prefix, HttpAbi<sizeof(HttpRequest)>());
    }

    /// Stops accepting connections, closes idle ones and those with half a request, lets running
    /// requests finish, and closes the database. Returns when all that is done, but after
    /// Deadlines::stop at the latest. May be called any number of times, on any thread, even inside
    /// a request, but not in a signal handler.
    void stop() noexcept;

    /// Answers a request as if it had come over HTTP, without a socket, on the calling thread.
    /// Never throws because of what the request holds. Answers 503 after stop().
    Response handle(const Request& request);

    /// Returns the user and the key to whom a key text ("<id>-<secret>") belongs. Checks and
    /// effects are those of a request over HTTP: a dormant user becomes active, the key counts as
    /// used, a session may be prolonged. Throws ApiError with status 401 when the key is not valid,
    /// 503 when the store fails.
    Identity authenticate(std::string_view token);

    /// Does the same with the key text in a request: in the header Coder-Session-Token, in
    /// Authorization, or in a cookie. Also throws 403 when no header holds it and the request
    /// changes something on behalf of another web site.
    Identity authenticate(const Request& request);

    /// Does the same for a request to the host's own server. Include httplib.h.
    template <class HttpRequest,
              std::enable_if_t<std::is_same_v<HttpRequest, httplib::Request>, int> = 0>
    Identity authenticate(const HttpRequest& request) {
        return identify(request, HttpAbi<sizeof(HttpRequest)>());
    }

    /// Logs somebody in who presents an e-mail address and a password, as POST /users/login does: a
    /// dormant user becomes active, Options::before is asked, success and failure are recorded, and
    /// whatever is wrong takes the same time. Failures count by account
    /// (Options::failed_login_limit), and with `origin.address` all attempts count against
    /// Options::login_rate_limit of that client, together with its requests. Give the address if
    /// strangers can cause the call. Waits its turn in the lane for passwords. Throws ApiError with
    /// status 401 for a wrong address or password and for a suspended user, 403 where logins with a
    /// password are switched off and for accounts that log in otherwise, 429 after too many
    /// attempts, 400 when a value is empty or no address, 503 as Caller.
    LoggedIn log_in(std::string_view email, std::string_view password,
                    const LoginOrigin& origin = {});

    /// Returns whether the identity may do this now, to the user named by an id, a name or "me", or
    /// to nobody in particular. Returns false when the session has ended and when the identity may
    /// not read that user. Does not say that nobody may delete or suspend oneself or change one's
    /// own roles: those calls refuse it. Throws ApiError with status 503 when the store fails.
    bool may(const Identity& identity, Action action, std::string_view user = {});

    /// Returns whether a role of the identity that Options::roles declares names this right now,
    /// such as "notes:write". Returns false when the session has ended and when the key does not
    /// carry all rights of its user. Built-in roles have no such right, owner included;
    /// Identity::system() has every one. Throws ApiError with status 503 when the store fails.
    bool may(const Identity& identity, std::string_view right);

    /// Returns an object whose calls act on behalf of an identity, which authenticate() or
    /// Identity::system() gave: `users.as(Identity::system()).suspend_user("bob")`.
    Caller as(Identity identity);

    /// Returns the code that a request must send as X-Setup-Code to create the first user; "" when
    /// it needs none, and as soon as there is a user. Every start makes another one. Show it to
    /// whoever sets the server up, and keep it out of logs. Throws ApiError with status 503 when
    /// the store fails.
    std::string setup_code();

    /// Creates the first user, who gets the role owner, and an organization. Takes address, names
    /// and password from `wanted`, and nothing else. Needs no set-up code.
    /// Throws ApiError with status 409 when there is a user already, 400 when a value breaks a
    /// rule.
    User create_first_user(const CreateUser& wanted);

    /// Returns whether there is a user. Without one, create_first_user() can be called. Throws
    /// ApiError with status 503 when the store fails, as the calls up to redeem_passcode() do.
    bool has_first_user();

    /// Returns how users can log in.
    AuthMethods auth_methods();

    /// Says why nobody may have this password, in words for people; "" when somebody may. Does not
    /// ask Options::check_password. Throws ApiError with status 400 for "".
    std::string password_weakness(std::string_view password);

    /// Makes a code for the account with this address, which Options::send_passcode sends. Neither
    /// the time nor an error tells whether there is such an account. Throws ApiError with status
    /// 400 when it is no address, 403 when Options::disable_password_auth is set.
    void request_passcode(std::string_view email);

    /// Sets a new password for the user who has got the code, and ends all of its sessions and
    /// tokens. Throws ApiError with status 400 when the code is not good or the password is
    /// refused; then the code stays good.
    void redeem_passcode(std::string_view email, std::string_view code, std::string_view password);

    /// Creates users with given ids, roles, password hashes and tokens: all of them, or none.
    /// docs/data.md describes the JSON. Throws LineError when the JSON cannot be used, ApiError
    /// with status 503 when the store fails.
    void seed(std::string_view json);

    /// Copies the database, as it is at one moment, to the file `to`, and the sealing key to
    /// "<to>.key" unless the host keeps it in Options::secret_key. Requests are answered meanwhile.
    /// Throws std::runtime_error that names the file; also when the file exists and `replace` is
    /// false.
    Copied backup(const std::string& to, bool replace = false, const Progress& progress = {});

    /// Returns the metrics of the service in Prometheus' text format 0.0.4, for a route of the
    /// host's own server; docs/metrics.md lists them. Counts a few rows in the database. Throws
    /// ApiError with status 503 when the store fails.
    std::string metrics();
    /// Where the metrics are served, such as "http://127.0.0.1:2112/metrics"; "" without
    /// Options::metrics_port.
    std::string metrics_url() const;

    /// Returns everything that the service holds. Throws std::logic_error unless Options::test_data
    /// is set.
    Snapshot snapshot();
    /// Replaces everything by the content of a snapshot. Throws as snapshot(), and
    /// std::invalid_argument for a snapshot with another schema, or of no server for tests. A
    /// request that runs at the same time may see the old data or the new.
    void restore(const Snapshot& snapshot);
    /// Answers as another release of Coder from now on, as Options::coder_version says. Throws
    /// std::invalid_argument when it is none, and std::logic_error as snapshot().
    void answer_as(const std::string& coder_version);

 private:
    friend CODER_USERS_API Service start(Options options);
    friend CODER_USERS_API Service open(Options options);
    template <std::size_t RequestSize>
    void attach(httplib::Server& site, const std::string& prefix, HttpAbi<RequestSize>);
    template <std::size_t RequestSize>
    void attach_page(httplib::Server& site, const std::string& prefix, HttpAbi<RequestSize>);
    template <std::size_t RequestSize>
    Identity identify(const httplib::Request& request, HttpAbi<RequestSize>);
    explicit Service(std::unique_ptr<service::Running> running);
    service::Running& running() const;
    std::unique_ptr<service::Running> running_;
};

/// Opens the database, creating or migrating it where that is needed, binds the address, and serves
/// from threads of its own. Throws std::invalid_argument for a bad option, otherwise
/// std::runtime_error that names what failed (path or address) and why.
CODER_USERS_API Service start(Options options);

/// Does the same without a socket, for mount(), handle() and calls in the process. Ignores
/// Options::address and Options::port.
CODER_USERS_API Service open(Options options);

}}  // namespace coder_users::v0
