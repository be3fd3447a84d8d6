// Internal: may change at any time.
// The folder of scheduled copies: their names, and which of them stay.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/internal/base/file_descriptor.hpp"
#include "coder_users/internal/base/rfc3339.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/store/sqlite/database_file.hpp"

namespace coder_users { inline namespace v0 { namespace service {

/// The folder of the scheduled copies of one database, and what lies there: each copy is named
/// "<stem of the database>-20261130T174100Z.db", after the second in which it was begun.
class BackupFolder {
 public:
    /// Throws std::runtime_error that names the folder when no file can be made there.
    BackupFolder(const std::string& folder, const std::string& database)
        : path_(real_path(folder)), stem_(stem_of(database)) {
        const std::string probe = path_ + "/." + stem_ + "-probe";
        ::unlink(probe.c_str());
        const FileDescriptor made(
            ::open(probe.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR));
        if (!made) fail(path_);
        ::unlink(probe.c_str());
    }

    const std::string& path() const { return path_; }

    std::string file_at(Time second) const { return path_ + '/' + name_at(second); }

    /// The times of all copies.
    std::set<Time> times() const {
        std::set<Time> found;
        for (const auto& [name, time] : entries())
            if (name == name_at(time)) found.insert(time);
        return found;
    }

    /// Removes all but the newest copies, with their keys and with what a killed process has left.
    /// `made` is kept, even when the clock has been set back.
    void keep_newest(std::size_t count, Time made) const {
        std::set<Time> kept = times();
        while (kept.size() > count)
            kept.erase(*kept.begin() == made ? *std::next(kept.begin()) : *kept.begin());
        for (const auto& [name, time] : entries())
            if (!kept.count(time)) std::filesystem::remove(path_ + '/' + name);
    }

 private:
    [[noreturn]] static void fail(const std::string& folder) {
        store::throw_file_error("cannot write backups into", folder, errno);
    }
    static std::string real_path(const std::string& folder) {
        const std::unique_ptr<char, decltype(&std::free)> real(::realpath(folder.c_str(), nullptr),
                                                               &std::free);
        if (!real) fail(folder);
        return real.get();
    }
    static std::string stem_of(const std::string& database) {
        if (database == ":memory:") return "memory";
        return std::filesystem::path(database).stem().string();
    }

    std::string name_at(Time second) const {
        std::string time = to_rfc3339(second);
        for (const char sign : {'-', ':'})
            time.erase(std::remove(time.begin(), time.end(), sign), time.end());
        return stem_ + '-' + time + ".db";
    }

    /// The names of the files of copies, each with the time of its copy.
    std::vector<std::pair<std::string, Time>> entries() const {
        std::vector<std::pair<std::string, Time>> found;
        for (const auto& each : std::filesystem::directory_iterator(path_)) {
            const std::string name = each.path().filename().string();
            if (const auto time = time_of(name)) found.emplace_back(name, *time);
        }
        return found;
    }

    std::optional<Time> time_of(std::string_view name) const {
        constexpr std::string_view form = "20261130T174100Z.db";
        const std::size_t begin = stem_.size() + 1;
        if (name.size() < begin + form.size() || name.substr(0, begin) != stem_ + '-') return {};
        const std::string text(name.substr(begin, form.size()));
        const auto time =
            parse_rfc3339(text.substr(0, 4) + '-' + text.substr(4, 2) + '-' + text.substr(6, 5) +
                          ':' + text.substr(11, 2) + ':' + text.substr(13, 3));
        return time && starts_with(name, name_at(*time)) ? time : std::nullopt;
    }

    const std::string path_, stem_;
};

}}}  // namespace coder_users::v0::service
