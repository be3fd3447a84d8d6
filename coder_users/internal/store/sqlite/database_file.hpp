// Internal: may change at any time.
// The database as a file: its lock, its mode, and what kind of file it is before SQLite opens it.
#pragma once

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>

#include "coder_users/internal/base/file_descriptor.hpp"
#include "coder_users/internal/store/database_address.hpp"
#include "coder_users/internal/store/postgres_part.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// "CUsr" marks a database of this library (PRAGMA application_id).
inline constexpr std::int32_t application_id = 0x43557372;
/// "CUsT" marks one whose ids and secrets can be predicted (Options::test_data).
inline constexpr std::int32_t test_application_id = 0x43557354;

[[noreturn]] inline void throw_file_error(const std::string& what, const std::string& path,
                                          int code) {
    throw std::runtime_error(what + " " + path + ": " + std::generic_category().message(code));
}

/// Returns the absolute path of a file in an existing folder; the file itself may be missing.
/// Throws std::runtime_error, also when the file is a symbolic link.
inline std::string absolute_path(const std::string& path) {
    refuse_postgres_file(path);  // before a message shows it
    refuse_mistaken_address(path);
    const std::size_t slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
    if (name.empty() || name == "." || name == ".." || path.find('\0') != std::string::npos)
        throw std::runtime_error("not the name of a database file: \"" + path + "\"");
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(folder.c_str(), nullptr),
                                                           &std::free);
    if (!real) throw_file_error("cannot open the folder of", path, errno);
    std::string whole = real.get();
    if (whole.back() != '/') whole += '/';
    whole += name;
    struct stat info {};
    if (::lstat(whole.c_str(), &info) == 0 && S_ISLNK(info.st_mode))
        throw std::runtime_error("is a symbolic link, which is refused: " + whole);
    return whole;
}

/// Exclusive ownership of a database by an advisory lock on "<path>.lock", which holds the owner's
/// process id. The file is kept after the lock ends, except by a first start that fails. Throws
/// std::runtime_error when another server owns the database.
class OwnershipLock {
 public:
    explicit OwnershipLock(const std::string& database) {
        const std::string path = database + ".lock";
        struct stat info {};
        const bool is_new = ::lstat(path.c_str(), &info) != 0;
        do {
            file_ = FileDescriptor(
                ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
            if (file_.get() < 0) throw_file_error("cannot open", path, errno);
            if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
                if (errno != EWOULDBLOCK) throw_file_error("cannot lock", path, errno);
                throw std::runtime_error("another server, process " + holder() + ", is using " +
                                         database);
            }
            if (::fstat(file_.get(), &info) != 0) throw_file_error("cannot read", path, errno);
        } while (info.st_nlink == 0);  // a start that failed has just deleted it
        const std::string id = std::to_string(::getpid()) + "\n";
        if (::ftruncate(file_.get(), 0) != 0 ||
            ::pwrite(file_.get(), id.data(), id.size(), 0) != static_cast<ssize_t>(id.size())) {
            const int reason = errno;
            if (is_new) ::unlink(path.c_str());
            throw_file_error("cannot write", path, reason);
        }
    }
    OwnershipLock(const OwnershipLock&) = delete;
    OwnershipLock& operator=(const OwnershipLock&) = delete;
    ~OwnershipLock() {
        // Closing is not enough: processes that were forked meanwhile share the lock.
        if (file_) ::flock(file_.get(), LOCK_UN);
    }

    /// Leaves the lock to the process that this one is a fork() of.
    void let_go() noexcept { file_.reset(); }

 private:
    std::string holder() const {
        char text[32];
        const ssize_t size = ::pread(file_.get(), text, sizeof text, 0);
        std::string id(text, size > 0 ? static_cast<std::size_t>(size) : 0);
        id.erase(id.find_last_not_of('\n') + 1);
        return id.empty() ? "unknown" : id;
    }

    FileDescriptor file_;
};

/// The beginning of an SQLite file (sqlite.org/fileformat.html): magic, then big-endian numbers.
struct FileHeader {
    static constexpr std::size_t size = 100;
    std::array<unsigned char, size> bytes{};

    bool is_sqlite() const {
        return std::string(bytes.begin(), bytes.begin() + 16) ==
               std::string("SQLite format 3\0", 16);
    }
    std::int32_t application() const { return number(68); }
    std::int32_t version() const { return number(60); }  ///< of the schema

 private:
    std::int32_t number(std::size_t at) const {
        return static_cast<std::int32_t>(std::uint32_t{bytes[at]} << 24 |
                                         std::uint32_t{bytes[at + 1]} << 16 |
                                         std::uint32_t{bytes[at + 2]} << 8 | bytes[at + 3]);
    }
};

enum class FileState { missing_or_empty, ours };

/// Tells what kind of file `path` is, without changing a byte of it. Throws std::runtime_error for
/// a file that is not a database of this library, that a newer version made, or that has several
/// names (SQLite finds lock and log by the name). `test_data` says which of the two kinds is
/// expected.
inline FileState inspect_database_file(const std::string& path, int newest_version,
                                       bool test_data = false) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (file.get() < 0) {
        if (errno == ENOENT) return FileState::missing_or_empty;
        throw_file_error("cannot open", path, errno);
    }
    struct stat info {};
    if (::fstat(file.get(), &info) != 0) throw_file_error("cannot read", path, errno);
    if (!S_ISREG(info.st_mode)) throw std::runtime_error("not a regular file: " + path);
    if (info.st_nlink > 1)
        throw std::runtime_error("has more than one name (hard links), which is refused: " + path);
    if (info.st_size == 0) return FileState::missing_or_empty;

    FileHeader header;
    if (::pread(file.get(), header.bytes.data(), FileHeader::size, 0) < 0)
        throw_file_error("cannot read", path, errno);
    const bool real = header.application() == application_id;
    const bool made_up = header.application() == test_application_id;
    if (!header.is_sqlite() || (!real && !made_up))
        throw std::runtime_error("not a coder_users database: " + path);
    if (real && test_data)
        throw std::runtime_error("not made by Options::for_tests(), which takes no other file: " +
                                 path);
    if (made_up && !test_data)
        throw std::runtime_error("made by Options::for_tests(), its secrets can be foreseen: " +
                                 path);
    if (header.version() > newest_version)
        throw std::runtime_error("made by a newer version of coder_users (schema " +
                                 std::to_string(header.version()) + ", this one knows " +
                                 std::to_string(newest_version) + "): " + path);
    return FileState::ours;
}

/// Makes the file if it is missing, and lets only its owner read and write it. SQLite gives the
/// same mode to the files that it makes next to it.
inline void make_private(const std::string& path) {
    const FileDescriptor file(
        ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
    if (file.get() < 0) throw_file_error("cannot open", path, errno);
    if (::fchmod(file.get(), S_IRUSR | S_IWUSR) != 0)
        throw_file_error("cannot change the mode of", path, errno);
}

/// Locks an existing or future database file and tells which of the two it is. Throws as
/// inspect_database_file() does.
inline FileState take_database_file(const std::string& path, int version, bool test_data,
                                    std::optional<OwnershipLock>& lock) {
    // Closing any descriptor of a database ends SQLite's locks on it in the whole process, so a
    // file that another service may be using is not even opened before the lock is held. A foreign
    // file, on the other hand, must not get a lock file next to it.
    if (::access((path + ".lock").c_str(), F_OK) == 0) lock.emplace(path);
    inspect_database_file(path, version, test_data);
    if (!lock) lock.emplace(path);
    return inspect_database_file(path, version, test_data);
}

}}}  // namespace coder_users::v0::store
