// Internal: may change at any time.
// Dispatcher: takes a request through the gates to its answer, turns exceptions into answers, and
// adds the headers that every answer has.
#pragma once

#include <chrono>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "coder_users/internal/base/answer.hpp"
#include "coder_users/internal/base/log.hpp"
#include "coder_users/internal/base/long_body.hpp"
#include "coder_users/internal/base/refusal.hpp"
#include "coder_users/internal/http/common_fields.hpp"
#include "coder_users/internal/http/gates.hpp"
#include "coder_users/internal/http/pages.hpp"
#include "coder_users/internal/http/request_metrics.hpp"
#include "coder_users/internal/http/trace.hpp"
#include "coder_users/internal/operations/failures.hpp"
#include "coder_users/internal/operations/release_texts.hpp"
#include "coder_users/internal/operations/request_ids.hpp"

namespace coder_users { inline namespace v0 { namespace http {

/// Answers the requests to one site. Any thread may call any function.
class Dispatcher {
 public:
    /// The arguments must outlive this object.
    Dispatcher(Site& site, Log& log, const operations::RequestIds& ids)
        : backend_(site.backend),
          log_(log),
          ids_(ids),
          common_fields_(site.backend.options),
          gates_(site),
          metrics_(site.routes, site.page_routes) {}

    Gates& gates() { return gates_; }
    const RequestMetrics& metrics() const { return metrics_; }

    /// Begins with a request whose URL is known: finds what needs no store.
    void begin(Seen& seen) {
        seen.id = ids_.next();
        seen.now = backend_.now();
        seen.arrived = std::chrono::steady_clock::now();
        seen.running = metrics_.begin();
        gates_.begin(seen);
    }
    /// Whether look() or answer() will ask the store.
    bool asks_store(const Seen& seen) const { return gates_.asks_store(seen); }
    /// Finds what is needed to choose a lane. answer() continues with it.
    void look(Seen& seen) { gates_.look(seen); }

    /// Call it for a request that has waited in a lane: time has passed, and its session may have
    /// ended.
    void note_wait(Seen& seen) const {
        seen.now = backend_.now();
        seen.waited = true;
    }

    Answer answer(Seen& seen) noexcept {
        return finish(seen, [&] { return gates_.pass(seen); });
    }

    /// Answers a request that look() has seen with what a test has ordered.
    Answer give(Seen& seen, const Response& ordered) noexcept {
        return finish(seen, [&]() -> Reply {
            Reply reply{ordered.status, ordered.body, ordered.headers};
            for (const auto& [name, value] : ordered.headers)
                if (same_folded(name, "Content-Type")) reply.content_type = {};
            return reply;
        });
    }

    /// Answers a request that no gate has seen: it is not valid HTTP, or there is no memory for it.
    Answer refuse(const Request& request, const Refusal& refusal) noexcept {
        try {
            Seen seen{request, {}};
            seen.id = ids_.next();
            seen.now = backend_.now();
            seen.arrived = std::chrono::steady_clock::now();
            seen.address = gates_.client_address(request);
            return refuse(seen, refusal);
        } catch (const std::exception&) {  // out of memory
            return Response{503, {}, ""};
        }
    }
    /// Does the same for a request that look() has seen.
    Answer refuse(Seen& seen, const Refusal& refusal) noexcept {
        return finish(seen, [&]() -> Reply { throw as_error(refusal); });
    }

 private:
    static Reply refused(const ApiError& error) {
        Reply reply = refusal(error);
        if (error.status() == 503) reply.headers.emplace_back("Retry-After", "1");
        return reply;
    }

    ApiError as_of_release(const Seen& seen, const ApiError& error) const {
        if (!seen.route) return operations::as_of(backend_.release, "", error);
        return operations::as_of(seen.route->operation.answered_as(backend_.release),
                                 seen.route->operation_id(), error);
    }

    /// Turns refusals into answers. Puts into `denied` why the caller may not do this.
    template <class Run>
    Reply caught(const Seen& seen, std::string& denied, Run&& run) {
        try {
            return operations::refusing(log_, seen.now, seen.id, run);
        } catch (const MethodNotAllowed& error) {
            Reply reply = refused(error);
            reply.headers.emplace_back("Allow", error.allow());
            return reply;
        } catch (const operations::UserHidden& error) {
            denied = "the user is hidden from the caller";
            return refused(as_of_release(seen, error));
        } catch (const RetryLater& error) {
            Reply reply = refused(error);
            reply.headers.emplace_back("Retry-After", std::to_string(error.seconds()));
            return reply;
        } catch (const ApiError& error) {
            if (error.status() == 403) denied = error.message();
            return refused(as_of_release(seen, error));
        }
    }

