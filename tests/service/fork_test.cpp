// A service and the fork() of its process: calls in the copy are refused, and neither its end nor
// theirs disturbs the service of the parent.
#include <httplib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "sanitized.hpp"
#include "server_fixture.hpp"

using namespace coder_users_test;
using coder_users::Identity;
using coder_users::Options;
using coder_users::Service;

namespace {

/// Runs `work()` in a fork() of this process, and returns what it returns.
std::string in_copy(const std::function<std::string()>& work) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        std::string said;
        try {
            said = work();
        } catch (const std::exception& error) {
            said = std::string("threw ") + error.what();
        }
        const ssize_t written = ::write(ends[1], said.data(), said.size());
        ::_exit(written == static_cast<ssize_t>(said.size()) ? 0 : 1);
    }
    ::close(ends[1]);
    std::string said;
    char part[512];
    for (ssize_t size; (size = ::read(ends[0], part, sizeof part)) > 0;)
        said.append(part, static_cast<std::size_t>(size));
    ::close(ends[0]);
    int status = 0;
    CHECK(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    return said;
}

/// The names of the calls that are not refused with std::logic_error that speaks of fork().
std::string not_refused(Service& service, const coder_users::Caller& caller) {
    httplib::Server site;
    const std::pair<const char*, std::function<void()>> calls[] = {
        {"url", [&] { service.url(); }},
        {"port", [&] { service.port(); }},
        {"handle",
         [&] {
             service.handle({"GET", "/healthz"});
         }},
        {"authenticate", [&] { service.authenticate("x-y"); }},
        {"authenticate request", [&] { service.authenticate(coder_users::Request()); }},
        {"may", [&] { service.may(Identity::system(), coder_users::Action::create_users); }},
        {"as", [&] { service.as(Identity::system()).find_user("owner"); }},
        {"setup_code", [&] { service.setup_code(); }},
        {"create_first_user", [&] { service.create_first_user({}); }},
        {"seed", [&] { service.seed("[]"); }},
        {"backup", [&] { service.backup("/nowhere/a.db"); }},
        {"snapshot", [&] { service.snapshot(); }},
        {"restore", [&] { service.restore(coder_users::Snapshot("")); }},
        {"mount", [&] { service.mount(site); }},
        {"caller", [&] { caller.list_users(); }},
        {"caller changes", [&] { caller.suspend_user("owner"); }},
    };
    std::string others;
    for (const auto& [name, call] : calls) {
        try {
            call();
            others += std::string(name) + " ";
        } catch (const std::logic_error& error) {
            if (std::string(error.what()).find("before fork()") == std::string::npos)
                others += std::string(name) + " (" + error.what() + ") ";
        }
    }
    return others;
}

Options over(const std::string& file) {
    Options options = in_memory();
    options.database = file;
    return options;
}

}  // namespace

TEST_CASE("after fork() every call in the copy says so, and the other goes on") {
    const TempFolder folder;
    const Options options = over(folder.file("a.db"));
    std::optional<Service> service(coder_users::start(options));
    service->create_first_user({"owner@example.org", "owner", good_password});
    const auto caller = service->as(Identity::system());
    CHECK(in_copy([&] { return not_refused(*service, caller); }).empty());
    CHECK(in_copy([&]() -> std::string {
              service->stop();  // does nothing
              service.reset();
              return "ended";
          }) == "ended");
    if (!threads_are_watched)
        CHECK(in_copy([&]() -> std::string {
                  *service = coder_users::open(over(":memory:"));  // the copy is let go
                  return service->handle({"GET", "/healthz"}).status == 200 ? "another" : "none";
              }) == "another");

    CHECK(request(service->port(), "GET", "/healthz").status == 200);
    CHECK(caller.find_user("owner").email == "owner@example.org");
    CHECK(caller.rename_user("owner", "ada").username == "ada");
}

TEST_CASE("a copy keeps neither file nor port once the service has ended") {
    const TempFolder folder;
    Options options = over(folder.file("a.db"));
    auto service = coder_users::start(options);
    options.port = service.port();
    int wait[2], ready[2];
    REQUIRE(::pipe(wait) == 0);
    REQUIRE(::pipe(ready) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        { const Service copy(std::move(service)); }
        ::close(wait[1]);
        char end = ::write(ready[1], "x", 1) == 1 ? 'y' : 'n';
        while (::read(wait[0], &end, 1) > 0) continue;
        ::_exit(0);
    }
    char said = 0;
    CHECK(::read(ready[0], &said, 1) == 1);
    service.stop();
    {
        const auto next = coder_users::start(options);  // while the copy still runs
        CHECK(request(next.port(), "GET", "/healthz").status == 200);
    }
    for (const int fd : {wait[0], wait[1], ready[0], ready[1]}) ::close(fd);
    CHECK(::waitpid(child, nullptr, 0) == child);
}

TEST_CASE("mounted routes answer 503 in a copy") {
    if (threads_are_watched) return;
    Service service = coder_users::open(in_memory());
    httplib::Server site;
    service.mount(site);
    const int port = site.bind_to_any_port("127.0.0.1");
    CHECK(in_copy([&] {
              std::thread listening([&] { site.listen_after_bind(); });
              site.wait_until_ready();
              const int status = request(port, "GET", "/api/v2/buildinfo").status;
              site.stop();
              listening.join();
              return std::to_string(status);
          }) == "503");
}
