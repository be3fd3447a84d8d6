// Internal: may change at any time.
// The functions of coder_users/testing.hpp that need more than the API: an HTTP client, JSON, the
// routes and the store.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/internal/base/masked.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/base/uuid.hpp"
#include "coder_users/internal/http/routes.hpp"
#include "coder_users/internal/net/httplib.hpp"
#include "coder_users/internal/net/input_buffer.hpp"
#include "coder_users/internal/net/request_head.hpp"
#include "coder_users/internal/rules/crypto.hpp"
#include "coder_users/internal/store/sqlite/image.hpp"
#include "coder_users/internal/wire/answers.hpp"
#include "coder_users/internal/wire/json.hpp"
#include "coder_users/testing.hpp"

namespace coder_users { inline namespace v0 {

namespace service { namespace kit {

using testing::CommitFault;
using testing::Disturbance;
using testing::Fault;
using testing::PlannedFault;
using testing::RequestFilter;
using testing::SeenRequest;

inline std::string with_prefix(const std::string& path) {
    return starts_with(path, "/api/v2") ? path : "/api/v2" + path;
}
inline bool is_method(const std::string& wanted, const std::string& method) {
    return wanted.empty() || wanted == method || (wanted == "GET" && method == "HEAD");
}
inline bool is_route(const std::string& wanted, const std::string& route) {
    return wanted.empty() || wanted == route || (!route.empty() && with_prefix(wanted) == route);
}
inline std::string path_of(const Request& request) {
    return request.target.substr(0, request.target.find('?'));
}

inline void require(bool good, const char* text) {
    if (!good) throw std::invalid_argument(text);
}

inline void check_route(const std::string& method, const std::string& path) {
    if (method.empty() && path.empty()) return;
    const std::vector<http::Route>& table = http::table();
    const bool known = std::any_of(table.begin(), table.end(), [&](const http::Route& each) {
        return (method.empty() || method == http::to_string(each.verb)) &&
               is_route(path, http::described_path(each));
    });
    if (!known)
        throw std::invalid_argument("there is no route " + method + (method.empty() ? "" : " ") +
                                    (path.empty() ? "at any path" : path) +
                                    "; /api/v2/openapi.json lists all of them");
}

/// Whether an answer may have the header: one that frames it would contradict what is sent.
inline bool may_be_sent(const std::string& name, const std::string& value) {
    for (const char* const framing : {"Content-Length", "Transfer-Encoding", "Connection"})
        if (same_folded(name, framing)) return false;
    return net::is_token(name) && std::none_of(value.begin(), value.end(), net::is_control);
}

inline void check_fault(const Fault& fault) {
    const int outcomes =
        (fault.status != 0) + fault.disconnect + (fault.commit != CommitFault::none);
    require(outcomes <= 1, "a fault has one of status, disconnect and commit");
    require(outcomes == 1 || fault.latency.count() > 0,
            "a fault needs status, disconnect, commit or a latency");
    require(fault.commit == CommitFault::none || fault.latency.count() == 0,
            "latency does not go with commit; add another fault for it");
    require(fault.status == 0 || (fault.status >= 200 && fault.status <= 599),
            "status: must be 200 to 599");
    require(fault.status != 0 || (fault.body.empty() && fault.headers.empty()),
            "body and headers need status");
    require(fault.latency.count() >= 0 && fault.latency <= std::chrono::hours(1),
            "latency: must be at most an hour, and not negative");
    require(fault.skip >= 0 && fault.count >= 0, "skip and count: must not be negative");
    for (const auto& [name, value] : fault.headers)
        require(may_be_sent(name, value), "headers: not a header that an answer may have");
    check_route(fault.method, fault.path);
}

/// Whether the fault hits this one of the requests that it concerns.
inline bool hits(PlannedFault& fault) {
    if (fault.count > 0 && fault.hits == fault.count) return false;
    if (fault.skip > 0) {
        --fault.skip;
        return false;
    }
    ++fault.hits;
    return true;
}

inline bool concerns(const Fault& fault, const Request& request, const std::string& route) {
    return is_method(fault.method, request.method) && is_route(fault.path, route);
}

inline Response answer_of(const Fault& fault) {
    Response answer{fault.status, fault.headers, fault.body};
    if (answer.body.empty() && fault.status != 204 && fault.status != 304)
        answer.body = wire::response("A test has ordered this answer.");
    return answer;
}

inline constexpr std::size_t kept_body = 64 << 10, kept_requests = 1'000, kept_bytes = 16 << 20;

inline std::size_t size_of(const SeenRequest& seen) {
    std::size_t size = sizeof seen + seen.request.target.size() + seen.request.body.size() +
                       seen.response_body.size();
    for (const auto& [name, value] : seen.request.headers) size += name.size() + value.size();
    return size;
}

inline SeenRequest without_secrets(SeenRequest seen) {
    for (auto& [name, value] : seen.request.headers) value = masked_header(name, value);
    seen.request.body = masked_body(seen.request.body);
    seen.response_body = masked_body(seen.response_body);
    std::string& target = seen.request.target;
    const std::size_t mark = target.find('?');
    if (mark != std::string::npos)
        target = target.substr(0, mark + 1) + masked_query(target.substr(mark + 1));
    return seen;
}

inline bool matches(const RequestFilter& which, const SeenRequest& seen) {
    const std::string path = path_of(seen.request);
    return is_method(which.method, seen.request.method) &&
           (is_route(which.path, seen.route) || is_route(which.path, path)) &&
           (which.status == 0 || which.status == seen.status) &&
           (which.user.empty() || which.user == seen.user_id || which.user == seen.username);
}

/// The newest that match, at most `most` (0: all), oldest first. The caller holds the mutex.
inline std::vector<SeenRequest> matching(const std::deque<SeenRequest>& all,
                                         const RequestFilter& which) {
    std::vector<SeenRequest> found;
    for (auto at = all.rbegin(); at != all.rend(); ++at) {
        if (which.limit > 0 && found.size() == which.limit) break;
        if (matches(which, *at)) found.push_back(without_secrets(*at));
    }
    std::reverse(found.begin(), found.end());
    return found;
}

/// "2 requests came instead: GET /api/v2/users/me 200, ..."
inline std::string what_came(const std::deque<SeenRequest>& all) {
    constexpr std::size_t most = 10;
    if (all.empty()) return "no request came at all";
    std::string text =
        std::to_string(all.size()) + (all.size() == 1 ? " request came: " : " requests came: ");
    if (all.size() > most) text += "..., ";
    for (std::size_t i = all.size() > most ? all.size() - most : 0; i < all.size(); ++i)
        text += all[i].request.method + ' ' + path_of(all[i].request) + ' ' +
                std::to_string(all[i].status) + (i + 1 < all.size() ? ", " : "");
    return text;
}

/// Passes on what a server sees to the controls of a test.
class ControlHooks final : public testing::TestHooks {
 public:
    explicit ControlHooks(const testing::Controls& controls)
        : faults_(controls.faults), requests_(controls.requests), passcodes_(controls.passcodes) {}

