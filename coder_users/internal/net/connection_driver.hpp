// Internal: may change at any time.
// Reads, answers, writes and closes a connection while a thread owns it.
#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <new>
#include <string>
#include <utility>

#include "coder_users/api.hpp"
#include "coder_users/internal/base/call_counter.hpp"
#include "coder_users/internal/net/answerer.hpp"
#include "coder_users/internal/net/connection_io.hpp"
#include "coder_users/internal/net/connections.hpp"
#include "coder_users/internal/net/handler.hpp"
#include "coder_users/internal/net/poller.hpp"

namespace coder_users { inline namespace v0 { namespace net {

/// Public functions take a new socket, or a connection that the calling thread owns, and leave it
/// parked, in a lane, or closed. None of them waits for a client.
class ConnectionDriver {
 public:
    /// Throws std::system_error when the system cannot make an epoll set.
    ConnectionDriver(FrontHandler& handler, const Limits& limits, const Deadlines& deadlines)
        : handler_(handler),
          deadlines_(deadlines),
          table_(limits),
          answerer_(handler, limits.requests_per_connection, stopping_) {}

    /// Accepts a new client, or answers it with 503 when there are too many.
    void admit(FileDescriptor socket, const std::string& address) {
        try {
            Connection* const c = table_.open(socket, address);
            if (!c) return turn_away(std::move(socket), address);
            c->deadline = after(deadlines_.head);
            table_.park(*c, [&](std::uint64_t key) {
                // If the system has no space for it, the next sweep closes it.
                if (!poller_.add(c->socket.get(), Interest::readable, key)) c->deadline = {};
            });
        } catch (const std::exception&) {  // out of memory: the socket closes
        }
    }

    /// Continues a connection after the poller has reported an event for it.
    void drive(Connection& c) {
        guarded(c, [&] { go_on(c, requests_in_a_row); });
    }

    /// Ends connections whose deadline has passed: incomplete requests get an answer, others do
    /// not. Requests that wait too long for a lane are refused.
    void end_expired() {
        handler_.end_overdue();
        table_.claim_expired(Clock::now(), [this](Connection& c) {
            if (c.phase != Phase::head && c.phase != Phase::body) return table_.close(c);
            guarded(c, [&] {
                answerer_.refuse_input(c, c.reader.overdue());
                go_on(c, 0);
            });
        });
    }

    /// Begins no more requests from now on, and wakes the threads that wait for the poller.
    void stop() noexcept {
        stopping_ = true;
        poller_.wake();
    }
    bool stopping() const { return stopping_; }

    ConnectionTable& table() { return table_; }
    const ConnectionTable& table() const { return table_; }
    Poller& poller() { return poller_; }
    /// Counts the requests in lanes.
    CallCounter& in_lanes() { return in_lanes_; }

 private:
    using Clock = std::chrono::steady_clock;

    /// Of one client. A client that sends many at once waits for its next turn behind all who do
    /// not: whoever never reads its answers is known only when it has been sent many.
    static constexpr std::size_t requests_in_a_row = 1;
    static constexpr std::chrono::milliseconds linger_time{1000};

    /// A deadline counts from the beginning of the phase; progress does not extend it.
    static void enter(Connection& c, Phase phase, std::chrono::milliseconds time) {
        if (c.phase == phase) return;
        c.phase = phase;
        c.deadline = after(time);
    }
    static Deadline after(std::chrono::milliseconds time) {
        const std::chrono::milliseconds longest = std::chrono::hours(24 * 365);  // no overflow
        return Clock::now() + (std::min)(time, longest);
    }

    /// Runs `work`, which leaves the connection parked, in a lane or closed. Closes it if `work`
    /// throws.
    template <class Work>
    void guarded(Connection& c, Work work) {
        try {
            work();
        } catch (const std::exception&) {  // out of memory, or a body that cannot be completed
            table_.close(c);
        }
    }

    void park(Connection& c, Interest interest) {
        table_.park(c, [&](std::uint64_t key) { poller_.arm(c.socket.get(), interest, key); });
    }

    /// Lets others have their turn before the next request of this client, which has been read.
    void let_others_go_first(Connection& c, bool on_worker) {
        if (!on_worker) return park(c, Interest::writable);  // which is reported at once
        table_.park(c, [&](std::uint64_t key) { poller_.defer(c.socket.get(), key); });
    }

    /// Begins at most `most` requests. Threads that are no workers begin none: they have other
    /// things to do, and a lane's thread counts as somebody's share.
    void go_on(Connection& c, std::size_t most) {
        bool drained = false;
        for (std::size_t turns = 0;;) {
            if (!flush(c)) return;
            if (c.rest) {
                answerer_.go_on(c);
                // Making a piece takes a while, so others go first. A writable socket reports at
                // once.
                return park(c, Interest::writable);
            }
            if (c.closing) return linger(c);
            if (stopping_) return table_.close(c);
            if (turns == most && c.reader.has_input()) return let_others_go_first(c, most > 0);
            switch (c.reader.advance()) {
                case RequestReader::Step::refused:
                    answerer_.refuse_input(c, c.reader.refusal());
                    continue;
                case RequestReader::Step::ready:
                    ++turns;
                    if (!answer_or_queue(c)) return;
                    continue;
                case RequestReader::Step::need_more:
                    break;
            }
            note_stage(c);
            if (c.reader.take_continue()) {
                c.output += "HTTP/1.1 100 Continue\r\n\r\n";
                continue;
            }
            if (c.peer_ended) return table_.close(c);
            if (drained) return park(c, Interest::readable);
            if (!read_more(c, drained)) return;
        }
    }

