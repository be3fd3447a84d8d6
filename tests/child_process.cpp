#include "child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

namespace coder_users_test {

void end_process_at_once() {
    ::kill(::getpid(), SIGKILL);
    for (;;) ::pause();
}

Child::Child(const std::function<void(const Child&)>& work) {
    if (::pipe2(up_, O_CLOEXEC) != 0 || ::pipe2(down_, O_CLOEXEC) != 0)
        throw std::runtime_error("no pipe");
    pid_ = ::fork();
    if (pid_ != 0) {
        ::close(up_[1]);
        ::close(down_[0]);
        return;
    }
    ::close(up_[0]);
    ::close(down_[1]);
    try {
        work(*this);
    } catch (const std::exception& error) {
        say(std::string("threw: ") + error.what());
    }
    end_process_at_once();
}
Child::~Child() {
    end();
    ::close(up_[0]);
    ::close(down_[1]);
}

void Child::say(std::string line) const {
    line += '\n';
    if (::write(up_[1], line.data(), line.size()) < 0) ::_exit(1);
}
void Child::wait_for_parent() const {
    char byte;
    if (::read(down_[0], &byte, 1) < 0) ::_exit(1);
}

std::string Child::heard() const {
    std::string line;
    char c = 0;
    pollfd readable{up_[0], POLLIN, 0};
    while (::poll(&readable, 1, 60'000) > 0 && ::read(up_[0], &c, 1) == 1 && c != '\n') line += c;
    return line;
}
void Child::let_go() const {
    if (::write(down_[1], "x", 1) != 1) throw std::runtime_error("the child is gone");
}
void Child::end() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    wait();
}
void Child::wait() {
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
}

}  // namespace coder_users_test
