// SQLite's own access to files, with a switch: it counts the calls, and the n-th one fails or ends
// the process. The disk does not change between two calls, so ending at each call tests every
// moment that can make a difference later.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <climits>
#include <cstdint>
#include <cstring>
#include <utility>

#include "child_process.hpp"

namespace faults {

/// Kinds of calls, as bits.
enum Kind : unsigned {
    write_calls = 1,
    sync_calls = 2,
    truncate_calls = 4,
    shm_map_calls = 8,
    shm_lock_calls = 16,
    read_calls = 32,
    open_calls = 64,
    unlink_calls = 128,
    file_lock_calls = 256,
    every_call = 511,
};

/// What happens to the calls of the process. Any thread may change it at any time.
struct Plan {
    enum class Act { fail, exit_before, exit_within };

    std::atomic<unsigned> kinds{0};  ///< which calls count
    std::atomic<long> count{0};      ///< how many there were since arm()
    std::atomic<long> first{LONG_MAX}, last{LONG_MAX};
    std::atomic<Act> act{Act::fail};
    std::atomic<int> code{0};   ///< the error to return; 0: the usual one of the kind
    std::atomic<long> hits{0};  ///< faults that happened since arm()
    /// A commit does not sync the write-ahead log, as with synchronous=NORMAL. What is copied from
    /// it into the database is synced before.
    std::atomic<bool> log_unsynced{false};

    /// Makes calls `from` to `to` fail, counted from 1 over these kinds.
    void arm(unsigned of, long from, long to = LONG_MAX, Act what = Act::fail, int with = 0) {
        kinds = 0;
        count = 0, hits = 0, first = from, last = to, act = what, code = with;
        kinds = of;
    }
    void disarm() { kinds = 0; }

    /// Returns the number of this call if it is to fail; 0 otherwise.
    bool strikes(Kind kind) {
        if (!(kinds & kind)) return false;
        const long number = ++count;
        if (number < first || number > last) return false;
        ++hits;
        if (act == Act::exit_before || (act == Act::exit_within && kind != write_calls))
            coder_users_test::end_process_at_once();
        return true;
    }
    int error(int usual) const { return code ? code.load() : usual; }
};

inline Plan& plan() {
    static Plan one;
    return one;
}

namespace vfs {

struct File {
    sqlite3_file head;
    bool is_log;
    bool written;  ///< since it was last synced, or should have been
    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};
inline sqlite3_file* real(sqlite3_file* file) { return reinterpret_cast<File*>(file)->real(); }
inline sqlite3_vfs*& original() {
    static sqlite3_vfs* one = nullptr;
    return one;
}

inline int close(sqlite3_file* f) { return real(f)->pMethods->xClose(real(f)); }
inline int read(sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
    if (plan().strikes(read_calls)) return plan().error(SQLITE_IOERR_READ);
    return real(f)->pMethods->xRead(real(f), to, n, at);
}
inline int write(sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
    reinterpret_cast<File*>(f)->written = true;
    if (!plan().strikes(write_calls)) return real(f)->pMethods->xWrite(real(f), from, n, at);
    real(f)->pMethods->xWrite(real(f), from, n / 2, at);  // as a write that is cut off
    if (plan().act == Plan::Act::exit_within) coder_users_test::end_process_at_once();
    return plan().error(SQLITE_IOERR_WRITE);
}
inline int truncate(sqlite3_file* f, sqlite3_int64 size) {
    if (plan().strikes(truncate_calls)) return plan().error(SQLITE_IOERR_TRUNCATE);
    return real(f)->pMethods->xTruncate(real(f), size);
}
inline int sync(sqlite3_file* f, int flags) {
    if (plan().strikes(sync_calls)) return plan().error(SQLITE_IOERR_FSYNC);
    File& file = *reinterpret_cast<File*>(f);
    const bool of_commit = std::exchange(file.written, false);
    if (plan().log_unsynced && file.is_log && of_commit) return SQLITE_OK;
    return real(f)->pMethods->xSync(real(f), flags);
}
inline int file_size(sqlite3_file* f, sqlite3_int64* size) {
    return real(f)->pMethods->xFileSize(real(f), size);
}
inline int lock(sqlite3_file* f, int level) {
    if (plan().strikes(file_lock_calls)) return plan().error(SQLITE_IOERR_LOCK);
    return real(f)->pMethods->xLock(real(f), level);
}
inline int unlock(sqlite3_file* f, int level) { return real(f)->pMethods->xUnlock(real(f), level); }
inline int reserved(sqlite3_file* f, int* out) {
    return real(f)->pMethods->xCheckReservedLock(real(f), out);
}
inline int control(sqlite3_file* f, int op, void* arg) {
    return real(f)->pMethods->xFileControl(real(f), op, arg);
}
inline int sector_size(sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); }
inline int traits(sqlite3_file* f) { return real(f)->pMethods->xDeviceCharacteristics(real(f)); }
inline int shm_map(sqlite3_file* f, int page, int size, int extend, void volatile** out) {
    if (plan().strikes(shm_map_calls)) {
        *out = nullptr;
        return plan().error(SQLITE_IOERR_SHMMAP);
    }
    return real(f)->pMethods->xShmMap(real(f), page, size, extend, out);
}
inline int shm_lock(sqlite3_file* f, int offset, int n, int flags) {
    // Releasing a lock cannot fail, but the process may end there.
    const bool ends = plan().act != Plan::Act::fail;
    if ((ends || (flags & SQLITE_SHM_LOCK)) && plan().strikes(shm_lock_calls))
        return plan().error(SQLITE_IOERR_SHMLOCK);
    return real(f)->pMethods->xShmLock(real(f), offset, n, flags);
}
inline void shm_barrier(sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); }
inline int shm_unmap(sqlite3_file* f, int remove) {
    return real(f)->pMethods->xShmUnmap(real(f), remove);
}

inline int open(sqlite3_vfs*, const char* name, sqlite3_file* f, int flags, int* out_flags) {
    static const sqlite3_io_methods methods{2,           close,       read,    write,   truncate,
                                            sync,        file_size,   lock,    unlock,  reserved,
                                            control,     sector_size, traits,  shm_map, shm_lock,
                                            shm_barrier, shm_unmap,   nullptr, nullptr};
    f->pMethods = nullptr;
    if (plan().strikes(open_calls)) return plan().error(SQLITE_CANTOPEN);
    reinterpret_cast<File*>(f)->is_log = flags & SQLITE_OPEN_WAL;
    reinterpret_cast<File*>(f)->written = false;
    sqlite3_file* const inner = real(f);
    const int result = original()->xOpen(original(), name, inner, flags, out_flags);
    if (inner->pMethods) f->pMethods = &methods;
    return result;
}
inline int unlink(sqlite3_vfs*, const char* name, int sync_folder) {
    if (plan().strikes(unlink_calls)) return plan().error(SQLITE_IOERR_DELETE);
    return original()->xDelete(original(), name, sync_folder);
}

}  // namespace vfs

/// Opens every later database of this process through the switch. May be called more than once.
inline void install() {
    static sqlite3_vfs shim{};
    if (vfs::original()) return;
    vfs::original() = sqlite3_vfs_find(nullptr);
    shim = *vfs::original();
    shim.zName = "faults";
    shim.pNext = nullptr;
    shim.szOsFile = static_cast<int>(sizeof(vfs::File)) + vfs::original()->szOsFile;
    shim.xOpen = vfs::open;
    shim.xDelete = vfs::unlink;
    sqlite3_vfs_register(&shim, 1);
}

}  // namespace faults
