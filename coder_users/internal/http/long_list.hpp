// Internal: may change at any time.
// Lists that are sent while they are made, because they may be too long for memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "coder_users/internal/base/json_writer.hpp"
#include "coder_users/internal/base/long_body.hpp"
#include "coder_users/internal/http/call.hpp"

namespace coder_users { inline namespace v0 { namespace http {

/// Lists with fewer items are read and answered as a whole.
inline constexpr std::int64_t short_list = 200;

/// Whether a list with this limit (0: none) may have to be sent in pieces.
inline bool may_be_long(const Call& call, std::int64_t limit) {
    // A long reading of a database in memory would hold up all changes.
    return (limit == 0 || limit > short_list) && !call.acting.backend.store.in_memory();
}

/// The JSON document of a list, read from one state of the database.
class LongList : public LongBody {
 public:
    explicit LongList(store::Store& store) : store_(store), reading_(store.begin_long_reading()) {}

    bool append_piece(std::string& out) final {
        const bool more =
            store_.read(reading_, [&](store::Connection& c, std::optional<store::Query>& rows) {
                return write(json_, c, rows);
            });
        out += json_.take();
        if (!more) out += '\n';
        return more;
    }

 protected:
    static constexpr std::size_t items_in_piece = 100;

    /// Writes the next items; after the last ones also the end of the document, and returns false.
    virtual bool write(JsonWriter& json, store::Connection& c,
                       std::optional<store::Query>& rows) = 0;

 private:
    store::Store& store_;
    store::LongReading reading_;
    JsonWriter json_;
};

/// Returns the whole answer when it turns out to be short, otherwise its beginning with the rest.
inline Reply in_pieces(std::unique_ptr<LongBody> body) {
    constexpr std::size_t long_answer = 256 * 1024;
    Reply reply;
    while (reply.body.size() < long_answer)
        if (!body->append_piece(reply.body)) return reply;
    reply.rest = std::move(body);
    return reply;
}

}}}  // namespace coder_users::v0::http
