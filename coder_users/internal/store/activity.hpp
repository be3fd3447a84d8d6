// Internal: may change at any time.
// Uses of keys that are not stored yet: every read shows them at once, and they are stored in
// batches.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "coder_users/internal/base/shared.hpp"
#include "coder_users/model.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// What uses of keys have changed. Values only increase, so applying them to a row that already
/// holds them, or newer ones, changes nothing.
struct ActivityBatch {
    struct KeyUse {
        Time last_used = never;
        Time expires_at = never;
        /// When the key was to end as the use found it. A key that ends earlier by now was ended
        /// on purpose, and no use prolongs it again.
        Time found_expires_at = never;

        /// When a key that ends at `stored` ends after this use.
        Time end_after(Time stored) const {
            return stored < found_expires_at ? stored : (std::max)(stored, expires_at);
        }
        /// Adds another use of the same key.
        void add(const KeyUse& other) {
            last_used = (std::max)(last_used, other.last_used);
            expires_at = (std::max)(expires_at, other.expires_at);
            found_expires_at = (std::min)(found_expires_at, other.found_expires_at);
        }
    };
    std::map<std::string, KeyUse> keys;   // by key id
    std::map<std::string, Time> seen_at;  // by user id; a dormant user is active since then

    bool empty() const { return keys.empty() && seen_at.empty(); }
};

/// Collects uses from any thread. Uses stay here for one more round after they are stored, for
/// readers whose snapshot is older than the commit.
class Activity {
 public:
    void note(const std::string& key_id, ActivityBatch::KeyUse use, const std::string& user_id,
              Time now) {
        const std::lock_guard<std::mutex> lock(mutex_);
        pending_.keys.emplace(key_id, use).first->second.add(use);
        auto& seen = pending_.seen_at.emplace(user_id, never).first->second;
        seen = (std::max)(seen, now);
        any_ = true;
    }

    void lay_over(User& user) const {
        if (!any_) return;
        const std::lock_guard<std::mutex> lock(mutex_);
        lay_over_locked(user);
    }

    void lay_over(ApiKey& key) const {
        if (!any_) return;
        const std::lock_guard<std::mutex> lock(mutex_);
        lay_over_locked(key);
    }

    /// Adds pending uses; copies the user only when there are any.
    Shared<User> laid_over(Shared<User> user) const {
        if (!any_) return user;
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto batches = all();
        if (std::none_of(batches.begin(), batches.end(), [&](const ActivityBatch* batch) {
                return batch->seen_at.count(user->id) != 0;
            }))
            return user;
        User used = *user;
        lay_over_locked(used);
        return std::make_shared<const User>(std::move(used));
    }

    /// Adds pending uses; copies the identity only when there are any.
    Shared<SharedIdentity> laid_over(Shared<SharedIdentity> identity) const {
        if (!any_) return identity;
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto knows = [&](const ActivityBatch* batch) {
            return batch->keys.count(identity->key.id) || batch->seen_at.count(identity->user->id);
        };
        const auto batches = all();
        if (std::none_of(batches.begin(), batches.end(), knows)) return identity;
        Identity used{*identity->user, identity->key};
        lay_over_locked(used.key);
        lay_over_locked(used.user);
        SharedIdentity laid_over = shared(std::move(used));
        laid_over.linked = identity->linked;
        return std::make_shared<const SharedIdentity>(std::move(laid_over));
    }

    /// When users were last seen, as far as it is not stored yet. Call this before reading rows:
    /// what is stored in between is then in the rows.
    std::map<std::string, Time> seen() const {
        if (!any_) return {};
        const std::lock_guard<std::mutex> lock(mutex_);
        return pending_.seen_at;
    }

    /// Whether uses are pending, or stored so recently that some readers still need them.
    bool any() const { return any_; }

    ActivityBatch pending() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return pending_;
    }

    /// Call it after `batch` is committed.
    void mark_stored(const ActivityBatch& batch) {
        const std::lock_guard<std::mutex> lock(mutex_);
        for (const auto& [id, use] : batch.keys) {
            const auto found = pending_.keys.find(id);
            if (found != pending_.keys.end() && found->second.last_used == use.last_used &&
                found->second.expires_at == use.expires_at)
                pending_.keys.erase(found);
            stored_.keys.emplace(id, use).first->second.add(use);
        }
        for (const auto& [id, seen] : batch.seen_at) {
            const auto found = pending_.seen_at.find(id);
            if (found != pending_.seen_at.end() && found->second == seen)
                pending_.seen_at.erase(found);
            auto& kept = stored_.seen_at.emplace(id, never).first->second;
            kept = (std::max)(kept, seen);
        }
    }

    /// Drops all uses, after the rows they belong to were replaced.
    void clear() {
        const std::lock_guard<std::mutex> lock(mutex_);
        pending_ = stored_ = leaving_ = {};
        any_ = false;
    }

    /// Ends a round: uses that were stored in an earlier round are dropped.
    void end_round() {
        const std::lock_guard<std::mutex> lock(mutex_);
        leaving_ = std::exchange(stored_, {});
        any_ = !pending_.empty() || !leaving_.empty();
    }

 private:
    std::array<const ActivityBatch*, 3> all() const { return {&leaving_, &stored_, &pending_}; }

    void lay_over_locked(User& user) const {
        for (const ActivityBatch* batch : all()) {
            const auto found = batch->seen_at.find(user.id);
            if (found == batch->seen_at.end()) continue;
            user.last_seen_at = (std::max)(user.last_seen_at, found->second);
            user.updated_at = (std::max)(user.updated_at, user.last_seen_at);
            if (user.status == UserStatus::dormant) user.status = UserStatus::active;
        }
    }
    void lay_over_locked(ApiKey& key) const {
        for (const ActivityBatch* batch : all()) {
            const auto found = batch->keys.find(key.id);
            if (found == batch->keys.end()) continue;
            key.last_used = (std::max)(key.last_used, found->second.last_used);
            key.expires_at = found->second.end_after(key.expires_at);
        }
    }

    mutable std::mutex mutex_;
    ActivityBatch pending_;
    ActivityBatch stored_;
    ActivityBatch leaving_;
    std::atomic<bool> any_{false};  // lets readers skip the mutex while there are no uses
};

}}}  // namespace coder_users::v0::store
