// The demo server: a command line for coder_users::start().
#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <coder_users.hpp>
#include <exception>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/demo/commands.hpp"
#include "coder_users/demo/environment.hpp"
#include "coder_users/internal/base/duration.hpp"
#include "coder_users/internal/store/database_address.hpp"
#include "coder_users/internal/wire/json.hpp"

namespace {

std::chrono::seconds parse_seconds(const char* flag, const std::string& text) {
    const auto duration = coder_users::parse_duration(text);
    if (!duration || *duration < std::chrono::seconds(1))
        throw CLI::ValidationError(flag, "expects a duration such as 24h0m0s, got \"" + text + '"');
    return std::chrono::duration_cast<std::chrono::seconds>(*duration);
}

/// Reads whole days such as "90d", or any duration. 0 is for ever.
std::chrono::seconds parse_retention(const char* flag, const std::string& text) {
    const std::size_t digits = text.find_first_not_of("0123456789");
    const bool days = digits > 0 && digits + 1 == text.size() && text.back() == 'd';
    auto duration =
        coder_users::parse_duration(days ? text.substr(0, text.size() - 1) + 'h' : text);
    constexpr auto longest = std::chrono::hours(24 * 365 * 1000);
    if (days && duration && *duration <= longest) *duration *= 24;
    if (!duration || *duration < std::chrono::seconds(0) || *duration > longest)
        throw CLI::ValidationError(
            flag, "expects a duration such as 90d or 2160h0m0s, or 0, got \"" + text + '"');
    return std::chrono::duration_cast<std::chrono::seconds>(*duration);
}

void add_retention(CLI::App& app, const char* flag, const char* variable,
                   std::chrono::seconds& value, const char* description) {
    app.add_option_function<std::string>(
           flag, [flag, &value](const std::string& text) { value = parse_retention(flag, text); },
           description)
        ->envname(variable);
}

struct ListenAddress {
    std::string host;
    int port;
};

/// Reads "host:port" or "[v6]:port". Without a host the server listens on all IPv4 addresses.
ListenAddress parse_address(const char* flag, const std::string& text) {
    const std::size_t colon = text.rfind(':');
    std::string port = colon == std::string::npos ? "" : text.substr(colon + 1);
    std::string host = text.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']')
        host = host.substr(1, host.size() - 2);
    else if (host.find_first_of("[]:") != std::string::npos)
        port.clear();
    const bool digits = !port.empty() && port.size() <= 5 &&
                        port.find_first_not_of("0123456789") == std::string::npos;
    if (!digits || std::stoi(port) > 65535)
        throw CLI::ValidationError(flag, "expects host:port, got \"" + text + '"');
    return {host.empty() ? "0.0.0.0" : host, std::stoi(port)};
}

void parse_http_address(const std::string& text, coder_users::Options& options) {
    const ListenAddress parsed = parse_address("--http-address", text);
    options.address = parsed.host;
    options.port = parsed.port;
}

/// Where metrics are served, once somebody asks for it.
struct MetricsChoice {
    bool on = false;
    ListenAddress address{"127.0.0.1", 2112};
};

void add_metrics(CLI::App& app, MetricsChoice& metrics) {
    app.option_defaults()->group("Metrics");
    app.add_flag("--prometheus-enable", metrics.on, "Serve metrics to Prometheus")
        ->envname("CODER_PROMETHEUS_ENABLE");
    app.add_option_function<std::string>(
           "--prometheus-address",
           [&metrics](const std::string& text) {
               metrics.address = parse_address("--prometheus-address", text);
           },
           "Address and port of the metrics (127.0.0.1:2112)")
        ->envname("CODER_PROMETHEUS_ADDRESS");
    app.option_defaults()->group("Options");
}

