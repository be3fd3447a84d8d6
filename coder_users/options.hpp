// What a host can choose about the server: bounds, deadlines, defaults, and what it lends it.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "coder_users/base/config.hpp"
#include "coder_users/base/event.hpp"
#include "coder_users/base/time.hpp"

namespace coder_users { inline namespace v0 {

/// What the server takes from outside: time and randomness. Both are called from any thread at
/// once and must not throw. An empty function means the system's own.
struct Env {
    std::function<Time()> now = {};
    std::function<void(unsigned char* bytes, std::size_t count)> random = {};

    /// For tests, as coder_users/testing.hpp sets them; empty in a real server. Asked inside the
    /// transaction of every change that a request makes; may block, as a slow disk does. True: the
    /// change fails as on a broken disk.
    std::function<bool()> fail_write = {};
    /// Asked for every request below the API's path. True: it is answered 429.
    std::function<bool()> limit_request = {};
};

namespace testing {
struct Controls;
}

enum class LogLevel { info, warning, error };

/// One line for the log. It never holds passwords, tokens, cookies or keys. Values may hold any
/// text that a client sent: escape them, or use to_text().
struct LogLine {
    LogLevel level = LogLevel::info;
    Time time = never;
    std::string message = {};
    std::vector<std::pair<std::string, std::string>> fields = {};
};

/// The line as text without its line end: control characters and non-ASCII bytes are escaped, so
/// that it stays one line whatever a client sent.
CODER_USERS_API std::string to_text(const LogLine& line);

/// Which kind of Git SSH key users get.
enum class SshKeyAlgorithm { ed25519, ecdsa, rsa4096 };

/// Bounds on what clients may occupy. Beyond one the connection is closed or answered 503.
struct Limits {
    std::size_t connections = 10'000;              ///< open at once
    std::size_t connections_per_address = 1'000;   ///< of one peer address
    std::size_t unfinished_bytes = 64 << 20;       ///< requests and answers in memory, in all
    std::size_t requests_per_connection = 10'000;  ///< then the connection is closed
    std::size_t waiting_writes = 1'024;            ///< requests waiting for the write lane
    std::size_t waiting_hashes = 64;               ///< logins and the like waiting for a core
    std::size_t waiting_logins = 32;               ///< callers waiting for a login provider
    std::size_t waiting_events = 1'024;            ///< until Options::on_event takes them
    std::size_t cached_sessions = 8'192;           ///< sessions that need no look into the database
    std::size_t workers = 0;  ///< threads that answer reads; 0: twice the cores, at least 4
};

/// How long a client may take. None is extended by progress.
struct Deadlines {
    std::chrono::milliseconds head{10'000};   ///< from its first byte to the end of the head
    std::chrono::milliseconds body{30'000};   ///< from the end of the head to the end of the body
    std::chrono::milliseconds write{30'000};  ///< for reading an answer
    std::chrono::milliseconds idle{60'000};   ///< between two requests of a connection
    std::chrono::milliseconds stop{1'000};    ///< how long stop() waits
};

/// Login through an OpenID Connect provider. Strings hold UTF-8.
struct OidcOptions {
    /// The issuer exactly as its discovery document and its tokens name it (http or https).
    std::string issuer_url = {};
    std::string client_id = {};
    std::string client_secret = {};
    /// Whether a login of somebody unknown creates an account.
    bool allow_signups = true;
    /// Domains of e-mail addresses that may log in, in any letter case; empty: all.
    std::vector<std::string> email_domains = {};
    std::vector<std::string> scopes{"openid", "profile", "email"};
    /// Takes every e-mail address as verified. Only for providers that verify all of them.
    bool ignore_email_verified = false;
    std::string username_field = "preferred_username";  ///< the claim with the user name
    std::string email_field = "email";                  ///< the claim with the e-mail address
    /// Added to the URL that starts a login.
    std::vector<std::pair<std::string, std::string>> auth_url_params{{"access_type", "offline"}};
    bool ignore_userinfo = false;  ///< the id token's claims alone count
    std::string sign_in_text = "OpenID Connect";
    std::string icon_url = {};
    std::string signups_disabled_text = {};  ///< shown instead of the built-in text

    /// Whether client id, secret and issuer are there. Needs Options::access_url, too.
    bool configured() const {
        return !client_id.empty() && !client_secret.empty() && !issuer_url.empty();
    }
};

/// Login through GitHub. Exactly one of `allowed_orgs` and `allow_everyone` says who may.
struct GithubOptions {
    std::string client_id = {};
    std::string client_secret = {};
    std::vector<std::string> allowed_orgs = {};   ///< by their exact names
    std::vector<std::string> allowed_teams = {};  ///< "org/team-slug"; empty: all of the orgs
    /// Whether a login of somebody unknown creates an account.
    bool allow_signups = false;
    bool allow_everyone = false;  ///< anybody with a GitHub account may log in
    /// Of GitHub Enterprise (http or https), its API below /api/v3; empty: github.com.
    std::string enterprise_base_url = {};

    /// Whether client id and secret are there. Needs Options::access_url, too.
    bool configured() const { return !client_id.empty() && !client_secret.empty(); }
};

/// Everything that can be chosen. The defaults are safe for a server on a desk.
struct Options {
    /// The preset for tests: in memory, on any free port, with the cheapest hash, without rate
    /// limits, with few threads, a clock that stands still and randomness that repeats. Defined in
    /// coder_users/testing.hpp.
    static Options for_tests();
    /// The same with clock, randomness and faults in the hands of the test.
    static Options for_tests(const testing::Controls& controls);

    /// The SQLite file, made when missing; or ":memory:". Symbolic links are refused.
    std::string database = "coder_users.db";
    /// A numeric IPv4 or IPv6 address or a host name to listen on.
    std::string address = "127.0.0.1";
    /// 0: any free port, read it back by Service::port().
    int port = 3000;
    /// The URL under which clients reach the server (http or https), or "".
    std::string access_url = {};

    /// 32 bytes that seal private keys at rest. Empty: a key file is used.
    std::string secret_key = {};
    /// The 32 bytes that were the key until now: what they sealed is sealed anew at start. Empty:
    /// the key has not changed.
    std::string previous_secret_key = {};
    /// Holds 32 bytes in base64. Empty: "<database>.key". Made with mode 0600 when it is missing
    /// and the database is new; a missing or wrong one is refused otherwise.
    std::string secret_key_file = {};

    std::chrono::seconds session_duration{std::chrono::hours(24)};
    bool disable_session_expiry_refresh = false;
    /// Adds Secure to the session cookie. Not set: when the access URL is https.
    std::optional<bool> secure_auth_cookie = {};
    /// Of tokens; at most 292 years.
    std::chrono::seconds max_token_lifetime{std::chrono::hours(876'600)};
    bool disable_password_auth = false;
    /// bcrypt cost of new password hashes, 4 to 31.
    int password_hash_cost = 10;
    SshKeyAlgorithm ssh_key_algorithm = SshKeyAlgorithm::ed25519;

    /// Requests a minute of one caller to one route; zero or less: no limit.
    int api_rate_limit = 512;
    /// The same, in addition, for routes that check passwords or end an external login.
    int login_rate_limit = 60;
    bool disable_rate_limits = false;
    /// Addresses or CIDR networks of proxies in front of this server, and the headers in which they
    /// tell the client's address, the first one that holds an address counts.
    std::vector<std::string> proxy_trusted_origins = {};
    std::vector<std::string> proxy_trusted_headers = {};

    OidcOptions oidc = {};
    GithubOptions github = {};
    /// PEM file with the certificates that providers are checked against; empty: the system's.
    std::string provider_ca_file = {};

    /// Set by for_tests(): ids, tokens and keys may be foreseen. A file made so is refused by every
    /// other server, and any other file by this one.
    bool test_data = false;

    Limits limits = {};
    Deadlines deadlines = {};
    Env env = {};

    /// Operations that are not served, by their ids in the API description, such as
    /// "create-initial-user". Calls in the process are not concerned.
    std::vector<std::string> disabled_routes = {};
    /// Added to every answer. Names that the server or HTTP itself needs are refused.
    std::vector<std::pair<std::string, std::string>> extra_headers = {};

    /// Asked before a change is made, outside its transaction, on the thread of its request, which
    /// waits for the answer: nothing lets it pass. Permission has been checked then. It may read
    /// through the service, but must not change anything through it. When it throws, the change
    /// is refused: ApiError as it is, anything else as 500, its text in the log.
    std::function<std::optional<Veto>(const Event&)> before = {};
    /// Told after each commit, in the order of the commits, on a thread of its own: however slow
    /// it is, no request waits. Beyond Limits::waiting_events events are dropped and counted in
    /// Event::missed. What it throws is logged. stop() lets it take what waits, as far as
    /// Deadlines::stop allows.
    std::function<void(const Event&)> on_event = {};

    /// Called from any thread, one call at a time, and may be slow only at the cost of requests.
    /// What it throws is dropped. Empty: nothing is logged.
    std::function<void(const LogLine&)> log = {};
};

}}  // namespace coder_users::v0
