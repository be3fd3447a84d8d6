// The table of connections, without sockets: owners, generations, deadlines and limits.
#include "coder_users/internal/net/connections.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "catch.hpp"

namespace connections_test {

using coder_users::FileDescriptor;
using coder_users::Limits;
using coder_users::net::Connection;
using coder_users::net::ConnectionTable;
using coder_users::net::Deadline;

Limits limits(std::size_t connections, std::size_t per_address) {
    Limits limits;
    limits.connections = connections;
    limits.connections_per_address = per_address;
    limits.unfinished_bytes = 100;
    return limits;
}

Connection* open(ConnectionTable& table, const std::string& address = "a") {
    FileDescriptor none;
    return table.open(none, address);
}

/// Parks the connection and returns its key.
std::uint64_t park(ConnectionTable& table, Connection& c) {
    std::uint64_t key = 0;
    table.park(c, [&](std::uint64_t given) { key = given; });
    return key;
}

TEST_CASE("a connection is claimed once, by whoever is first") {
    ConnectionTable table(limits(10, 10));
    Connection& c = *open(table);
    const std::uint64_t key = park(table, c);
    CHECK(table.claim(key) == &c);
    CHECK(table.claim(key) == nullptr);
    CHECK(park(table, c) == key);
    CHECK(table.claim(key) == &c);
}

TEST_CASE("the key of a connection that is gone finds nothing, though its slot is taken again") {
    ConnectionTable table(limits(10, 10));
    Connection& c = *open(table);
    const std::uint64_t old_key = park(table, c);
    REQUIRE(table.claim(old_key) == &c);
    table.close(c);
    CHECK(table.claim(old_key) == nullptr);
    REQUIRE(open(table) == &c);
    const std::uint64_t key = park(table, c);
    CHECK(key != old_key);
    CHECK(table.claim(old_key) == nullptr);
    CHECK(table.claim(key) == &c);
}

TEST_CASE("only parked connections are found overdue") {
    ConnectionTable table(limits(10, 10));
    const Deadline now = std::chrono::steady_clock::now();
    Connection& early = *open(table);
    Connection& late = *open(table);
    Connection& owned = *open(table);
    Connection& closed = *open(table);
    early.deadline = owned.deadline = closed.deadline = now;
    late.deadline = now + std::chrono::seconds(1);
    const std::uint64_t key = park(table, early);
    park(table, late);
    table.close(closed);
    std::vector<Connection*> found;
    table.claim_expired(now, [&](Connection& c) { found.push_back(&c); });
    CHECK(found == std::vector<Connection*>{&early});
    CHECK(table.claim(key) == nullptr);
}

TEST_CASE("slots are bounded, in all and for each address, and are used again") {
    ConnectionTable table(limits(100, 60));
    std::vector<Connection*> open_ones;
    for (int i = 0; i < 60; ++i) open_ones.push_back(open(table, "a"));
    CHECK(open(table, "a") == nullptr);
    for (int i = 0; i < 40; ++i) open_ones.push_back(open(table, "b"));
    CHECK(open(table, "c") == nullptr);
    CHECK(table.open_connections() == 100);
    std::sort(open_ones.begin(), open_ones.end());
    CHECK(std::unique(open_ones.begin(), open_ones.end()) == open_ones.end());
    for (Connection* c : open_ones) table.close(*c);
    CHECK(table.open_connections() == 0);
    for (int i = 0; i < 60; ++i) CHECK(open(table, "c") != nullptr);

    ConnectionTable closed(limits(0, 10)), to_all(limits(10, 0));
    CHECK(open(closed) == nullptr);
    CHECK(open(to_all) == nullptr);
}

TEST_CASE("the addresses of one IPv6 /64 network share their connections") {
    ConnectionTable table(limits(100, 2));
    Connection* const first = open(table, "2001:db8::1");
    CHECK(first != nullptr);
    CHECK(open(table, "2001:db8::ffff:ffff:ffff:ffff") != nullptr);
    CHECK(open(table, "2001:db8::2") == nullptr);
    CHECK(open(table, "2001:db8:0:1::1") != nullptr);
    CHECK(open(table, "1.2.3.4") != nullptr);
    CHECK(open(table, "1.2.3.5") != nullptr);
    CHECK(first->address == "2001:db8::1");  // logs and the audit log have the whole address
    table.close(*first);
    CHECK(open(table, "2001:db8::2") != nullptr);
    CHECK(open(table, "2001:db8::3") == nullptr);
}

TEST_CASE("bytes are counted in all, and given back") {
    ConnectionTable table(limits(10, 10));
    Connection& first = *open(table);
    Connection& second = *open(table);
    first.reader.feed(std::string(40, 'a'));
    second.output.assign(50, 'a');
    table.count(first);
    table.count(first);
    table.count(second);
    CHECK(table.held_bytes() == 90);
    CHECK(table.has_room_for(10));
    CHECK_FALSE(table.has_room_for(11));
    table.close(first);
    CHECK(table.held_bytes() == 50);
    table.close(second);
    CHECK(table.held_bytes() == 0);
}

TEST_CASE("a slot forgets who had it") {
    ConnectionTable table(limits(1, 1));
    Connection& c = *open(table);
    c.reader.feed("GET");
    c.reader.request().body = "secret";
    c.output = "secret";
    c.sent = c.answered = 1;
    c.closing = c.peer_ended = true;
    c.phase = coder_users::net::Phase::lingering;
    table.close(c);
    REQUIRE(open(table, "b") == &c);
    CHECK(c.address == "b");
    CHECK(c.phase == coder_users::net::Phase::fresh);
    CHECK(c.reader.held() + c.output.size() + c.sent + c.answered == 0);
    CHECK_FALSE(c.closing);
    CHECK_FALSE(c.peer_ended);
}

}  // namespace connections_test
