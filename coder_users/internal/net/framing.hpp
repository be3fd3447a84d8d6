// Internal: may change at any time.
// Turns the bytes of one connection into requests, or into the refusal that ends it. Knows no
// sockets and no threads.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "coder_users/api.hpp"
#include "coder_users/internal/base/refusal.hpp"
#include "coder_users/internal/net/chunked_body.hpp"
#include "coder_users/internal/net/input_buffer.hpp"
#include "coder_users/internal/net/request_head.hpp"

namespace coder_users { inline namespace v0 { namespace net {

/// Reads one request after the other. The result depends only on the bytes, not on the pieces in
/// which they come, and a refusal comes as soon as it is certain. One thread at a time may use it.
///
///     reader.feed(bytes);
///     for (; reader.advance() == RequestReader::Step::ready; reader.next())
///         answer(reader.request());
class RequestReader {
 public:
    enum class Step { need_more, ready, refused };
    /// The part of a request that the next byte belongs to. `idle`: the request has not begun.
    enum class Stage { idle, head, body };

    explicit RequestReader(FramingLimits limits = {}) : limits_(limits) {}

    void feed(std::string_view bytes) { input_.append(bytes); }

    /// Continues reading. Returns `ready` until next() is called, and `refused` for ever.
    Step advance() {
        if (step_ != Step::need_more) return step_;
        step_ = part_ == Part::body ? read_body() : read_head();
        if (step_ == Step::need_more) input_.shrink();
        return step_;
    }

    /// Moves out the URL of the request that is ready; nothing when it cannot be decoded.
    std::optional<Url> take_url() { return std::move(head_.url); }

    /// The request that is ready, or what was read of an incomplete one, as long as nobody calls
    /// next(). Its address is empty.
    Request& request() {
        head_.drop_earlier_fields();
        return head_.request;
    }

    /// Forgets the request, except that the next one gets its memory if that is little. After a
    /// complete request the next one can be read.
    void next() {
        head_.start_again(head_size_ <= kept_head);
        chunks_ = ChunkedBody();
        part_ = Part::line;
        received_ = head_size_ = 0;
        if (step_ == Step::ready) step_ = Step::need_more;
    }

    /// Whether the client keeps the connection open after the request that is ready.
    bool stays_open() const { return head_.stays_open(); }
    bool http10() const { return head_.http10; }
    const Refusal& refusal() const { return refusal_; }
    /// The refusal of a request that takes too long.
    Refusal overdue() const { return head_.instead_of(too_slow); }

    /// Returns true once for a request whose client waits for "100 Continue" before it sends the
    /// body.
    bool take_continue() { return std::exchange(continue_due_, false); }

    Stage stage() const {
        if (part_ == Part::body) return Stage::body;
        return part_ == Part::line && input_.empty() ? Stage::idle : Stage::head;
    }
    /// Whether there are bytes after the last request.
    bool has_input() const { return !input_.empty(); }
    /// The number of bytes in memory.
    std::size_t held() const { return input_.size() + head_size_ + head_.request.body.size(); }

 private:
    enum class Part { line, fields, body };

    static constexpr std::size_t kept_head = 1024;

    Step refuse(const Refusal& refusal) {
        refusal_ = head_.instead_of(refusal);
        return Step::refused;
    }

    /// The longest line that leaves room for its own end and for the empty line after the head.
    std::size_t field_limit() const {
        const std::size_t used = head_size_ + 4;
        return used < limits_.head ? limits_.head - used : 0;
    }

    Step read_head() {
        for (;;) {
            const bool first = part_ == Part::line;
            std::string_view line;
            switch (input_.take_line(first ? limits_.line : field_limit(), line)) {
                case LineStep::incomplete:
                    return Step::need_more;
                case LineStep::malformed:
                    return refuse(not_http);
                case LineStep::too_long:
                    return refuse(first ? line_too_long : head_too_large);
                case LineStep::complete:
                    break;
            }
            if (first && line.empty()) continue;  // empty lines before a request are ignored
            head_size_ += line.size() + 2;
            if (line.empty()) return end_head();
            if (first) head_.request.headers.reserve(8);
            if (first ? !read_request_line(line, head_) : !read_field(line, head_))
                return refuse(not_http);
            if (head_.fields > limits_.fields) return refuse(head_too_large);
            part_ = Part::fields;
        }
    }

    Step end_head() {
        if (const auto refusal = check_head(head_, limits_.body)) return refuse(*refusal);
        part_ = Part::body;
        continue_due_ =
            head_.expects_continue && !head_.http10 && head_.announces_body() && input_.empty();
        return read_body();
    }

    Step read_body() {
        const auto keep = [this](std::string_view data) {
            received_ += data.size();
            if (!head_.ignores_body()) head_.request.body += data;
        };
        if (head_.chunked()) {
            const ChunkedBody::Step step = chunks_.decode(input_, limits_.body, keep);
            if (step == ChunkedBody::Step::refused) return refuse(chunks_.refusal());
            return step == ChunkedBody::Step::done ? Step::ready : Step::need_more;
        }
        keep(input_.take(static_cast<std::size_t>(head_.length) - received_));
        return received_ == head_.length ? Step::ready : Step::need_more;
    }

    FramingLimits limits_;
    InputBuffer input_;
    Step step_ = Step::need_more;
    Part part_ = Part::line;
    RequestHead head_;
    std::size_t head_size_ = 0;
    std::size_t received_ = 0;  ///< of a body with Content-Length
    ChunkedBody chunks_;
    bool continue_due_ = false;
    Refusal refusal_{0, "", ""};
};

}}}  // namespace coder_users::v0::net
