#include "coder_users/internal/rules/networks.hpp"

#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"

namespace networks_test {

using namespace coder_users;
using namespace coder_users::rules;

std::vector<Network> networks(const std::vector<std::string>& texts) {
    std::vector<Network> list;
    for (const std::string& text : texts) list.push_back(parse_network(text).value());
    return list;
}

TEST_CASE("networks contain addresses") {
    struct Row {
        std::string network, address;
        bool inside;
    };
    for (const Row& row : {Row{"10.0.0.0/8", "10.255.1.2", true},
                           Row{"10.0.0.0/8", "11.0.0.0", false},
                           Row{"10.0.0.0/8", "9.255.255.255", false},
                           Row{"10.1.2.3/8", "10.200.0.1", true},  // host bits do not matter
                           Row{"192.168.1.128/25", "192.168.1.128", true},
                           Row{"192.168.1.128/25", "192.168.1.127", false},
                           Row{"192.168.1.4/31", "192.168.1.5", true},
                           Row{"192.168.1.4/31", "192.168.1.6", false},
                           Row{"1.2.3.4", "1.2.3.4", true},
                           Row{"1.2.3.4", "1.2.3.5", false},
                           Row{"1.2.3.4/32", "1.2.3.4", true},
                           Row{"0.0.0.0/0", "200.1.1.1", true},
                           Row{"0.0.0.0/0", "::1", false},
                           Row{"::/0", "::1", true},
                           Row{"::/0", "1.2.3.4", true},
                           Row{"fd00::/8", "fdff::1", true},
                           Row{"fd00::/8", "fe00::1", false},
                           Row{"2001:db8::/33", "2001:db8:7fff::", true},
                           Row{"2001:db8::/33", "2001:db8:8000::", false},
                           Row{"::1", "::1", true},
                           Row{"::1", "::2", false},
                           Row{"::ffff:10.0.0.0/8", "10.1.1.1", true},
                           Row{"10.0.0.0/8", "::ffff:10.1.1.1", true}}) {
        INFO(row.network << " " << row.address);
        const auto network = parse_network(row.network);
        REQUIRE(network.has_value());
        CHECK(contains(*network, parse_address(row.address).value()) == row.inside);
    }
    CHECK_FALSE(contained({}, parse_address("1.2.3.4").value()));
    CHECK(contained(networks({"10.0.0.0/8", "::1"}), parse_address("::1").value()));
}

TEST_CASE("what is no network") {
    for (const std::string text :
         {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8 ",
          "10.0.0.0 /8", "10.0.0.0/8/8", "10.0.0.0/08x", "10.0.0.0/0x8", "::/129", "::/1000",
          "10.0.0.0/99999999999999999999", "10.0.0/8", "localhost", "*", "10.0.0.0-10.0.0.9"}) {
        INFO(text);
        CHECK_FALSE(parse_network(text).has_value());
    }
}

TEST_CASE("the client in a list of addresses") {
    const auto trusted = networks({"10.0.0.0/8", "fd00::/8"});
    for (const auto& [list, expected] : std::vector<std::pair<std::string, std::string>>{
             {"", ""},
             {",", ""},
             {"x", ""},
             {"9.9.9.9", "9.9.9.9"},
             {" 9.9.9.9\t", "9.9.9.9"},
             {"6.6.6.6,9.9.9.9", "9.9.9.9"},
             {"6.6.6.6,9.9.9.9,10.0.0.1", "9.9.9.9"},
             {"6.6.6.6,10.0.0.1,9.9.9.9,fd00::1,10.0.0.2", "9.9.9.9"},
             {"10.0.0.1", "10.0.0.1"},
             {"10.0.0.1,10.0.0.2", "10.0.0.1"},
             {"x,9.9.9.9,10.0.0.2", "9.9.9.9"},
             {"x,10.0.0.1,10.0.0.2", ""},
             {"9.9.9.9,x", ""},
             {"9.9.9.9,x,10.0.0.1", ""},
             {",,9.9.9.9,,", "9.9.9.9"},
             {"9.9.9.9 6.6.6.6", ""},
             {"6.6.6.6,9.9.9.9:5555", "9.9.9.9"},
             {"6.6.6.6,[2001:db8::1]:5555,10.0.0.1:80", "2001:db8::1"},
             {"6.6.6.6,[fd00::1]:5555", "6.6.6.6"},
             {"10.0.0.1:1,10.0.0.2:2", "10.0.0.1"}}) {
        INFO(list);
        const auto client = client_in_list(list, trusted);
        CHECK((client ? to_text(*client) : "") == expected);
    }
    std::string many;
    for (int i = 0; i < 10000; ++i) many += "9.9.9.9,";
    CHECK(client_in_list(many, trusted).has_value());
    CHECK(to_text(client_in_list("9.9.9.9,6.6.6.6", {}).value()) == "6.6.6.6");
}

TEST_CASE("the items of a list of addresses may have ports") {
    for (const auto& [text, expected] : std::vector<std::pair<std::string, std::string>>{
             {"9.9.9.9", "9.9.9.9"},
             {"9.9.9.9:0", "9.9.9.9"},
             {"9.9.9.9:65535", "9.9.9.9"},
             {"9.9.9.9:65536", ""},
             {"9.9.9.9:000080", ""},
             {"9.9.9.9:", ""},
             {"9.9.9.9:+1", ""},
             {"9.9.9.9: 1", ""},
             {"9.9.9.9:1:1", ""},
             {"9.9.9.9:http", ""},
             {"[9.9.9.9]:80", ""},
             {"9.9.9.9.9:80", ""},
             {":80", ""},
             {":", ""},
             {"2001:DB8::1", "2001:db8::1"},
             {"2001:db8::1:443", "2001:db8::1:443"},  // an address without a port
             {"[2001:DB8::1]:443", "2001:db8::1"},
             {"[::ffff:9.9.9.9]:443", "9.9.9.9"},
             {"::ffff:9.9.9.9:443", ""},
             {"[2001:db8::1]", ""},
             {"[2001:db8::1]443", ""},
             {"[2001:db8::1]:", ""},
             {"[2001:db8::1:443", ""},
             {"2001:db8::1]:443", ""},
             {"[[2001:db8::1]]:443", ""},
             {"[]:443", ""},
             {"[::1%eth0]:443", ""}}) {
        INFO(text);
        const auto address = parse_list_item(text);
        CHECK((address ? to_text(*address) : "") == expected);
        CHECK(holds_address("x," + text) == !expected.empty());
    }
}

}  // namespace networks_test
