// Memory that runs out when a test wants it: the n-th allocation by operator new, inside SQLite or
// inside OpenSSL fails, in the whole program that is linked with failing_memory.cpp. Peak tells how
// much was held.
#pragma once

#include <atomic>
#include <climits>
#include <cstddef>

namespace memory {

enum class Kind { operator_new, sqlite, openssl };

/// Whose allocations are counted: those of the thread that called arm(), or those of all others.
enum class Whose { mine, of_others };

/// Which allocations fail.
struct Plan {
    std::atomic<bool> armed{false};
    std::atomic<Kind> kind{Kind::operator_new};
    std::atomic<Whose> whose{Whose::mine};
    std::atomic<long> count{0}, first{LONG_MAX}, last{LONG_MAX};
    std::atomic<long> hits{0};  ///< allocations that failed since arm()

    /// Makes allocations `from` to `to` fail, counted from 1.
    void arm(Kind of, Whose thread, long from, long to) {
        mine() = true;
        kind = of, whose = thread, first = from, last = to, count = 0, hits = 0;
        armed = true;
    }
    void disarm() { armed = false; }

    bool strikes(Kind of) {
        if (!armed || kind != of || mine() != (whose == Whose::mine)) return false;
        const long number = ++count;
        if (number < first || number > last) return false;
        ++hits;
        return true;
    }

 private:
    /// Whether this thread called arm().
    static bool& mine() {
        static thread_local bool is_mine = false;
        return is_mine;
    }
};

Plan& plan();

/// The most bytes from operator new that this thread held at once since this object was made.
class Peak {
 public:
    Peak();
    std::size_t bytes() const;
};

/// Makes SQLite allocate through the plan. Call it before the process uses SQLite.
void watch_sqlite();

/// Whether OpenSSL allocates through the plan: not where a shared library used it before the
/// program began.
bool watches_openssl();

}  // namespace memory
