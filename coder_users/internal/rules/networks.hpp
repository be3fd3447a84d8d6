// Internal: may change at any time.
// Client addresses: which networks contain one, whom trusted proxies name, and how rate limits
// count one.
#pragma once

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/internal/base/text.hpp"

namespace coder_users { inline namespace v0 { namespace rules {

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

struct Network {
    Address address{};
    unsigned bits = 128;  ///< counted in the IPv4-mapped form
};

/// Reads an address, or a network in CIDR notation.
inline std::optional<Network> parse_network(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto address = parse_address(text.substr(0, slash));
    if (!address) return std::nullopt;
    Network network{*address, 128};
    if (slash == std::string_view::npos) return network;
    const std::string_view digits = text.substr(slash + 1);
    if (digits.empty() || digits.size() > 3 ||
        digits.find_first_not_of("0123456789") != std::string_view::npos)
        return std::nullopt;
    const auto bits = static_cast<unsigned>(std::stoi(std::string(digits)));
    if (bits > (is_ipv4(*address) ? 32u : 128u)) return std::nullopt;
    network.bits = is_ipv4(*address) ? bits + 96 : bits;
    return network;
}

inline bool contains(const Network& network, const Address& address) {
    const std::size_t whole = network.bits / 8;
    if (std::memcmp(network.address.data(), address.data(), whole) != 0) return false;
    if (network.bits % 8 == 0) return true;
    const auto mask = static_cast<unsigned char>(0xff << (8 - network.bits % 8));
    return (network.address[whole] & mask) == (address[whole] & mask);
}

inline bool contained(const std::vector<Network>& networks, const Address& address) {
    return std::any_of(networks.begin(), networks.end(),
                       [&](const Network& each) { return contains(each, address); });
}

/// Finds the client in a list to which trusted proxies append addresses at the right end: the
/// right-most address that is not a trusted proxy, else the left-most. Nothing when the list holds
/// no address.
inline std::optional<Address> client_in_list(std::string_view list,
                                             const std::vector<Network>& trusted) {
    std::optional<Address> left_most, client;
    const std::vector<std::string_view> items = split(list, ',');
    for (const std::string_view item : items) {
        const auto address = parse_address(trim(item));
        if (!address) continue;
        if (!left_most) left_most = address;
        if (!contained(trusted, *address)) client = address;
    }
    return client ? client : left_most;
}

/// The name under which rate limits count an address: all of an IPv6 /64 network count as one.
inline std::string counted_address(const std::string& text) {
    auto address = parse_address(text);
    if (!address) return text;
    if (is_ipv4(*address)) return to_text(*address);
    std::fill(address->begin() + 8, address->end(), static_cast<unsigned char>(0));
    return to_text(*address) + "/64";
}

}}}  // namespace coder_users::v0::rules
