// A copy of this process that runs what a test gives it, and may be killed at any moment.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

namespace coder_users_test {

/// Another process. Make it before any thread: it runs `work(*this)` of a copy of this process.
/// Lines go up by say() to heard(), one byte comes down by let_go() to wait_for_parent().
class Child {
 public:
    explicit Child(const std::function<void(const Child&)>& work);
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child();

    void say(std::string line) const;
    void wait_for_parent() const;

    /// "" when the child has ended or is silent for 20 s.
    std::string heard() const;
    void let_go() const;
    pid_t pid() const { return pid_; }
    /// Kills it, unless it has ended by itself, and waits for its end.
    void end();
    void wait();

 private:
    int up_[2], down_[2];
    pid_t pid_ = 0;
};

}  // namespace coder_users_test
