// From a request or a refusal to the bytes that are to be sent for it.
#pragma once

#include <atomic>
#include <cstddef>
#include <new>
#include <utility>

#include "coder_users/api.hpp"
#include "coder_users/server/connections.hpp"
#include "coder_users/server/front_handler.hpp"
#include "coder_users/server/http.hpp"
#include "coder_users/server/refusal.hpp"

namespace coder_users { inline namespace v0 { namespace server {

/// Appends answers to the output of connections of the caller, and decides which is the last one.
/// May be used by any thread at once; may throw std::bad_alloc.
class Answerer {
 public:
    Answerer(FrontHandler& handler, std::size_t max_requests, const std::atomic<bool>& stopping)
        : handler_(handler), max_requests_(max_requests), stopping_(stopping) {}

    /// Answers the connection's request.
    void answer(Connection& c) {
        reply(c, [&] { return handler_.answer(c.request); });
    }

    /// Appends the next piece of the body that is being sent. Throws what makes it incomplete.
    void go_on(Connection& c) {
        const std::size_t begin = c.output.size();
        const bool more = c.rest->append_piece(c.output);
        if (!more) c.rest.reset();
        if (c.end == BodyEnd::by_close) return;
        make_chunk(c.output, begin);
        if (!more) c.output += last_chunk;
    }

    /// Refuses it; the connection goes on.
    void refuse(Connection& c, const Refusal& refusal) {
        reply(c, [&] { return handler_.refuse(c.request, refusal); });
    }

    /// Refuses what has been read of a request. Where the next one begins is not known then.
    void refuse_input(Connection& c, const Refusal& refusal) {
        c.request = c.reader.take();
        c.request.address = c.address;
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
            const bool to_head = c.request.method == "HEAD";
            c.end = !answer.rest ? BodyEnd::by_length
                    : c.http10   ? BodyEnd::by_close
                                 : BodyEnd::by_last_chunk;
            // Decided afterwards: the handler itself may have stopped the server.
            c.closing = !c.stays_open || stopping_ || c.answered >= max_requests_ ||
                        c.end == BodyEnd::by_close;
            append_answer(c.output, answer.response, to_head, c.closing, c.end);
            if (!to_head) c.rest = std::move(answer.rest);
        } catch (const std::bad_alloc&) {
            c.output.resize(before);
            c.closing = true;
        }
        c.request = Request();
    }

    FrontHandler& handler_;
    const std::size_t max_requests_;
    const std::atomic<bool>& stopping_;
};

}}}  // namespace coder_users::v0::server
