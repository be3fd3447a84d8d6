// Internal: may change at any time.
// What the host is told: the queues that its options ask for, and what becomes of their troubles.
#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "coder_users/internal/base/log.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/service/host_queue.hpp"
#include "coder_users/options.hpp"

namespace coder_users { inline namespace v0 { namespace service {

/// Events and passcodes on their way to the host. Any thread may call any function.
class HostSinks {
 public:
    /// Both must outlive it.
    HostSinks(const Options& options, Log& log) : options_(options), log_(log) {
        const std::size_t most = options.limits.waiting_events;
        if (options.on_event)
            events_.emplace(
                [this](Event event, std::size_t missed) {
                    event.missed = missed;
                    options_.on_event(event);
                },
                most, complaints("on_event failed", "events dropped at the end"));
        if (options.send_passcode)
            passcodes_.emplace(
                [this](const Passcode& passcode, std::size_t missed) { send(passcode, missed); },
                most, complaints("send_passcode failed", "passcodes not sent at the end"));
    }

    /// nullptr: the host wants none.
    operations::EventSink* events() { return events_ ? &*events_ : nullptr; }
    operations::PasscodeSink* passcodes() { return passcodes_ ? &*passcodes_ : nullptr; }

    /// Delivers what waits until `end`, and drops the rest.
    void close(std::chrono::steady_clock::time_point end) {
        if (events_) events_->close(end);
        if (passcodes_) passcodes_->close(end);
    }

 private:
    void complain(LogLevel level, const char* what, const std::string& reason) {
        log_.write({level, options_.env.now(), what, {{"reason", reason}}});
    }

    /// Logs what a queue reports, in these words.
    HostQueue<Event>::Complaint complaints(const char* failed, const char* dropped) {
        return [this, failed, dropped](QueueTrouble trouble, const std::string& reason) {
            complain(LogLevel::error, trouble == QueueTrouble::failed ? failed : dropped, reason);
        };
    }

    // What the host throws may quote the code.
    void send(const Passcode& passcode, std::size_t missed) {
        if (missed > 0)
            complain(LogLevel::warning, "passcodes not sent", std::to_string(missed) + " too many");
        try {
            options_.send_passcode(passcode);
        } catch (const std::exception& error) {
            throw std::runtime_error("user " + passcode.user_id + ": " +
                                     without(error.what(), passcode.code));
        }
    }

    const Options& options_;
    Log& log_;
    std::optional<HostQueue<Event>> events_;
    std::optional<HostQueue<Passcode>> passcodes_;
};

}}}  // namespace coder_users::v0::service
