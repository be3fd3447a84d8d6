#include "coder_users/internal/store/postgres/transport.hpp"

#include <memory>

#include "cutting_proxy.hpp"
#include "postgres_fixture.hpp"

using namespace postgres_test;
using coder_users::starts_with;
namespace postgres = coder_users::store::postgres;
using postgres::transport_flaw;

TEST_CASE("a way to the database on which others may be is told") {
    for (const char* address : {"", "127.0.0.1", "127.1.2.3", "::1"}) {
        CAPTURE(address);
        CHECK(transport_flaw({address, false, false}).empty());
    }
    for (const char* address : {"10.0.0.21", "192.0.2.1", "12.7.0.1", "::2", "2001:db8::1"}) {
        CAPTURE(address);
        CHECK(starts_with(transport_flaw({address, false, true}), "it is not encrypted"));
        CHECK(starts_with(transport_flaw({address, true, false}), "the certificate"));
        CHECK(transport_flaw({address, true, true}).empty());
    }
}

TEST_CASE("how a connection reaches its server is known") {
    if (!there_is_postgres()) return;
    const std::string address = new_postgres_database();
    const CuttingProxy proxy(address);
    const auto transport = [](const std::string& text) {
        const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(text.c_str()),
                                                                      &PQfinish);
        return postgres::transport_of(connection.get());
    };
    const postgres::Transport local = transport(address);
    CHECK(local.address.empty());
    CHECK_FALSE(local.encrypted);
    CHECK_FALSE(local.verified);
    CHECK(transport(proxy.address()).address == "127.0.0.1");
    CHECK(transport(proxy.address() + "&sslmode=verify-ca&sslrootcert=/x").verified);
}

TEST_CASE("a local socket is no reason for a warning") {
    if (!there_is_postgres()) return;
    store::StoreOptions chosen = Opened::chosen(new_postgres_database());
    std::string warnings;
    chosen.on_warning = [&](const char* what, const std::string& reason) {
        warnings += what + reason;
    };
    const store::Store opened(chosen);
    CHECK(warnings.empty());
}
