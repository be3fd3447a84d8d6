#include "loopback.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <stdexcept>

namespace coder_users_test {

coder_users::FileDescriptor listen_on_loopback() {
    coder_users::FileDescriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener.get(), 128) != 0)
        throw std::runtime_error("no listener on the loopback interface");
    return listener;
}

int port_of(const coder_users::FileDescriptor& listener) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    if (::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
        throw std::runtime_error("the listener has no port");
    return ntohs(address.sin_port);
}

}  // namespace coder_users_test
