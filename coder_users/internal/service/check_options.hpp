// Internal: may change at any time.
// Checks the options of a host, and fills in those that it left out.
#pragma once

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "coder_users/api.hpp"
#include "coder_users/internal/base/host_roles.hpp"
#include "coder_users/internal/base/release.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/http/cookies.hpp"
#include "coder_users/internal/http/routes.hpp"
#include "coder_users/internal/http/web_page.hpp"
#include "coder_users/internal/net/request_head.hpp"
#include "coder_users/internal/rules/crypto.hpp"
#include "coder_users/internal/rules/networks.hpp"
#include "coder_users/internal/rules/password.hpp"
#include "coder_users/internal/rules/redirect.hpp"
#include "coder_users/internal/rules/roles.hpp"
#include "coder_users/internal/store/database_address.hpp"
#include "coder_users/internal/store/postgres_part.hpp"

namespace coder_users { inline namespace v0 { namespace service {

/// Whether `text` is an http or https URL with a host, in visible ASCII, so that it can stand in a
/// Location header.
inline bool is_web_url(std::string_view text) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!same_folded(text.substr(0, scheme.size()), scheme)) continue;
        const std::string_view rest = text.substr(scheme.size());
        const std::string_view host = rest.substr(0, rest.find_first_of("/?#"));
        return !host.empty() && host.front() != ':' && host.find('@') == host.npos &&
               rules::is_url_authority(host) &&
               std::all_of(rest.begin(), rest.end(), [](char c) { return c > ' ' && c <= '~'; });
    }
    return false;
}

/// Gives an access URL with port 0 the port at which the server listens. Throws
/// std::invalid_argument when that is 0, too.
inline void name_port(std::string& access_url, int port) {
    const std::size_t host = access_url.find("://") + 3;
    const std::size_t end = (std::min)(access_url.find_first_of("/?#", host), access_url.size());
    if (access_url.empty() || !ends_with(std::string_view(access_url).substr(0, end), ":0")) return;
    if (port == 0)
        throw std::invalid_argument("access_url: port 0 needs a server that listens by start()");
    access_url.replace(end - 1, 1, std::to_string(port));
}

/// Checks the options of login providers.
inline void check_provider_options(const Options& options) {
    const OidcOptions& oidc = options.oidc;
    const GithubOptions& github = options.github;
    const auto require = [](bool good, const char* text) {
        if (!good) throw std::invalid_argument(text);
    };
    require(oidc.issuer_url.empty() || is_web_url(oidc.issuer_url),
            "oidc.issuer_url: must be a URL that begins with http:// or https://");
    require(github.enterprise_base_url.empty() || is_web_url(github.enterprise_base_url),
            "github.enterprise_base_url: must be a URL that begins with http:// or https://");
    for (const std::string& team : github.allowed_teams) {
        const std::size_t slash = team.find('/');
        require(slash != 0 && slash != std::string::npos && slash + 1 < team.size(),
                "github.allowed_teams: must be of the form org/team-slug");
    }
    const bool some_oidc =
        !oidc.issuer_url.empty() || !oidc.client_id.empty() || !oidc.client_secret.empty();
    require(!some_oidc || !oidc.issuer_url.empty(),
            "oidc.issuer_url: must be set, as the other two of issuer_url, client_id and "
            "client_secret are");
    require(!some_oidc || !oidc.client_id.empty(),
            "oidc.client_id: must be set, as the other two of issuer_url, client_id and "
            "client_secret are");
    require(!some_oidc || !oidc.client_secret.empty(),
            "oidc.client_secret: must be set, as the other two of issuer_url, client_id and "
            "client_secret are");
    require(github.client_id.empty() == github.client_secret.empty(),
            "github.client_id: is set with github.client_secret, or neither is");
    require(!options.access_url.empty() || (!oidc.configured() && !github.configured()),
            "access_url: is required by a login provider");
    if (!github.configured()) return;
    require(github.allow_everyone || !github.allowed_orgs.empty(),
            "github.allowed_orgs: must name an organization unless allow_everyone is set");
    require(!github.allow_everyone || github.allowed_orgs.empty(),
            "github.allowed_orgs: must be empty when allow_everyone is set");
    require(github.allowed_teams.empty() || !github.allowed_orgs.empty(),
            "github.allowed_teams: need their organizations in allowed_orgs");
}

