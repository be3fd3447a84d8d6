// Internal: may change at any time.
// Client addresses: which networks contain one, and whom trusted proxies name.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/internal/base/address.hpp"
#include "coder_users/internal/base/text.hpp"

namespace coder_users { inline namespace v0 { namespace rules {

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

/// Reads an item of a list of addresses as proxies write it: `address`, `address:port` for IPv4, or
/// `[address]:port` for IPv6.
inline std::optional<Address> parse_list_item(std::string_view text) {
    if (const auto address = parse_address(text)) return address;
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const std::string_view port = text.substr(colon + 1);
    std::string_view host = text.substr(0, colon);
    if (port.empty() || port.size() > 5 || !std::all_of(port.begin(), port.end(), is_digit) ||
        std::stoi(std::string(port)) > 65535)
        return std::nullopt;
    const bool ipv6 = host.find(':') != std::string_view::npos;
    if (ipv6) {
        if (host.front() != '[' || host.back() != ']') return std::nullopt;
        host = host.substr(1, host.size() - 2);
    }
    return parse_address(host);
}

/// Returns the items of a list without the empty ones, which are none (RFC 9110, 5.6.1).
inline std::vector<std::string_view> list_items(std::string_view list) {
    std::vector<std::string_view> items;
    for (const std::string_view part : split(list, ','))
        if (const std::string_view item = trim(part); !item.empty()) items.push_back(item);
    return items;
}

inline bool holds_address(std::string_view list) {
    const auto items = list_items(list);
    return std::any_of(items.begin(), items.end(),
                       [](std::string_view item) { return parse_list_item(item).has_value(); });
}

/// Finds the client in a list to which trusted proxies append addresses at the right end: the
/// right-most address that is not a trusted proxy, else the left-most. Nothing when something else
/// stands to the right of it: what stands beyond may be the client's own words.
inline std::optional<Address> client_in_list(std::string_view list,
                                             const std::vector<Network>& trusted) {
    std::optional<Address> address;
    const auto items = list_items(list);
    for (auto item = items.rbegin(); item != items.rend(); ++item) {
        address = parse_list_item(*item);
        if (!address || !contained(trusted, *address)) break;
    }
    return address;
}

}}}  // namespace coder_users::v0::rules
