// Internal: may change at any time.
// Sends requests to login providers with cpp-httplib's client, with verified certificates and
// limits of size and time.
#pragma once

#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <future>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "coder_users/internal/base/file_descriptor.hpp"
#include "coder_users/internal/base/provider.hpp"
#include "coder_users/internal/base/signals.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/base/url.hpp"
#include "coder_users/internal/login/provider.hpp"
#include "coder_users/internal/net/httplib.hpp"

namespace coder_users { inline namespace v0 { namespace service {

/// The parts of a URL that a connection needs.
struct WebAddress {
    bool https = false;
    std::string host;
    int port = 0;
    std::string path;  ///< with the query

    std::string origin() const { return (https ? "s" : "") + authority(host, port); }
};

/// Returns nothing when `url` is not an http or https URL.
inline std::optional<WebAddress> parse_web_address(std::string_view url) {
    WebAddress out;
    out.https = same_folded(url.substr(0, 8), "https://");
    if (url.size() > 8192 || (!out.https && !same_folded(url.substr(0, 7), "http://")))
        return std::nullopt;
    url.remove_prefix(out.https ? 8 : 7);
    const std::size_t end = (std::min)(url.find_first_of("/?#"), url.size());
    std::string_view host = url.substr(0, end), path = url.substr(end);
    path = path.substr(0, path.find('#'));
    out.path = starts_with(path, "/") ? std::string(path) : "/" + std::string(path);
    const bool bracketed = starts_with(host, "[");
    const std::size_t colon = host.find(':', bracketed ? host.find(']') : 0);
    out.port = out.https ? 443 : 80;
    if (colon < host.size()) {
        const std::string_view digits = host.substr(colon + 1);
        if (digits.empty() || digits.size() > 5 ||
            digits.find_first_not_of("0123456789") != std::string_view::npos)
            return std::nullopt;
        out.port = std::stoi(std::string(digits));
        host = host.substr(0, colon);
    }
    if (bracketed) {
        if (!ends_with(host, "]")) return std::nullopt;
        host = host.substr(1, host.size() - 2);
    }
    const bool plain = host.find_first_of("@\\ \t\r\n\"<>[]") == std::string_view::npos &&
                       out.path.find_first_of(" \t\r\n") == std::string::npos;
    if (host.empty() || !plain || out.port < 1 || out.port > 65535) return std::nullopt;
    out.host = std::string(host);
    return out;
}

/// Returns the numeric addresses of a host; none when it is unknown.
inline std::vector<std::string> addresses_of(const std::string& host) {
    std::vector<std::string> out;
    addrinfo hints{}, *found = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    if (::getaddrinfo(host.c_str(), nullptr, &hints, &found)) return out;
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> all(found, &::freeaddrinfo);
    for (const addrinfo* at = found; at; at = at->ai_next) {
        char text[NI_MAXHOST];
        if (!::getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof text, nullptr, 0,
                           NI_NUMERICHOST))
            out.emplace_back(text);
    }
    return out;
}

/// One call. One thread makes it, another may end it.
class ProviderCall {
 public:
    static constexpr std::chrono::seconds longest{5};
    static constexpr std::size_t largest_answer = 1 << 20;

    ProviderCall(const login::ProviderRequest& request, const std::string& ca_file)
        : request_(request), ca_file_(ca_file) {}

    /// Makes the call. Follows up to three redirects of a GET within its origin. Throws
    /// ProviderFailure.
    ProviderAnswer make() {
        auto address = parse_web_address(request_.url);
        if (!address) throw ProviderFailure("the provider's address is not a URL");
        addresses_ = addresses_of(address->host);
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            looking_up_ = false;
            if (over_) throw ProviderFailure(provider_too_slow);
        }
        for (int hop = 0;; ++hop) {
            httplib::Response response;
            std::string body = exchange(*address, response);
            const bool moved = response.status >= 300 && response.status <= 399;
            if (!moved)
                return {response.status, std::move(body), field(response, "Cache-Control"),
                        field(response, "Link")};
            auto next = redirected(*address, field(response, "Location"));
            if (request_.method != "GET" || hop == 3 || !next)
                throw ProviderFailure("the provider redirects where it may not");
            address = std::move(next);
        }
    }

    /// Ends the call. This is needed because cpp-httplib's own time-outs start again with every
    /// byte. Repeat it until make() has returned: a socket that is just about to connect does not
    /// notice. Returns false while the host's name is looked up, which nothing can end.
    bool cut() {
        const std::lock_guard<std::mutex> lock(mutex_);
        over_ = true;
        if (socket_) ::shutdown(socket_.get(), SHUT_RDWR);
        return !looking_up_;
    }

 private:
    bool over() {
        const std::lock_guard<std::mutex> lock(mutex_);
        return over_;
    }

    static std::string field(const httplib::Response& response, const char* name) {
        const auto range = response.headers.equal_range(name);
        return range.first == range.second ? std::string() : range.first->second;
    }

    /// Returns the target of a redirect if it is at the same origin.
    static std::optional<WebAddress> redirected(const WebAddress& from,
                                                const std::string& location) {
        const bool local = starts_with(location, "/") && !starts_with(location, "//");
        if (local && location.find_first_of(" \t\r\n\\") == std::string::npos) {
            WebAddress next = from;
            next.path = location.substr(0, location.find('#'));
            return next;
        }
        auto next = parse_web_address(location);
        if (!next || next->origin() != from.origin()) return std::nullopt;
        return next;
    }

