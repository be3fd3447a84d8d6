// Internal: may change at any time.
// Sweep: removes what was kept for long enough, in small transactions.
#pragma once

#include <chrono>
#include <string>

#include "coder_users/internal/base/rfc3339.hpp"
#include "coder_users/internal/store/api_keys.hpp"
#include "coder_users/internal/store/audit.hpp"
#include "coder_users/internal/store/store_options.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// One pass over the rows that a Retention does not keep at `now`.
class Sweep {
 public:
    /// A step removes at most this many entries, or looks at ten times as many keys.
    static constexpr int step_size = 200;

    Sweep(const Retention& retention, Time now)
        : entries_left_(retention.audit_entries.count() > 0),
          keys_left_(retention.expired_keys.count() > 0),
          entries_before_(add(now, -retention.audit_entries)),
          expired_before_(add(now, -retention.expired_keys)) {}

    bool done() const { return !entries_left_ && !keys_left_; }

    /// Removes a few rows. `read(fn)` and `write(fn)` run a function in a transaction, as those of
    /// the store do; other changes come between two steps.
    template <class Read, class Write>
    void step(Read&& read, Write&& write) {
        if (entries_left_) {
            int removed = 0;
            write([&](Tx& tx) { removed = audit::remove_before(tx, entries_before_, step_size); });
            entries_left_ = removed == step_size;
        } else if (keys_left_) {
            const auto found = read([&](Connection& c) {
                return api_keys::expired_before(c, expired_before_, last_key_, 10 * step_size);
            });
            last_key_ = found.last;
            keys_left_ = !found.last.empty();
            if (found.keys.empty()) return;
            write([&](Tx& tx) { api_keys::remove_expired(tx, found.keys, expired_before_); });
        }
    }

 private:
    bool entries_left_, keys_left_;
    const Time entries_before_, expired_before_;
    std::string last_key_;
};

}}}  // namespace coder_users::v0::store
