// How limits count the addresses of clients.
#include "coder_users/internal/base/address.hpp"

#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"

namespace address_test {

using namespace coder_users;

std::string canonical(const std::string& text) {
    const auto address = parse_address(text);
    return address ? to_text(*address) : "";
}

TEST_CASE("addresses are read and written") {
    for (const auto& [text, expected] :
         std::vector<std::pair<std::string, std::string>>{{"1.2.3.4", "1.2.3.4"},
                                                          {"0.0.0.0", "0.0.0.0"},
                                                          {"255.255.255.255", "255.255.255.255"},
                                                          {"::", "::"},
                                                          {"::1", "::1"},
                                                          {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
                                                          {"::ffff:1.2.3.4", "1.2.3.4"},
                                                          {"::FFFF:102:304", "1.2.3.4"},
                                                          {"::1.2.3.4", "::1.2.3.4"},
                                                          {"", ""},
                                                          {" 1.2.3.4", ""},
                                                          {"1.2.3.4 ", ""},
                                                          {"1.2.3", ""},
                                                          {"1.2.3.4.5", ""},
                                                          {"1.2.3.256", ""},
                                                          {"01.2.3.4.", ""},
                                                          {"1.2.3.-4", ""},
                                                          {"0x1.2.3.4", ""},
                                                          {"16909060", ""},
                                                          {"1.2.3.4:80", ""},
                                                          {"[::1]", ""},
                                                          {"::1%eth0", ""},
                                                          {"fe80::1%1", ""},
                                                          {"1:2:3:4:5:6:7:8:9", ""},
                                                          {"1::2::3", ""},
                                                          {"localhost", ""},
                                                          {"1.2.3.4/32", ""},
                                                          {std::string("1.2.3.4\0", 8), ""},
                                                          {std::string("1.2.3.4\0x", 9), ""},
                                                          {std::string(10000, '1'), ""}}) {
        INFO(text);
        CHECK(canonical(text) == expected);
    }
}

TEST_CASE("IPv6 clients are counted by their /64 network") {
    const std::vector<std::pair<std::string, std::string>> same{
        {"2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff"},
        {"2001:db8::1", "2001:0DB8:0:0:1::"},
        {"::1", "::2"},
        {"1.2.3.4", "1.2.3.4"},
        {"", ""}};
    for (const auto& [a, b] : same) CHECK(counted_address(a) == counted_address(b));
    const std::vector<std::pair<std::string, std::string>> different{
        {"2001:db8::1", "2001:db8:0:1::1"},
        {"1.2.3.4", "1.2.3.5"},
        {"1.2.3.4", "::1"},
        {"::ffff:1.2.3.4", "::ffff:1.2.3.5"}};
    for (const auto& [a, b] : different) CHECK(counted_address(a) != counted_address(b));
    CHECK(counted_address("::ffff:1.2.3.4") == counted_address("1.2.3.4"));
}

}  // namespace address_test
