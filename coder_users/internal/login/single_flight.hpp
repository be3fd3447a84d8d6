// Internal: may change at any time.
// Doing a slow thing once for all who want it at the same time.
#pragma once

#include <chrono>
#include <exception>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace coder_users { inline namespace v0 { namespace login {

/// Callers of the same key who come while one is under way wait for it and share its outcome. May
/// be used from any thread at once.
template <class Value>
class SingleFlight {
 public:
    /// What `work()` returns should say how it failed: what it throws goes to every caller. Returns
    /// nothing when another caller's is not done at the deadline.
    template <class Work>
    std::optional<Value> run(const std::string& key, std::chrono::steady_clock::time_point deadline,
                             Work&& work) {
        std::promise<Value> promise;
        std::shared_future<Value> outcome;
        bool first = false;
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            auto found = under_way_.find(key);
            first = found == under_way_.end();
            if (first) found = under_way_.emplace(key, promise.get_future().share()).first;
            outcome = found->second;
        }
        if (!first) {
            if (outcome.wait_until(deadline) != std::future_status::ready) return std::nullopt;
            return outcome.get();
        }
        try {
            promise.set_value(work());
        } catch (...) {
            promise.set_exception(std::current_exception());
        }
        const std::lock_guard<std::mutex> lock(mutex_);
        under_way_.erase(key);
        return outcome.get();
    }

 private:
    std::mutex mutex_;
    std::map<std::string, std::shared_future<Value>> under_way_;
};

}}}  // namespace coder_users::v0::login
