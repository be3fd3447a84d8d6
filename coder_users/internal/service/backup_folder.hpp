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
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
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

    /// The times of all copies: of regular files, with nothing before or after the name.
    std::set<Time> times() const {
        std::set<Time> found;
        for (const auto& [time, files] : files_by_time())
            if (files.is_copy()) found.insert(time);
        return found;
    }

    /// Removes all but the newest `count` copies, with their keys, and what a killed process has
    /// left. Of copies after `made`, and of files that have other names, none is touched, nor the
    /// key beside one. What cannot be removed does not stop the rest: std::runtime_error at the end
    /// tells of it. `remove(path, std::error_code&)` removes a file.
    template <class Remove>
    void keep_newest(std::size_t count, Time made, Remove&& remove) const {
        std::vector<std::string> failures;
        const auto removed = [&](const std::string& path) {
            std::error_code error;
            remove(path, error);
            if (error) failures.push_back(path + ": " + error.message());
            return !error;
        };
        auto all = files_by_time();
        all.erase(all.upper_bound(made), all.end());  // noted before the clock was set back
        std::size_t newer = 0;
        for (auto each = all.rbegin(); each != all.rend(); ++each) {
            const auto& [time, files] = *each;
            if (files.is_copy() ? newer++ < count : files.others) continue;
            // A key without its copy is harmless, a copy without its key is not.
            for (const std::string_view rest : own_endings)
                if (files.may_go(rest) && !removed(file_at(time).append(rest))) break;
        }
        if (!failures.empty())
            throw std::runtime_error("cannot remove " + failures.front() +
                                     and_more(failures.size() - 1));
    }
    void keep_newest(std::size_t count, Time made) const {
        keep_newest(count, made, [](const std::string& path, std::error_code& error) {
            std::filesystem::remove(path, error);
        });
    }

 private:
    /// What follows "….db" in the names of a copy's own files: the copy first, then its key, then
    /// what is unfinished, beside which SQLite writes.
    static constexpr std::string_view own_endings[] = {
        "", ".key", ".key.new", ".part", ".part-journal", ".part-wal", ".part-shm"};

    /// The files that have the time of one copy.
    struct Files {
        std::set<std::string, std::less<>> own;  ///< their endings
        bool others = false;                     ///< names that no copy gives, or no regular files

        bool is_copy() const { return own.count("") > 0; }
        bool may_go(std::string_view ending) const {
            const bool is_key = ending == ".key" || ending == ".key.new";
            return own.count(ending) > 0 && !(is_key && others);
        }
    };

    static std::string and_more(std::size_t count) {
        return count == 0 ? "" : " (and " + std::to_string(count) + " more)";
    }

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

    std::map<Time, Files> files_by_time() const {
        std::map<Time, Files> found;
        for (const auto& each : std::filesystem::directory_iterator(path_)) {
            const std::string name = each.path().filename().string();
            const auto time = time_of(name);
            if (!time) continue;
            const std::string ending = name.substr(name_at(*time).size());
            std::error_code error;
            const bool is_own =
                std::find(std::begin(own_endings), std::end(own_endings), ending) !=
                    std::end(own_endings) &&
                each.symlink_status(error).type() == std::filesystem::file_type::regular;
            Files& files = found[*time];
            if (is_own)
                files.own.insert(ending);
            else
                files.others = true;
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