void parse_ssh_key_algorithm(const std::string& text, coder_users::Options& options) {
    using coder_users::SshKeyAlgorithm;
    const std::map<std::string, SshKeyAlgorithm> names{{"ed25519", SshKeyAlgorithm::ed25519},
                                                       {"ecdsa", SshKeyAlgorithm::ecdsa},
                                                       {"rsa4096", SshKeyAlgorithm::rsa4096}};
    const auto found = names.find(text);
    if (found == names.end())
        throw CLI::ValidationError("--ssh-keygen-algorithm",
                                   "expects ed25519, ecdsa or rsa4096, got \"" + text + '"');
    options.ssh_key_algorithm = found->second;
}

void add_duration(CLI::App& app, const char* flag, const char* variable,
                  std::chrono::seconds& value, const char* description) {
    app.add_option_function<std::string>(
           flag, [flag, &value](const std::string& text) { value = parse_seconds(flag, text); },
           description)
        ->envname(variable);
}

void add_limits(CLI::App& app, coder_users::Options& options) {
    app.add_option("--api-rate-limit", options.api_rate_limit,
                   "Requests a minute of one caller to one route (512)")
        ->envname("CODER_API_RATE_LIMIT");
    app.add_option("--login-rate-limit", options.login_rate_limit,
                   "The same for routes that check passwords (60)")
        ->envname("CODER_LOGIN_RATE_LIMIT");
    app.add_option("--failed-login-limit", options.failed_login_limit,
                   "Failed password checks of one account in a minute (10)")
        ->envname("CODER_USERS_FAILED_LOGIN_LIMIT");
    app.add_flag("--dangerous-disable-rate-limits", options.disable_rate_limits,
                 "No rate limits at all")
        ->envname("CODER_DANGEROUS_DISABLE_RATE_LIMITS");
    app.add_option("--proxy-trusted-headers", options.proxy_trusted_headers,
                   "Headers in which trusted proxies name the client")
        ->delimiter(',')
        ->envname("CODER_PROXY_TRUSTED_HEADERS");
    app.add_option("--proxy-trusted-origins", options.proxy_trusted_origins,
                   "Addresses and CIDR networks of trusted proxies")
        ->delimiter(',')
        ->envname("CODER_PROXY_TRUSTED_ORIGINS");
}

void add_list(CLI::App& app, const char* flag, const char* variable,
              std::vector<std::string>& value, const char* description) {
    app.add_option(flag, value, description)->delimiter(',')->envname(variable);
}

/// Reads a JSON object whose values are strings.
std::vector<std::pair<std::string, std::string>> parse_url_params(const std::string& text) {
    auto params = coder_users::wire::read_texts(text);
    if (!params)
        throw CLI::ValidationError("--oidc-auth-url-params",
                                   "expects a JSON object of strings, got \"" + text + '"');
    return std::move(*params);
}

void add_github(CLI::App& app, coder_users::GithubOptions& github) {
    app.add_option("--oauth2-github-client-id", github.client_id, "Client id of the GitHub app")
        ->envname("CODER_OAUTH2_GITHUB_CLIENT_ID");
    app.add_option("--oauth2-github-client-secret", github.client_secret,
                   "Client secret of the GitHub app; better given in the variable")
        ->envname("CODER_OAUTH2_GITHUB_CLIENT_SECRET");
    add_list(app, "--oauth2-github-allowed-orgs", "CODER_OAUTH2_GITHUB_ALLOWED_ORGS",
             github.allowed_orgs, "Organizations whose members may log in");
    add_list(app, "--oauth2-github-allowed-teams", "CODER_OAUTH2_GITHUB_ALLOWED_TEAMS",
             github.allowed_teams, "Teams of those whose members may log in: org/team-slug");
    app.add_flag("--oauth2-github-allow-signups", github.allow_signups,
                 "Somebody unknown gets an account")
        ->envname("CODER_OAUTH2_GITHUB_ALLOW_SIGNUPS");
    app.add_flag("--oauth2-github-allow-everyone", github.allow_everyone,
                 "Anybody with a GitHub account may log in")
        ->envname("CODER_OAUTH2_GITHUB_ALLOW_EVERYONE");
    app.add_option("--oauth2-github-enterprise-base-url", github.enterprise_base_url,
                   "URL of GitHub Enterprise (github.com)")
        ->envname("CODER_OAUTH2_GITHUB_ENTERPRISE_BASE_URL");
}

