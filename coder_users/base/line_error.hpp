// What is wrong with a line of a text that somebody wrote.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

#include "coder_users/base/config.hpp"

namespace coder_users { inline namespace v0 {

/// what() is "line 3: " and the reason; it holds no secrets.
class CODER_USERS_API LineError : public std::runtime_error {
 public:
    /// `line` from 1; `reason` quotes no secret.
    LineError(std::size_t line, const std::string& reason)
        : std::runtime_error("line " + std::to_string(line) + ": " + reason), line_(line) {}
    /// From 1.
    std::size_t line() const noexcept { return line_; }

 private:
    std::size_t line_;
};

}}  // namespace coder_users::v0
