// The table of open connections: who owns one at a moment, when its time is up, how many there
// may be and how much they may hold.
#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "coder_users/api.hpp"
#include "coder_users/base/file_descriptor.hpp"
#include "coder_users/base/long_body.hpp"
#include "coder_users/server/body_end.hpp"
#include "coder_users/server/framing.hpp"

namespace coder_users { inline namespace v0 { namespace server {

using Deadline = std::chrono::steady_clock::time_point;

/// What a connection is waiting for. `fresh`: the first byte of all; `idle`: that of one more
/// request.
enum class Phase { fresh, idle, head, body, answer, writing, lingering };

/// One connection, for its owner alone.
struct Connection {
    FileDescriptor socket;
    std::string address;  ///< of the peer, numeric
    Phase phase = Phase::fresh;
    Deadline deadline;        ///< looked at while the connection is parked
    bool peer_ended = false;  ///< nothing more will come
    bool closing = false;     ///< `output` is the last thing that is sent
    std::size_t answered = 0;
    RequestReader reader;
    Request request;         ///< the one that is being answered
    bool stays_open = true;  ///< the client's wish in that request
    bool http10 = false;     ///< the version of that request
    std::chrono::steady_clock::time_point queued_at;
    std::string output;
    std::size_t sent = 0;            ///< of `output`
    std::unique_ptr<LongBody> rest;  ///< of the answer that `output` belongs to
    BodyEnd end = BodyEnd::by_length;

 private:
    friend class ConnectionTable;

    std::mutex mutex_;
    bool owned_ = true;             ///< guarded by the mutex; also set while the slot is free
    std::uint32_t generation_ = 0;  ///< guarded by the mutex
    std::uint32_t slot_ = 0;
    std::size_t counted_ = 0;  ///< bytes of it in ConnectionTable::held_
};

/// A connection is owned by one thread or parked. Whoever claims a parked one owns it until they
/// park() or close() it. Slots are made in blocks as they are needed and live as long as the table.
/// All member functions may be called from any thread at once.
class ConnectionTable {
 public:
    explicit ConnectionTable(const Limits& limits)
        : max_open_((std::min)(limits.connections, most_connections)),
          max_per_address_(limits.connections_per_address),
          max_held_(limits.unfinished_bytes),
          blocks_((max_open_ + block_size - 1) / block_size) {}
    ~ConnectionTable() {
        for (auto& block : blocks_) delete[] block.load();
    }
    ConnectionTable(const ConnectionTable&) = delete;
    ConnectionTable& operator=(const ConnectionTable&) = delete;

    /// A connection that the caller owns; nullptr when there are too many, in all or of this
    /// address. The socket is taken only on success. May throw std::bad_alloc.
    Connection* open(FileDescriptor& socket, const std::string& address) {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto peers = per_address_.find(address);
        if (peers != per_address_.end() && peers->second >= max_per_address_) return nullptr;
        if (max_per_address_ == 0 || (free_.empty() && !add_block())) return nullptr;
        Connection& c = slot(free_.back());
        c.address = address;
        ++per_address_[address];
        free_.pop_back();
        ++open_;
        c.socket = std::move(socket);
        return &c;
    }

    /// Gives the connection up and calls `arm(key)` in one step: nobody can be told of an event of
    /// a connection that is not parked yet, nor give it a new socket in between.
    template <class Arm>
    void park(Connection& c, Arm arm) {
        count(c);
        const std::lock_guard<std::mutex> lock(c.mutex_);
        c.owned_ = false;
        arm(key_of(c));
    }

    /// The parked connection behind a key; nullptr when another was faster or it is gone.
    Connection* claim(std::uint64_t key) {
        Connection& c = slot(static_cast<std::uint32_t>(key));
        const std::lock_guard<std::mutex> lock(c.mutex_);
        if (c.owned_ || c.generation_ != key >> 32) return nullptr;
        c.owned_ = true;
        return &c;
    }

    /// Claims every parked connection whose deadline has passed and gives it to `take(c)`.
    template <class Take>
    void claim_expired(Deadline now, Take take) {
        const std::uint32_t made = made_;
        for (std::uint32_t i = 0; i < made; ++i) {
            Connection& c = slot(i);
            {
                const std::lock_guard<std::mutex> lock(c.mutex_);
                if (c.owned_ || c.deadline > now) continue;
                c.owned_ = true;
            }
            take(c);
        }
    }

