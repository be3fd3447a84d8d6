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
    explicit HostServer(const std::function<void(httplib::Server&)>& set_up);
    HostServer(const HostServer&) = delete;
    HostServer& operator=(const HostServer&) = delete;
    ~HostServer();
    int port() const { return port_; }

 private:
    httplib::Server server_;
    int port_ = 0;
    std::thread thread_;
};

}  // namespace coder_users_test
