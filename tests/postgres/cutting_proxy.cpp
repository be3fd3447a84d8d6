#include "cutting_proxy.hpp"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <stdexcept>

namespace postgres_test {

CuttingProxy::CuttingProxy(const std::string& address) {
    const std::unique_ptr<PGconn, decltype(&PQfinish)> direct(PQconnectdb(address.c_str()),
                                                              &PQfinish);
    host_ = PQhost(direct.get());
    port_ = PQport(direct.get());
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in own {};
    own.sin_family = AF_INET;
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof own;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&own), size) != 0 ||
        ::listen(listener_, 16) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&own), &size) != 0)
        throw std::runtime_error("no listener");
    address_ = "postgres://" + std::string(PQuser(direct.get())) +
               "@127.0.0.1:" + std::to_string(ntohs(own.sin_port)) + "/" + PQdb(direct.get()) +
               "?sslmode=disable&gssencmode=disable";
    acceptor_ = std::thread([this] { accept_all(); });
}

CuttingProxy::~CuttingProxy() {
    stopped_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    for (std::thread& each : carriers_) each.join();
    ::close(listener_);
}

void CuttingProxy::cut_after(const std::string& text) {
    const std::lock_guard<std::mutex> lock(mutex_);
    cut_after_ = text;
}

bool CuttingProxy::is_cut(const std::string& sent) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return !cut_after_.empty() && sent.find(cut_after_) != std::string::npos;
}

void CuttingProxy::accept_all() {
    for (;;) {
        const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0) return;
        carriers_.emplace_back([this, client] { carry(client); });
    }
}

int CuttingProxy::connect_to_server() const {
    if (host_.front() == '/') {
        const int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_un there {};
        there.sun_family = AF_UNIX;
        const std::string path = host_ + "/.s.PGSQL." + port_;
        std::memcpy(there.sun_path, path.c_str(), path.size());
        if (::connect(server, reinterpret_cast<sockaddr*>(&there), sizeof there) == 0)
            return server;
        ::close(server);
        return -1;
    }
    const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in there {};
    there.sin_family = AF_INET;
    there.sin_port = htons(static_cast<std::uint16_t>(std::stoi(port_)));
    there.sin_addr.s_addr =
        host_ == "localhost" ? htonl(INADDR_LOOPBACK) : ::inet_addr(host_.c_str());
    if (::connect(server, reinterpret_cast<sockaddr*>(&there), sizeof there) == 0) return server;
    ::close(server);
    return -1;
}

void CuttingProxy::carry(int client) const {
    const int server = connect_to_server();
    struct pollfd both[] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
    bool open = server >= 0;
    while (open && !stopped_) {
        const int ready = ::poll(both, silent_ ? 0 : 2, 20);
        if (ready <= 0 || silent_) continue;
        for (int from = 0; open && from < 2; ++from) {
            if (both[from].revents == 0) continue;
            char bytes[16384];
            const ssize_t size = ::recv(both[from].fd, bytes, sizeof bytes, 0);
            open = size > 0 && ::send(both[1 - from].fd, bytes, static_cast<std::size_t>(size),
                                      MSG_NOSIGNAL) == size;
            if (open && from == 0)
                open = !is_cut(std::string(bytes, static_cast<std::size_t>(size)));
        }
    }
    ::close(client);
    if (server >= 0) ::close(server);
}

}  // namespace postgres_test
