// Internal: may change at any time.
// Makes items ahead of their use, on a thread of its own, so that a second core does what the first
// need not wait for.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "coder_users/internal/base/signals.hpp"

namespace coder_users { inline namespace v0 {

/// How many items may wait for their use. One that is larger than `bytes` waits alone.
struct AheadBounds {
    std::size_t items = 128;
    std::size_t bytes = std::size_t{2} << 20;
};

/// Calls a function that makes one item after the other, and hands them out in order. At most twice
/// the bounds are held: what waits, and what was taken from there at once, for next(). One thread
/// uses it. Where no thread is to be had, next() makes each item itself.
template <class Item>
class Ahead {
 public:
    struct Made {
        Item item;
        std::size_t bytes;
    };
    /// Returns nothing after the last item. It is not called again then, nor after it has thrown.
    using Make = std::function<std::optional<Made>()>;

    explicit Ahead(Make make, AheadBounds bounds = {}) : make_(std::move(make)), bounds_(bounds) {
        try {
            const SignalsBlocked quiet;
            thread_ = std::thread([this] { make_all(); });
        } catch (const std::exception&) {
            // the items come later, but they come
        }
    }
    /// Waits for the call that is under way, and makes no further one.
    ~Ahead() {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            stopping_ = true;
        }
        taken_from_.notify_one();
        if (thread_.joinable()) thread_.join();
    }
    Ahead(const Ahead&) = delete;
    Ahead& operator=(const Ahead&) = delete;

    /// Returns nothing after the last item. Throws what the function threw in the place of an item,
    /// and returns nothing from then on.
    std::optional<Item> next() {
        if (!thread_.joinable()) return make_here();
        if (at_ == taken_.size()) take();
        if (at_ < taken_.size()) return std::move(taken_[at_++].item);
        if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
        return std::nullopt;
    }

 private:
    std::optional<Item> make_here() {
        if (std::exchange(ended_, true)) return std::nullopt;
        std::optional<Made> made = make_();
        if (!made) return std::nullopt;
        ended_ = false;
        return std::move(made->item);
    }

    void make_all() noexcept {
        std::exception_ptr failure;
        try {
            while (std::optional<Made> made = make_())
                if (!put(std::move(*made))) return;
        } catch (...) {
            failure = std::current_exception();
        }
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            failure_ = std::move(failure);
            ended_ = true;
        }
        added_.notify_one();
    }

    /// Returns whether another is wanted.
    bool put(Made made) {
        std::unique_lock<std::mutex> lock(mutex_);
        taken_from_.wait(lock, [&] { return stopping_ || has_room_for(made.bytes); });
        if (stopping_) return false;
        waiting_bytes_ += made.bytes;
        waiting_.push_back(std::move(made));
        lock.unlock();
        added_.notify_one();
        return true;
    }

    bool has_room_for(std::size_t bytes) const {
        return waiting_.empty() ||
               (waiting_.size() < bounds_.items && waiting_bytes_ + bytes <= bounds_.bytes);
    }

    /// Takes all that waits, so that neither thread wakes the other for each item.
    void take() {
        taken_.clear();
        at_ = 0;
        {
            std::unique_lock<std::mutex> lock(mutex_);
            added_.wait(lock, [this] { return ended_ || !waiting_.empty(); });
            taken_.swap(waiting_);
            waiting_bytes_ = 0;
        }
        taken_from_.notify_one();
    }

    const Make make_;
    const AheadBounds bounds_;
    std::vector<Made> taken_;  ///< used by next() alone, as `at_` is
    std::size_t at_ = 0;

    std::mutex mutex_;  // guards what follows until the function has ended
    std::condition_variable added_, taken_from_;
    std::vector<Made> waiting_;
    std::size_t waiting_bytes_ = 0;
    std::exception_ptr failure_;
    bool ended_ = false;
    bool stopping_ = false;
    std::thread thread_;
};

}}  // namespace coder_users::v0
