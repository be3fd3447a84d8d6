// Internal: may change at any time.
// Caches keys with their users until a change affects them. The cache is exact, since one process
// owns the file and every change is reported here before it is answered. A program that writes the
// file all the same is noticed by the Watch.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/internal/base/fields.hpp"
#include "coder_users/internal/base/shared.hpp"
#include "coder_users/internal/store/api_keys.hpp"
#include "coder_users/internal/store/bytes_of.hpp"
#include "coder_users/internal/store/connection.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// Without its user, which other keys may share.
inline std::size_t bytes_of(const api_keys::CheckedKey& key) {
    return sizeof key + bytes_of(key.identity.key);
}

/// A value that adds what it occupies to a sum, for as long as anybody holds it.
template <class T>
struct Counted {
    Counted(T counted, std::shared_ptr<KeptBytes> sum)
        : value(std::move(counted)), bytes(bytes_of(value)), total(std::move(sum)) {
        total->now += bytes;
    }
    ~Counted() { total->now -= bytes; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;

    const T value;
    const std::size_t bytes;
    const std::shared_ptr<KeptBytes> total;
};

/// A user of cached keys, and the answer that shows it.
struct KeptUser : Counted<User> {
    KeptUser(User read, const std::shared_ptr<KeptBytes>& sum)
        : Counted(std::move(read), sum), text(sum) {}

    const KeptText text;
};

/// The users of cached keys, one copy of each while anybody holds it. Any thread may call any
/// function.
class SharedUsers {
 public:
    /// `read`, or a copy that others hold already, which must be equal in every field.
    Shared<KeptUser> shared(const User& read, const std::shared_ptr<KeptBytes>& total) {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (known_.size() >= sweep_at_) sweep();
        std::weak_ptr<const KeptUser>& known = known_[read.id];
        if (Shared<KeptUser> copy = known.lock())
            if (equal(copy->value, read)) return copy;
        // Not by make_shared(), where the weak pointer would keep the memory of the user.
        Shared<KeptUser> copy(new KeptUser(read, total));
        known = copy;
        return copy;
    }

 private:
    static bool equal(const User& a, const User& b) {
        bool same = true;
        fields::for_each<User>([&](auto at) { same = same && at.field.of(a) == at.field.of(b); });
        return same;
    }
    void sweep() {
        for (auto each = known_.begin(); each != known_.end();)
            each = each->second.expired() ? known_.erase(each) : std::next(each);
        sweep_at_ = (std::max)(least_sweep, 2 * known_.size());
    }

    static constexpr std::size_t least_sweep = 64;

    std::mutex mutex_;
    std::map<std::string, std::weak_ptr<const KeptUser>> known_;  // by user id
    std::size_t sweep_at_ = least_sweep;
};

/// A cache of what read_checked_key() returned, bounded in number and in bytes. A change removes no
/// entries. Instead each entry holds the number of the last change committed before it was read,
/// and it is valid until a change with a higher number affects its user. Any thread may call any
/// function.
class KeyCache {
 public:
    using Key = Shared<api_keys::CheckedKey>;

    /// Holds about `most` entries, rounded up; 0 switches the cache off. They and their users
    /// occupy `most_bytes` at most, together with what requests still hold of earlier ones.
    KeyCache(std::size_t most, std::size_t most_bytes)
        : bytes_(std::make_shared<KeptBytes>(most_bytes)),
          sets_(most / ways + (most % ways ? 1 : 0)) {}

    bool on() const { return !sets_.empty(); }

    /// What entries and their users occupy, about.
    std::size_t bytes() const { return bytes_->now; }

    /// Call this before reading from the database, and pass the result to keep().
    std::uint64_t changes() const { return changes_; }

    /// Returns nullptr when the caller must read from the database.
    Key find(std::string_view key_id) const {
        if (!on()) return nullptr;
        const std::size_t hash = hash_of(key_id);
        Set& set = sets_[hash % sets_.size()];
        const std::lock_guard<std::mutex> lock(set.mutex);
        for (std::size_t i = 0; i < ways; ++i)
            if (set.hashes[i] == hash && holds(set.entries[i], key_id)) return set.entries[i].key;
        return nullptr;
    }

    /// Stores what was read after changes() returned `changes`, and returns it.
    Key keep(api_keys::CheckedKey read, std::uint64_t changes) {
        if (!on() || bytes_of(read) + bytes_of(*read.identity.user) > bytes_->most)
            return std::make_shared<const api_keys::CheckedKey>(std::move(read));
        const Shared<KeptUser> user = users_.shared(*read.identity.user, bytes_);
        read.identity.user = part_of(user, user->value);
        read.identity.user_text = &user->text;
        const auto counted =
            std::make_shared<const Counted<api_keys::CheckedKey>>(std::move(read), bytes_);
        Key key = part_of(counted, counted->value);
        Entry entry{key, changes};
        if (!current(entry)) return key;
        make_room();
        put(std::move(entry));
        return key;
    }

