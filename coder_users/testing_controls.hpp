// What a test holds in its hands of a server: clock, randomness, faults, and the options with them.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "coder_users/api.hpp"
#include "coder_users/base/uuid.hpp"

namespace coder_users { inline namespace v0 { namespace testing {

/// A clock that stands still until the test moves it; it begins at 2026-01-02 03:04:05 UTC. Copies
/// are the same clock. May be moved at any time, from any thread.
class Clock {
 public:
    /// The time it shows.
    Time now() const { return from_micros(*micros_); }
    /// Forward, or back by a negative step.
    void advance(Duration step) { *micros_ += step.count(); }
    /// To any time.
    void set(Time time) { *micros_ = micros(time); }

 private:
    std::shared_ptr<std::atomic<std::int64_t>> micros_ =
        std::make_shared<std::atomic<std::int64_t>>(1'767'323'045'000'000);
};

/// Bytes that are the same for the same seed. Copies draw from the same sequence.
class Randomness {
 public:
    /// The seed says which sequence.
    explicit Randomness(std::uint64_t seed) : shared_(std::make_shared<Shared>(seed)) {}

    /// The next bytes.
    void fill(unsigned char* bytes, std::size_t count) {
        const std::lock_guard<std::mutex> lock(shared_->mutex);
        for (std::size_t i = 0; i < count; i += 8)
            for (std::uint64_t word = shared_->engine(), j = 0; j < 8 && i + j < count; ++j)
                bytes[i + j] = static_cast<unsigned char>(word >> 8 * j);
    }
    /// The next UUID, of version 4.
    std::string uuid() {
        std::array<unsigned char, 16> bytes{};
        fill(bytes.data(), bytes.size());
        return make_uuid(bytes);
    }
    /// A token that no other server has: "<id>-<secret>".
    std::string token() { return letters(10) + '-' + letters(22); }

    /// Where the sequence is, for set_state().
    std::mt19937_64 state() const {
        const std::lock_guard<std::mutex> lock(shared_->mutex);
        return shared_->engine;
    }
    /// Goes on from there.
    void set_state(const std::mt19937_64& engine) {
        const std::lock_guard<std::mutex> lock(shared_->mutex);
        shared_->engine = engine;
    }

 private:
    struct Shared {
        explicit Shared(std::uint64_t seed) : engine(seed) {}
        std::mutex mutex;
        std::mt19937_64 engine;
    };
    std::string letters(std::size_t count) {
        std::string text(count, '\0');
        fill(reinterpret_cast<unsigned char*>(text.data()), count);
        for (char& c : text) c = static_cast<char>('a' + static_cast<unsigned char>(c) % 26);
        return text;
    }
    std::shared_ptr<Shared> shared_;
};

/// What goes wrong, and when. Copies are the same switches. From any thread.
class Faults {
 public:
    /// The n-th change from now on fails as on a broken disk: it is answered 503 and not stored.
    void fail_write(int n = 1) { set(&State::fails, n); }
    /// The n-th change from now on takes this much longer; others wait for it, reads go on.
    void slow_write(std::chrono::milliseconds delay, int n = 1) {
        {
            const std::lock_guard<std::mutex> lock(state_->mutex);
            state_->delay = delay;
        }
        set(&State::slow, n);  // last: a change may ask at once
    }
    /// The n-th request from now on is answered 429.
    void limit_request(int n = 1) { set(&State::limited, n); }
    /// Nothing goes wrong any more.
    void clear() { state_->fails = state_->slow = state_->limited = 0; }

    /// For Env::fail_write.
    bool next_write() {
        if (due(state_->slow)) std::this_thread::sleep_for(delay());
        return due(state_->fails);
    }
    /// For Env::limit_request.
    bool next_request() { return due(state_->limited); }

 private:
    struct State {
        std::atomic<int> fails{0}, slow{0}, limited{0};
        std::mutex mutex;
        std::chrono::milliseconds delay{0};
    };
    void set(std::atomic<int> State::*which, int n) {
        if (n < 1) throw std::invalid_argument("the first one is 1");
        (*state_).*which = n;
    }
    static bool due(std::atomic<int>& count) {
        int left = count;
        while (left > 0 && !count.compare_exchange_weak(left, left - 1)) {
        }
        return left == 1;
    }
    std::chrono::milliseconds delay() const {
        const std::lock_guard<std::mutex> lock(state_->mutex);
        return state_->delay;
    }
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

/// What a test holds in its hands of a server. Copies are the same controls.
struct Controls {
    /// The seed of `random`.
    explicit Controls(std::uint64_t seed = 1) : random(seed) {}
    Clock clock;
    Randomness random;
    Faults faults;
};

}}}  // namespace coder_users::v0::testing

namespace coder_users { inline namespace v0 {

inline Options Options::for_tests(const testing::Controls& controls) {
    Options options;
    options.database = ":memory:";
    options.port = 0;
    options.password_hash_cost = 4;
    options.disable_rate_limits = true;
    options.test_data = true;
    options.limits.workers = 1;  // hundreds of servers in one process
    options.env.now = [clock = controls.clock] { return clock.now(); };
    options.env.random = [random = controls.random](unsigned char* bytes,
                                                    std::size_t count) mutable {
        random.fill(bytes, count);
    };
    options.env.fail_write = [faults = controls.faults]() mutable { return faults.next_write(); };
    options.env.limit_request = [faults = controls.faults]() mutable {
        return faults.next_request();
    };
    return options;
}

inline Options Options::for_tests() { return for_tests(testing::Controls()); }

}}  // namespace coder_users::v0
