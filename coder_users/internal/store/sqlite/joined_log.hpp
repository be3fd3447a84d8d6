// Internal: may change at any time.
// Joins the writes to the write-ahead log: SQLite writes the head and the page of each frame by
// calls of their own, one after the other, and a commit has about ten frames.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <string>

#include "coder_users/internal/store/sqlite/statement.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// A log that is open. It holds back what is written until something else is asked of the file. A
/// commit with synchronous=FULL ends in a sync, so all of it is in the file before any reader is
/// told of its frames. What was held back and cannot be written is dropped, and the call that found
/// it fails as the write would have: SQLite then undoes the transaction.
class JoinedLog : public sqlite3_file {
 public:
    /// Makes one in `at`, memory of size() bytes, as SQLite asks for a file.
    static int open(sqlite3_vfs& system, const char* name, sqlite3_file* at, int flags, int* out) {
        char* const held = new (std::nothrow) char[most_held];
        if (!held) return SQLITE_NOMEM;
        auto* const log = new (at) JoinedLog(held);
        const int result = system.xOpen(&system, name, log->real_, flags, out);
        if (result == SQLITE_OK) return result;
        log->~JoinedLog();
        at->pMethods = nullptr;  // it need not be closed
        return result;
    }
    static int size(const sqlite3_vfs& system) {
        return static_cast<int>(sizeof(JoinedLog)) + system.szOsFile;
    }

 private:
    static constexpr int most_held = 64 << 10;

    explicit JoinedLog(char* held)
        : held_(held),
          real_(
              reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(this) + sizeof(JoinedLog))) {
        static const sqlite3_io_methods methods = own_methods();
        pMethods = &methods;
    }

    static JoinedLog& of(sqlite3_file* file) { return *static_cast<JoinedLog*>(file); }

    int write_held() {
        if (size_ == 0) return SQLITE_OK;
        const int size = size_;
        size_ = 0;
        return real_->pMethods->xWrite(real_, held_.get(), size, begin_);
    }

    /// Calls a function of the file after what is held back was written.
    template <class Function, class... Values>
    static int after_writing(sqlite3_file* file, Function function, Values... values) {
        JoinedLog& log = of(file);
        const int result = log.write_held();
        if (result != SQLITE_OK) return result;
        return (log.real_->pMethods->*function)(log.real_, values...);
    }

    static int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
        JoinedLog& log = of(file);
        const bool joins = at == log.begin_ + log.size_ && log.size_ + size <= most_held;
        if (!joins) {
            const int result = log.write_held();
            if (result != SQLITE_OK) return result;
            if (size > most_held) return log.real_->pMethods->xWrite(log.real_, bytes, size, at);
            log.begin_ = at;
        }
        std::memcpy(log.held_.get() + log.size_, bytes, static_cast<std::size_t>(size));
        log.size_ += size;
        return SQLITE_OK;
    }

    static int close(sqlite3_file* file) {
        JoinedLog& log = of(file);
        log.write_held();  // of no commit, so a failure loses nothing
        const int result = log.real_->pMethods->xClose(log.real_);
        log.~JoinedLog();
        return result;
    }

    static sqlite3_io_methods own_methods() {
        using Methods = sqlite3_io_methods;
        Methods own{};
        own.iVersion = 1;  // without shared memory and mappings, which only databases have
        own.xClose = &JoinedLog::close;
        own.xWrite = &JoinedLog::write;
        own.xRead = [](sqlite3_file* file, void* to, int size, sqlite3_int64 at) {
            return after_writing(file, &Methods::xRead, to, size, at);
        };
        own.xTruncate = [](sqlite3_file* file, sqlite3_int64 size) {
            return after_writing(file, &Methods::xTruncate, size);
        };
        own.xSync = [](sqlite3_file* file, int flags) {
            return after_writing(file, &Methods::xSync, flags);
        };
        own.xFileSize = [](sqlite3_file* file, sqlite3_int64* size) {
            return after_writing(file, &Methods::xFileSize, size);
        };
        own.xLock = [](sqlite3_file* file, int kind) {
            return after_writing(file, &Methods::xLock, kind);
        };
        own.xUnlock = [](sqlite3_file* file, int kind) {
            return after_writing(file, &Methods::xUnlock, kind);
        };
        own.xCheckReservedLock = [](sqlite3_file* file, int* out) {
            return after_writing(file, &Methods::xCheckReservedLock, out);
        };
        own.xFileControl = [](sqlite3_file* file, int what, void* with) {
            return after_writing(file, &Methods::xFileControl, what, with);
        };
        own.xSectorSize = [](sqlite3_file* file) {
            return of(file).real_->pMethods->xSectorSize(of(file).real_);
        };
        own.xDeviceCharacteristics = [](sqlite3_file* file) {
            return of(file).real_->pMethods->xDeviceCharacteristics(of(file).real_);
        };
        return own;
    }

    const std::unique_ptr<char[]> held_;
    sqlite3_file* const real_;  ///< in the memory behind this object
    sqlite3_int64 begin_ = 0;   ///< where in the file the bytes go that are held back
    int size_ = 0;
};

/// The file system of the operating system, but for logs.
class JoinedLogs : public sqlite3_vfs {
 public:
    explicit JoinedLogs(sqlite3_vfs& system)
        : sqlite3_vfs(system),
          system_(system),
          name_("coder_users_" + std::to_string(reinterpret_cast<std::uintptr_t>(this))) {
        szOsFile = JoinedLog::size(system);
        zName = name_.c_str();
        pNext = nullptr;
        xOpen = [](sqlite3_vfs* self, const char* name, sqlite3_file* file, int flags, int* out) {
            sqlite3_vfs& real = static_cast<JoinedLogs*>(self)->system_;
            return (flags & SQLITE_OPEN_WAL) ? JoinedLog::open(real, name, file, flags, out)
                                             : real.xOpen(&real, name, file, flags, out);
        };
    }
    JoinedLogs(const JoinedLogs&) = delete;
    JoinedLogs& operator=(const JoinedLogs&) = delete;

    const std::string& name() const { return name_; }

    /// Lets SQLite find one by its name while this object lives, which is while a database is
    /// opened. It stands before what is the file system of the process now, since a host may put
    /// its own in the place of SQLite's; if it stayed in SQLite's list, it could become the one
    /// that everybody gets after a host has taken its own back. Any thread may make one.
    class Findable {
     public:
        Findable() : lock_(mutex()), logs_(of_system()) { sqlite3_vfs_register(&logs_, 0); }
        Findable(const Findable&) = delete;
        Findable& operator=(const Findable&) = delete;
        ~Findable() { sqlite3_vfs_unregister(&logs_); }

        const std::string& name() const { return logs_.name(); }

     private:
        static std::mutex& mutex() {
            static std::mutex one_at_a_time;
            return one_at_a_time;
        }
        static JoinedLogs& of_system() {
            static std::map<sqlite3_vfs*, JoinedLogs> all;  // open databases keep using them
            sqlite3_vfs* const system = sqlite3_vfs_find(nullptr);
            return all.try_emplace(system, *system).first->second;
        }

        const std::lock_guard<std::mutex> lock_;
        JoinedLogs& logs_;
    };

 private:
    sqlite3_vfs& system_;
    const std::string name_;  ///< another one for each copy of this library in the process
};

}}}  // namespace coder_users::v0::store