    // The function has another name from 0.19 on.
    template <class Client>
    static auto keep_path(Client& client, int) -> decltype(client.set_path_encode(false)) {
        client.set_path_encode(false);
    }
    template <class Client>
    static void keep_path(Client& client, long) {
        client.set_url_encode(false);
    }

    std::unique_ptr<httplib::ClientImpl> connect(const WebAddress& to) const {
        if (!to.https) return std::make_unique<httplib::ClientImpl>(to.host, to.port);
        auto client = std::make_unique<httplib::SSLClient>(to.host, to.port);
        client->enable_server_certificate_verification(true);
        if (!ca_file_.empty()) client->set_ca_cert_path(ca_file_);
        return client;
    }

    /// Makes one request and returns the body of the answer.
    std::string exchange(const WebAddress& to, httplib::Response& response) {
        const auto client = connect(to);
        client->set_follow_location(false);
        client->set_keep_alive(false);
        client->set_decompress(false);
        keep_path(*client, 0);
        client->set_connection_timeout(longest);
        client->set_read_timeout(longest);
        client->set_write_timeout(longest);
        client->set_socket_options([this](socket_t socket) {
            const std::lock_guard<std::mutex> lock(mutex_);
            // duplicated, because cpp-httplib may close its own descriptor at any time
            socket_.reset(::fcntl(socket, F_DUPFD_CLOEXEC, 0));
        });

        std::string body;
        bool too_large = false;
        httplib::Request out = wire_request(to, request_);
        out.content_receiver = [&](const char* data, std::size_t size, auto, auto) {
            too_large = body.size() + size > largest_answer;
            if (!too_large) body.append(data, size);
            return !too_large;
        };
        httplib::Error error = httplib::Error::Connection;
        bool sent = false;
        for (const std::string& address : addresses_) {
            client->set_hostname_addr_map({{to.host, address}});
            sent = client->send(out, response, error);
            if (over() || error != httplib::Error::Connection) break;
        }
        if (over()) throw ProviderFailure(provider_too_slow);
        if (too_large) throw ProviderFailure("the provider's answer is too large");
        if (!sent) throw ProviderFailure(reason(error));
        return body;
    }

    static httplib::Request wire_request(const WebAddress& to,
                                         const login::ProviderRequest& request) {
        httplib::Request out;
        out.method = request.method;
        out.path = to.path;
        out.body = request.body;
        for (const auto& [name, value] : request.headers) out.headers.emplace(name, value);
        out.headers.emplace("Accept-Encoding", "identity");
        out.headers.emplace("User-Agent", std::string("coder_users/") + version);
        return out;
    }

    static const char* reason(httplib::Error error) {
        switch (error) {
            case httplib::Error::SSLConnection:
            case httplib::Error::SSLLoadingCerts:
            case httplib::Error::SSLServerVerification:
            case httplib::Error::SSLServerHostnameVerification:
                return "the provider's certificate cannot be verified";
            case httplib::Error::Connection:
            case httplib::Error::ConnectionTimeout:
                return "the provider cannot be reached";
            default:
                return "the provider's answer is incomplete";
        }
    }

    const login::ProviderRequest request_;
    const std::string ca_file_;
    std::vector<std::string> addresses_;
    std::mutex mutex_;  // guards the members below
    FileDescriptor socket_;
    bool looking_up_ = true, over_ = false;
};

/// Makes calls to login providers. Any thread may use it.
class ProviderClient final : public login::ProviderAccess {
 public:
    /// Trusts the certificates in `ca_file`, or those of the system when it is "". Throws
    /// std::invalid_argument when the file holds none.
    explicit ProviderClient(std::string ca_file) : ca_file_(std::move(ca_file)) {
        if (ca_file_.empty()) return;
        std::ifstream in(ca_file_);
        const std::string text{std::istreambuf_iterator<char>(in), {}};
        if (text.find("-----BEGIN CERTIFICATE-----") == std::string::npos)
            throw std::invalid_argument("provider_ca_file: holds no certificates: " + ca_file_);
    }

    /// Makes the call on a thread of its own. A thread that waits for a silent name server, up to
    /// half a minute, is abandoned. It uses nothing of this object, and ends by itself.
    ProviderAnswer send(const login::ProviderRequest& request, login::Deadline deadline) override {
        const auto now = std::chrono::steady_clock::now();
        if (stopped_ || now >= deadline) throw ProviderFailure(provider_too_slow);
        const auto until = (std::min)(now + ProviderCall::longest, deadline);
        const auto call = std::make_shared<ProviderCall>(request, ca_file_);
        std::packaged_task<ProviderAnswer()> task([call] { return call->make(); });
        auto answer = task.get_future();
        std::thread worker;
        {
            const SignalsBlocked quiet;  // SIGPIPE too, because OpenSSL writes without MSG_NOSIGNAL
            worker = std::thread(std::move(task));
        }
        while (answer.wait_for(std::chrono::milliseconds(20)) != std::future_status::ready) {
            const bool over = stopped_ || std::chrono::steady_clock::now() >= until;
            if (!over || call->cut()) continue;
            worker.detach();
            throw ProviderFailure(provider_too_slow);
        }
        worker.join();
        return answer.get();
    }

    /// Ends the calls that are running, and refuses further ones. May be called any number of
    /// times.
    void stop() { stopped_ = true; }

 private:
    const std::string ca_file_;
    std::atomic<bool> stopped_{false};
};

}}}  // namespace coder_users::v0::service
