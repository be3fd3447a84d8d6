// Internal: may change at any time.
// Addresses of clients, and how limits count them.
#pragma once

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace coder_users { inline namespace v0 {

/// An IPv4 or IPv6 address. An IPv4 address is kept in IPv4-mapped IPv6 form.
using Address = std::array<unsigned char, 16>;

inline constexpr Address mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};

inline bool is_ipv4(const Address& address) {
    return std::equal(address.begin(), address.begin() + 12, mapped_prefix.begin());
}

/// Reads a numeric address without port or zone.
inline std::optional<Address> parse_address(std::string_view text) {
    const std::string copy(text);
    if (copy.find('\0') != std::string::npos) return std::nullopt;
    Address address = mapped_prefix;
    if (::inet_pton(AF_INET, copy.c_str(), address.data() + 12) == 1) return address;
    if (::inet_pton(AF_INET6, copy.c_str(), address.data()) == 1) return address;
    return std::nullopt;
}

inline std::string to_text(const Address& address) {
    char text[INET6_ADDRSTRLEN] = "";
    if (is_ipv4(address))
        ::inet_ntop(AF_INET, address.data() + 12, text, sizeof text);
    else
        ::inet_ntop(AF_INET6, address.data(), text, sizeof text);
    return text;
}

/// The name under which everything that has a limit for one client counts its address: all of an
/// IPv6 /64 network, which is what one customer gets, count as one.
inline std::string counted_address(const std::string& text) {
    auto address = parse_address(text);
    if (!address) return text;
    if (is_ipv4(*address)) return to_text(*address);
    std::fill(address->begin() + 8, address->end(), static_cast<unsigned char>(0));
    return to_text(*address) + "/64";
}

}}  // namespace coder_users::v0
