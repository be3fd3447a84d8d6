// Internal: may change at any time.
// The table of open connections: who owns each, when its time is over, how many may be open and how
// much memory they may hold.
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
#include "coder_users/internal/base/address.hpp"
#include "coder_users/internal/base/file_descriptor.hpp"
#include "coder_users/internal/base/long_body.hpp"
#include "coder_users/internal/net/chunked_body.hpp"
#include "coder_users/internal/net/framing.hpp"
#include "coder_users/internal/net/handler.hpp"

namespace coder_users { inline namespace v0 { namespace net {

using Deadline = std::chrono::steady_clock::time_point;

/// What a connection waits for. `fresh`: its very first byte; `idle`: the first byte of another
/// request.
enum class Phase { fresh, idle, head, body, answer, writing, lingering };

/// One connection. Only its owner may use it.
struct Connection {
    FileDescriptor socket;
    std::string address;  ///< of the peer, numeric
    Phase phase = Phase::fresh;
    Deadline deadline;        ///< checked only while the connection is parked
    bool peer_ended = false;  ///< the client will send nothing more
    bool closing = false;     ///< the connection ends after `output`
    std::size_t answered = 0;
    RequestReader reader;              ///< holds the request that is being answered
    std::unique_ptr<Pending> pending;  ///< that request after FrontHandler::look()
    bool stays_open = true;            ///< whether that request asks for it
    bool http10 = false;               ///< whether that request has this version
    std::chrono::steady_clock::time_point queued_at;
    std::string output;
    std::size_t sent = 0;            ///< bytes of `output`
    std::unique_ptr<LongBody> rest;  ///< makes the rest of a long body
    BodyEnd end = BodyEnd::by_length;

 private:
    friend class ConnectionTable;

    std::mutex mutex_;
    bool owned_ = true;             ///< guarded by the mutex; also set while the slot is free
    std::uint32_t generation_ = 0;  ///< guarded by the mutex
    std::uint32_t slot_ = 0;
    std::string counted_address_;  ///< the name under which the limit counts `address`
    std::size_t counted_ = 0;      ///< bytes of this connection in ConnectionTable::held_
};

/// A connection is owned by one thread or parked. The thread that claims a parked one owns it until
/// it calls park() or close(). Slots are made in blocks when needed and live as long as the table.
/// Any thread may call any member function.
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

    /// Opens a connection that the caller owns; returns nullptr when there are too many in all or
    /// from this address, or from its IPv6 /64 network. Takes the socket only on success. May throw
    /// std::bad_alloc.
    Connection* open(FileDescriptor& socket, const std::string& address) {
        const std::string counted = counted_address(address);
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto peers = per_address_.find(counted);
        if (peers != per_address_.end() && peers->second >= max_per_address_) return nullptr;
        if (max_per_address_ == 0 || (free_.empty() && !add_block())) return nullptr;
        Connection& c = slot(free_.back());
        c.address = address;
        c.counted_address_ = counted;
        ++per_address_[counted];
        free_.pop_back();
        ++open_;
        c.socket = std::move(socket);
        return &c;
    }

    /// Parks the connection and calls `arm(key)` in one step, so that no other thread can claim or
    /// reuse the connection before the poller is armed.
    template <class Arm>
    void park(Connection& c, Arm arm) {
        count(c);
        const std::lock_guard<std::mutex> lock(c.mutex_);
        c.owned_ = false;
        arm(key_of(c));
    }

    /// Claims the parked connection with this key; nullptr when another thread was faster or it is
    /// closed.
    Connection* claim(std::uint64_t key) {
        Connection& c = slot(static_cast<std::uint32_t>(key));
        const std::lock_guard<std::mutex> lock(c.mutex_);
        if (c.owned_ || c.generation_ != key >> 32) return nullptr;
        c.owned_ = true;
        return &c;
    }

    /// Claims every parked connection whose deadline has passed and passes it to `take(c)`.
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

    /// When connections hold more memory than allowed: claims parked ones whose client does not
    /// read its answer, those with the earliest deadline first, and passes them to `take(c)` until
    /// a quarter of the limit is free. Connections that hold at most `always_held` are spared. The
    /// caller must not own a connection.
    template <class Take>
    void claim_unread(Take take) {
        if (has_room_for(0)) return;
        const std::unique_lock<std::mutex> one_at_a_time(relief_, std::try_to_lock);
        if (!one_at_a_time) return;
        std::vector<std::pair<Deadline, std::uint64_t>> unread;
        try {
            note_unread(unread);
        } catch (const std::bad_alloc&) {
            // closing those that were noted frees some memory
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
    /// Returns true once after claim_unread() has claimed any connection.
    bool take_relieved() { return relieved_.exchange(false); }

    /// Closes a connection that the caller owns.
    void close(Connection& c) {
        const std::string counted = std::move(c.counted_address_);
        c.address.clear();
        reset_if_cut_short(c);
        c.socket.reset();
        c.pending.reset();
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
        const auto peers = per_address_.find(counted);
        if (--peers->second == 0) per_address_.erase(peers);
    }

    /// Closes all connections, parked or owned. No other thread may use the table any more.
    void close_all() {
        for (std::uint32_t i = 0; i < made_; ++i)
            if (slot(i).socket) close(slot(i));
    }

    /// Updates the count of bytes that the caller's connection holds.
    void count(Connection& c) {
        const std::size_t bytes = c.reader.held() + c.output.size();
        if (bytes == c.counted_) return;
        held_ += bytes - c.counted_;
        c.counted_ = bytes;
    }
    bool has_room_for(std::size_t bytes) const { return held_ + bytes <= max_held_; }

    /// Every connection may hold this much, even when others have used up the limit.
    static constexpr std::size_t always_held = 4096;

    std::size_t open_connections() const { return open_; }
    std::size_t held_bytes() const { return held_; }

 private:
    static constexpr std::size_t most_connections = 1 << 20;  ///< upper limit for every setting
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

    /// Resets a connection that is closed within an answer, if its end could pass for the end of
    /// the body.
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
    std::atomic<std::uint32_t> made_{0};  ///< number of slots that exist
    std::atomic<std::size_t> open_{0}, held_{0};
    std::atomic<bool> relieved_{false};
    std::mutex relief_;  // held while searching for connections to close
    std::mutex mutex_;   // guards the members below
    std::vector<std::uint32_t> free_;
    std::unordered_map<std::string, std::size_t> per_address_;
};

}}}  // namespace coder_users::v0::net
