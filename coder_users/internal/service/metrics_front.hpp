// Internal: may change at any time.
// Serves the metrics on a port of their own.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "coder_users/api.hpp"
#include "coder_users/internal/base/refusal.hpp"
#include "coder_users/internal/base/url.hpp"
#include "coder_users/internal/http/call.hpp"
#include "coder_users/internal/net/front.hpp"
#include "coder_users/internal/wire/metrics_text.hpp"

namespace coder_users { inline namespace v0 { namespace service {

/// Answers GET and HEAD of "/" and "/metrics", the path that Prometheus asks for.
class MetricsFront final : public net::FrontHandler {
 public:
    /// `text` may throw ApiError, and is called by one thread at a time. Listens from now on;
    /// throws std::runtime_error that names the address.
    MetricsFront(const std::string& address, int port, std::function<std::string()> text)
        : text_(std::move(text)), front_(*this, limits(), Deadlines()) {
        front_.bind(address, port);
    }

    int port() const { return front_.port(); }
    void start() { front_.start(); }
    void request_stop() noexcept { front_.request_stop(); }
    void join() { front_.join(); }
    void let_go() noexcept { front_.let_go(); }

 private:
    class Asked final : public net::Pending {
     public:
        Asked(const MetricsFront& front, const Request& request, std::optional<Url> url)
            : front_(front), request_(request), url_(std::move(url)) {}
        Answer answer() noexcept override { return front_.answer(request_, url_); }
        Answer refuse(const Refusal& refusal) noexcept override {
            return answer_of([&]() -> std::string { throw as_error(refusal); });
        }

     private:
        const MetricsFront& front_;
        const Request& request_;
        const std::optional<Url> url_;
    };

    static Limits limits() {
        Limits few;
        few.connections = few.connections_per_address = 64;
        few.workers = 1;
        return few;
    }

    std::unique_ptr<net::Pending> look(const Request& request, std::optional<Url> url) override {
        return std::make_unique<Asked>(*this, request, std::move(url));
    }
    Answer refuse(const Request&, const Refusal& refusal) noexcept override {
        return answer_of([&]() -> std::string { throw as_error(refusal); });
    }

    Response answer(const Request& request, const std::optional<Url>& url) const noexcept {
        return answer_of([&] {
            if (!url) throw as_error(url_not_valid);
            const auto& path = url->segments;
            const bool root = path.empty() || (path.size() == 1 && path[0].empty());
            if (!root && !(path.size() == 1 && path[0] == "metrics"))
                throw ApiError(404, "Route not found.");
            if (request.method != "GET" && request.method != "HEAD")
                throw ApiError(405, "Method not allowed.");
            return text_();
        });
    }

    /// Answers with the text that `make()` returns, or with the refusal that it throws.
    template <class Make>
    static Response answer_of(const Make& make) noexcept {
        try {
            try {
                return {200,
                        {{"Content-Type", wire::metrics_content_type},
                         {"Cache-Control", "no-store"},
                         {"X-Content-Type-Options", "nosniff"}},
                        make()};
            } catch (const ApiError& error) {
                http::Reply reply = http::refusal(error);
                Response response{reply.status, {}, std::move(reply.body)};
                response.headers.emplace_back("Content-Type", reply.content_type);
                if (error.status() == 405) response.headers.emplace_back("Allow", "GET, HEAD");
                return response;
            }
        } catch (const std::exception&) {  // out of memory
            return {503, {}, ""};
        }
    }

    const std::function<std::string()> text_;
    net::Front front_;
};

}}}  // namespace coder_users::v0::service
