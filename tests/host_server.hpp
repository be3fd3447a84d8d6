// A host's own httplib::Server on a thread of its own.
#pragma once

#include <httplib.h>

#include <functional>
#include <thread>

#include "server_fixture.hpp"

namespace coder_users_test {

/// Listens on a free port of 127.0.0.1 until it ends.
class HostServer {
 public:
    /// `set_up(server)` adds routes and settings before it listens.
    explicit HostServer(const std::function<void(httplib::Server&)>& set_up) {
        set_up(server_);
        port_ = server_.bind_to_any_port("127.0.0.1");
        thread_ = std::thread([this] { server_.listen_after_bind(); });
        REQUIRE(eventually([this] { return server_.is_running(); }));
    }
    HostServer(const HostServer&) = delete;
    HostServer& operator=(const HostServer&) = delete;
    ~HostServer() {
        server_.stop();
        thread_.join();
    }
    int port() const { return port_; }

 private:
    httplib::Server server_;
    int port_ = 0;
    std::thread thread_;
};

}  // namespace coder_users_test