void add_oidc_claims(CLI::App& app, coder_users::OidcOptions& oidc) {
    add_list(app, "--oidc-email-domain", "CODER_OIDC_EMAIL_DOMAIN", oidc.email_domains,
             "Domains of e-mail addresses that may log in");
    app.add_flag("--oidc-ignore-email-verified", oidc.ignore_email_verified,
                 "Take every e-mail address as verified")
        ->envname("CODER_OIDC_IGNORE_EMAIL_VERIFIED");
    app.add_option("--oidc-username-field", oidc.username_field,
                   "Claim with the user name (preferred_username)")
        ->envname("CODER_OIDC_USERNAME_FIELD");
    app.add_option("--oidc-email-field", oidc.email_field, "Claim with the e-mail address (email)")
        ->envname("CODER_OIDC_EMAIL_FIELD");
    app.add_flag("--oidc-ignore-userinfo", oidc.ignore_userinfo,
                 "The claims of the id token alone count")
        ->envname("CODER_OIDC_IGNORE_USERINFO");
}

void add_oidc(CLI::App& app, coder_users::OidcOptions& oidc) {
    app.add_flag("--oidc-allow-signups", oidc.allow_signups,
                 "Somebody unknown gets an account (true)")
        ->envname("CODER_OIDC_ALLOW_SIGNUPS");
    app.add_option("--oidc-client-id", oidc.client_id, "Client id at the OpenID provider")
        ->envname("CODER_OIDC_CLIENT_ID");
    app.add_option("--oidc-client-secret", oidc.client_secret,
                   "Client secret there; better given in the variable")
        ->envname("CODER_OIDC_CLIENT_SECRET");
    app.add_option("--oidc-issuer-url", oidc.issuer_url, "URL of the OpenID provider")
        ->envname("CODER_OIDC_ISSUER_URL");
    add_list(app, "--oidc-scopes", "CODER_OIDC_SCOPES", oidc.scopes,
             "Scopes to ask for (openid,profile,email)");
    app.add_option_function<std::string>(
           "--oidc-auth-url-params",
           [&](const std::string& text) { oidc.auth_url_params = parse_url_params(text); },
           "Parameters added to the URL that starts a login ({\"access_type\": \"offline\"})")
        ->envname("CODER_OIDC_AUTH_URL_PARAMS");
    app.add_option("--oidc-sign-in-text", oidc.sign_in_text, "Text of the button (OpenID Connect)")
        ->envname("CODER_OIDC_SIGN_IN_TEXT");
    app.add_option("--oidc-icon-url", oidc.icon_url, "Icon of the button")
        ->envname("CODER_OIDC_ICON_URL");
    app.add_option("--oidc-signups-disabled-text", oidc.signups_disabled_text,
                   "What somebody unknown reads while sign-ups are off")
        ->envname("CODER_OIDC_SIGNUPS_DISABLED_TEXT");
    add_oidc_claims(app, oidc);
}

void print_passcode(const coder_users::Passcode& passcode) {
    std::cerr << "Code for a new password of " + passcode.email + ": " + passcode.code + '\n';
}

void add_backups(CLI::App& app, coder_users::Options& options) {
    app.add_option("--backup-dir", options.backup_dir,
                   "Folder for copies of the database that are made while it is served (none)")
        ->envname("CODER_USERS_BACKUP_DIR");
    add_duration(app, "--backup-every", "CODER_USERS_BACKUP_EVERY", options.backup_every,
                 "How old the newest copy becomes before another is made (24h0m0s)");
    app.add_option("--backup-keep", options.backup_keep, "How many copies stay there (7)")
        ->check(CLI::Range(1, 1'000'000))
        ->envname("CODER_USERS_BACKUP_KEEP");
}

void parse_database_timeout(const std::string& text, coder_users::Options& options) {
    options.deadlines.database = parse_seconds("--database-timeout", text);
}

