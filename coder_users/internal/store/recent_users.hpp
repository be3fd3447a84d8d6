// Internal: may change at any time.
// Users whose rows one connection has read, kept until the database changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "coder_users/internal/base/shared.hpp"
#include "coder_users/internal/store/bytes_of.hpp"
#include "coder_users/model.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// Users as their rows are, without uses that are not stored yet. They live exactly as long as the
/// pages in the cache of their connection: any commit, of this process or another, ends both. So
/// they belong to the state that the connection's open transaction sees. One thread at a time.
class RecentUsers {
 public:
    /// They occupy `most_bytes` at most; 0 switches this off. Beyond that all are dropped, since
    /// what is read next is as good a guess as any.
    void hold(std::size_t most_bytes) { most_bytes_ = most_bytes; }
    bool on() const { return most_bytes_ > 0; }
    bool empty() const { return users_.empty(); }

    /// Call it in each transaction before find() and keep(), with Connection::data_version(). Drops
    /// what was read from another state of the database.
    void see(std::int64_t data_version) {
        if (data_version_ == data_version) return;
        drop_all();
        data_version_ = data_version;
    }

    /// Returns nullptr for a row that was not kept.
    Shared<User> find(std::int64_t rowid) const {
        const auto found = users_.find(rowid);
        return found == users_.end() ? nullptr : found->second;
    }

    void keep(std::int64_t rowid, const Shared<User>& user) {
        constexpr std::size_t beside = 96;  // of the map and the shared pointer
        const std::size_t bytes = bytes_of(*user) + beside;
        if (bytes > most_bytes_) return;
        if (bytes_ + bytes > most_bytes_) drop_all();
        if (users_.emplace(rowid, user).second) bytes_ += bytes;
    }

 private:
    void drop_all() {
        users_.clear();
        bytes_ = 0;
    }

    std::size_t most_bytes_ = 0, bytes_ = 0;
    std::int64_t data_version_ = -1;
    std::unordered_map<std::int64_t, Shared<User>> users_;  // by rowid
};

}}}  // namespace coder_users::v0::store
