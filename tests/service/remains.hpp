// What starts and stops of services leave behind in this process.
#pragma once

#include <cstddef>
#include <filesystem>
#include <iterator>
#include <string>

#include "server_fixture.hpp"

namespace coder_users_test {

/// How many entries the folder has.
inline std::ptrdiff_t entries(const std::string& folder) {
    return std::distance(std::filesystem::directory_iterator(folder), {});
}

/// What the process has open and the threads that it runs.
class Remains {
 public:
    /// Whether there are no more than when this was made. The system still lists a thread for a
    /// moment after it was joined.
    bool none() const {
        return eventually([&] { return entries("/proc/self/task") <= threads_; }) &&
               entries("/proc/self/fd") == files_;
    }

 private:
    const std::ptrdiff_t files_ = entries("/proc/self/fd"), threads_ = entries("/proc/self/task");
};

}  // namespace coder_users_test
