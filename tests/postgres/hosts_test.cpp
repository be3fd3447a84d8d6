#include "coder_users/internal/store/postgres/hosts.hpp"

#include <cstdlib>
#include <map>
#include <string>

#include "../catch.hpp"

using coder_users::store::postgres::Hosts;

namespace {

/// What libpq reads hosts from has these values, and no others, as long as one of these exists.
class Environment {
 public:
    using Values = std::map<std::string, std::string>;

    explicit Environment(const Values& values = {}) {
        for (const char* name : {"PGHOST", "PGHOSTADDR", "PGPORT", "PGSERVICE"}) {
            const char* const text = std::getenv(name);
            if (text) before_[name] = text;
            ::unsetenv(name);
        }
        for (const auto& [name, value] : values) ::setenv(name.c_str(), value.c_str(), 1);
    }
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;
    ~Environment() {
        for (const char* name : {"PGHOST", "PGHOSTADDR", "PGPORT", "PGSERVICE"}) ::unsetenv(name);
        for (const auto& [name, value] : before_) ::setenv(name.c_str(), value.c_str(), 1);
    }

 private:
    Values before_;
};

std::string order(const Hosts& hosts) {
    Hosts::Options options;
    hosts.put_into(options);
    std::string text;
    for (const auto& [name, list] : options) text += name + "=" + list + " ";
    return text;
}

}  // namespace

TEST_CASE("hosts after one that does not answer come first") {
    const Environment none;
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
    const Environment none;
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
    const Environment none;
    for (const Hosts::Options& options :
         {Hosts::Options{}, Hosts::Options{{"host", "a"}, {"port", "1"}},
          Hosts::Options{{"host", "a,b,c"}, {"port", "1,2"}}, Hosts::Options{{"port", "1,2"}}}) {
        const Hosts hosts(options);
        hosts.pass_over("a", "1");
        CHECK_FALSE(hosts.are_several());
        CHECK(order(hosts).empty());
    }
}

TEST_CASE("lists of the environment are turned with those of the options") {
    {
        const Environment ports(Environment::Values{{"PGPORT", "1,2"}});
        const Hosts hosts(Hosts::Options{{"host", "a,b"}});
        hosts.pass_over("a", "1");
        CHECK(order(hosts) == "host=b,a port=2,1 ");
    }
    {
        const Environment names(Environment::Values{{"PGHOST", "a,b"}});
        const Hosts hosts(Hosts::Options{{"port", "1,2"}});
        CHECK(hosts.are_several());
        hosts.pass_over("a", "1");
        CHECK(order(hosts) == "host=b,a port=2,1 ");
    }
    const Environment one_port(Environment::Values{{"PGHOST", "a,b"}, {"PGPORT", "7"}});
    const Hosts hosts(Hosts::Options{});
    hosts.pass_over("a", "7");
    CHECK(order(hosts) == "host=b,a ");
    const Hosts of_service(Hosts::Options{{"service", "s"}, {"host", "a,b"}});
    of_service.pass_over("a", "7");  // a file may have a list of ports for them
    CHECK(order(of_service).empty());
}

TEST_CASE("a host that says who it is comes before one that may be any") {
    const Environment none;
    const Hosts hosts(Hosts::Options{{"host", ",h2,h3"}});
    hosts.pass_over("h2", "5432");
    CHECK(order(hosts) == "host=h3,,h2 ");
    hosts.pass_over("/var/run/postgresql", "5432");  // the one without a name
    CHECK(order(hosts) == "host=h2,h3, ");
    const Hosts ports(Hosts::Options{{"host", "a,a,b"}, {"port", ",2,3"}});
    ports.pass_over("a", "2");
    CHECK(order(ports) == "host=b,a,a port=3,,2 ");
}

TEST_CASE("a copy of hosts has an order of its own") {
    const Environment none;
    const Hosts hosts(Hosts::Options{{"host", "a,b"}});
    const Hosts copy = hosts;
    copy.pass_over("a", "5432");
    CHECK(order(copy) == "host=b,a ");
    CHECK(order(hosts) == "host=a,b ");
}
