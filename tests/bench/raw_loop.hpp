// The least that can answer HTTP: what the front is compared with. It reads a request up to the
// empty line, believes everything, and answers the same bytes; a client that is slow to read,
// sends a body or never ends is no concern of it.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace bench {

/// A loop for each core with a set of its own; the connections are dealt out in turn. Its threads
/// never end.
class RawLoop {
 public:
    explicit RawLoop(std::string answer)
        : answer_(std::move(answer)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const any = reinterpret_cast<sockaddr*>(&address);
        if (::bind(listener_, any, size) != 0 || ::listen(listener_, 511) != 0 ||
            ::getsockname(listener_, any, &size) != 0)
            std::abort();
        port_ = ntohs(address.sin_port);
        for (unsigned i = 0; i < std::thread::hardware_concurrency(); ++i) {
            sets_.push_back(::epoll_create1(0));
            std::thread([this, set = sets_.back()] { serve(set); }).detach();
        }
        std::thread([this] { accept_all(); }).detach();
    }
    int port() const { return port_; }

 private:
    struct Client {
        int socket;
        std::string input = {};
    };

    void accept_all() const {
        for (std::size_t turn = 0;; ++turn) {
            const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
            if (socket < 0) std::abort();
            const int yes = 1;
            ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
            epoll_event event{};
            event.events = EPOLLIN;
            event.data.ptr = new Client{socket};
            ::epoll_ctl(sets_[turn % sets_.size()], EPOLL_CTL_ADD, socket, &event);
        }
    }

    void serve(int set) const {
        for (;;) {
            epoll_event events[64];
            const int count = ::epoll_wait(set, events, 64, -1);
            for (int i = 0; i < count; ++i) {
                auto* const client = static_cast<Client*>(events[i].data.ptr);
                if (answer(*client)) continue;
                ::close(client->socket);
                delete client;
            }
        }
    }

    /// Answers the requests that have come as a whole. Returns false when the client has left.
    bool answer(Client& client) const {
        char bytes[16384];
        const ssize_t size = ::recv(client.socket, bytes, sizeof bytes, 0);
        if (size <= 0) return false;
        constexpr std::string_view end = "\r\n\r\n";
        client.input.append(bytes, static_cast<std::size_t>(size));
        for (std::size_t at; (at = client.input.find(end)) != client.input.npos;) {
            client.input.erase(0, at + end.size());
            const ssize_t sent =
                ::send(client.socket, answer_.data(), answer_.size(), MSG_NOSIGNAL);
            if (sent != static_cast<ssize_t>(answer_.size())) return false;
        }
        return true;
    }

    const std::string answer_;
    const int listener_;
    int port_ = 0;
    std::vector<int> sets_;
};

}  // namespace bench
