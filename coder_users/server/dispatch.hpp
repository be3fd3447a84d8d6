// From a request to its answer: runs the pipeline, turns what it throws into answers, and adds what
// every answer has.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "coder_users/base/long_body.hpp"
#include "coder_users/routes/general.hpp"
#include "coder_users/server/front_handler.hpp"
#include "coder_users/server/log.hpp"
#include "coder_users/server/pipeline.hpp"
#include "coder_users/server/refusal.hpp"

namespace coder_users { inline namespace v0 { namespace server {

/// Answers requests over one backend. All member functions may be called from any thread at once.
class Dispatcher {
 public:
    /// Both outlive the dispatcher.
    Dispatcher(routes::Backend& backend, Log& log)
        : backend_(backend),
          log_(log),
          pipeline_(backend),
          has_providers_(backend.options.oidc.configured() || backend.options.github.configured()),
          random_is_systems_(is_systems(backend.random)) {}

    /// Where a request of this kind runs. Unusable targets run anywhere: they are refused at once.
    /// One whose session waits for a login provider first runs where it is in nobody's way. May
    /// throw std::bad_alloc.
    routes::Lane lane_of(const Request& request) const {
        // What reads waits for nothing but login providers.
        if (!has_providers_ && (request.method == "GET" || request.method == "HEAD"))
            return routes::Lane::read;
        const auto url = parse_target(request.target);
        if (!url) return routes::Lane::read;
        const routes::Match match = pipeline_.paths().match(url->segments);
        const routes::Route* route = match.route(request.method);
        if (has_providers_ && match.guarded &&
            needs_refresh(backend_, presented_token(request).token, backend_.now()))
            return routes::Lane::provider;
        return route ? route->lane : routes::Lane::read;
    }

    /// The same for a token that is checked alone.
    routes::Lane lane_of_token(std::string_view token) const noexcept {
        const bool waits = has_providers_ && needs_refresh(backend_, token, backend_.now());
        return waits ? routes::Lane::provider : routes::Lane::read;
    }

    Answer answer(const Request& request) noexcept {
        return finish(request,
                      [&](Exchange& exchange) { return pipeline_.run(request, exchange); });
    }

    /// The answer to a request that no gate has seen: not usable as HTTP, or no room for it.
    Response refuse(const Request& request, const Refusal& refusal) noexcept {
        return finish(request, [&](Exchange&) { return refused(as_error(refusal)); }).response;
    }

    /// What a caller in the process asks for; `operation(Call&)` stands for the handler. Throws
    /// ApiError and nothing else, unless there is no memory for one.
    template <class Operation>
    auto call(const Errand& errand, const Identity& identity, Operation&& operation) {
        const Exchange exchange{fresh_id(), backend_.now(), ""};
        return refusing(exchange,
                        [&] { return pipeline_.run_call(errand, identity, exchange, operation); });
    }

    Identity authenticate(std::string_view token) {
        const Exchange exchange{fresh_id(), backend_.now(), ""};
        return refusing(exchange,
                        [&] { return *server::authenticate(backend_, token, exchange.now); });
    }

    bool may(const Identity& identity, Action action, std::string_view user) {
        const Exchange exchange{fresh_id(), backend_.now(), ""};
        return refusing(exchange,
                        [&] { return pipeline_.may(identity, action, user, exchange.now); });
    }

 private:
    using Reply = routes::Reply;

    static Reply refused(const ApiError& error) {
        Reply reply = routes::refusal(error);
        if (error.status() == 503) reply.headers.emplace_back("Retry-After", "1");
        return reply;
    }

    template <class Run>
    Reply caught(Exchange& exchange, Run&& run) {
        try {
            return refusing(exchange, [&] { return run(exchange); });
        } catch (const routes::MethodNotAllowed& error) {
            Reply reply = refused(error);
            reply.headers.emplace_back("Allow", error.allow());
            return reply;
        } catch (const ApiError& error) {
            return refused(error);
        }
    }

    /// The one place where exceptions become refusals: throws nothing but ApiError.
    template <class Run>
    auto refusing(const Exchange& exchange, Run&& run) -> decltype(run()) {
        const auto failed = [&](LogLevel level, const char* reason, const ApiError& refusal) {
            log_.write(
                {level, exchange.now, "request failed", {{"reason", reason}, {"id", exchange.id}}});
            return refusal;
        };
        const auto internal = [] { return ApiError(500, "An internal server error occurred."); };
        try {
            return run();
        } catch (const routes::LoggedFailure& error) {
            failed(LogLevel::error, error.reason().c_str(), error);
            throw;
        } catch (const ApiError&) {
            throw;
        } catch (const store::Duplicate& error) {
            const std::string& column = error.column();
            throw routes::user_exists(
                {column == "users.email_folded", column == "users.username_folded"});
        } catch (const store::Busy& error) {
            throw failed(LogLevel::warning, error.what(), unavailable());
        } catch (const store::Unavailable& error) {
            throw failed(LogLevel::error, error.what(), unavailable());
        } catch (const std::bad_alloc& error) {
            throw failed(LogLevel::error, error.what(), unavailable());
        } catch (const std::exception& error) {
            throw failed(LogLevel::error, error.what(), internal());
        } catch (...) {
            throw failed(LogLevel::error, "not a std::exception", internal());
        }
    }

