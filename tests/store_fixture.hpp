// What the tests of the store share: files of their own, and rows.
#pragma once

#include <exception>
#include <string>
#include <utility>

#include "catch.hpp"
#include "child_process.hpp"
#include "coder_users/internal/base/uuid.hpp"
#include "coder_users/internal/store/open_engine.hpp"
#include "raw_client.hpp"
#include "temp_folder.hpp"

namespace store_test {

using coder_users::from_micros;
using coder_users::Time;
using coder_users::User;
namespace store = coder_users::store;
using coder_users_test::Child;
using coder_users_test::eventually;
using coder_users_test::file_bytes;
using coder_users_test::put;
using coder_users_test::TempFolder;

inline constexpr Time now = from_micros(1'767'323'045'678'901);

store::StoreOptions options(const std::string& path);

store::StoreOptions in_memory(const std::string& name);

/// The same, or a new database of PostgreSQL where those are tested: for what holds on any engine.
store::StoreOptions anywhere(const std::string& name);

/// Opens a connection next to the store, as a tool would.
SQLite::Database raw(const std::string& path, int timeout_ms = 5000);

/// Rows as "a|b", joined by newlines.
std::string rows(SQLite::Database& db, const std::string& sql);
std::string rows(const std::string& path, const std::string& sql);
std::string rows(store::Store& store, const std::string& sql);

/// Returns the text of what `work` throws; "" when it throws nothing.
template <class Work>
std::string error_of(Work&& work) {
    try {
        work();
    } catch (const std::exception& error) {
        return error.what();
    }
    return {};
}
std::string open_error(const std::string& path);

/// Returns "00000000-0000-4000-8000-0000000000" and two digits.
std::string id_of(int number);

User user_named(const std::string& name, int number);

void add_user(store::Store& store, const User& user);

}  // namespace store_test
