// An HTTP server on a loopback port that gives everybody the same answer.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "coder_users/internal/base/file_descriptor.hpp"

namespace coder_users_test {

/// Answers 200 with what `body(url)` makes of its own URL, one connection at a time.
class FixedAnswer {
 public:
    explicit FixedAnswer(const std::function<std::string(const std::string&)>& body);
    FixedAnswer(const FixedAnswer&) = delete;
    FixedAnswer& operator=(const FixedAnswer&) = delete;
    ~FixedAnswer();

    const std::string& url() const { return url_; }
    int requests() const { return requests_; }

 private:
    void serve(const std::string& answer);

    coder_users::FileDescriptor listener_;
    std::string url_;
    std::atomic<int> requests_{0};
    std::thread thread_;
};

/// A discovery document for the issuer `url`, as short as it may be.
std::string short_discovery(const std::string& url);

}  // namespace coder_users_test