    Disturbance disturb(const Request& request, const std::string& route) override {
        return faults_.disturb(request, route);
    }
    CommitFault commit(const Request& request, const std::string& route) override {
        return faults_.commit(request, route);
    }
    bool records() const override { return requests_.records(); }
    void record(SeenRequest&& seen) override { requests_.add(std::move(seen)); }
    void take(const Passcode& passcode) override { passcodes_.add(passcode); }

 private:
    testing::Faults faults_;
    testing::Requests requests_;
    testing::Passcodes passcodes_;
};

}}  // namespace service::kit

namespace testing {

namespace kit = service::kit;

CODER_USERS_INLINE std::string make_uuid(const std::array<unsigned char, 16>& bytes) {
    return v0::make_uuid(bytes);
}

CODER_USERS_INLINE std::uint64_t digest_of(const Snapshot& snapshot) {
    const auto digest = rules::sha256(snapshot.image());
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < sizeof number; ++i) number = number << 8 | digest[i];
    return number;
}

CODER_USERS_INLINE Response send(const std::string& url, const Request& request) {
    return net::send_over_http(url, request);
}

CODER_USERS_INLINE std::string json_member(const std::string& json, const std::string& path) {
    auto found = wire::text_at(json, path);
    if (!found)
        throw std::out_of_range(std::string("no ").append(path).append(" in ").append(json));
    return std::move(*found);
}

CODER_USERS_INLINE std::string json_string(std::string_view text) {
    return wire::json_string(text);
}

CODER_USERS_INLINE void check_snapshot(const Snapshot& snapshot) {
    store::check_image(snapshot.image(), true);
}

CODER_USERS_INLINE std::string Faults::add(Fault fault) {
    kit::check_fault(fault);
    const std::lock_guard<std::mutex> lock(state_->mutex);
    kit::require(state_->planned.size() < 1'000, "there are a thousand faults already");
    PlannedFault planned{std::move(fault)};
    planned.id = std::to_string(++state_->added);
    state_->planned.push_back(planned);
    state_->any_planned = true;
    return planned.id;
}

CODER_USERS_INLINE std::vector<PlannedFault> Faults::list() const {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    return state_->planned;
}

CODER_USERS_INLINE bool Faults::remove(const std::string& id) {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    auto& planned = state_->planned;
    const auto found = std::find_if(planned.begin(), planned.end(),
                                    [&](const PlannedFault& each) { return each.id == id; });
    if (found == planned.end()) return false;
    planned.erase(found);
    state_->any_planned = !planned.empty();
    return true;
}

CODER_USERS_INLINE Disturbance Faults::disturb(const Request& request, const std::string& route) {
    Disturbance done;
    if (!state_->any_planned) return done;
    const std::lock_guard<std::mutex> lock(state_->mutex);
    for (PlannedFault& each : state_->planned) {
        if (each.commit != CommitFault::none || !kit::concerns(each, request, route)) continue;
        const bool decides = each.status != 0 || each.disconnect;
        if ((decides && (done.disconnect || done.answer)) || !kit::hits(each)) continue;
        done.latency = (std::max)(done.latency, each.latency);
        if (each.status != 0) done.answer = kit::answer_of(each);
        done.disconnect = done.disconnect || each.disconnect;
    }
    return done;
}

CODER_USERS_INLINE CommitFault Faults::commit(const Request& request, const std::string& route) {
    if (!state_->any_planned) return CommitFault::none;
    const std::lock_guard<std::mutex> lock(state_->mutex);
    for (PlannedFault& each : state_->planned)
        if (each.commit != CommitFault::none && kit::concerns(each, request, route) &&
            kit::hits(each))
            return each.commit;
    return CommitFault::none;
}

CODER_USERS_INLINE void Requests::add(SeenRequest&& seen) {
    if (seen.request.body.size() > kit::kept_body) seen.request.body.resize(kit::kept_body);
    if (seen.response_body.size() > kit::kept_body) seen.response_body.resize(kit::kept_body);
    const std::lock_guard<std::mutex> lock(state_->mutex);
    state_->bytes += kit::size_of(seen);
    state_->seen.push_back(std::move(seen));
    while (state_->seen.size() > kit::kept_requests || state_->bytes > kit::kept_bytes) {
        state_->bytes -= kit::size_of(state_->seen.front());
        state_->seen.pop_front();
    }
    state_->changed.notify_all();
}

CODER_USERS_INLINE std::vector<SeenRequest> Requests::list(const RequestFilter& which) const {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    return kit::matching(state_->seen, which);
}

CODER_USERS_INLINE void Requests::forget() {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    state_->seen.clear();
    state_->bytes = 0;
}

CODER_USERS_INLINE void Requests::end_waits() {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    state_->no_waits = true;
    state_->changed.notify_all();
}

CODER_USERS_INLINE std::vector<SeenRequest> Requests::wait(
    const RequestFilter& which, std::size_t count, std::chrono::milliseconds timeout) const {
    std::unique_lock<std::mutex> lock(state_->mutex);
    const auto enough = [&] {
        return static_cast<std::size_t>(std::count_if(
                   state_->seen.begin(), state_->seen.end(),
                   [&](const auto& each) { return kit::matches(which, each); })) >= count;
    };
    state_->changed.wait_for(lock, timeout, [&] { return enough() || state_->no_waits; });
    if (!enough()) throw NotSeen(kit::what_came(state_->seen));
    return kit::matching(state_->seen, which);
}

CODER_USERS_INLINE std::shared_ptr<TestHooks> hooks_of(const Controls& controls) {
    return std::make_shared<kit::ControlHooks>(controls);
}

}  // namespace testing
}}  // namespace coder_users::v0
