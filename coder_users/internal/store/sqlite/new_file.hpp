// Internal: may change at any time.
// Writes a file that appears under its name complete or not at all.
#pragma once

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <stdexcept>
#include <string>

#include "coder_users/internal/base/file_descriptor.hpp"
#include "coder_users/internal/store/sqlite/database_file.hpp"

namespace coder_users { inline namespace v0 { namespace store {

inline bool file_exists(const std::string& path) {
    struct stat info {};
    return ::lstat(path.c_str(), &info) == 0;
}

/// Whether two paths lead to the same existing file when links are followed.
inline bool same_file(const std::string& one, const std::string& other) {
    struct stat a {};
    struct stat b {};
    return ::stat(one.c_str(), &a) == 0 && ::stat(other.c_str(), &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

/// Syncs the folder of `path`, so that new names in it survive a crash.
inline void sync_folder_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    const FileDescriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory || ::fsync(directory.get()) != 0)
        throw_file_error("cannot write the folder of", path, errno);
}

/// Writes under a temporary name with mode 0600; the destructor removes the file unless publish()
/// was called.
class NewFile {
 public:
    /// Who holds the lock of a database that is being replaced.
    enum class Locked { here, by_caller };

    /// Throws std::runtime_error when `path` exists and `replace` is false, or when a running
    /// server owns the database there.
    NewFile(const std::string& path, bool replace, Locked locked = Locked::here)
        : path_(absolute_path(path)), part_(path_ + ".part"), replace_(replace) {
        if (file_exists(path_)) {
            if (!replace_)
                throw std::runtime_error("exists already, replaced with --force only: " + path_);
            if (locked == Locked::here && file_exists(path_ + ".lock")) lock_.emplace(path_);
        }
        discard();
        const FileDescriptor file(::open(part_.c_str(),
                                         O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                                         S_IRUSR | S_IWUSR));
        if (!file) throw_file_error("cannot write", part_, errno);
    }
    ~NewFile() {
        if (!published_) discard();
    }
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;

    const std::string& path() const { return path_; }
    /// Write to this path; close and sync the file before publish().
    const std::string& part() const { return part_; }

    /// Renames the file to its final name. Removes the log of a replaced database, which would
    /// damage the new one.
    void publish() {
        if (replace_) {
            for (const char* rest : {"-wal", "-shm", "-journal"}) ::unlink((path_ + rest).c_str());
            if (::rename(part_.c_str(), path_.c_str()) != 0)
                throw_file_error("cannot replace", path_, errno);
        } else {
            if (::link(part_.c_str(), path_.c_str()) != 0)
                throw_file_error("cannot write", path_, errno);
            ::unlink(part_.c_str());
        }
        published_ = true;
        sync_folder_of(path_);
    }

 private:
    void discard() const {
        for (const char* rest : {"", "-wal", "-shm", "-journal"}) ::unlink((part_ + rest).c_str());
    }

    const std::string path_, part_;
    const bool replace_;
    std::optional<OwnershipLock> lock_;
    bool published_ = false;
};

}}}  // namespace coder_users::v0::store
