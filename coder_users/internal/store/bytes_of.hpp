// Internal: may change at any time.
// How much memory a value occupies, about; for caches that are bounded in bytes.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "coder_users/internal/base/fields.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// What a value occupies beside its own size.
inline std::size_t bytes_beside(const std::string& text) { return text.capacity(); }
inline std::size_t bytes_beside(const std::vector<std::string>& list) {
    std::size_t bytes = list.capacity() * sizeof(std::string);
    for (const std::string& each : list) bytes += bytes_beside(each);
    return bytes;
}
template <class T>
std::size_t bytes_beside(const T&) {
    return 0;
}

/// What a record occupies.
template <class Record>
std::size_t bytes_of(const Record& record) {
    std::size_t bytes = sizeof(Record);
    fields::for_each<Record>([&](auto at) { bytes += bytes_beside(at.field.of(record)); });
    return bytes;
}

}}}  // namespace coder_users::v0::store
