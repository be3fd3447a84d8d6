// Requests to login providers over cpp-httplib's client: verified, bounded in size and time.
#pragma once

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <iterator>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "coder_users/base/file_descriptor.hpp"
#include "coder_users/base/signals.hpp"
#include "coder_users/base/text.hpp"
#include "coder_users/base/url.hpp"
#include "coder_users/routes/provider.hpp"
#include "coder_users/server/http.hpp"

namespace coder_users { inline namespace v0 { namespace server {

/// A URL as a connection needs it.
struct WebAddress {
    bool https = false;
    std::string host;
    int port = 0;
    std::string path;  ///< with its query

    std::string origin() const { return (https ? "s" : "") + authority(host, port); }
};

/// Nothing for what is no URL of the web.
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

/// Ends the connections of one call when its time is over, however slowly they go on: cpp-httplib's
/// own time-outs start again with every byte.
class CallDeadline {
 public:
    explicit CallDeadline(std::chrono::steady_clock::time_point until) : until_(until) {
        const SignalsBlocked quiet;
        watch_ = std::thread([this] { watch(); });
    }
    CallDeadline(const CallDeadline&) = delete;
    CallDeadline& operator=(const CallDeadline&) = delete;
    ~CallDeadline() {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            done_ = true;
        }
        changed_.notify_all();
        watch_.join();
    }

    /// Watches over this socket, which may be closed at any time, instead of the one before.
    void cover(int socket) {
        const std::lock_guard<std::mutex> lock(mutex_);
        socket_.reset(::fcntl(socket, F_DUPFD_CLOEXEC, 0));
    }

    /// Ends the call now.
    void cut() {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            over_ = true;
        }
        changed_.notify_all();
    }

    bool over() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return over_;
    }

 private:
    void watch() {
        std::unique_lock<std::mutex> lock(mutex_);
        if (changed_.wait_until(lock, until_, [this] { return done_ || over_; }) && done_) return;
        over_ = true;
        // Again and again: a socket that is just about to connect does not notice.
        do {
            if (socket_) ::shutdown(socket_.get(), SHUT_RDWR);
        } while (!changed_.wait_for(lock, std::chrono::milliseconds(20), [this] { return done_; }));
    }

    const std::chrono::steady_clock::time_point until_;
    mutable std::mutex mutex_;  // guards everything below
    std::condition_variable changed_;
    FileDescriptor socket_;
    bool over_ = false, done_ = false;
    std::thread watch_;
};

/// Makes calls for any number of threads at once.
class ProviderClient final : public routes::ProviderAccess {
 public:
    static constexpr std::chrono::seconds call_time{5};
    static constexpr std::size_t largest_answer = 1 << 20;

    /// `ca_file` holds the certificates to trust, or "" for the system's. Throws
    /// std::invalid_argument when it holds none.
    explicit ProviderClient(std::string ca_file) : ca_file_(std::move(ca_file)) {
        if (ca_file_.empty()) return;
        std::ifstream in(ca_file_);
        const std::string text{std::istreambuf_iterator<char>(in), {}};
        if (text.find("-----BEGIN CERTIFICATE-----") == std::string::npos)
            throw std::invalid_argument("provider_ca_file: holds no certificates: " + ca_file_);
    }

    /// Follows redirects of a GET within the same origin, three at most.
    routes::ProviderAnswer send(const routes::ProviderRequest& request) override {
        const NoSigpipe quiet;  // OpenSSL writes without MSG_NOSIGNAL
        const Registered call(*this);
        auto address = parse_web_address(request.url);
        if (!address) throw routes::ProviderFailure("the provider's address is not a URL");
        for (int hop = 0;; ++hop) {
            if (call.deadline().over())
                throw routes::ProviderFailure("the provider did not answer in time");
            httplib::Response response;
            std::string body = exchange(*address, request, call.deadline(), response);
            const bool moved = response.status >= 300 && response.status <= 399;
            if (!moved)
                return {response.status, std::move(body), field(response, "Cache-Control"),
                        field(response, "Link")};
            auto next = redirected(*address, field(response, "Location"));
            if (request.method != "GET" || hop == 3 || !next)
                throw routes::ProviderFailure("the provider redirects where it may not");
            address = std::move(next);
        }
    }

    /// Ends the calls under way; no more are made. Any number of times.
    void stop() {
        const std::lock_guard<std::mutex> lock(mutex_);
        stopped_ = true;
        for (CallDeadline* each : under_way_) each->cut();
    }

 private:
    /// A call that stop() can reach.
    class Registered {
     public:
        explicit Registered(ProviderClient& client)
            : client_(client), deadline_(std::chrono::steady_clock::now() + call_time) {
            const std::lock_guard<std::mutex> lock(client.mutex_);
            if (client.stopped_) deadline_.cut();
            place_ = client.under_way_.insert(client.under_way_.end(), &deadline_);
        }
        Registered(const Registered&) = delete;
        Registered& operator=(const Registered&) = delete;
        ~Registered() {
            const std::lock_guard<std::mutex> lock(client_.mutex_);
            client_.under_way_.erase(place_);
        }
        CallDeadline& deadline() const { return deadline_; }

     private:
        ProviderClient& client_;
        mutable CallDeadline deadline_;
        std::list<CallDeadline*>::iterator place_;
    };

    static std::string field(const httplib::Response& response, const char* name) {
        const auto range = response.headers.equal_range(name);
        return range.first == range.second ? std::string() : range.first->second;
    }

    /// Where a redirect leads, if it stays at the same origin.
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

    // Its name is another one from 0.19 on.
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

    /// One request and its answer: the body.
    std::string exchange(const WebAddress& to, const routes::ProviderRequest& request,
                         CallDeadline& deadline, httplib::Response& response) const {
        const auto client = connect(to);
        client->set_follow_location(false);
        client->set_keep_alive(false);
        client->set_decompress(false);
        keep_path(*client, 0);
        client->set_connection_timeout(call_time);
        client->set_read_timeout(call_time);
        client->set_write_timeout(call_time);
        client->set_socket_options([&](socket_t socket) { deadline.cover(socket); });

        std::string body;
        bool too_large = false;
        httplib::Request out = wire_request(to, request);
        out.content_receiver = [&](const char* data, std::size_t size, auto, auto) {
            too_large = body.size() + size > largest_answer;
            if (!too_large) body.append(data, size);
            return !too_large;
        };
        httplib::Error error = httplib::Error::Success;
        const bool sent = client->send(out, response, error);
        if (deadline.over()) throw routes::ProviderFailure("the provider did not answer in time");
        if (too_large) throw routes::ProviderFailure("the provider's answer is too large");
        if (!sent) throw routes::ProviderFailure(reason(error));
        return body;
    }

    static httplib::Request wire_request(const WebAddress& to,
                                         const routes::ProviderRequest& request) {
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

    const std::string ca_file_;
    std::mutex mutex_;  // guards everything below
    std::list<CallDeadline*> under_way_;
    bool stopped_ = false;
};

}}}  // namespace coder_users::v0::server
