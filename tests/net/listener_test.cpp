// The listening socket: its address and its settings.
#include "coder_users/internal/net/listener.hpp"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <string>

#include "catch.hpp"
#include "raw_client.hpp"

namespace listener_test {

using Catch::Matchers::ContainsSubstring;
using coder_users::FileDescriptor;
using coder_users::net::bound_port;
using coder_users::net::listen_on;
using coder_users_test::ClientOptions;
using coder_users_test::eventually;
using coder_users_test::RawClient;

int option(const FileDescriptor& socket, int level, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    CHECK(::getsockopt(socket.get(), level, name, &value, &size) == 0);
    return value;
}

bool accepts(const std::string& host, const FileDescriptor& listener) {
    ClientOptions options;
    options.host = host;
    const RawClient client(bound_port(listener.get()), options);
    return eventually([&] {  // a client may know that it is connected before its listener does
        return FileDescriptor(::accept(listener.get(), nullptr, nullptr)).get() >= 0;
    });
}

TEST_CASE("addresses of both families and host names are listened on") {
    CHECK(accepts("127.0.0.1", listen_on("127.0.0.1", 0)));
    CHECK(accepts("127.0.0.1", listen_on("0.0.0.0", 0)));
    CHECK(accepts("::1", listen_on("::1", 0)));
    CHECK(accepts("::1", listen_on("::", 0)));
    CHECK(accepts("127.0.0.1", listen_on("::", 0)));
    CHECK(bound_port(listen_on("localhost", 0).get()) > 0);
}

TEST_CASE("a port belongs to one listener, and is free at once after it") {
    FileDescriptor first = listen_on("127.0.0.1", 0);
    const int port = bound_port(first.get());
    for (const char* address : {"127.0.0.1", "0.0.0.0", "::"})
        CHECK_THROWS_WITH(listen_on(address, port), ContainsSubstring("Address already in use"));
    CHECK(accepts("127.0.0.1", first));  // leaves a connection in TIME_WAIT
    first.reset();
    CHECK(bound_port(listen_on("127.0.0.1", port).get()) == port);
}

TEST_CASE("nobody waits for a listener, no child inherits it, and a burst finds room") {
    const FileDescriptor listener = listen_on("127.0.0.1", 0);
    CHECK((::fcntl(listener.get(), F_GETFL) & O_NONBLOCK) != 0);
    CHECK((::fcntl(listener.get(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK(option(listener, SOL_SOCKET, SO_REUSEADDR) == 1);
    CHECK(option(listener, SOL_SOCKET, SO_REUSEPORT) == 0);
    tcp_info info{};
    socklen_t size = sizeof info;
    REQUIRE(::getsockopt(listener.get(), IPPROTO_TCP, TCP_INFO, &info, &size) == 0);
    unsigned backlog = 0;
    std::ifstream("/proc/sys/net/core/somaxconn") >> backlog;
    CHECK(info.tcpi_sacked ==
          (std::min)(backlog, unsigned{SOMAXCONN}));  // the backlog of a listener
}

TEST_CASE("what cannot be listened on is told by address, port and reason") {
    CHECK_THROWS_WITH(listen_on("192.0.2.1", 0),
                      "cannot listen on 192.0.2.1:0: Cannot assign requested address");
    CHECK_THROWS_WITH(listen_on("::zz", 1), "cannot listen on [::zz]:1: Name or service not known");
    CHECK_THROWS_WITH(listen_on("", 1), "cannot listen on :1: Name or service not known");
    CHECK_THROWS_WITH(listen_on("127.0.0.1", 65536),
                      "cannot listen on 127.0.0.1:65536: not a port");
    CHECK_THROWS_WITH(listen_on("127.0.0.1", -1), "cannot listen on 127.0.0.1:-1: not a port");
}

}  // namespace listener_test
