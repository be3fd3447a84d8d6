// Options: all that a host can choose about a service, with limits, deadlines and defaults.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "coder_users/config.hpp"
#include "coder_users/events.hpp"
#include "coder_users/time.hpp"

namespace coder_users { inline namespace v0 {

struct Request;
struct Response;
namespace testing {
struct Controls;
class TestHooks;
}  // namespace testing

/// The clock and the randomness of the server. Both are called from any number of threads at once
/// and must not throw. An empty function means the one of the system.
struct Env {
    std::function<Time()> now = {};
    std::function<void(unsigned char* bytes, std::size_t count)> random = {};

    /// Only for tests; coder_users/testing.hpp sets it. Called inside the transaction of every
    /// change that a caller asks for. It may block, as a slow disk does. When it returns true, the
    /// change fails as on a broken disk.
    std::function<bool()> fail_write = {};
    /// Only for tests. Runs every change that a request makes twice, and undoes the first run,
    /// which on a full disk may happen to any change.
    bool repeat_changes = false;
    /// Only for tests. Called for every request to the API. When it returns true, the request is
    /// answered 429.
    std::function<bool()> limit_request = {};
    /// Only for tests; needs Options::test_data. Sees every request, and may let it fail.
    std::shared_ptr<testing::TestHooks> hooks = {};
    /// Only for tests; needs `hooks`. Answers requests to paths below /test/v1 in place of the
    /// server, which no fault concerns. It may block: up to 64 run at once.
    std::function<Response(const Request&)> control = {};
};

enum class LogLevel { info, warning, error };

/// One line of the log. It never holds passwords, tokens, cookies or keys. Values may hold any text
/// that a client sent: escape them, or use to_text().
struct LogLine {
    LogLevel level = LogLevel::info;
    Time time = never;
    std::string message = {};
    std::vector<std::pair<std::string, std::string>> fields = {};
};

/// Returns the line as text without a line end; times have six digits after the point. Control
/// characters and bytes that are not ASCII are escaped, so that it stays one line whatever clients
/// send.
CODER_USERS_API std::string to_text(const LogLine& line);

/// Returns the line as one JSON object with the members time, level and message and one for each
/// field, without a line end. Bytes that are not UTF-8 are escaped as in to_text().
CODER_USERS_API std::string to_json(const LogLine& line);

/// The kind of Git SSH keys that users get.
enum class SshKeyAlgorithm { ed25519, ecdsa, rsa4096 };

/// Limits of what clients may occupy. What exceeds one is answered 503, or its connection is
/// closed. Of what runs in a lane, and of what may wait for it, one client has at most a quarter,
/// but always one: the user of a valid token, else the address. Calls in the process have no share.
struct Limits {
    std::size_t connections = 10'000;              ///< open at once
    std::size_t connections_per_address = 1'000;   ///< of one IPv4 address or IPv6 /64 network
    std::size_t unfinished_bytes = 64 << 20;       ///< all requests and answers in memory, in bytes
    std::size_t requests_per_connection = 10'000;  ///< then the connection is closed
    std::size_t waiting_writes = 1'024;            ///< requests waiting for the write lane
    std::size_t waiting_hashes = 64;               ///< waiting for the hash lane, as for a password
    std::size_t waiting_logins = 64;               ///< waiting for the provider lane
    /// Events waiting for Options::on_event; also codes waiting for Options::send_passcode.
    std::size_t waiting_events = 1'024;
    std::size_t cached_sessions = 8'192;          ///< keys that are checked without the database
    std::size_t cached_session_bytes = 32 << 20;  ///< of these keys and their users, in bytes
    std::size_t workers = 0;  ///< threads that answer reads; 0: twice the cores, at least 4
};

/// How long clients may take, and how long they wait. No deadline is extended because something
/// arrives in time.
struct Deadlines {
    std::chrono::milliseconds head{10'000};   ///< from its first byte to the end of the head
    std::chrono::milliseconds body{30'000};   ///< from the end of the head to the end of the body
    std::chrono::milliseconds write{30'000};  ///< for the client to read an answer
    std::chrono::milliseconds idle{60'000};   ///< between two requests on one connection
    std::chrono::milliseconds queue{10'000};  ///< to wait for a lane; then 503, and nothing is done
    /// For all that a request does at a login provider, with its wait for a lane.
    std::chrono::milliseconds provider{10'000};
    std::chrono::milliseconds stop{1'000};  ///< how long stop() waits for what still runs
    /// On PostgreSQL, for a look or a change from the wait for a free connection to the last
    /// statement. Then 503, and nothing is done but what had begun to be stored.
    std::chrono::milliseconds database{5'000};
};

/// Login through an OpenID Connect provider. Strings are UTF-8.
struct OidcOptions {
    /// The http or https URL of the issuer, exactly as its discovery document and its tokens spell
    /// it.
    std::string issuer_url = {};
    std::string client_id = {};
    std::string client_secret = {};
    /// Whether a login of an unknown user creates an account.
    bool allow_signups = true;
    /// Domains of the e-mail addresses that may log in, in any letter case. Empty: all.
    std::vector<std::string> email_domains = {};
    std::vector<std::string> scopes{"openid", "profile", "email"};
    /// Treats every e-mail address as verified. Set it only for a provider that verifies all of
    /// them.
    bool ignore_email_verified = false;
    std::string username_field = "preferred_username";  ///< the claim that holds the user name
    std::string email_field = "email";                  ///< the claim that holds the e-mail address
    /// Parameters that are added to the URL to which a login sends the browser.
    std::vector<std::pair<std::string, std::string>> auth_url_params{{"access_type", "offline"}};
    bool ignore_userinfo = false;  ///< takes claims from the id token only
    std::string sign_in_text = "OpenID Connect";
    std::string icon_url = {};
    std::string signups_disabled_text = {};  ///< for unknown users; empty: a built-in text

    /// Whether issuer, client id and client secret are set. Login also needs Options::access_url.
    bool configured() const {
        return !client_id.empty() && !client_secret.empty() && !issuer_url.empty();
    }
};

/// Login through GitHub. Set either `allowed_orgs` or `allow_everyone`, which decide who may log
/// in.
struct GithubOptions {
    std::string client_id = {};
    std::string client_secret = {};
    std::vector<std::string> allowed_orgs = {};   ///< members of these, by their exact names
    std::vector<std::string> allowed_teams = {};  ///< "org/team-slug"; empty: all of the orgs
    /// Whether a login of an unknown user creates an account.
    bool allow_signups = false;
    bool allow_everyone = false;  ///< anybody with a GitHub account
    /// The http or https URL of a GitHub Enterprise server, whose API is under /api/v3. Empty:
    /// github.com.
    std::string enterprise_base_url = {};

    /// Whether client id and client secret are set. Login also needs Options::access_url.
    bool configured() const { return !client_id.empty() && !client_secret.empty(); }
};

/// Everything that a host can choose. The defaults suit a server on a developer's machine.
struct Options {
    /// Options for tests: a database in memory, any free port, the cheapest hash, no rate limits,
    /// few threads, a clock that stands still and randomness that repeats. Include
    /// coder_users/testing.hpp.
    static Options for_tests();
    /// The same, with a clock, randomness and faults that the test controls.
    static Options for_tests(const testing::Controls& controls);

    /// The SQLite file, which is created when it is missing, or ":memory:". Symbolic links are
    /// refused. In programs that have the part for PostgreSQL also the address of a database there,
    /// which any number of servers may use at once, as "postgres://user:password@host/users"; what
    /// it leaves out is taken from libpq's environment. It must be empty at first, and needs
    /// `secret_key` or `secret_key_file`. Its password is never shown.
    std::string database = "coder_users.db";
    /// The address to listen on: a numeric IPv4 or IPv6 address, or a host name.
    std::string address = "127.0.0.1";
    /// The port to listen on. 0: any free one, which Service::port() returns.
    int port = 3000;
    /// Whether requests need Service::setup_code() to create the first user. Empty: they do where
    /// start() listens beyond loopback addresses. Set it to true where others than the machine's
    /// own users reach the server through a proxy or through the server of a host.
    std::optional<bool> require_setup_code = {};
    /// The http or https URL under which clients reach the server, or "". Port 0 in it, as in
    /// "http://127.0.0.1:0", stands for the port on which start() listens.
    std::string access_url = {};
    /// The release of Coder that the answers are those of, "2.6" to "2.35". Requests are understood
    /// in full whatever it is, and nothing stored depends on it but what the first user gets.
    std::string coder_version = "2.6";

    /// The 32 bytes with which private keys are sealed in the database. Empty: they are in a key
    /// file.
    std::string secret_key = {};
    /// The 32 bytes that were the secret key before this one. At start, everything sealed with them
    /// is sealed with the new key. Empty: the key has not changed.
    std::string previous_secret_key = {};
    /// The file that holds the 32 bytes in base64. Empty: "<database>.key". Created with mode 0600
    /// when it is missing and the database is new. Otherwise a missing or wrong key file is
    /// refused.
    std::string secret_key_file = {};

    std::chrono::seconds session_duration{std::chrono::hours(24)};
    bool disable_session_expiry_refresh = false;
    /// How long a session may live at all, from its login on, however often it is used. Also holds
    /// for sessions that exist. 0: sessions go on for as long as they are used.
    std::chrono::seconds session_max_life{0};
    /// Whether the session cookie has the attribute Secure. Empty: it has it when access_url is
    /// https.
    std::optional<bool> secure_auth_cookie = {};
    /// Names the session cookie `__Host-coder_session_token`, and reads no other. Browsers then
    /// take it from this host over https alone, and no neighbouring host can plant one. Needs
    /// Secure.
    bool host_prefix_cookie = false;
    /// Origins of other pages that may use the API in browsers with their cookies, such as
    /// "http://localhost:5173": exactly as browsers send them, in lower case and without a slash at
    /// the end. "*" is refused. Changes that such pages send with a cookie are taken.
    std::vector<std::string> cors_origins = {};
    /// When positive, every answer tells browsers for how many seconds they must come by https
    /// (`Strict-Transport-Security`). Set it only where https is there to stay.
    std::chrono::seconds strict_transport_security{0};
    /// The longest lifetime of tokens, at most 292 years.
    std::chrono::seconds max_token_lifetime{std::chrono::hours(876'600)};
    /// How long entries of the audit log are kept. 0: for ever.
    std::chrono::seconds audit_retention{0};
    /// How long sessions and tokens are kept after they have expired. 0: for ever, but a login
    /// removes the sessions of its user that ended more than a day ago.
    std::chrono::seconds api_keys_retention{0};
    /// The folder into which the service copies its database and its sealing key while it runs, one
    /// folder for each database; it must exist, and the start throws std::runtime_error when the
    /// newest copy there is of another one. Each copy is opened and checked; a failed one is an
    /// error line of the log, and is tried again. "": no copies are made.
    std::string backup_dir = {};
    /// How old the newest copy in that folder becomes before another one is made.
    std::chrono::seconds backup_every{std::chrono::hours(24)};
    /// How many of the newest copies stay there. Older ones are removed.
    std::size_t backup_keep = 7;
    bool disable_password_auth = false;
    /// The bcrypt cost of new password hashes, 4 to 31.
    int password_hash_cost = 10;
    SshKeyAlgorithm ssh_key_algorithm = SshKeyAlgorithm::ed25519;

    /// How many requests a caller may make to one route in a minute. Zero or less: no limit.
    int api_rate_limit = 512;
    /// A second limit, in the same way, for routes that check a password or end a login through a
    /// provider.
    int login_rate_limit = 60;
    /// From so many failed checks of one account's password in a minute on, its password is not
    /// checked any more until the minute is over. Zero or less: no limit.
    int failed_login_limit = 10;
    bool disable_rate_limits = false;
    /// The addresses or CIDR networks of proxies in front of this server, and the headers in which
    /// these give the client's address. The first header that holds an address decides: the
    /// right-most one there that is not a trusted proxy, with or without a port.
    std::vector<std::string> proxy_trusted_origins = {};
    std::vector<std::string> proxy_trusted_headers = {};

    /// Site roles for the host's own rights, which Service::may() looks up. Owners give and take
    /// them as the built-in ones. One that is not declared any more stays with its users, and
    /// grants nothing until it is declared again.
    std::vector<HostRole> roles = {};

    OidcOptions oidc = {};
    GithubOptions github = {};
    /// A PEM file with the certificates by which providers are verified. Empty: those of the
    /// system.
    std::string provider_ca_file = {};

    /// The port on which metrics are served to Prometheus, beside the API and without any login:
    /// keep it from strangers. 0: any free one, which Service::metrics_url() tells. Empty: none,
    /// and Service::metrics() has them all the same.
    std::optional<int> metrics_port = {};
    /// The address of that port, as `address`.
    std::string metrics_address = "127.0.0.1";

    /// Set by for_tests(): ids, tokens and keys can be predicted. A database made with it is
    /// refused by every service without it, and the other way round.
    bool test_data = false;

    /// On PostgreSQL the most connections that this service opens, at least 2.
    std::size_t database_connections = 16;
    Limits limits = {};
    Deadlines deadlines = {};
    Env env = {};

    /// Serves a page to look at and to manage people with, under "/" beside the API, and on a
    /// host's own server by Service::mount_page(). It does nothing that the API does not allow to
    /// whoever is logged in. Refused in programs that were built without the page.
    bool web_page = false;
    /// What the page calls itself, in its title and at its top: 1 to 64 bytes.
    std::string web_page_name = "Coder users";

    /// Operations that are not served over HTTP, by their ids in the API description, such as
    /// "create-initial-user". Calls in the process can still use them.
    std::vector<std::string> disabled_routes = {};
    /// Headers that are added to every answer. Names that the server or HTTP itself uses are
    /// refused.
    std::vector<std::pair<std::string, std::string>> extra_headers = {};

    /// Called with a new password and the user who is going to have it, whose id is "" while it is
    /// not made yet, outside of any transaction, after every other check of the password and before
    /// `before`. A returned text refuses the password: the client gets it as the reason, so it must
    /// not quote the password. For lists of words and of known passwords: the rules of this library
    /// hold in any case. May take its time: it runs where passwords are hashed. When it throws, the
    /// change is refused with 500, and the log does not get the text.
    std::function<std::optional<std::string>(const std::string& password, const User& user)>
        check_password = {};
    /// Called before a change is made, after the caller's permission was checked, outside of any
    /// transaction and on the thread that answers the request. A returned Veto refuses the change.
    /// The function may read through the service, but must not change anything through it. When it
    /// throws an ApiError, the change is refused with it; when it throws anything else, with 500,
    /// and the log gets the text.
    std::function<std::optional<Veto>(const Event&)> before = {};
    /// Called after each commit, in the order of the commits (with PostgreSQL: of the changes of
    /// each user), on a thread of its own, so that no request waits for it. When
    /// Limits::waiting_events events wait, further ones are dropped and counted in Event::missed.
    /// What it throws is logged. stop() lets it take the events that wait, until Deadlines::stop is
    /// over.
    std::function<void(const Event&)> on_event = {};

    /// Sends a code to a user who has asked for a new password (POST /users/otp/request), such as
    /// by e-mail. Called after the code is stored, on a thread of its own, for one code at a time,
    /// so that no answer waits for it. When Limits::waiting_events codes wait, further ones are not
    /// sent, which a warning in the log tells. What it throws is logged without the code. stop()
    /// lets it send the codes that wait, until Deadlines::stop is over. Empty: no codes are made.
    std::function<void(const Passcode&)> send_passcode = {};

    /// Called from any thread, but never by two at once. A slow function makes requests slow. What
    /// it throws is dropped. Empty: nothing is logged, but the first failure that is answered 500
    /// or 503 goes to standard error with its reason. Every request is one line with the message
    /// "request". It has the field "user" (the id) when its session is good, and "trace" (the id of
    /// the trace) when it has the header traceparent. When its user lacked the permission (403, or
    /// the 404 for a user that is hidden from it), that line is a warning and also has the fields
    /// "route" and "reason".
    std::function<void(const LogLine&)> log = {};
};

}}  // namespace coder_users::v0
