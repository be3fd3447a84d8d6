// Internal: may change at any time.
// What is used of libpq, with owners for what it allocates. The only header that includes it.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <string>
#include <string_view>

namespace coder_users { inline namespace v0 { namespace store { namespace postgres {

struct ClearResult {
    void operator()(PGresult* result) const noexcept { PQclear(result); }
};
/// An answer of the server; nullptr when there was no memory for it.
using Result = std::unique_ptr<PGresult, ClearResult>;

struct FreeOptions {
    void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};
/// A list that ends with an option whose keyword is nullptr.
using ConnectionOptions = std::unique_ptr<PQconninfoOption, FreeOptions>;

/// The numbers of the types that parameters have.
inline constexpr Oid type_bigint = 20, type_text = 25;

/// A field of an error; "" when there is none.
inline std::string error_field(const PGresult* result, int field) {
    const char* const text = PQresultErrorField(result, field);
    return text ? text : "";
}

}}}}  // namespace coder_users::v0::store::postgres
