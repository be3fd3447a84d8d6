// Internal: may change at any time.
// Readiness: whether the database answers, asked on a session of its own.
#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "coder_users/internal/store/errors.hpp"
#include "coder_users/internal/store/postgres/errors.hpp"
#include "coder_users/internal/store/postgres/session.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace postgres {

/// A pool whose sessions are all in use does not look like a database that is gone: the question
/// does not wait for one of them. Any thread may use it.
class Readiness {
 public:
    /// Makes a session whose exchanges are over at `end`.
    using Connect = std::function<std::unique_ptr<Session>(Session::Clock::time_point end)>;

    /// `connect` makes the session when it is needed.
    explicit Readiness(Connect connect) : connect_(std::move(connect)) {}
    Readiness(const Readiness&) = delete;
    Readiness& operator=(const Readiness&) = delete;

    /// Calls `look(Session&)` and throws what it throws, within a second. One caller at a time
    /// does; others do not wait for it, and are told what the last one has found out, or Busy when
    /// that is too old.
    template <class Look>
    void require(Look&& look) {
        std::unique_lock<std::mutex> lock(mutex_);
        if (looking_) return tell();
        looking_ = true;
        lock.unlock();
        std::exception_ptr failure;
        try {
            ask(look);
        } catch (...) {
            session_.reset();
            failure = std::current_exception();
        }
        lock.lock();
        looking_ = false;
        failure_ = std::move(failure);
        told_at_ = Session::Clock::now();
        if (failure_) std::rethrow_exception(failure_);
    }

    /// Leaves the session to the process that this one is a copy of.
    void let_go() noexcept {
        const std::unique_lock<std::mutex> lock(mutex_, std::try_to_lock);
        if (lock && !looking_ && session_) session_->let_go();
    }

 private:
    static constexpr std::chrono::seconds longest_look{1}, longest_kept{2};

    void tell() const {
        if (Session::Clock::now() - told_at_ > longest_kept)
            throw Busy("the database has not answered yet");
        if (failure_) std::rethrow_exception(failure_);
    }

    // The session may have been lost while it lay here, as after a restart of the server.
    template <class Look>
    void ask(Look& look) {
        const auto end = Session::Clock::now() + longest_look;
        const auto anew = [&] {
            session_.reset();
            session_ = connect_(end);
            look(*session_);
        };
        if (!session_ || !session_->is_quiet()) return anew();
        session_->set_end(end);
        or_anew([&] { look(*session_); }, anew);
    }

    const Connect connect_;
    std::mutex mutex_;
    std::unique_ptr<Session> session_;  ///< of the caller that looks
    bool looking_ = false;
    std::exception_ptr failure_;
    Session::Clock::time_point told_at_ = {};
};

}}}}  // namespace coder_users::v0::store::postgres
