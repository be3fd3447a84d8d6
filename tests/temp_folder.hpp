// A folder for one test, which is deleted at the end, and the bytes of files.
#pragma once

#include <filesystem>
#include <string>

namespace coder_users_test {

class TempFolder {
 public:
    /// Where temporary files go.
    TempFolder();
    explicit TempFolder(const std::filesystem::path& parent);
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    ~TempFolder();

    const std::string& path() const { return path_; }
    std::string file(const std::string& name) const;
    /// Returns the names of all files in it, sorted, joined by blanks.
    std::string listing() const;

 private:
    std::string path_;
};

/// Returns the bytes of a file; "" when it does not exist.
std::string file_bytes(const std::string& path);

void put(const std::string& path, const std::string& bytes);

}  // namespace coder_users_test
