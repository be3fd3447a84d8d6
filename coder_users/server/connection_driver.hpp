// What happens on a connection while a thread owns it: read, answer, write, and end it well.
#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <utility>

#include "coder_users/api.hpp"
#include "coder_users/server/answerer.hpp"
#include "coder_users/server/call_gate.hpp"
#include "coder_users/server/connection_io.hpp"
#include "coder_users/server/connections.hpp"
#include "coder_users/server/front_handler.hpp"
#include "coder_users/server/poller.hpp"

namespace coder_users { inline namespace v0 { namespace server {

/// Its public functions take a new socket or a connection that the calling thread owns, and leave
/// it parked, in a lane, or closed. None of them waits for a client.
class ConnectionDriver {
 public:
    /// Throws std::system_error when the system has no room for an epoll set.
    ConnectionDriver(FrontHandler& handler, const Limits& limits, const Deadlines& deadlines)
        : handler_(handler),
          deadlines_(deadlines),
          table_(limits),
          answerer_(handler, limits.requests_per_connection, stopping_) {}

    /// Takes in a client that has just connected, or turns it away with 503.
    void admit(FileDescriptor socket, const std::string& address) {
        try {
            Connection* const c = table_.open(socket, address);
            if (!c) return turn_away(std::move(socket), address);
            c->deadline = after(deadlines_.head);
            table_.park(*c, [&](std::uint64_t key) {
                // Where the system has no room for it, the next sweep closes it.
                if (!poller_.add(c->socket.get(), Interest::readable, key)) c->deadline = {};
            });
        } catch (const std::exception&) {  // out of memory: the socket closes
        }
    }

    /// Goes on with a connection for which an event has come.
    void drive(Connection& c) {
        guarded(c, [&] { go_on(c); });
    }

    /// Ends connections whose time is up: half-sent requests with an answer, all others silently.
    void end_expired() {
        table_.claim_expired(Clock::now(), [this](Connection& c) {
            if (c.phase != Phase::head && c.phase != Phase::body) return table_.close(c);
            guarded(c, [&] {
                answerer_.refuse_input(c, c.reader.overdue());
                go_on(c);
            });
        });
    }

    /// From now on no request is begun any more; whoever waits for the poller is woken.
    void stop() noexcept {
        stopping_ = true;
        poller_.wake();
    }
    bool stopping() const { return stopping_; }

    ConnectionTable& table() { return table_; }
    const ConnectionTable& table() const { return table_; }
    Poller& poller() { return poller_; }
    /// The requests that are in lanes.
    CallGate& in_lanes() { return in_lanes_; }

 private:
    using Clock = std::chrono::steady_clock;

    static constexpr std::size_t turn_length = 16;  ///< requests of one client before others' turn
    static constexpr std::chrono::milliseconds linger_time{1000};

    /// The time of a phase runs from its beginning; progress within it does not extend it.
    static void enter(Connection& c, Phase phase, std::chrono::milliseconds time) {
        if (c.phase == phase) return;
        c.phase = phase;
        c.deadline = after(time);
    }
    static Deadline after(std::chrono::milliseconds time) {
        const std::chrono::milliseconds longest = std::chrono::hours(24 * 365);  // no overflow
        return Clock::now() + (std::min)(time, longest);
    }

    /// Runs `work`, which ends with the connection parked, in a lane or closed unless it throws.
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

    void go_on(Connection& c) {
        bool drained = false;
        for (std::size_t turns = 0;;) {
            if (!flush(c)) return;
            if (c.rest) {
                answerer_.go_on(c);
                // A piece takes its time, and a socket with room reports: others first.
                return park(c, Interest::writable);
            }
            if (c.closing) return linger(c);
            if (stopping_) return table_.close(c);
            // Nothing more need come for the bytes that are here, but a socket with room reports.
            if (turns == turn_length && c.reader.has_input()) return park(c, Interest::writable);
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

    /// `drained`: nothing more is there to be read now. False: the connection is closed.
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

    /// Sends what is to be sent. False: the connection is parked or closed.
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

    /// False: the connection is in a lane.
    bool answer_or_queue(Connection& c) {
        c.stays_open = c.reader.stays_open();
        c.http10 = c.reader.http10();
        c.request = c.reader.take();
        c.request.address = c.address;
        c.phase = Phase::answer;
        LanePool* const lane = handler_.lane_of(c.request);
        if (!lane) {
            answerer_.answer(c);
            return true;
        }
        table_.count(c);
        c.queued_at = Clock::now();
        in_lanes_.enter();
        try {
            if (lane->try_submit([this, &c] { leave_lane(c); })) return false;
        } catch (...) {
            in_lanes_.leave();
            throw;
        }
        in_lanes_.leave();
        answerer_.refuse(c, overloaded);
        return true;
    }

    /// On a thread of the lane.
    void leave_lane(Connection& c) {
        guarded(c, [&] {
            if (stopping_ || gone(c, Clock::now() - c.queued_at)) return table_.close(c);
            answerer_.answer(c);
            go_on(c);
        });
        in_lanes_.leave();
    }

    /// After the last answer: ends our side and swallows what still comes for a moment. Closing at
    /// once would make the system answer it with a reset, which destroys the answer on its way.
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
        Connection c;  // that the table never sees
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
    CallGate in_lanes_;
};

}}}  // namespace coder_users::v0::server
