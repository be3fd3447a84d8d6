// Internal: may change at any time.
// What only servers for tests have (coder_users/test_hooks.hpp): requests that are watched and
// disturbed, the control API, and codes that are shown to the test.
#pragma once

#include <chrono>
#include <condition_variable>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "coder_users/internal/base/answer.hpp"
#include "coder_users/internal/base/refusal.hpp"
#include "coder_users/internal/base/url.hpp"
#include "coder_users/internal/net/handler.hpp"
#include "coder_users/internal/net/lanes.hpp"
#include "coder_users/internal/operations/host_sink.hpp"
#include "coder_users/internal/service/looked.hpp"
#include "coder_users/internal/store/commit_fault.hpp"
#include "coder_users/options.hpp"
#include "coder_users/test_hooks.hpp"

namespace coder_users { inline namespace v0 { namespace service {

/// Shows the codes for new passwords to a test, and passes them on to `queue`, unless that is
/// nullptr. Both arguments must outlive it.
class WatchedPasscodes final : public operations::PasscodeSink {
 public:
    WatchedPasscodes(testing::TestHooks& hooks, operations::PasscodeSink* queue)
        : hooks_(hooks), queue_(queue) {}

    Place reserve() noexcept override { return queue_ ? queue_->reserve() : 0; }
    void publish(Place place, Passcode told) noexcept override {
        try {
            hooks_.take(told);
        } catch (const std::exception&) {  // out of memory: the test does not see it
        }
        if (queue_) queue_->publish(place, std::move(told));
    }
    void cancel(Place place) noexcept override {
        if (queue_) queue_->cancel(place);
    }

 private:
    testing::TestHooks& hooks_;
    operations::PasscodeSink* const queue_;
};

/// The parts that a Running has for tests.
struct TestParts {
    explicit TestParts(const Options& options) : control(64, 256, options.deadlines.queue) {}
    void stop() {
        delays.stop();
        control.stop();
    }

    std::optional<WatchedPasscodes> passcodes;
    net::LanePool delays{1'024, 0};  ///< for requests that a test lets wait
    net::LanePool control;           ///< for the control API, so that no request is in its way
    std::condition_variable stops;   ///< notified when stop() begins
};

/// The path of the route as the API description has it; "" for an unknown path.
inline std::string route_of(const http::Seen& seen) {
    const http::Match& match = seen.match;
    return match.routes ? http::described_path(*match.routes->front()) : std::string();
}

/// What is known of a request but not of its answer.
inline testing::SeenRequest described(const http::Seen& looked_at) {
    testing::SeenRequest seen;
    seen.id = looked_at.id;
    seen.time = looked_at.now;
    if (const auto& found = http::identity_of(looked_at)) {
        seen.user_id = found->user->id;
        seen.username = found->user->username;
    }
    return seen;
}

/// A request that the hooks see and may disturb.
template <class Running>
class Watched final : public net::Pending {
 public:
    Watched(Running& running, const Request& request, Url&& url)
        : running_(running),
          request_(request),
          looked_(running.dispatcher, running.lanes, request, std::move(url)),
          route_(route_of(looked_.seen())) {
        try {
            disturbance_ = hooks().disturb(request, route_);
        } catch (const std::exception&) {  // out of memory: it is not disturbed
        }
        lane = looked_.lane;
        holder = looked_.holder;
        if (disturbance_.latency.count() == 0) return;
        lane = &running.tests->delays;
        holder.clear();
    }

    Answer answer() noexcept override {
        if (disturbance_.latency.count() > 0) running_.delay(disturbance_.latency);
        return recorded(answer_at_last());
    }
    Answer refuse(const Refusal& refusal) noexcept override {
        return recorded(looked_.refuse(refusal));
    }

 private:
    testing::TestHooks& hooks() const { return *running_.options.env.hooks; }

    Answer answer_at_last() noexcept {
        if (disturbance_.disconnect) {
            Answer none(Response{0, {}, ""});
            none.cut = true;
            return none;
        }
        if (disturbance_.answer) return looked_.give(*disturbance_.answer);
        try {
            const store::CommitFaults faults([this] { return hooks().commit(request_, route_); });
            // A request that was delayed has not yet had its turn in its own lane.
            return lane == looked_.lane ? looked_.answer() : running_.answer_here(looked_);
        } catch (const std::exception&) {  // out of memory
            return looked_.refuse(overloaded);
        }
    }

    Answer recorded(Answer answer) noexcept {
        if (!hooks().records()) return answer;
        try {
            testing::SeenRequest seen = described(looked_.seen());
            seen.request = request_;
            seen.route = route_;
            seen.status = answer.response.status;
            seen.latency =
                std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - began_);
            seen.response_body = answer.response.body;
            hooks().record(std::move(seen));
        } catch (const std::exception&) {  // out of memory: it is not recorded
        }
        return answer;
    }

    Running& running_;
    const Request& request_;
    Looked looked_;
    const std::string route_;
    testing::Disturbance disturbance_;
    const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

/// A request to the control API.
template <class Running>
class Controlling final : public net::Pending {
 public:
    Controlling(Running& running, const Request& request) : running_(running), request_(request) {
        lane = &running.tests->control;
    }
    Answer answer() noexcept override {
        try {
            return running_.options.env.control(request_);
        } catch (const std::exception&) {  // out of memory
            return refuse(overloaded);
        }
    }
    Answer refuse(const Refusal& refusal) noexcept override {
        return running_.refuse(request_, refusal);
    }

 private:
    Running& running_;
    const Request& request_;
};

/// Whether a path is one of the control API (docs/contract/test_server.md, "Calls").
inline bool is_control_path(const std::vector<std::string>& segments) {
    return segments.size() > 1 && segments[0] == "test" && segments[1] == "v1";
}

template <class Running>
std::unique_ptr<net::Pending> look_in_tests(Running& running, const Request& request, Url&& url) {
    if (running.options.env.control && is_control_path(url.segments))
        return std::make_unique<Controlling<Running>>(running, request);
    return std::make_unique<Watched<Running>>(running, request, std::move(url));
}

}}}  // namespace coder_users::v0::service
