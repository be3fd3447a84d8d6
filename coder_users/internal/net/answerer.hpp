// Internal: may change at any time.
// Turns a request or a refusal into the bytes to send.
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <new>
#include <utility>

#include "coder_users/api.hpp"
#include "coder_users/internal/base/refusal.hpp"
#include "coder_users/internal/net/connections.hpp"
#include "coder_users/internal/net/handler.hpp"
#include "coder_users/internal/net/httplib.hpp"

namespace coder_users { inline namespace v0 { namespace net {

/// The connection is to end without an answer.
class ConnectionCut : public std::exception {};

/// Appends answers to a connection's output and decides which answer is its last. The caller must
/// own the connection; any thread may use the answerer. May throw std::bad_alloc.
class Answerer {
 public:
    Answerer(FrontHandler& handler, std::size_t max_requests, const std::atomic<bool>& stopping)
        : handler_(handler), max_requests_(max_requests), stopping_(stopping) {}

    /// Answers the connection's pending request.
    void answer(Connection& c) {
        reply(c, [&] { return c.pending->answer(); });
    }

    /// Refuses it instead.
    void refuse_pending(Connection& c, const Refusal& refusal) {
        reply(c, [&] { return c.pending->refuse(refusal); });
    }

    /// Appends the next piece of the body in progress. Throws when the body cannot be completed.
    void go_on(Connection& c) {
        const std::size_t begin = c.output.size();
        const bool more = c.rest->append_piece(c.output);
        if (!more) c.rest.reset();
        if (c.end == BodyEnd::by_close) return;
        make_chunk(c.output, begin);
        if (!more) c.output += last_chunk;
    }

    /// Refuses the request; the connection stays open if the client wants it to.
    void refuse(Connection& c, const Refusal& refusal) {
        reply(c, [&] { return handler_.refuse(c.reader.request(), refusal); });
    }

    /// Refuses a partly read request. The connection closes, since nobody knows where the next
    /// begins.
    void refuse_input(Connection& c, const Refusal& refusal) {
        c.reader.request().address = c.address;
        c.stays_open = false;
        refuse(c, refusal);
    }

 private:
    template <class Respond>
    void reply(Connection& c, Respond respond) {
        const std::size_t before = c.output.size();
        ++c.answered;
        try {
            Answer answer = respond();
            if (answer.cut) throw ConnectionCut();
            const bool to_head = c.reader.request().method == "HEAD";
            c.end = !answer.rest ? BodyEnd::by_length
                    : c.http10   ? BodyEnd::by_close
                                 : BodyEnd::by_last_chunk;
            // Decided only now, because the handler may have stopped the server.
            c.closing = !c.stays_open || stopping_ || c.answered >= max_requests_ ||
                        c.end == BodyEnd::by_close;
            append_answer(c.output, answer, to_head, c.closing, c.end);
            if (!to_head) c.rest = std::move(answer.rest);
        } catch (const std::bad_alloc&) {
            c.output.resize(before);
            c.closing = true;
        }
        c.pending.reset();  // it refers to the request
        c.reader.next();
    }

    FrontHandler& handler_;
    const std::size_t max_requests_;
    const std::atomic<bool>& stopping_;
};

}}}  // namespace coder_users::v0::net
