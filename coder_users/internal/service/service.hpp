// Internal: may change at any time.
// The member functions of Service, which pass their calls on to Running.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "coder_users/api.hpp"
#include "coder_users/internal/base/log.hpp"
#include "coder_users/internal/base/rfc3339.hpp"
#include "coder_users/internal/operations/seed.hpp"
#include "coder_users/internal/service/running.hpp"
#include "coder_users/internal/service/testing.hpp"
#include "coder_users/internal/service/testing_logins.hpp"
#include "coder_users/internal/wire/log_line.hpp"
#include "coder_users/internal/wire/seed_reader.hpp"

namespace coder_users { inline namespace v0 {

CODER_USERS_INLINE Service::Service(std::unique_ptr<service::Running> running)
    : running_(std::move(running)) {}
CODER_USERS_INLINE Service::Service(Service&&) noexcept = default;
CODER_USERS_INLINE Service& Service::operator=(Service&& other) noexcept {
    if (this == &other) return *this;
    const Service replaced(std::move(running_));
    running_ = std::move(other.running_);
    return *this;
}
CODER_USERS_INLINE Service::~Service() {
    // Its threads are not here, and its file belongs to the process that has them.
    if (running_ && running_->calls->is_copy()) running_.release()->let_go();
}

CODER_USERS_INLINE service::Running& Service::running() const {
    if (!running_) throw std::logic_error("coder_users: this Service was moved from");
    running_->calls->refuse_copy();
    return *running_;
}
CODER_USERS_INLINE std::string Service::url() const { return running().url; }
CODER_USERS_INLINE int Service::port() const { return running().port; }
CODER_USERS_INLINE std::string Service::metrics_url() const { return running().metrics_url; }
CODER_USERS_INLINE std::string Service::metrics() { return running().metrics(); }
CODER_USERS_INLINE void Service::stop() noexcept {
    if (running_ && !running_->calls->is_copy()) running_->stop();
}
CODER_USERS_INLINE Response Service::handle(const Request& request) {
    Response response = running().handle(request);
    if (request.method == "HEAD") response.body.clear();
    return response;
}
CODER_USERS_INLINE Identity Service::authenticate(std::string_view token) {
    return running().authenticate(token);
}
CODER_USERS_INLINE void Service::seed(std::string_view json) {
    running().call("seed failed", [&] {
        operations::seed(operations::HostActing(running().backend), wire::read_seed(json));
    });
}
CODER_USERS_INLINE Copied Service::backup(const std::string& to, bool replace,
                                          const Progress& progress) {
    return running().backup(to, replace, progress);
}
CODER_USERS_INLINE Snapshot Service::snapshot() {
    running().require_test_data();
    return running().call("snapshot failed", [&] { return Snapshot(running().store->image()); });
}
CODER_USERS_INLINE void Service::restore(const Snapshot& snapshot) {
    running().require_test_data();
    running().call("restore failed",
                   [&] { running().store->replace_everything(snapshot.image()); });
}

CODER_USERS_INLINE void Service::answer_as(const std::string& coder_version) {
    running().answer_as(coder_version);
}

CODER_USERS_INLINE std::string to_json(const LogLine& line) { return wire::log_line(line); }

CODER_USERS_INLINE std::string to_text(const LogLine& line) {
    constexpr const char* levels[] = {"info ", "warn ", "error"};
    std::string out = to_fixed_rfc3339(line.time);
    out += ' ';
    out += levels[static_cast<std::size_t>(line.level)];
    out += ' ';
    out += line.message;
    for (const auto& [name, value] : line.fields) out += ' ' + name + '=' + escaped_for_log(value);
    return out;
}

CODER_USERS_INLINE Service start(Options options) {
    return Service(std::make_unique<service::Running>(std::move(options), true));
}
CODER_USERS_INLINE Service open(Options options) {
    return Service(std::make_unique<service::Running>(std::move(options), false));
}

}}  // namespace coder_users::v0
