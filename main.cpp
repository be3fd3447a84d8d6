// The demo server: a command line around coder_users::start().
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

#include "coder_users/base/duration.hpp"

namespace {

std::chrono::seconds parse_seconds(const char* flag, const std::string& text) {
    const auto duration = coder_users::parse_duration(text);
    if (!duration || *duration < std::chrono::seconds(1))
        throw CLI::ValidationError(flag, "expects a duration such as 24h0m0s, got \"" + text + '"');
    return std::chrono::duration_cast<std::chrono::seconds>(*duration);
}

/// "host:port" or "[v6]:port"; without a host every IPv4 address of the machine.
void parse_http_address(const std::string& text, coder_users::Options& options) {
    const std::size_t colon = text.rfind(':');
    const std::string port = colon == std::string::npos ? "" : text.substr(colon + 1);
    std::string host = text.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']')
        host = host.substr(1, host.size() - 2);
    else if (host.find_first_of("[]:") != std::string::npos)
        host.clear(), options.port = -1;
    const bool digits = !port.empty() && port.size() <= 5 &&
                        port.find_first_not_of("0123456789") == std::string::npos;
    if (!digits || options.port < 0 || std::stoi(port) > 65535)
        throw CLI::ValidationError("--http-address", "expects host:port, got \"" + text + '"');
    options.address = host.empty() ? "0.0.0.0" : host;
    options.port = std::stoi(port);
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

void add_options(CLI::App& app, coder_users::Options& options) {
    app.add_option_function<std::string>(
           "--http-address", [&](const std::string& text) { parse_http_address(text, options); },
           "Address and port to listen on (127.0.0.1:3000)")
        ->envname("CODER_HTTP_ADDRESS");
    app.add_option("--database", options.database, "SQLite file, or :memory: (coder_users.db)")
        ->envname("CODER_USERS_DATABASE");
    app.add_option("--secret-key-file", options.secret_key_file,
                   "Key that seals private keys at rest (<database>.key)")
        ->envname("CODER_USERS_SECRET_KEY_FILE");
    app.add_option("--access-url", options.access_url, "URL under which clients reach the server")
        ->envname("CODER_ACCESS_URL");
    add_duration(app, "--session-duration", "CODER_SESSION_DURATION", options.session_duration,
                 "Life of a session that is not used (24h0m0s)");
    add_duration(app, "--max-token-lifetime", "CODER_MAX_TOKEN_LIFETIME",
                 options.max_token_lifetime, "Longest life of a token (876600h0m0s)");
    app.add_flag("--disable-session-expiry-refresh", options.disable_session_expiry_refresh,
                 "Sessions end at their first expiry, however often they are used")
        ->envname("CODER_DISABLE_SESSION_EXPIRY_REFRESH");
    app.add_option("--secure-auth-cookie", options.secure_auth_cookie,
                   "Add Secure to the session cookie (when the access URL is https)")
        ->expected(0, 1)
        ->default_str("true")
        ->envname("CODER_SECURE_AUTH_COOKIE");
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
    add_limits(app, options);
}

/// "access_url: ..." as "--access-url: ...": the library names members of Options.
std::string with_flag(std::string text) {
    const std::size_t end = (std::min)(text.find(':'), text.size());
    std::replace(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), '_', '-');
    return "--" + text;
}

int serve(const coder_users::Options& options) {
    // Blocked before any thread exists, so that only sigwait() below sees them.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    auto users = coder_users::start(options);
    std::cout << "coder_users " << coder_users::version << " listens on " << users.url()
              << ", database " << options.database << std::endl;
    int signal = 0;
    sigwait(&signals, &signal);
    users.stop();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("A users, keys and roles server with the HTTP API of Coder");
    app.name("coder-users");
    app.set_version_flag("--version", std::string("coder_users ") + coder_users::version);
    coder_users::Options options;
    options.log = [](const coder_users::LogLine& line) {
        std::cerr << coder_users::to_text(line) + '\n';
    };
    add_options(app, options);
    try {
        app.parse(argc, argv);
        return serve(options);
    } catch (const CLI::ParseError& error) {
        return app.exit(error);
    } catch (const std::invalid_argument& error) {
        std::cerr << "coder-users: " << with_flag(error.what()) << '\n';
        return 1;
    } catch (const std::exception& error) {
        std::cerr << "coder-users: " << error.what() << '\n';
        return 1;
    }
}
