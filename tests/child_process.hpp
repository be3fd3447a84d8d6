// A copy of this process that runs a function of the test, and may be killed at any moment.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

namespace coder_users_test {

/// Ends this process as a cut of the power would: at once, in all threads. A process with the
/// thread sanitizer waits a second in _exit(), and its other threads go on meanwhile.
[[noreturn]] void end_process_at_once();

/// Forks and runs `work(*this)` in the child. Make it before any thread. The child sends lines by
/// say(), which heard() returns; the parent sends one byte by let_go(), for which wait_for_parent()
/// waits.
class Child {
 public:
    explicit Child(const std::function<void(const Child&)>& work);
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child();

    void say(std::string line) const;
    void wait_for_parent() const;

    /// Returns the next line; "" when the child has ended or says nothing for a minute.
    std::string heard() const;
    void let_go() const;
    pid_t pid() const { return pid_; }
    /// Kills the child if it still runs, and waits for its end.
    void end();
    void wait();

 private:
    int up_[2], down_[2];
    pid_t pid_ = 0;
};

}  // namespace coder_users_test
