// Internal: may change at any time.
// What every stand-in of a login provider is told: who logs in next.
#pragma once

#include <mutex>
#include <utility>

namespace coder_users { inline namespace v0 { namespace stand_in {

/// The part of a stand-in that a test changes. Any thread may call it.
template <class Login>
class NextLogin {
 public:
    using Next = Login;

    NextLogin() = default;
    virtual ~NextLogin() = default;
    NextLogin(const NextLogin&) = delete;
    NextLogin& operator=(const NextLogin&) = delete;

    /// Sets who logs in next.
    void set_next(Next next) {
        const std::lock_guard<std::mutex> lock(mutex_);
        next_ = std::move(next);
    }
    Next next() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return next_;
    }

 protected:
    mutable std::mutex mutex_;  // guards everything that a stand-in changes
    Next next_;
};

}}}  // namespace coder_users::v0::stand_in