    /// Where there is no memory for the answer there may be some for a shorter one.
    template <class Run>
    Answer finish(const Request& request, const Run& run) noexcept {
        const auto out_of_memory = [](Exchange&) { return refused(unavailable()); };
        try {
            return finished(request, run);
        } catch (const std::exception&) {
        }
        try {
            return finished(request, out_of_memory);
        } catch (const std::exception&) {
            return Response{503, {}, ""};
        }
    }

    /// The rest of an answer that tells the log why it could not be completed.
    class LoggedBody final : public LongBody {
     public:
        LoggedBody(std::unique_ptr<LongBody> body, Dispatcher& dispatcher, const Exchange& exchange)
            : body_(std::move(body)), dispatcher_(dispatcher), exchange_(exchange) {}

        bool append_piece(std::string& out) override {
            return dispatcher_.refusing(exchange_, [&] { return body_->append_piece(out); });
        }

     private:
        const std::unique_ptr<LongBody> body_;
        Dispatcher& dispatcher_;
        const Exchange exchange_;
    };

    template <class Run>
    Answer finished(const Request& request, const Run& run) {
        const auto start = std::chrono::steady_clock::now();
        Exchange exchange{fresh_id(), backend_.now(), pipeline_.client_address(request)};
        Reply reply = caught(exchange, run);
        Response response{reply.status, std::move(reply.headers), std::move(reply.body)};
        response.headers.reserve(response.headers.size() + exchange.headers.size() + 8);
        const auto add = [&](const char* name, std::string value) {
            response.headers.emplace_back(name, std::move(value));
        };
        if (response.status != 204 && !reply.content_type.empty())
            add("Content-Type", std::move(reply.content_type));
        for (auto& [name, value] : exchange.headers) add(name.c_str(), std::move(value));
        add("X-Coder-Build-Version", routes::build_version());
        add("X-Coder-Request-Id", exchange.id);
        add("X-Content-Type-Options", "nosniff");
        add("Cache-Control", "no-store");
        for (const auto& [name, value] : backend_.options.extra_headers) add(name.c_str(), value);
        if (log_.on()) log_request(request, exchange, response.status, start);
        if (!reply.rest) return response;
        return {std::move(response),
                std::make_unique<LoggedBody>(std::move(reply.rest), *this, exchange)};
    }

    // Without randomness no request gets far, but its answer still says so.
    std::string fresh_id() {
        try {
            if (random_is_systems_) return make_uuid(bytes_for_id());
            return routes::new_uuid(backend_.random);
        } catch (...) {  // a function of the host may throw anything
            return std::string(nil_uuid);
        }
    }

    static bool is_systems(const rules::Random& random) {
        const auto* const function = random.target<void (*)(unsigned char*, std::size_t)>();
        return function && *function == &rules::system_random;
    }

    /// Ids of requests are no secrets: the bytes of many are asked for at once, which costs hardly
    /// more than those of one.
    static std::array<unsigned char, 16> bytes_for_id() {
        thread_local std::array<std::array<unsigned char, 16>, 32> kept;
        thread_local std::size_t left = 0;
        if (left == 0) {
            rules::system_random(kept[0].data(), sizeof kept);
            left = kept.size();
        }
        return kept[--left];
    }

    // The query stays out: clients have been seen to put secrets there.
    void log_request(const Request& request, const Exchange& exchange, int status,
                     std::chrono::steady_clock::time_point start) {
        const auto took = std::chrono::duration_cast<std::chrono::microseconds>(
            std::chrono::steady_clock::now() - start);
        const std::string_view target = request.target;
        log_.write({LogLevel::info,
                    exchange.now,
                    "request",
                    {{"method", request.method},
                     {"path", std::string(target.substr(0, target.find('?')))},
                     {"status", std::to_string(status)},
                     {"us", std::to_string(took.count())},
                     {"address", exchange.address},
                     {"id", exchange.id}}});
    }

    routes::Backend& backend_;
    Log& log_;
    Pipeline pipeline_;
    const bool has_providers_;
    const bool random_is_systems_;
};

}}}  // namespace coder_users::v0::server
