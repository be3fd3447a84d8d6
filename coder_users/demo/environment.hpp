// Environment variables of the demo server: those that it does not have, and the names under which
// mistakes are reported.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/demo/commands.hpp"

namespace demo {

/// The command line or the environment asks for something that cannot be. Exit code 2.
class WrongUse : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

inline constexpr const char* tls_refusal =
    "this server does not speak TLS itself: docs/deployment.md has working files for Caddy and "
    "nginx in front of it";

/// The beginnings of variables that `coder server` reads and this server does not. A variable with
/// such a beginning that this server has is known, and so not looked up here.
inline constexpr std::string_view of_coder[] = {
    "CODER_AGENT_",        "CODER_AIBRIDGE_",      "CODER_ALLOW_",
    "CODER_AUTOBUILD_",    "CODER_BLOCK_",         "CODER_BROWSER_",
    "CODER_CACHE_",        "CODER_CLI_",           "CODER_CONFIG_PATH",
    "CODER_DANGEROUS_",    "CODER_DEFAULT_",       "CODER_DERP_",
    "CODER_DISABLE_",      "CODER_DOCS_",          "CODER_EMAIL_",
    "CODER_ENABLE_",       "CODER_EXPERIMENTS",    "CODER_EXTERNAL_",
    "CODER_HEALTH_",       "CODER_HIDE_",          "CODER_HTTP_",
    "CODER_LOG_",          "CODER_LOGGING_",       "CODER_MAX_",
    "CODER_NOTIFICATIONS", "CODER_OAUTH2_",        "CODER_OIDC_",
    "CODER_PG_",           "CODER_PPROF_",         "CODER_PROMETHEUS_",
    "CODER_PROVISIONER_",  "CODER_PROXY_",         "CODER_QUIET_HOURS_",
    "CODER_REDIRECT_",     "CODER_RETENTION_",     "CODER_SAMESITE_",
    "CODER_SCIM_",         "CODER_SSH_",           "CODER_STRICT_",
    "CODER_SUPPORT_",      "CODER_SWAGGER_",       "CODER_TELEMETRY_",
    "CODER_TERMS_",        "CODER_TLS_",           "CODER_TRACE_",
    "CODER_UPDATE_CHECK",  "CODER_USER_WORKSPACE", "CODER_VERBOSE",
    "CODER_WEB_TERMINAL_", "CODER_WILDCARD_",      "CODER_WORKSPACE_HOSTNAME"};

inline bool begins_with(std::string_view text, std::string_view beginning) {
    return text.substr(0, beginning.size()) == beginning;
}

/// Tells of variables that mean nothing here, so that nobody believes they do. Throws WrongUse for
/// those whose silence would be dangerous.
inline void look_at_environment(const CLI::App& app) {
    std::set<std::string, std::less<>> known{"CODER_USERS_SEED"};
    for (const CLI::Option* option : app.get_options()) known.insert(option->get_envname());
    for (const CLI::App* command : app.get_subcommands({}))
        for (const CLI::Option* option : command->get_options())
            known.insert(option->get_envname());
    for (char** at = environ; *at; ++at) {
        const std::string_view entry = *at;
        const std::size_t equals = (std::min)(entry.find('='), entry.size());
        const std::string name(entry.substr(0, equals));
        const std::string_view value = entry.substr((std::min)(equals + 1, entry.size()));
        if (value.empty() || !begins_with(name, "CODER_") || known.count(name)) continue;
        if (name == "CODER_TLS_ENABLE") {
            if (value == "false" || value == "0" || value == "f") continue;
            throw WrongUse(name + ": " + tls_refusal);
        }
        if (begins_with(name, "CODER_USERS_"))
            std::cerr << "coder-users: warning: there is no variable " + name + '\n';
        else if (std::any_of(std::begin(of_coder), std::end(of_coder),
                             [&](std::string_view each) { return begins_with(name, each); }))
            std::cerr << "coder-users: warning: " + name +
                             " is a variable of Coder that this server does not have\n";
    }
}

/// Takes away the variables of this server and of Coder, which mean nothing to the command `test`.
/// To be called before any thread exists.
inline void forget_environment() {
    std::vector<std::string> names;
    for (char** at = environ; *at; ++at) {
        const std::string_view entry = *at;
        if (begins_with(entry, "CODER_")) names.emplace_back(entry.substr(0, entry.find('=')));
    }
    for (const std::string& name : names) ::unsetenv(name.c_str());
}

/// Opens what is closed of standard input, output and error, so that no other file takes the place:
/// reading ends at once, and writing fails as before.
inline void open_standard_files() {
    for (const int file : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (::fcntl(file, F_GETFD) < 0 && ::open("/dev/null", O_RDONLY) < 0)
            throw std::runtime_error("cannot open /dev/null");
}

/// The command `test` has flags of its own, and would ignore others in silence. Throws WrongUse.
inline void refuse_flags_before_test(int argc, char** argv) {
    if (argc > 1 && std::string_view(argv[1]) != "test")
        throw WrongUse("test: its flags stand behind it");
}

/// Replaces the flag that a mistake names by the environment variable that holds the wrong value,
/// where no argument gave it: "--http-address: ..." becomes "CODER_HTTP_ADDRESS: ...".
inline std::string as_given(const CLI::App& app, int argc, char** argv, std::string text) {
    const std::size_t begin = (std::min)(text.find("--"), text.size());
    const std::string flag = text.substr(begin, text.find_first_of(": =", begin) - begin);
    if (flag.size() <= 2) return text;
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument.substr(0, argument.find('=')) == flag) return text;
    }
    for (const CLI::Option* option : app.get_options()) {
        const std::string& variable = option->get_envname();
        if (variable.empty() || !option->check_lname(flag.substr(2))) continue;
        const char* const value = std::getenv(variable.c_str());
        if (value && *value) return text.replace(begin, flag.size(), variable);
    }
    return text;
}

}  // namespace demo
