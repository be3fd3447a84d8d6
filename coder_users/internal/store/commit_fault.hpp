// Internal: may change at any time.
// How a test lets the changes of one request fail (coder_users/test_hooks.hpp).
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "coder_users/test_hooks.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// While it lives, the first change that its thread asks for asks `decide` how to fail, and so do
/// all others of the thread. Only one lives on a thread.
class CommitFaults {
 public:
    using Decide = std::function<testing::CommitFault()>;

    explicit CommitFaults(Decide decide) : decide_(std::move(decide)) { present() = this; }
    CommitFaults(const CommitFaults&) = delete;
    CommitFaults& operator=(const CommitFaults&) = delete;
    ~CommitFaults() { present() = nullptr; }

    /// How a change of this thread fails.
    static testing::CommitFault of_this_thread() {
        CommitFaults* const faults = present();
        if (!faults) return testing::CommitFault::none;
        if (!faults->decided_) faults->decided_ = faults->decide_();
        return *faults->decided_;
    }

 private:
    static CommitFaults*& present() {
        static thread_local CommitFaults* faults = nullptr;
        return faults;
    }

    const Decide decide_;
    std::optional<testing::CommitFault> decided_ = {};
};

}}}  // namespace coder_users::v0::store
