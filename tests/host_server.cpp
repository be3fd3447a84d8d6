#include "host_server.hpp"

namespace coder_users_test {

HostServer::HostServer(const std::function<void(httplib::Server&)>& set_up) {
    set_up(server_);
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    REQUIRE(eventually([this] { return server_.is_running(); }));
}
HostServer::~HostServer() {
    server_.stop();
    thread_.join();
}

}  // namespace coder_users_test
