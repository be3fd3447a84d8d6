// Power cuts: an ext4 file system on a loop device loses everything that was not synced, is mounted
// again and checked. Needs root, and is not part of the usual run.
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "changes.hpp"
#include "coder_users/internal/base/file_descriptor.hpp"
#include "fault_vfs.hpp"
#include "rounds.hpp"
#include "server_process.hpp"

using namespace faults;

namespace {

/// A disk of its own, mounted at a folder.
class Disk {
 public:
    Disk() {
        run("truncate -s 64M " + image_);
        run("mkfs.ext4 -q -F " + image_);
        std::filesystem::create_directory(folder());
    }
    ~Disk() { ::umount2(folder().c_str(), MNT_DETACH); }
    Disk(const Disk&) = delete;
    Disk& operator=(const Disk&) = delete;

    std::string folder() const { return where_.file("disk"); }
    void mount(bool writeback) const {
        run("mount -o loop,data=" + std::string(writeback ? "writeback " : "ordered ") + image_ +
            " " + folder());
    }
    /// Discards everything that the system has not written to the disk yet.
    void cut() const {
        const coder_users::FileDescriptor top(
            ::open(folder().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        std::uint32_t without_journal = 2;
        REQUIRE(::ioctl(top.get(), _IOR('X', 125, std::uint32_t), &without_journal) == 0);
    }
    void unmount() const { REQUIRE(::umount(folder().c_str()) == 0); }

 private:
    static void run(const std::string& command) {
        INFO(command);
        REQUIRE(std::system(command.c_str()) == 0);
    }
    TempFolder where_;
    const std::string image_ = where_.file("image");
};

/// What clients were told: which tokens must exist, and which must not.
struct Told {
    std::set<std::string> made, ended;

    long lost(const std::string& path) const {
        const std::string ids = stored(path, "SELECT id FROM api_keys");
        long count = 0;
        for (const std::string& id : made) count += ids.find(id) == std::string::npos;
        for (const std::string& id : ended) count += ids.find(id) != std::string::npos;
        return count;
    }
};

/// Makes tokens and ends some of them until the server is gone. Answers during the cut do not
/// count: unlike a real cut, this one takes a moment, in which the server still runs.
void work(int port, const std::string& owner, const std::atomic<bool>& off, Told& told) {
    const HeaderList as_owner{{"Coder-Session-Token", owner}};
    try {
        RawClient connection(port);
        for (int i = 0;; ++i) {
            connection.send(request_text("POST", "/api/v2/users/bob/keys/tokens", as_owner, "{}"));
            const Answer made = connection.read();
            if (made.status != 201 || off) return;
            const std::string id = parse(made.body)["key"].text().substr(0, 10);
            told.made.insert(id);
            if (i % 3 > 0) continue;
            told.made.erase(id);
            connection.send(request_text("DELETE", "/api/v2/users/bob/keys/" + id, as_owner));
            if (connection.read().status != 204 || off) return;
            told.ended.insert(id);
        }
    } catch (const std::exception&) {
        // the server was gone before it accepted
    }
}

struct Outcome {
    long acknowledged = 0, lost = 0, rounds = 0;
};

/// Cuts the power `rounds` times, or until something is lost.
Outcome cut_power(const Prepared& prepared, long rounds, unsigned seed) {
    Outcome outcome;
    std::minstd_rand random(seed);
    const Disk disk;
    const std::string path = disk.folder() + "/a.db";
    disk.mount(false);
    prepared.copy(path);
    REQUIRE(std::system("sync") == 0);
    disk.unmount();
    std::vector<Told> told(4);
    for (; outcome.rounds < rounds && outcome.lost == 0; ++outcome.rounds) {
        disk.mount(outcome.rounds % 2);
        Server server(path, 0);
        std::atomic<bool> off{false};
        std::vector<std::thread> clients;
        for (Told& each : told)
            clients.emplace_back([&] { work(server.port(), prepared.owner, off, each); });
        std::this_thread::sleep_for(std::chrono::milliseconds(100 + random() % 500));
        off = true;
        disk.cut();
        for (std::thread& client : clients) client.join();
        server.kill();
        disk.unmount();
        disk.mount(outcome.rounds % 2);
        {
            Server again(path, 0);
            CHECK(stored(path, "PRAGMA integrity_check") == "ok");
            outcome.acknowledged = 0;
            for (const Told& each : told) {
                outcome.lost += each.lost(path);
                outcome.acknowledged += static_cast<long>(each.made.size() + 2 * each.ended.size());
            }
            again.stop();
        }
        disk.unmount();
    }
    return outcome;
}

}  // namespace

TEST_CASE("a power cut loses nothing that was acknowledged", "[.power]") {
    REQUIRE(::unshare(CLONE_NEWNS) == 0);
    REQUIRE(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
    install();
    const Prepared prepared;
    const Outcome outcome = cut_power(prepared, rounds(20, 20), std::random_device()());
    CHECK(outcome.lost == 0);
    CHECK(outcome.acknowledged > 0);

    // As synchronous=NORMAL would leave it. If this loss is not noticed, the test above proves
    // nothing.
    plan().log_unsynced = true;
    const Outcome careless = cut_power(prepared, 20, 1);
    CHECK(careless.lost > 0);
    WARN(outcome.rounds << " cuts, " << outcome.acknowledged << " changes acknowledged, "
                        << outcome.lost << " lost; with the log unsynced " << careless.lost
                        << " of " << careless.acknowledged << " lost in " << careless.rounds
                        << " cuts");
}