void add_database(CLI::App& app, coder_users::Options& options) {
    CLI::Option* const database =
        app.add_option("--database", options.database,
                       "SQLite file, address of PostgreSQL, or :memory: (coder_users.db)")
            ->envname("CODER_USERS_DATABASE");
    app.add_option_function<std::string>(
           "--postgres-url",
           [&](const std::string& address) {
               if (!coder_users::store::is_postgres_address(address))
                   throw CLI::ValidationError(
                       "--postgres-url",
                       "expects an address of PostgreSQL, postgres://user@host/database");
               options.database = address;
           },
           "Address of PostgreSQL, as Coder names it; with a password better in the variable")
        ->envname("CODER_PG_CONNECTION_URL")
        ->excludes(database);
    app.add_option("--database-connections", options.database_connections,
                   "Most connections to PostgreSQL (16)")
        ->check(CLI::Range(2, 10'000))
        ->envname("CODER_USERS_DATABASE_CONNECTIONS");
    app.add_option_function<std::string>(
           "--database-timeout",
           [&](const std::string& text) { parse_database_timeout(text, options); },
           "How long PostgreSQL may take for one thing before the answer is 503 (5s)")
        ->envname("CODER_USERS_DATABASE_TIMEOUT");
}

void add_options(CLI::App& app, coder_users::Options& options) {
    const auto group = [&](const char* name) { app.option_defaults()->group(name); };
    group("Serving");
    app.add_option_function<std::string>(
           "--http-address", [&](const std::string& text) { parse_http_address(text, options); },
           "Address and port to listen on (127.0.0.1:3000)")
        ->envname("CODER_HTTP_ADDRESS");
    add_database(app, options);
    app.add_option("--secret-key-file", options.secret_key_file,
                   "Key that seals secrets at rest (<database>.key; none with PostgreSQL)")
        ->envname("CODER_USERS_SECRET_KEY_FILE");
    app.add_option("--require-setup-code", options.require_setup_code,
                   "Creating the first user needs a code that the server prints (beyond loopback)")
        ->expected(0, 1)
        ->default_str("true")
        ->envname("CODER_USERS_REQUIRE_SETUP_CODE");
    app.add_flag("--web-page,!--no-web-page", options.web_page,
                 "Serve a page to manage people with, beside the API (true)")
        ->envname("CODER_USERS_WEB_PAGE");
    app.add_option("--web-page-name", options.web_page_name,
                   "What the page calls itself (Coder users)")
        ->envname("CODER_USERS_WEB_PAGE_NAME");
    app.add_option("--access-url", options.access_url, "URL under which clients reach the server")
        ->envname("CODER_ACCESS_URL");
    group("Sessions, tokens and records");
    add_duration(app, "--session-duration", "CODER_SESSION_DURATION", options.session_duration,
                 "Life of a session that is not used (24h0m0s)");
    add_duration(app, "--session-max-life", "CODER_USERS_SESSION_MAX_LIFE",
                 options.session_max_life, "Longest life of a session, used or not (no limit)");
    add_duration(app, "--max-token-lifetime", "CODER_MAX_TOKEN_LIFETIME",
                 options.max_token_lifetime, "Longest life of a token (876600h0m0s)");
    add_retention(app, "--audit-logs-retention", "CODER_AUDIT_LOGS_RETENTION",
                  options.audit_retention, "How long the audit log is kept; 0: for ever (0)");
    add_retention(app, "--api-keys-retention", "CODER_API_KEYS_RETENTION",
                  options.api_keys_retention,
                  "How long expired sessions and tokens are kept; 0: for ever (0)");
    app.add_flag("--disable-session-expiry-refresh", options.disable_session_expiry_refresh,
                 "Sessions end at their first expiry, however often they are used")
        ->envname("CODER_DISABLE_SESSION_EXPIRY_REFRESH");
    group("Backups");
    add_backups(app, options);
    group("Cookies and browsers");
    app.add_option("--secure-auth-cookie", options.secure_auth_cookie,
                   "Add Secure to the session cookie (when the access URL is https)")
        ->expected(0, 1)
        ->default_str("true")
        ->envname("CODER_SECURE_AUTH_COOKIE");
    app.add_option("--cors-origin", options.cors_origins,
                   "Origins of other pages that may use the API with cookies, for development")
        ->delimiter(',')
        ->envname("CODER_USERS_CORS_ORIGIN");
    app.add_flag("--host-prefix-cookie", options.host_prefix_cookie,
                 "Name the session cookie __Host-coder_session_token; needs Secure")
        ->envname("CODER_HOST_PREFIX_COOKIE");
    app.add_option_function<std::int64_t>(
           "--strict-transport-security",
           [&](const std::int64_t& seconds) {
               options.strict_transport_security = std::chrono::seconds(seconds);
           },
           "Seconds for which browsers must come by https (0: not told)")
        ->envname("CODER_STRICT_TRANSPORT_SECURITY");
    group("Serving");
    app.add_option("--coder-version", options.coder_version,
                   "Release of Coder to answer as, 2.6 to 2.35 (2.6)")
        ->envname("CODER_USERS_CODER_VERSION");
    group("Passwords and keys");
    app.add_flag("--disable-password-auth", options.disable_password_auth,
                 "Refuse logins with a password")
        ->envname("CODER_DISABLE_PASSWORD_AUTH");
    app.add_option("--password-hash-cost", options.password_hash_cost,
                   "bcrypt cost of new password hashes, 4 to 31 (10)")
        ->check(CLI::Range(4, 31))
        ->envname("CODER_PASSWORD_HASH_COST");
    app.add_option_function<std::string>(
           "--ssh-keygen-algorithm",
           [&](const std::string& text) { parse_ssh_key_algorithm(text, options); },
           "Kind of Git SSH keys: ed25519, ecdsa or rsa4096 (ed25519)")
        ->envname("CODER_SSH_KEYGEN_ALGORITHM");
    app.add_flag_callback(
           "--dangerous-print-passcodes", [&] { options.send_passcode = print_passcode; },
           "Print codes for new passwords, with their addresses, to standard error")
        ->envname("CODER_USERS_DANGEROUS_PRINT_PASSCODES");
    group("Limits and proxies");
    add_limits(app, options);
    group("Login through others");
    app.add_option("--provider-ca-file", options.provider_ca_file,
                   "Certificates that login providers are checked against (the system's)")
        ->envname("CODER_USERS_PROVIDER_CA_FILE");
    add_github(app, options.github);
    add_oidc(app, options.oidc);
    group("Options");
}

/// What goes to standard error.
struct LogChoice {
    coder_users::LogLevel least = coder_users::LogLevel::info;
    bool json = false;
};

void add_log(CLI::App& app, LogChoice& log) {
    using coder_users::LogLevel;
    app.option_defaults()->group("Log");
    app.add_option_function<std::string>(
           "--log-level",
           [&](const std::string& text) {
               const std::map<std::string, LogLevel> names{{"info", LogLevel::info},
                                                           {"warning", LogLevel::warning},
                                                           {"error", LogLevel::error}};
               const auto found = names.find(text);
               if (found == names.end())
                   throw CLI::ValidationError(
                       "--log-level", "expects info, warning or error, got \"" + text + '"');
               log.least = found->second;
           },
           "Lines to write: info, warning or error and what is worse (info)")
        ->envname("CODER_USERS_LOG_LEVEL");
    app.add_flag("--log-json", log.json, "Write lines as JSON objects")
        ->envname("CODER_USERS_LOG_JSON");
    app.option_defaults()->group("Options");
}

/// Flags of `coder server` whose silence would be dangerous.
void refuse_flags_of_coder(CLI::App& app) {
    app.option_defaults()->group("");  // not shown
    app.add_flag_callback("--tls-enable",
                          [] { throw CLI::ValidationError("--tls-enable", demo::tls_refusal); });
    app.option_defaults()->group("Options");
}

/// Replaces a member of Options by its flag at the beginning of a text of the library:
/// "oidc.issuer_url: ..." becomes "--oidc-issuer-url: ...".
std::string with_flag(std::string text) {
    if (text.rfind("cors_origins:", 0) == 0) text.erase(text.find("s:"), 1);  // given one by one
    const std::size_t end = (std::min)(text.find(':'), text.size());
    const bool github = text.rfind("github.", 0) == 0;
    for (std::size_t i = 0; i < end; ++i)
        if (text[i] == '_' || text[i] == '.') text[i] = '-';
    return (github ? "--oauth2-" : "--") + text;
}

int serve(const coder_users::Options& options, const std::string& seed_file) {
    // Blocked before any thread exists, so that all threads inherit it and only sigwait() receives
    // them.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    ::signal(SIGPIPE, SIG_IGN);  // the server must survive when the reader of its log ends

    auto users = coder_users::start(options);
    if (!seed_file.empty()) demo::seed_new_server(users, seed_file);
    std::cout << "coder_users " << coder_users::version << " listens on " << users.url()
              << ", database " << coder_users::store::shown_database(options.database) << std::endl;
    if (const std::string metrics = users.metrics_url(); !metrics.empty())
        std::cout << "metrics are at " << metrics << std::endl;
    if (const std::string code = users.setup_code(); !code.empty())
        std::cerr << "To create the first user, send this code as header X-Setup-Code: " << code
                  << std::endl;
    int signal = 0;
    sigwait(&signals, &signal);
    const char* const name = signal == SIGINT ? "SIGINT" : signal == SIGHUP ? "SIGHUP" : "SIGTERM";
    options.log(
        {coder_users::LogLevel::info,
         std::chrono::time_point_cast<coder_users::Duration>(std::chrono::system_clock::now()),
         "stopping",
         {{"signal", name}}});
    users.stop();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("A users, keys and roles server with the HTTP API of Coder");
    app.name("coder-users");
    app.set_version_flag("--version", std::string("coder_users ") + coder_users::version);
    coder_users::Options options;
#ifndef CODER_USERS_NO_WEB_PAGE
    options.web_page = true;
#endif
    LogChoice log;
    options.log = [&log](const coder_users::LogLine& line) {
        if (line.level >= log.least)
            std::cerr << (log.json ? coder_users::to_json(line) : coder_users::to_text(line)) +
                             '\n';
    };
    add_options(app, options);
    add_log(app, log);
    MetricsChoice metrics;
    add_metrics(app, metrics);
    refuse_flags_of_coder(app);
    std::string seed_file;
    app.add_option("--seed", seed_file, "JSON with users to create, where there are none yet")
        ->envname("CODER_USERS_SEED")
        ->group("Serving");
    demo::Commands commands(app, options);
    app.footer("Exit codes: 0 done or stopped, 1 failed, 2 wrong use.");
    const auto wrong_use = [&](const std::string& text) {
        std::cerr << "coder-users: " + demo::as_given(app, argc, argv, text) +
                         "\nRun with --help for more information.\n";
        return 2;
    };
    try {
        demo::open_standard_files();
        if (argc > 1 && std::string_view(argv[1]) == "test") demo::forget_environment();
        app.parse(argc, argv);
        if (app.got_subcommand("test"))
            demo::refuse_flags_before_test(argc, argv);
        else
            demo::look_at_environment(app);
        if (metrics.on) {
            options.metrics_address = metrics.address.host;
            options.metrics_port = metrics.address.port;
        }
        if (!commands.run) return serve(options, seed_file);
        commands.run();
        return 0;
    } catch (const CLI::Success& asked) {
        return app.exit(asked);
    } catch (const CLI::ParseError& error) {
        return wrong_use(error.what());
    } catch (const demo::WrongUse& error) {
        return wrong_use(error.what());
    } catch (const std::invalid_argument& error) {
        return wrong_use(with_flag(error.what()));
    } catch (const std::exception& error) {
        std::cerr << "coder-users: " << error.what() << '\n';
        return 1;
    }
}