    /// Call it after the COMMIT of a change and before anybody learns of the change.
    void forget(const Concerned& concerned) noexcept {
        if (!concerned.everybody && concerned.user_ids.empty()) return;
        const std::uint64_t number = ++changes_;
        if (concerned.everybody) raise(of_everybody_, number);
        for (const std::string& id : concerned.user_ids) raise(last_of(id), number);
    }

 private:
    // When half of all places are in use, less than 1 key in 100 finds its set full. With 4-way
    // sets it would be 1 in 7.
    static constexpr std::size_t ways = 16;

    struct Entry {
        Key key;
        std::uint64_t read_after = 0;
    };
    struct Set {
        std::mutex mutex;
        std::array<std::size_t, ways> hashes{};  // spare looking into most entries
        std::array<Entry, ways> entries;
        std::size_t next = 0;
    };

    void put(Entry entry) {
        const std::size_t hash = hash_of(entry.key->identity.key.id);
        Set& set = sets_[hash % sets_.size()];
        const std::lock_guard<std::mutex> lock(set.mutex);
        // Take the place of the same key, else an invalid entry, else one entry after the other.
        Entry* place = nullptr;
        for (Entry& each : set.entries)
            if (each.key && each.key->identity.key.id == entry.key->identity.key.id) place = &each;
        for (Entry& each : set.entries)
            if (!place && !(each.key && current(each))) place = &each;
        if (!place) place = &set.entries[set.next++ % ways];
        std::swap(*place, entry);
        set.hashes[static_cast<std::size_t>(place - set.entries.data())] = hash;
    }

    /// Drops entries, one set after the other, until the rest occupies no more than it may.
    void make_room() {
        for (std::size_t tried = 0; bytes() > bytes_->most && tried < sets_.size(); ++tried) {
            Set& set = sets_[hand_++ % sets_.size()];
            std::array<Entry, ways> dropped;  // freed after the lock
            const std::lock_guard<std::mutex> lock(set.mutex);
            std::swap(dropped, set.entries);
            set.hashes = {};
        }
    }

    // Two threads may get here in either order, and the higher number must win.
    static void raise(std::atomic<std::uint64_t>& last, std::uint64_t number) noexcept {
        std::uint64_t known = last;
        while (known < number && !last.compare_exchange_weak(known, number)) continue;
    }

    bool current(const Entry& entry) const {
        return of_everybody_ <= entry.read_after &&
               last_of(entry.key->identity.user->id) <= entry.read_after;
    }
    bool holds(const Entry& entry, std::string_view key_id) const {
        return entry.key && entry.key->identity.key.id == key_id && current(entry);
    }
    static std::size_t hash_of(std::string_view key_id) {
        return std::hash<std::string_view>()(key_id);
    }
    // Users that share a slot share their changes: that drops too many entries, never too few.
    std::atomic<std::uint64_t>& last_of(std::string_view user_id) const {
        return of_users_[std::hash<std::string_view>()(user_id) % of_users_.size()];
    }

    std::atomic<std::uint64_t> changes_{0};
    std::atomic<std::uint64_t> of_everybody_{0};
    mutable std::array<std::atomic<std::uint64_t>, 4096> of_users_{};
    const std::shared_ptr<KeptBytes> bytes_;  // entries may outlive the cache
    SharedUsers users_;
    std::atomic<std::size_t> hand_{0};  // the set that make_room() empties next
    mutable std::vector<Set> sets_;
};

/// Says whether the cache may be used. It may while a thread looks regularly whether another
/// program has changed the database; the thread looks as long as somebody wants to use the cache.
/// Any thread may call any function.
class Watch {
 public:
    /// Notes a wish to use the cache. Returns true for the first one since the last round.
    bool note_use() { return !used_.load(std::memory_order_relaxed) && !used_.exchange(true); }
    bool is_on() const { return on_; }
    /// Whether a round is due.
    bool wanted() const { return on_ || used_; }

    /// Call these after a look; `looked` says whether it succeeded. Rounds end when nobody used the
    /// cache since the one before.
    void begin(bool looked) { on_ = looked; }
    void end_round(bool looked) { on_ = used_.exchange(false) && looked; }

 private:
    std::atomic<bool> on_{false};
    std::atomic<bool> used_{false};
};

}}}  // namespace coder_users::v0::store
