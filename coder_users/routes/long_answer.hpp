// Lists that may be too long to be in memory as a whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "coder_users/base/long_body.hpp"
#include "coder_users/format/json_writer.hpp"
#include "coder_users/routes/call.hpp"

namespace coder_users { inline namespace v0 { namespace routes {

/// A list of no more items is read and answered whole.
inline constexpr std::int64_t short_list = 200;

/// Whether a list that was asked for with this limit (0: none) may have to be answered in pieces.
inline bool may_be_long(const Call& call, std::int64_t limit) {
    // A reader of a database in memory holds up its writer.
    return (limit == 0 || limit > short_list) && !call.backend.store.in_memory();
}

/// A document of one list, over one consistent state.
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

    /// Writes what comes next, with the document's end if that is it. False: it is.
    virtual bool write(format::JsonWriter& json, store::Connection& c,
                       std::optional<store::Query>& rows) = 0;

 private:
    store::Store& store_;
    store::LongReading reading_;
    format::JsonWriter json_;
};

/// The whole answer when it is not long after all, else its beginning and the rest.
inline Reply in_pieces(std::unique_ptr<LongBody> body) {
    constexpr std::size_t long_answer = 256 * 1024;
    Reply reply;
    while (reply.body.size() < long_answer)
        if (!body->append_piece(reply.body)) return reply;
    reply.rest = std::move(body);
    return reply;
}

}}}  // namespace coder_users::v0::routes
