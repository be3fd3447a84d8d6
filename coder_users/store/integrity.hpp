// Whether what lies in the file can be right, asked after an unclean stop.
#pragma once

#include <sys/stat.h>

#include <stdexcept>
#include <string>

#include "coder_users/store/db.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// Throws std::runtime_error when the database at `path` is damaged. One that is too large to be
/// read in a moment is not looked at.
inline void check_integrity(Connection& connection, const std::string& path) {
    constexpr off_t largest_checked = 100 << 20;
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0 || info.st_size > largest_checked) return;
    const std::string result = connection.first_text("PRAGMA quick_check(1)");
    if (result != "ok") throw std::runtime_error("the database is damaged: " + result);
}

}}}  // namespace coder_users::v0::store
