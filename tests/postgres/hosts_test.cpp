#include "coder_users/internal/store/postgres/hosts.hpp"

#include <string>

#include "../catch.hpp"

using coder_users::store::postgres::Hosts;

namespace {

std::string order(const Hosts& hosts) {
    Hosts::Options options;
    hosts.put_into(options);
    std::string text;
    for (const auto& [name, list] : options) text += name + "=" + list + " ";
    return text;
}

}  // namespace

TEST_CASE("hosts after one that does not answer come first") {
    const Hosts hosts(Hosts::Options{{"host", "a,b,c"}, {"port", "1,2,3"}});
    CHECK(hosts.are_several());
    CHECK(order(hosts) == "host=a,b,c port=1,2,3 ");
    hosts.pass_over("a", "1");
    CHECK(order(hosts) == "host=b,c,a port=2,3,1 ");
    hosts.pass_over("c", "3");
    CHECK(order(hosts) == "host=a,b,c port=1,2,3 ");
    hosts.pass_over("a", "2");  // no such host
    CHECK(order(hosts) == "host=a,b,c port=1,2,3 ");
}

TEST_CASE("lists of hosts are turned together, and one port is for all") {
    const Hosts named(
        Hosts::Options{{"host", "a,b"}, {"hostaddr", "127.0.0.1,127.0.0.2"}, {"port", "7"}});
    named.pass_over("a", "7");
    CHECK(order(named) == "host=b,a hostaddr=127.0.0.2,127.0.0.1 ");
    const Hosts by_address(Hosts::Options{{"hostaddr", "127.0.0.1,127.0.0.2"}});
    by_address.pass_over("127.0.0.1", "5432");
    CHECK(order(by_address) == "hostaddr=127.0.0.2,127.0.0.1 ");
    const Hosts same_name(Hosts::Options{{"host", "a,a"}, {"port", "1,"}});
    same_name.pass_over("a", "1");
    CHECK(order(same_name) == "host=a,a port=,1 ");
    same_name.pass_over("a", "5432");  // which the second one has without saying so
    CHECK(order(same_name) == "host=a,a port=1, ");
}

TEST_CASE("one host, none, and lists that do not fit together stay as they are") {
    for (const Hosts::Options& options :
         {Hosts::Options{}, Hosts::Options{{"host", "a"}, {"port", "1"}},
          Hosts::Options{{"host", "a,b,c"}, {"port", "1,2"}}}) {
        const Hosts hosts(options);
        hosts.pass_over("a", "1");
        CHECK_FALSE(hosts.are_several());
        CHECK(order(hosts).empty());
    }
}