/// Checks routes to be disabled and additional headers.
inline void check_served_options(const Options& options) {
    for (const std::string& id : options.disabled_routes)
        if (!http::find_route(id))
            throw std::invalid_argument("disabled_routes: no such operation: " + id);
    constexpr std::string_view ours[] = {"Content-Length",
                                         "Content-Type",
                                         "Content-Encoding",
                                         "ETag",
                                         "Transfer-Encoding",
                                         "Connection",
                                         "Date",
                                         "Set-Cookie",
                                         "Allow",
                                         "Location",
                                         "Retry-After",
                                         "Cache-Control",
                                         "X-Content-Type-Options",
                                         "X-Coder-Build-Version",
                                         "X-Coder-Request-Id"};
    for (const auto& [name, value] : options.extra_headers) {
        for (const std::string_view own : ours)
            if (same_folded(name, own) || starts_with(fold_ascii(name), "x-ratelimit-"))
                throw std::invalid_argument("extra_headers: the server sets " + name + " itself");
        if (!net::is_token(name) ||
            value.find_first_of(std::string_view("\r\n\0", 3)) != value.npos)
            throw std::invalid_argument("extra_headers: not a header: " + name);
        if (options.strict_transport_security.count() > 0 &&
            same_folded(name, "Strict-Transport-Security"))
            throw std::invalid_argument("extra_headers: strict_transport_security sets " + name);
    }
    for (const std::string& origin : options.cors_origins) {
        const std::size_t host = origin.find("://");
        const bool usual_port =  // which browsers leave out
            ends_with(origin, starts_with(origin, "https:") ? ":443" : ":80");
        if (!is_web_url(origin) || origin != fold_ascii(origin) || usual_port ||
            origin.find_first_of("/?#", host + 3) != origin.npos)
            throw std::invalid_argument(
                "cors_origins: must be origins such as http://localhost:5173, got \"" + origin +
                '"');
    }
    if (options.limits.waiting_events == 0)
        throw std::invalid_argument("limits.waiting_events: must be positive");
}

/// Whether people can read it: at most 64 bytes of UTF-8 without control characters.
inline bool is_plain_text(const std::string& text) {
    return text.size() <= 64 && is_utf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
               return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
           });
}

/// Checks the roles of the host.
inline void check_roles(const HostRoles& roles) {
    for (const HostRole& role : roles) {
        const auto require = [&](bool good, const std::string& text) {
            if (!good) throw std::invalid_argument("roles: \"" + role.name + "\": " + text);
        };
        require(rules::has_form_of_role(role.name),
                "a name is 1 to 32 lower-case letters, digits and single dashes");
        require(!rules::is_built_in_role(role.name), "a built-in role has this name");
        require(host_role_named(roles, role.name) == &role, "declared twice");
        require(is_plain_text(role.display_name),
                "a display name is at most 64 bytes of UTF-8 without control characters");
        for (const std::string& right : role.rights)
            require(!right.empty() && right.size() <= 64 &&
                        std::all_of(right.begin(), right.end(),
                                    [](char c) { return c > ' ' && c <= '~'; }),
                    "a right is 1 to 64 visible ASCII characters");
    }
}

/// Checks the options of the web page.
inline void check_page_options(const Options& options) {
    const std::string& name = options.web_page_name;
    if (name.empty() || !is_plain_text(name))
        throw std::invalid_argument(
            "web_page_name: must be 1 to 64 bytes of UTF-8 without control characters");
    if (options.web_page && http::page_files().empty())
        throw std::invalid_argument("web_page: this program was built without the page");
}

/// Checks what a database of PostgreSQL needs, in programs that can open one.
inline void check_postgres_options(const Options& options) {
    const auto require = [](bool good, const char* text) {
        if (!good) throw std::invalid_argument(text);
    };
    require(options.database_connections >= 2 && options.database_connections <= 10'000,
            "database_connections: must be 2 to 10,000");
    if (!store::is_postgres_address(options.database) || !store::open_postgres) return;
    require(!options.secret_key.empty() || !options.secret_key_file.empty(),
            "secret_key_file: must be set (or secret_key) with a database of PostgreSQL, to the "
            "same key on every server");
    require(options.backup_dir.empty(),
            "backup_dir: is for SQLite files; a database of PostgreSQL is copied by its own means");
    require(options.deadlines.database <= std::chrono::hours(24),
            "deadlines.database: must be at most a day");
}