    /// When memory runs out while the answer is made, tries a 503, which needs less.
    template <class Run>
    Answer finish(Seen& seen, const Run& run) noexcept {
        try {
            return finished(seen, run);
        } catch (const std::exception&) {
        }
        try {
            seen.headers.clear();
            return finished(seen, []() -> Reply { throw unavailable(); });
        } catch (const std::exception&) {
            return Response{503, {}, ""};
        }
    }

    /// The rest of a long answer. Logs why it could not be completed.
    class LoggedBody final : public LongBody {
     public:
        LoggedBody(std::unique_ptr<LongBody> body, Log& log, const Seen& seen)
            : body_(std::move(body)), log_(log), now_(seen.now), id_(seen.id) {}

        bool append_piece(std::string& out) override {
            return operations::refusing(log_, now_, id_, [&] { return body_->append_piece(out); });
        }

     private:
        const std::unique_ptr<LongBody> body_;
        Log& log_;
        const Time now_;
        const std::string id_;
    };

    template <class Run>
    Answer finished(Seen& seen, const Run& run) {
        std::chrono::steady_clock::time_point start;
        if (log_.on()) start = std::chrono::steady_clock::now();
        std::string denied;
        Reply reply = caught(seen, denied, run);
        Answer answer(Response{reply.status, std::move(reply.headers), std::move(reply.body)});
        if (starts_with(reply.content_type, "text/html"))
            add_page_security(answer.response, reply.of_web_page);
        add_cors(answer.response, seen.request, backend_.options);
        add_fields(answer.fields, seen, reply);
        const auto end = std::chrono::steady_clock::now();
        if (log_.on()) log_request(seen, reply.status, denied, end - start);
        metrics_.add(seen.match.routes ? seen.match.routes->front() : nullptr, seen.request.method,
                     reply.status, end - seen.arrived);
        if (reply.rest)
            answer.rest = std::make_unique<LoggedBody>(std::move(reply.rest), log_, seen);
        return answer;
    }

    void add_fields(HeaderText& fields, const Seen& seen, const Reply& reply) const {
        const HeaderText& common = common_fields_.of(backend_.release);
        fields.reserve(common.text().size() + 192 + 40 * seen.headers.size());
        if (reply.status != 204 && !reply.content_type.empty())
            fields.add("Content-Type", reply.content_type);
        for (const auto& [name, value] : seen.headers) fields.add(name, value);
        fields.add("X-Coder-Request-Id", seen.id);
        fields.add("Cache-Control", reply.of_web_page ? "no-cache" : "no-store");
        fields.add(common);
    }

    // The log has the path without the query, where clients may put secrets. A request that its
    // user had no permission for is a warning, so that somebody who tries doors is seen.
    void log_request(const Seen& seen, int status, const std::string& denied,
                     std::chrono::steady_clock::duration took) {
        const auto us = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
        const std::string_view target = seen.request.target;
        LogLine line{LogLevel::info,
                     seen.now,
                     "request",
                     {{"method", seen.request.method},
                      {"path", std::string(target.substr(0, target.find('?')))},
                      {"status", std::to_string(status)},
                      {"us", std::to_string(us)},
                      {"address", seen.address},
                      {"id", seen.id}}};
        if (const std::string_view trace =
                trace_id(header(seen.request, "traceparent").value_or(""));
            !trace.empty())
            line.fields.emplace_back("trace", trace);
        if (const Shared<SharedIdentity>& found = identity_of(seen))
            line.fields.emplace_back("user", found->user->id);
        if (!denied.empty() && seen.actor) {
            line.level = LogLevel::warning;
            const auto& routes = seen.match.routes;
            line.fields.emplace_back("route", routes ? routes->front()->path : "*");
            line.fields.emplace_back("reason", denied);
        }
        log_.write(line);
    }

    operations::Backend& backend_;
    Log& log_;
    const operations::RequestIds& ids_;
    const CommonFields common_fields_;
    Gates gates_;
    RequestMetrics metrics_;
};

}}}  // namespace coder_users::v0::http
