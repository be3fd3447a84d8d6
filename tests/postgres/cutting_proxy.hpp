// A proxy in front of a server, which cuts the connection when the client has sent a text, or lets
// nothing pass.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace postgres_test {

class CuttingProxy {
 public:
    /// In front of the server of this database.
    explicit CuttingProxy(const std::string& address);
    CuttingProxy(const CuttingProxy&) = delete;
    CuttingProxy& operator=(const CuttingProxy&) = delete;
    ~CuttingProxy();

    /// The address of the database by way of the proxy.
    const std::string& address() const { return address_; }
    /// From now on what the client sends with this text in it reaches the server, and no answer
    /// comes back; "": everything passes.
    void cut_after(const std::string& text);
    /// Whether connections stay open and nothing passes.
    void set_silent(bool silent) { silent_ = silent; }

 private:
    void accept_all();
    void carry(int client) const;
    int connect_to_server() const;
    bool is_cut(const std::string& sent) const;

    std::string host_, port_, address_;
    mutable std::mutex mutex_;
    std::string cut_after_;
    std::atomic<bool> silent_{false}, stopped_{false};
    int listener_ = -1;
    std::thread acceptor_;
    std::vector<std::thread> carriers_;
};

}  // namespace postgres_test
