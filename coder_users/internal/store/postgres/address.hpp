// Internal: may change at any time.
// The address of a database: read by libpq, shown without secrets.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/store/postgres/libpq.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace postgres {

/// Encodes what a part of an address must not hold as it is.
inline std::string url_encoded(std::string_view text) {
    constexpr std::string_view plain = "-._~";
    std::string out;
    for (const char c : text) {
        const bool kept = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                          (c >= 'a' && c <= 'z') || plain.find(c) != std::string_view::npos;
        out += kept ? std::string(1, c) : "%" + to_hex(static_cast<unsigned char>(c));
    }
    return out;
}

/// What an address says, and what libpq takes from the environment where it says nothing.
class Address {
 public:
    /// Throws std::runtime_error, whose text does not quote the address.
    explicit Address(const std::string& text) {
        char* message = nullptr;
        const ConnectionOptions parsed(text.find('\0') == std::string::npos
                                           ? PQconninfoParse(text.c_str(), &message)
                                           : nullptr);
        PQfreemem(message);  // it quotes the address, and with it the password
        if (!parsed)
            throw std::runtime_error(
                "the database is an address of PostgreSQL that cannot be read: it is written "
                "postgres://user:password@host:port/database?option=value, and what is special in "
                "a part is percent-encoded");
        for (const PQconninfoOption* each = parsed.get(); each->keyword; ++each)
            if (each->val && *each->val) options_[each->keyword] = each->val;
        const auto password = options_.find("password");
        if (password != options_.end()) secret_ = password->second;
        name_ = shown();
        refuse_standbys();
    }

    /// The address without password and without options that are secrets.
    const std::string& name() const { return name_; }

    /// The options to connect with, by their names.
    const std::map<std::string, std::string>& options() const { return options_; }

    /// A text of libpq with the password left out.
    std::string masked(std::string text) const {
        if (secret_.empty()) return text;
        for (std::size_t at = 0; (at = text.find(secret_, at)) != std::string::npos; at += 3)
            text.replace(at, secret_.size(), "***");
        return text;
    }

 private:
    std::string option(const char* name) const {
        const auto found = options_.find(name);
        return found == options_.end() ? "" : found->second;
    }

    // Of several hosts each has its port, or all have one.
    static std::string hosts_and_ports(const std::string& host, const std::string& port) {
        std::string text;
        const auto ports = split(port, ',');
        std::size_t number = 0;
        for (const std::string_view each : split(host, ',')) {
            const bool is_ipv6 = each.find(':') != std::string_view::npos;
            if (!text.empty()) text += ',';
            text += is_ipv6 ? '[' + std::string(each) + ']' : url_encoded(each);
            const auto own = ports.empty()           ? std::string_view()
                             : number < ports.size() ? ports[number]
                                                     : ports.back();
            if (!own.empty()) text += ':' + url_encoded(own);
            ++number;
        }
        return text;
    }

    std::string shown() const {
        constexpr std::array<const char*, 4> harmless{"sslmode", "sslrootcert", "application_name",
                                                      "target_session_attrs"};
        std::string text = "postgres://";
        if (!option("user").empty()) text += url_encoded(option("user")) + '@';
        const std::string host = option("host").empty() ? option("hostaddr") : option("host");
        const bool socket = host.find('/') != std::string::npos;
        if (!socket) text += hosts_and_ports(host, option("port"));
        if (!option("dbname").empty()) text += '/' + url_encoded(option("dbname"));
        char separator = '?';
        const auto add = [&](const char* name, const std::string& value) {
            if (value.empty()) return;
            text += separator + (name + ('=' + url_encoded(value)));
            separator = '&';
        };
        if (socket) add("host", host);
        if (socket) add("port", option("port"));
        for (const char* each : harmless) add(each, option(each));
        return text;
    }

    // A standby answers with what was true a while ago: a key that was revoked would still count.
    void refuse_standbys() {
        std::string& wanted = options_["target_session_attrs"];
        if (wanted != "primary") wanted = "read-write";
    }

    std::map<std::string, std::string> options_;
    std::string name_, secret_;
};

}}}}  // namespace coder_users::v0::store::postgres
