// Sessions that were read before, until a change concerns them: exact, because one process owns the
// file and every change passes here before it is answered.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/base/shared.hpp"
#include "coder_users/store/api_keys.hpp"
#include "coder_users/store/tx.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// A bounded table of what find_session() returned. Nothing is searched for and removed when
/// something changes: each entry holds the number of the change it was read behind, and counts only
/// while none with a higher number concerns its user. All functions may be called from any thread
/// at once.
class SessionCache {
 public:
    using Session = Shared<api_keys::Session>;

    /// Holds `most` sessions, rounded up a little; 0: none.
    explicit SessionCache(std::size_t most) : sets_(most / ways + (most % ways ? 1 : 0)) {}

    bool on() const { return !sets_.empty(); }

    /// To be called before the session is read, for keep().
    std::uint64_t changes() const { return changes_; }

    /// nullptr when it has to be read.
    Session find(std::string_view key_id) const {
        if (!on()) return nullptr;
        const std::size_t hash = hash_of(key_id);
        Set& set = sets_[hash % sets_.size()];
        const std::lock_guard<std::mutex> lock(set.mutex);
        for (std::size_t i = 0; i < ways; ++i)
            if (set.hashes[i] == hash && holds(set.entries[i], key_id))
                return set.entries[i].session;
        return nullptr;
    }

    /// Keeps a session that was read when `changes` changes had been made, or later.
    void keep(Session session, std::uint64_t changes) {
        if (!on()) return;
        const std::size_t hash = hash_of(session->identity.key.id);
        Set& set = sets_[hash % sets_.size()];
        Entry entry{std::move(session), changes};
        if (!current(entry)) return;
        const std::lock_guard<std::mutex> lock(set.mutex);
        // The same key again, else what counts no more, else each in its turn.
        Entry* place = nullptr;
        for (Entry& each : set.entries)
            if (each.session && each.session->identity.key.id == entry.session->identity.key.id)
                place = &each;
        for (Entry& each : set.entries)
            if (!place && !(each.session && current(each))) place = &each;
        if (!place) place = &set.entries[set.next++ % ways];
        std::swap(*place, entry);
        set.hashes[static_cast<std::size_t>(place - set.entries.data())] = hash;
    }

    /// After the COMMIT of a change and before anybody hears of it.
    void forget(const Concerned& concerned) noexcept {
        if (!concerned.everybody && concerned.user_ids.empty()) return;
        const std::uint64_t number = ++changes_;
        if (concerned.everybody) raise(of_everybody_, number);
        for (const std::string& id : concerned.user_ids) raise(last_of(id), number);
    }

 private:
    // With half as many sessions in use as there are places, less than one in a hundred finds its
    // set full; of sets of four it were one in seven.
    static constexpr std::size_t ways = 16;

    struct Entry {
        Session session;
        std::uint64_t read_behind = 0;
    };
    struct Set {
        std::mutex mutex;
        std::array<std::size_t, ways> hashes{};  // spare a look at sessions that are others'
        std::array<Entry, ways> entries;
        std::size_t next = 0;
    };

    // Of two who forget at once the later may be here first.
    static void raise(std::atomic<std::uint64_t>& last, std::uint64_t number) noexcept {
        std::uint64_t known = last;
        while (known < number && !last.compare_exchange_weak(known, number)) continue;
    }

    bool current(const Entry& entry) const {
        return of_everybody_ <= entry.read_behind &&
               last_of(entry.session->identity.user.id) <= entry.read_behind;
    }
    bool holds(const Entry& entry, std::string_view key_id) const {
        return entry.session && entry.session->identity.key.id == key_id && current(entry);
    }
    static std::size_t hash_of(std::string_view key_id) {
        return std::hash<std::string_view>()(key_id);
    }
    // Users who share a place share their changes: that forgets too much, never too little.
    std::atomic<std::uint64_t>& last_of(std::string_view user_id) const {
        return of_users_[std::hash<std::string_view>()(user_id) % of_users_.size()];
    }

    std::atomic<std::uint64_t> changes_{0};
    std::atomic<std::uint64_t> of_everybody_{0};
    mutable std::array<std::atomic<std::uint64_t>, 4096> of_users_{};
    mutable std::vector<Set> sets_;
};

}}}  // namespace coder_users::v0::store