    void note_stage(Connection& c) {
        switch (c.reader.stage()) {
            case RequestReader::Stage::idle:
                if (c.phase != Phase::fresh) enter(c, Phase::idle, deadlines_.idle);
                break;
            case RequestReader::Stage::head:
                enter(c, Phase::head, deadlines_.head);
                break;
            case RequestReader::Stage::body:
                enter(c, Phase::body, deadlines_.body);
                break;
        }
    }

    /// `drained`: nothing is left to read for now. Returns false after closing the connection.
    bool read_more(Connection& c, bool& drained) {
        char bytes[16384];
        std::size_t size;
        const IoStep step = receive(c, bytes, size);
        drained = step == IoStep::blocked || size < sizeof bytes;
        if (step == IoStep::failed) {
            table_.close(c);
        } else if (c.reader.held() + size > ConnectionTable::always_held &&
                   !table_.has_room_for(size)) {
            answerer_.refuse_input(c, overloaded);
        } else {
            c.reader.feed({bytes, size});
            table_.count(c);
        }
        return step != IoStep::failed;
    }

    /// Sends the output. Returns false after parking or closing the connection.
    bool flush(Connection& c) {
        switch (send_output(c)) {
            case IoStep::failed:
                table_.close(c);
                return false;
            case IoStep::blocked:
                enter(c, Phase::writing, deadlines_.write);
                park(c, Interest::writable);
                table_.claim_unread([this](Connection& unread) { table_.close(unread); });
                return false;
            case IoStep::done:
                break;
        }
        if (c.rest)
            enter(c, Phase::writing, deadlines_.write);
        else if (c.phase == Phase::answer || c.phase == Phase::writing)
            enter(c, Phase::idle, deadlines_.idle);
        return true;
    }

    /// Returns false when a lane has taken the connection.
    bool answer_or_queue(Connection& c) {
        c.stays_open = c.reader.stays_open();
        c.http10 = c.reader.http10();
        Request& request = c.reader.request();
        request.address = c.address;
        c.phase = Phase::answer;
        try {
            c.pending = handler_.look(request, c.reader.take_url());
        } catch (const std::bad_alloc&) {
            answerer_.refuse(c, overloaded);
            return true;
        }
        if (!c.pending->lane) {
            answerer_.answer(c);
            return true;
        }
        table_.count(c);
        if (queue(c)) return false;
        answerer_.refuse_pending(c, overloaded);
        return true;
    }

    /// Returns whether the lane of the pending request has taken the connection.
    bool queue(Connection& c) {
        c.queued_at = Clock::now();
        in_lanes_.enter();
        try {
            const auto job = [this, &c](bool in_time) { leave_lane(c, in_time); };
            if (c.pending->lane->try_submit(job, c.pending->holder)) return true;
        } catch (...) {
            in_lanes_.leave();
            throw;
        }
        in_lanes_.leave();
        return false;
    }

    /// Runs on a thread of the lane; `in_time`: the request has not waited there too long.
    void leave_lane(Connection& c, bool in_time) {
        guarded(c, [&] {
            if (stopping_ || gone(c, Clock::now() - c.queued_at)) return table_.close(c);
            if (!in_time) {
                answerer_.refuse_pending(c, overloaded);
            } else if (!c.pending->moves_on()) {
                answerer_.answer(c);
            } else {
                if (queue(c)) return;  // it is the other lane's from now on
                answerer_.refuse_pending(c, overloaded);
            }
            go_on(c, 0);
        });
        in_lanes_.leave();
    }

    /// After the last answer: shuts our side down and discards what the client still sends, for a
    /// moment. If the socket were closed at once, such input would cause a reset, and the client
    /// could lose the answer.
    void linger(Connection& c) {
        if (c.phase != Phase::lingering) {
            ::shutdown(c.socket.get(), SHUT_WR);
            c.reader = RequestReader();
            enter(c, Phase::lingering, linger_time);
        }
        const bool ended = swallow_input(c) != IoStep::blocked;
        if (ended || Clock::now() >= c.deadline) return table_.close(c);
        park(c, Interest::readable);
    }

    void turn_away(FileDescriptor socket, const std::string& address) {
        Connection c;  // not in the table
        c.socket = std::move(socket);
        c.address = address;
        answerer_.refuse_input(c, overloaded);
        send_output(c);
        ::shutdown(c.socket.get(), SHUT_WR);
    }

    FrontHandler& handler_;
    const Deadlines deadlines_;
    std::atomic<bool> stopping_{false};
    Poller poller_;
    ConnectionTable table_;
    Answerer answerer_;
    CallCounter in_lanes_;
};

}}}  // namespace coder_users::v0::net
