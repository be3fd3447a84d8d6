// The fence around cpp-httplib: a bound listener, answers on the wire, and a client.
#pragma once

#include <fcntl.h>
#include <httplib.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "coder_users/api.hpp"
#include "coder_users/base/file_descriptor.hpp"

#ifndef CPPHTTPLIB_OPENSSL_SUPPORT
#error "coder_users: link the CMake target httplib::httplib (CPPHTTPLIB_OPENSSL_SUPPORT is missing)"
#endif

namespace coder_users { inline namespace v0 { namespace server {

/// Binds through cpp-httplib. That is all it is for: cpp-httplib's own accept loop ends for good
/// after a single failed accept.
class HttpBinder : private httplib::Server {
 public:
    HttpBinder() {
        // Without this cpp-httplib sets SO_REUSEPORT, and a port that is taken is no error.
        set_socket_options([](socket_t fd) {
            const int yes = 1;
            ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        });
    }

    /// An invalid descriptor and errno when it fails.
    FileDescriptor bind(const std::string& address, int port) {
        if (port == 0 ? bind_to_any_port(address) < 0 : !bind_to_port(address, port))
            return FileDescriptor();
        return FileDescriptor(svr_sock_.exchange(INVALID_SOCKET));
    }
};

inline std::string authority(const std::string& host, int port) {
    const bool v6 = host.find(':') != std::string::npos;
    return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

/// A listening socket on a numeric address or a host name; port 0 is any free one. Throws
/// std::runtime_error that names address, port and the system's reason.
inline FileDescriptor listen_on(const std::string& address, int port) {
    const auto fail = [&](const char* reason) {
        throw std::runtime_error("cannot listen on " + authority(address, port) + ": " + reason);
    };
    if (port < 0 || port > 65535) fail("not a port");
    addrinfo hints{}, *found = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    if (const int error = ::getaddrinfo(address.c_str(), nullptr, &hints, &found))
        fail(::gai_strerror(error));
    ::freeaddrinfo(found);
    FileDescriptor listener = HttpBinder().bind(address, port);
    if (!listener) fail(std::strerror(errno));
    // cpp-httplib's backlog is 5. Whom a burst finds no room for is only heard of again after
    // seconds.
    ::listen(listener.get(), SOMAXCONN);
    ::fcntl(listener.get(), F_SETFL, ::fcntl(listener.get(), F_GETFL) | O_NONBLOCK);
    return listener;
}

inline int bound_port(int listener) {
    sockaddr_storage own{};
    socklen_t size = sizeof own;
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&own), &size);
    // The port stands at the same place in both families.
    return ntohs(reinterpret_cast<const sockaddr_in&>(own).sin_port);
}

/// An answer, and whether the connection ends with it.
struct Reply {
    Response response;
    bool close = false;
};

/// A stream in memory. The versions of cpp-httplib disagree on which functions a Stream has, hence
/// `virtual` and no `override`.
class MemoryStream final : public httplib::Stream {
 public:
    MemoryStream(std::string_view input, std::string& output) : input_(input), output_(output) {}

    virtual bool is_readable() const { return true; }
    virtual bool is_writable() const { return true; }
    virtual bool wait_readable() const { return true; }
    virtual bool wait_writable() const { return true; }
    virtual bool is_peer_alive() const { return true; }
    virtual time_t duration() const { return 0; }

    virtual ssize_t read(char* to, std::size_t size) {
        size = (std::min)(size, input_.size());
        std::copy_n(input_.data(), size, to);
        input_.remove_prefix(size);
        return static_cast<ssize_t>(size);
    }
    virtual ssize_t write(const char* from, std::size_t size) {
        output_.append(from, size);
        return static_cast<ssize_t>(size);
    }
    virtual void get_remote_ip_and_port(std::string&, int&) const {}
    virtual void get_local_ip_and_port(std::string&, int&) const {}
    // 0.18 answers 500 when this is 1024 or more.
    virtual socket_t socket() const { return INVALID_SOCKET; }

 private:
    std::string_view input_;
    std::string& output_;
};

/// Runs requests through cpp-httplib's process_request(). It is shown no more than "GET /" or
/// "HEAD /": what its versions make of targets, fields and bodies differs and is full of traps, and
/// the front has checked all that already. Used by any number of threads at once.
class HttpResponder : private httplib::Server {
 public:
    HttpResponder() {
        set_pre_routing_handler([](const httplib::Request&, httplib::Response& out) {
            Exchange& exchange = *current();
            exchange.reply = exchange.make_reply();
            out.status = exchange.reply.response.status;
            out.body = std::move(exchange.reply.response.body);
            exchange.length = out.body.size();
            return HandlerResponse::Handled;
        });
        // cpp-httplib would say "Connection: close" to every error and reorder repeated fields.
        set_header_writer([](httplib::Stream& stream, httplib::Headers&) -> ssize_t {
            const std::string text = header_text(*current());
            return stream.write(text.data(), text.size());
        });
    }

    /// Appends the whole answer that `make_reply` makes to `output`. False when memory runs out:
    /// `output` is as it was then.
    bool respond(bool to_head, std::function<Reply()> make_reply, std::string& output) {
        const std::size_t before = output.size();
        Exchange exchange{std::move(make_reply), {}, 0};
        Exchange* const outer = std::exchange(current(), &exchange);
        bool done = false;
        try {
            MemoryStream stream(to_head ? "HEAD / HTTP/1.1\r\n\r\n" : "GET / HTTP/1.1\r\n\r\n",
                                output);
            bool ignored = false;
            done = process_request(stream, "", 0, "", 0, false, ignored, nullptr);
        } catch (const std::exception&) {
        }
        current() = outer;
        if (!done) output.resize(before);
        return done;
    }

 private:
    struct Exchange {
        std::function<Reply()> make_reply;
        Reply reply;
        std::size_t length;
    };

    /// Of this thread: the hooks of cpp-httplib have no other way to know.
    static Exchange*& current() {
        static thread_local Exchange* exchange = nullptr;
        return exchange;
    }

    static std::string header_text(const Exchange& exchange) {
        const Response& response = exchange.reply.response;
        std::string text;
        for (const auto& [name, value] : response.headers) {
            // A line end in a value would be the start of a header that nobody wrote.
            if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) continue;
            text.append(name).append(": ").append(value).append("\r\n");
        }
        if (response.status != 204)
            text.append("Content-Length: ").append(std::to_string(exchange.length)).append("\r\n");
        if (exchange.reply.close) text += "Connection: close\r\n";
        return text += "\r\n";
    }
};

/// Sends a request to a server at `url` and waits for the answer. Throws std::runtime_error when
/// none comes.
inline Response send_over_http(const std::string& url, const coder_users::Request& request) {
    httplib::Client client(url);
    httplib::Request sent;
    sent.method = request.method;
    sent.path = request.target;
    for (const auto& [name, value] : request.headers) sent.headers.emplace(name, value);
    sent.body = request.body;
    const httplib::Result result = client.send(sent);
    if (!result)
        throw std::runtime_error("no answer from " + url + ": " +
                                 httplib::to_string(result.error()));
    Response response{result->status, {}, result->body};
    for (const auto& [name, value] : result->headers) response.headers.emplace_back(name, value);
    return response;
}

}}}  // namespace coder_users::v0::server
