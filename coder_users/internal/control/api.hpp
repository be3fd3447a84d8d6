// Internal: may change at any time.
// Api: a server for tests with its control API. Finds the row of a request, and turns what goes
// wrong into answers (docs/contract/test_server.md, "Calls").
#pragma once

#include <unistd.h>

#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/internal/base/address.hpp"
#include "coder_users/internal/base/json_writer.hpp"
#include "coder_users/internal/base/request.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/base/url.hpp"
#include "coder_users/internal/control/openapi.hpp"
#include "coder_users/internal/control/table.hpp"
#include "coder_users/internal/http/call.hpp"
#include "coder_users/internal/rules/crypto.hpp"
#include "coder_users/test_server.hpp"

namespace coder_users { inline namespace v0 {
namespace control {

/// Whether an address is of this machine alone. False for names other than localhost.
inline bool is_loopback(const std::string& text) {
    if (text == "localhost" || text == "::1") return true;
    const auto address = parse_address(text);
    return address && is_ipv4(*address) && (*address)[12] == 127;
}

/// The address at which a browser on this machine finds a server that listens there.
inline std::string reachable(const std::string& address) {
    return address == "0.0.0.0" ? "127.0.0.1" : address == "::" ? "::1" : address;
}

/// Whether the segments below /test/v1 are those of the row. Sets what the path has for `{id}`.
inline bool is_path(const Row& row, const std::vector<std::string>& segments,
                    std::string& parameter) {
    const std::vector<std::string_view> wanted = split(std::string_view(row.path).substr(1), '/');
    if (segments.size() != wanted.size() + 2) return false;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (wanted[i] == "{id}")
            parameter = segments[i + 2];
        else if (wanted[i] != segments[i + 2])
            return false;
    }
    return true;
}

inline ApiError unknown_call() {
    std::string all;
    for (const Row& row : table())
        all += std::string(all.empty() ? "" : ", ") + std::string(http::to_string(row.verb)) +
               " /test/v1" + row.path;
    return {404, "Route not found.", "The control API has: " + all};
}

class Api {
 public:
    /// Throws as the constructor of TestServer.
    explicit Api(const testing::TestServerOptions& wanted)
        : controls_(testing::Controls::with_logins(wanted.seed_number)),
          token_(rules::random_base62(32, rules::system_random)),
          server_(controls_, options_of(wanted)) {
        if (!wanted.seed.empty()) server_.seed(wanted.seed);
        owner_token_ = server_.owner().token;
        controls_.requests.start();
        server_.mark_start();
        const std::lock_guard<std::mutex> lock(state_.mutex);
        ready_ = true;
    }
    Api(const Api&) = delete;
    Api& operator=(const Api&) = delete;
    ~Api() { controls_.requests.end_waits(); }

    testing::Server& server() { return server_; }
    const std::string& token() const { return token_; }

    std::string ready_line() const {
        JsonWriter json;
        json.begin_object()
            .member("url", server_.url())
            .member("owner_token", owner_token_)
            .member("control_token", token_)
            .member("pid", std::int64_t{::getpid()})
            .member("version", version)
            .member("coder_version", server_.coder_version())
            .end_object();
        return json.take();
    }

    /// Answers any request below /test/v1. Any thread may call it.
    Response answer(const Request& request) {
        http::Reply reply = reply_to(request);
        Response response{reply.status, std::move(reply.headers), std::move(reply.body)};
        if (response.status != 204)
            response.headers.emplace_back("Content-Type", reply.content_type);
        response.headers.emplace_back("Cache-Control", "no-store");
        return response;
    }

 private:
    Options options_of(const testing::TestServerOptions& wanted) {
        if (!wanted.listen_anywhere && !is_loopback(wanted.address))
            throw std::invalid_argument("address: a server for tests listens on loopback, not on " +
                                        wanted.address);
        Options options = Options::for_tests(controls_);
        options.address = wanted.address;
        options.port = wanted.port;
        options.database = wanted.database;
        options.coder_version = wanted.coder_version;
        options.access_url = "http://" + authority(reachable(wanted.address), 0);
        options.require_setup_code = false;  // the owner is there before the ready line
        options.env.control = [this](const Request& request) { return answer(request); };
        return options;
    }

    http::Reply reply_to(const Request& request) {
        try {
            return run(request);
        } catch (const ApiError& error) {
            return http::refusal(error);
        } catch (const LineError& error) {
            return http::refusal(bad_value(error.what()));
        } catch (const std::invalid_argument& error) {
            return http::refusal(bad_value(error.what()));
        } catch (const std::exception&) {
            return http::refusal(unavailable());
        }
    }

    http::Reply run(const Request& request) {
        const std::optional<Url> url = parse_url(request.target);
        if (!url) throw as_error(url_not_valid);
        std::string parameter;
        const Row* const row = find(request, *url, parameter);
        if (!row || !row->open) check_token(request);
        if (!row) throw unknown_call();
        Call call{server_, state_, request, *url, std::move(parameter), body_of(request, *row)};
        std::unique_lock<std::mutex> turn(state_.mutex);
        if (!ready_) throw unavailable();
        if (row->waits) turn.unlock();
        return row->handler(call);
    }

    static const Row* find(const Request& request, const Url& url, std::string& parameter) {
        for (const Row& row : table())
            if (http::to_string(row.verb) == request.method &&
                is_path(row, url.segments, parameter))
                return &row;
        return nullptr;
    }

    void check_token(const Request& request) const {
        std::string_view given = header(request, "X-Control-Token").value_or("");
        const std::string_view bearer = header(request, "Authorization").value_or("");
        if (given.empty() && same_folded(bearer.substr(0, 7), "Bearer ")) given = bearer.substr(7);
        if (!rules::equal_constant_time(std::string(given), token_))
            throw ApiError(401, "The control token is missing or wrong.",
                           "Send control_token of the ready line as X-Control-Token.");
    }

    static wire::Body body_of(const Request& request, const Row& row) {
        if (!row.body) return {};
        const std::string_view text = request.body.empty() ? "{}" : std::string_view(request.body);
        wire::Body body = wire::read_body(text, *row.body);
        if (trim(text, " \t\r\n") == "null")  // counts as no body in the API, but not here
            throw wire::invalid_body("the document must be an object");
        if (!row.more_fields) wire::refuse_unknown_fields(text, *row.body);
        return body;
    }

    testing::Controls controls_;
    const std::string token_;
    State state_;
    bool ready_ = false;  ///< guarded by the mutex of `state_`
    std::string owner_token_;
    testing::Server server_;  // last: it ends first, and its requests use the others
};

}  // namespace control

namespace testing {

CODER_USERS_INLINE TestServer::TestServer(const TestServerOptions& options)
    : api_(std::make_unique<control::Api>(options)) {}
CODER_USERS_INLINE TestServer::~TestServer() = default;
CODER_USERS_INLINE std::string TestServer::ready_line() const { return api_->ready_line(); }
CODER_USERS_INLINE Server& TestServer::server() { return api_->server(); }
CODER_USERS_INLINE const std::string& TestServer::control_token() const { return api_->token(); }

}  // namespace testing
}}  // namespace coder_users::v0
