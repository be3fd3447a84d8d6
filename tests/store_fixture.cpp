#include "store_fixture.hpp"

#include <chrono>

#include "server_fixture.hpp"
#include "test_database.hpp"

namespace store_test {

store::StoreOptions options(const std::string& path) {
    store::StoreOptions chosen;
    chosen.database = path;
    chosen.database_deadline = std::chrono::minutes(1);  // tests store many rows at once
    return chosen;
}

store::StoreOptions in_memory(const std::string& name) {
    store::StoreOptions chosen = options(":memory:");
    chosen.memory_name = name;
    return chosen;
}

store::StoreOptions anywhere(const std::string& name) {
    return coder_users_test::on_postgres() ? options(coder_users_test::prepared_postgres_database())
                                           : in_memory(name);
}

SQLite::Database raw(const std::string& path, int timeout_ms) {
    return SQLite::Database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, timeout_ms);
}

std::string rows(SQLite::Database& db, const std::string& sql) {
    return coder_users_test::stored(db, sql);
}

std::string rows(const std::string& path, const std::string& sql) {
    SQLite::Database db = raw(path);
    return rows(db, sql);
}

std::string rows(store::Store& store, const std::string& sql) {
    return store.read([&](store::Connection& c) {
        store::Query query = c.query(sql);
        std::string out;
        while (query.next()) (out += out.empty() ? "" : "\n") += query.text(0);
        return out;
    });
}

std::string open_error(const std::string& path) {
    return error_of([&] { const store::Store opened(options(path)); });
}

std::string id_of(int number) {
    return "00000000-0000-4000-8000-0000000000" +
           coder_users::to_hex(static_cast<unsigned char>(number));
}

User user_named(const std::string& name, int number) {
    User user;
    user.id = id_of(number);
    user.username = name;
    user.email = name + "@Example.org";
    user.created_at = now;
    user.status = coder_users::UserStatus::active;
    return user;
}

void add_user(store::Store& store, const User& user) {
    store.write([&](store::Tx& tx) { store::users::insert(tx, user, "hash of " + user.username); });
}

}  // namespace store_test
