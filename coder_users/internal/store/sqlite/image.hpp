// Internal: may change at any time.
// Images: whole databases as the bytes of a file, and whether one can be taken.
#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>

#include "coder_users/internal/store/activity.hpp"
#include "coder_users/internal/store/sqlite/connection.hpp"
#include "coder_users/internal/store/sqlite/database_file.hpp"
#include "coder_users/internal/store/sqlite/migrate.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// Throws std::invalid_argument, which says why, for bytes that are no database of this library, or
/// one with another schema or of the other kind.
inline void check_image_header(const std::string& image, bool test_data) {
    FileHeader header;
    if (image.size() < FileHeader::size) throw std::invalid_argument("it is no SQLite file");
    std::copy_n(image.begin(), FileHeader::size, header.bytes.begin());
    if (!header.is_sqlite()) throw std::invalid_argument("it is no SQLite file");
    if (header.application() != (test_data ? test_application_id : application_id))
        throw std::invalid_argument("it is not of a server for tests");
    if (header.version() != schema_version)
        throw std::invalid_argument("it has schema " + std::to_string(header.version()) +
                                    ", and this server has " + std::to_string(schema_version));
}

/// Does the same, and looks at every page.
inline void check_image(const std::string& image, bool test_data) {
    check_image_header(image, test_data);
    const Activity none;
    try {
        sqlite::Connection shown(":memory:", opened::to_write | opened::in_memory, none);
        shown.database().show(image);
        const std::string result = shown.first_text("PRAGMA quick_check(1)");
        if (result != "ok") throw std::runtime_error(result);
        check_schema(shown);
    } catch (const std::exception& error) {
        throw std::invalid_argument(std::string("it is damaged: ") + error.what());
    }
}

}}}  // namespace coder_users::v0::store
