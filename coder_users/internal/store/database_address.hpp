// Internal: may change at any time.
// What kind of database Options::database names, and how it is shown.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

#include "coder_users/internal/base/text.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// Whether it is an address of PostgreSQL, which may hold a password.
inline bool is_postgres_address(std::string_view database) {
    return starts_with(database, "postgres://") || starts_with(database, "postgresql://");
}

/// The parts of postgres://user:password@hosts/database?options as libpq divides them, as they are
/// written.
struct AddressParts {
    explicit AddressParts(std::string_view address) {
        std::string_view rest = address.substr(address.find("://") + 3);
        const std::size_t at = rest.find('@');
        if (at < rest.find('/')) {
            user = rest.substr(0, at);
            user = user.substr(0, user.find(':'));
            rest.remove_prefix(at + 1);
            has_user = true;
        }
        const std::size_t end = (std::min)(rest.find_first_of("/?"), rest.size());
        hosts = rest.substr(0, end);
        rest.remove_prefix(end);
        database = rest.substr(0, rest.find('?'));
        options = rest.substr(database.size());
    }

    std::string_view user, hosts, database, options;
    bool has_user = false;
};

/// Whether each of `hosts` is a name, or one in brackets, with at most a port of digits.
inline bool are_clear_hosts(std::string_view hosts) {
    while (!hosts.empty()) {
        const std::size_t end = (std::min)(hosts.find(','), hosts.size());
        std::string_view host = hosts.substr(0, end);
        hosts.remove_prefix((std::min)(end + 1, hosts.size()));
        if (starts_with(host, "[")) host.remove_prefix((std::min)(host.find(']') + 1, host.size()));
        const std::size_t colon = (std::min)(host.find(':'), host.size());
        const std::string_view port = host.substr((std::min)(colon + 1, host.size()));
        if (port.find_first_not_of("0123456789") != port.npos) return false;
    }
    return true;
}

/// Whether an address of PostgreSQL can be taken apart in one way only. In others a part of the
/// password, which is not percent-encoded, would be taken as host, port or database.
inline bool is_clear_address(std::string_view address) {
    const AddressParts parts(address);
    const auto has = [](std::string_view text, char c) { return text.find(c) != text.npos; };
    if (has(parts.hosts, '@') || has(parts.database, '@')) return false;
    if (!parts.has_user && parts.database.empty() && has(parts.hosts, ':') &&
        has(parts.options, '@'))
        return false;
    return are_clear_hosts(parts.hosts);
}

/// Whether a file of this name was surely never meant: it is an address in another form, and may
/// hold a password.
inline bool is_mistaken_address(std::string_view database) {
    if (is_postgres_address(database)) return false;
    if (database.find("://") != database.npos) return true;
    for (const std::string_view option : {"host=", "hostaddr=", "dbname=", "user=", "password="})
        for (std::size_t at = 0; (at = database.find(option, at)) != database.npos; ++at)
            if (at == 0 || std::string_view(" \t\n\"'").find(database[at - 1]) != database.npos)
                return true;
    return false;
}

/// Returns the database for messages: an address without its password, and of its options those
/// that are no secrets.
inline std::string shown_database(std::string_view database) {
    if (is_mistaken_address(database)) return "...";
    if (!is_postgres_address(database)) return std::string(database);
    const std::string scheme(database.substr(0, database.find("://") + 3));
    if (!is_clear_address(database)) return scheme + "...";
    const AddressParts parts(database);
    std::string text = scheme;
    if (parts.has_user) text.append(parts.user).append("@");
    text.append(parts.hosts).append(parts.database);
    char separator = '?';
    for (std::string_view rest = parts.options; !rest.empty();) {
        rest.remove_prefix(1);
        const std::size_t end = (std::min)(rest.find('&'), rest.size());
        const std::string_view option = rest.substr(0, end);
        rest.remove_prefix(end);
        constexpr std::array<std::string_view, 9> harmless{"host=",
                                                           "hostaddr=",
                                                           "port=",
                                                           "dbname=",
                                                           "user=",
                                                           "sslmode=",
                                                           "sslrootcert=",
                                                           "application_name=",
                                                           "target_session_attrs="};
        if (std::none_of(harmless.begin(), harmless.end(),
                         [&](std::string_view each) { return starts_with(option, each); }))
            continue;
        text.append(1, separator).append(option);
        separator = '&';
    }
    return text;
}

/// Whether it is the name of a file.
inline bool is_file_name(std::string_view database) {
    return database != ":memory:" && !is_postgres_address(database);
}

/// Throws std::invalid_argument, which does not quote it, for a mistaken address.
inline void refuse_mistaken_address(std::string_view database) {
    if (is_mistaken_address(database))
        throw std::invalid_argument(
            "database: is an address in a form that is not known: it is written "
            "postgres://user@host/database");
}

/// Throws std::runtime_error for an address of PostgreSQL.
inline void refuse_postgres_address(std::string_view database) {
    if (is_postgres_address(database))
        throw std::runtime_error(
            "the database is an address of PostgreSQL, and this build has no PostgreSQL part");
}

}}}  // namespace coder_users::v0::store
