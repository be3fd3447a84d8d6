// What the tests of the store share: folders and files of their own, other processes, rows.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "coder_users/base/uuid.hpp"
#include "coder_users/store/store.hpp"
#include "temp_folder.hpp"

namespace store_test {

using coder_users::from_micros;
using coder_users::Time;
using coder_users::User;
namespace store = coder_users::store;
using coder_users_test::file_bytes;
using coder_users_test::put;
using coder_users_test::TempFolder;

inline constexpr Time now = from_micros(1'767'323'045'678'901);

inline store::StoreOptions options(const std::string& path) {
    store::StoreOptions chosen;
    chosen.database = path;
    return chosen;
}

inline store::StoreOptions in_memory(const std::string& name) {
    store::StoreOptions chosen = options(":memory:");
    chosen.memory_name = name;
    return chosen;
}

/// A connection beside the store, as a tool would have it.
inline SQLite::Database raw(const std::string& path, int timeout_ms = 5000) {
    return SQLite::Database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, timeout_ms);
}

/// Rows as "a|b", joined by newlines.
inline std::string rows(SQLite::Database& db, const std::string& sql) {
    SQLite::Statement statement(db, sql);
    std::string out;
    while (statement.executeStep()) {
        if (!out.empty()) out += '\n';
        for (int i = 0; i < statement.getColumnCount(); ++i) {
            if (i > 0) out += '|';
            const SQLite::Column column = statement.getColumn(i);
            out += column.isNull() ? "NULL" : column.getString();
        }
    }
    return out;
}
inline std::string rows(const std::string& path, const std::string& sql) {
    SQLite::Database db = raw(path);
    return rows(db, sql);
}
inline std::string rows(store::Store& store, const std::string& sql) {
    return store.read([&](store::Connection& c) {
        store::Query query = c.query(sql);
        std::string out;
        while (query.next()) (out += out.empty() ? "" : "\n") += query.text(0);
        return out;
    });
}

/// What `work` throws, as text; "" when it throws nothing.
template <class Work>
std::string error_of(Work&& work) {
    try {
        work();
    } catch (const std::exception& error) {
        return error.what();
    }
    return {};
}
inline std::string open_error(const std::string& path) {
    return error_of([&] { const store::Store opened(options(path)); });
}

/// Asks again and again until `done()`; false when the time is over.
template <class Done>
bool eventually(Done&& done, std::chrono::milliseconds time = std::chrono::seconds(10)) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (!done()) {
        if (std::chrono::steady_clock::now() > end) return false;
        ::poll(nullptr, 0, 2);
    }
    return true;
}

/// An id that tells what it is for: "00000000-0000-4000-8000-0000000000" and two digits.
inline std::string id_of(int number) {
    return "00000000-0000-4000-8000-0000000000" +
           coder_users::to_hex(static_cast<unsigned char>(number));
}

inline User user_named(const std::string& name, int number) {
    User user;
    user.id = id_of(number);
    user.username = name;
    user.email = name + "@Example.org";
    user.created_at = now;
    user.status = coder_users::UserStatus::active;
    return user;
}

inline void add_user(store::Store& store, const User& user) {
    store.write([&](store::Tx& tx) { store::users::insert(tx, user, "hash of " + user.username); });
}

/// Another process. Make it before any thread: it runs `work(*this)` of a copy of this process.
/// Lines go up by say() to heard(), one byte comes down by let_go() to wait_for_parent().
class Child {
 public:
    template <class Work>
    explicit Child(Work&& work) {
        if (::pipe2(up_, O_CLOEXEC) != 0 || ::pipe2(down_, O_CLOEXEC) != 0)
            throw std::runtime_error("no pipe");
        pid_ = ::fork();
        if (pid_ != 0) {
            ::close(up_[1]);
            ::close(down_[0]);
            return;
        }
        ::close(up_[0]);
        ::close(down_[1]);
        try {
            work(*this);
        } catch (const std::exception& error) {
            say(std::string("threw: ") + error.what());
        }
        ::_exit(0);
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        end();
        ::close(up_[0]);
        ::close(down_[1]);
    }

    void say(std::string line) const {
        line += '\n';
        if (::write(up_[1], line.data(), line.size()) < 0) ::_exit(1);
    }
    void wait_for_parent() const {
        char byte;
        if (::read(down_[0], &byte, 1) < 0) ::_exit(1);
    }

    /// "" when the child has ended or is silent for 20 s.
    std::string heard() const {
        std::string line;
        char c = 0;
        pollfd readable{up_[0], POLLIN, 0};
        while (::poll(&readable, 1, 20'000) > 0 && ::read(up_[0], &c, 1) == 1 && c != '\n')
            line += c;
        return line;
    }
    void let_go() const {
        if (::write(down_[1], "x", 1) != 1) throw std::runtime_error("the child is gone");
    }
    pid_t pid() const { return pid_; }
    /// Kills it, unless it has ended by itself, and waits for its end.
    void end() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        wait();
    }
    void wait() {
        ::waitpid(pid_, nullptr, 0);
        pid_ = 0;
    }

 private:
    int up_[2], down_[2];
    pid_t pid_ = 0;
};

}  // namespace store_test