inline constexpr const char* bad_release = "coder_version: must be a release of Coder, 2.6 to 2.35";

/// Throws std::invalid_argument that names the first bad option.
inline void check_options(const Options& options) {
    const auto require = [](bool good, const char* text) {
        if (!good) throw std::invalid_argument(text);
    };
    constexpr std::chrono::hours ten_thousand_years(24 * 365 * 10'000);
    require(!options.database.empty(), "database: must not be empty");
    store::refuse_mistaken_address(options.database);
    require(!options.address.empty(), "address: must not be empty");
    require(options.port >= 0 && options.port <= 65535, "port: must be 0 to 65535");
    require(options.metrics_port.value_or(0) >= 0 && options.metrics_port.value_or(0) <= 65535,
            "metrics_port: must be 0 to 65535");
    require(!options.metrics_address.empty(), "metrics_address: must not be empty");
    require(options.access_url.empty() || is_web_url(options.access_url),
            "access_url: must be a URL that begins with http:// or https://");
    require(parse_release(options.coder_version).has_value(), bad_release);
    require(options.test_data || !options.env.hooks, "env.hooks: needs test_data");
    require(options.env.hooks || !options.env.control, "env.control: needs env.hooks");
    require(options.secret_key.empty() || options.secret_key.size() == rules::seal_key_size,
            "secret_key: must have 32 bytes");
    require(options.previous_secret_key.empty() ||
                options.previous_secret_key.size() == rules::seal_key_size,
            "previous_secret_key: must have 32 bytes");
    require(options.session_duration.count() > 0 && options.session_duration < ten_thousand_years,
            "session_duration: must be positive and below 10,000 years");
    require(!options.host_prefix_cookie || http::has_secure_cookies(options),
            "host_prefix_cookie: needs secure_auth_cookie, or an access_url with https://");
    require(options.strict_transport_security.count() >= 0 &&
                options.strict_transport_security < ten_thousand_years,
            "strict_transport_security: must not be negative, and below 10,000 years");
    require(options.session_max_life.count() >= 0 && options.session_max_life < ten_thousand_years,
            "session_max_life: must not be negative, and below 10,000 years");
    require(options.max_token_lifetime.count() > 0 &&
                options.max_token_lifetime <= std::chrono::hours(24 * 365 * 292),
            "max_token_lifetime: must be positive and at most 292 years");
    const auto is_retention = [&](std::chrono::seconds time) {
        return time.count() >= 0 && time < ten_thousand_years;
    };
    require(is_retention(options.audit_retention),
            "audit_retention: must not be negative, and below 10,000 years");
    require(is_retention(options.api_keys_retention),
            "api_keys_retention: must not be negative, and below 10,000 years");
    require(options.password_hash_cost >= lowest_hash_cost &&
                options.password_hash_cost <= highest_hash_cost,
            "password_hash_cost: must be 4 to 31");
    require(options.backup_every.count() > 0 && options.backup_every < ten_thousand_years,
            "backup_every: must be positive and below 10,000 years");
    require(options.backup_keep > 0, "backup_keep: must be positive");
    check_page_options(options);
    check_roles(options.roles);
    for (const std::string& text : options.proxy_trusted_origins)
        if (!rules::parse_network(text))
            throw std::invalid_argument("proxy_trusted_origins: not an address or network: " +
                                        text);
    check_provider_options(options);
    check_served_options(options);
    check_postgres_options(options);
    const Limits& limits = options.limits;
    require(limits.connections > 0 && limits.connections_per_address > 0 &&
                limits.unfinished_bytes > 0 && limits.requests_per_connection > 0,
            "limits: must be positive");
    const Deadlines& deadlines = options.deadlines;
    for (const auto deadline :
         {deadlines.head, deadlines.body, deadlines.write, deadlines.idle, deadlines.queue,
          deadlines.provider, deadlines.stop, deadlines.database})
        require(deadline.count() > 0 && deadline <= ten_thousand_years,
                "deadlines: must be positive and at most 10,000 years");
}

inline Options with_defaults(Options options) {
    check_options(options);
    if (!options.env.now)
        options.env.now = [] {
            return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
        };
    if (!options.env.random) options.env.random = rules::system_random;
    return options;
}

}}}  // namespace coder_users::v0::service