    /// When more is held than may be: claims parked connections whose client does not read its
    /// answer, who has waited longest first, and gives them to `take(c)`, until a quarter of the
    /// bound is free. What every connection may hold, `always_held`, shuts nobody out. Must not be
    /// called by the owner of a connection.
    template <class Take>
    void claim_unread(Take take) {
        if (has_room_for(0)) return;
        const std::unique_lock<std::mutex> one_at_a_time(relief_, std::try_to_lock);
        if (!one_at_a_time) return;
        std::vector<std::pair<Deadline, std::uint64_t>> unread;
        try {
            note_unread(unread);
        } catch (const std::bad_alloc&) {
            // those that were noted give some room
        }
        std::sort(unread.begin(), unread.end());
        for (const auto& [deadline, key] : unread) {
            if (has_room_for(max_held_ / 4)) return;
            if (Connection* const c = claim(key)) {
                take(*c);
                relieved_ = true;
            }
        }
    }
    /// True once after claim_unread() has claimed any.
    bool take_relieved() { return relieved_.exchange(false); }

    /// Closes a connection of the caller.
    void close(Connection& c) {
        const std::string address = std::move(c.address);
        reset_if_cut_short(c);
        c.socket.reset();
        c.request = Request();
        c.reader = RequestReader();
        std::string().swap(c.output);
        c.rest.reset();
        c.end = BodyEnd::by_length;
        count(c);
        c.phase = Phase::fresh;
        c.peer_ended = c.closing = false;
        c.answered = c.sent = 0;
        {
            const std::lock_guard<std::mutex> lock(c.mutex_);
            ++c.generation_;
            c.owned_ = true;
        }
        const std::lock_guard<std::mutex> lock(mutex_);
        free_.push_back(c.slot_);
        --open_;
        const auto peers = per_address_.find(address);
        if (--peers->second == 0) per_address_.erase(peers);
    }

    /// Closes all, parked and owned. No other thread may use the table any more.
    void close_all() {
        for (std::uint32_t i = 0; i < made_; ++i)
            if (slot(i).socket) close(slot(i));
    }

    /// Counts anew what the caller's connection holds.
    void count(Connection& c) {
        const std::size_t bytes = c.reader.held() + c.request.body.size() + c.output.size();
        held_ += bytes - c.counted_;
        c.counted_ = bytes;
    }
    bool has_room_for(std::size_t bytes) const { return held_ + bytes <= max_held_; }

    /// What every connection may hold: those that hold much shut nobody else out.
    static constexpr std::size_t always_held = 4096;

    std::size_t open_connections() const { return open_; }
    std::size_t held_bytes() const { return held_; }

 private:
    static constexpr std::size_t most_connections = 1 << 20;  ///< whatever the limits say
    static constexpr std::size_t block_size = 64;

    static std::uint64_t key_of(const Connection& c) {
        return std::uint64_t{c.generation_} << 32 | c.slot_;
    }

    void note_unread(std::vector<std::pair<Deadline, std::uint64_t>>& unread) {
        const std::uint32_t made = made_;
        for (std::uint32_t i = 0; i < made; ++i) {
            Connection& c = slot(i);
            const std::lock_guard<std::mutex> lock(c.mutex_);
            if (!c.owned_ && c.phase == Phase::writing && c.counted_ > always_held)
                unread.emplace_back(c.deadline, key_of(c));
        }
    }

    Connection& slot(std::uint32_t i) { return blocks_[i / block_size].load()[i % block_size]; }

    /// Where the end of the connection would look like the end of an answer, the client gets a
    /// reset.
    static void reset_if_cut_short(Connection& c) {
        if (!c.rest && (c.end != BodyEnd::by_close || c.sent == c.output.size())) return;
        const struct linger at_once { 1, 0 };
        ::setsockopt(c.socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }

    bool add_block() {
        if (made_ >= max_open_) return false;
        const std::uint32_t first = made_;
        const auto end = static_cast<std::uint32_t>((std::min)(max_open_, first + block_size));
        free_.reserve(end);
        auto* const block = new Connection[block_size];
        blocks_[first / block_size] = block;
        for (std::uint32_t i = end; i-- > first;) {
            block[i - first].slot_ = i;
            free_.push_back(i);
        }
        made_ = end;
        return true;
    }

    const std::size_t max_open_, max_per_address_, max_held_;
    std::vector<std::atomic<Connection*>> blocks_;
    std::atomic<std::uint32_t> made_{0};  ///< slots that exist
    std::atomic<std::size_t> open_{0}, held_{0};
    std::atomic<bool> relieved_{false};
    std::mutex relief_;  // held while connections are looked for that give room
    std::mutex mutex_;   // guards what follows
    std::vector<std::uint32_t> free_;
    std::unordered_map<std::string, std::size_t> per_address_;
};

}}}  // namespace coder_users::v0::server
