// What start() promises: options, address and database are checked before it returns, and a failure
// leaves nothing.
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>

#include "child_process.hpp"
#include "remains.hpp"
#include "server_fixture.hpp"
#include "test_database.hpp"

using namespace coder_users_test;
using Catch::Matchers::ContainsSubstring;
using coder_users::Options;

namespace {

std::string start_error(const Options& options) {
    try {
        const auto service = coder_users::start(options);
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return {};
}

bool has_ipv6() {
    try {
        Options options = in_memory();
        options.address = "::1";
        coder_users::start(options);
        return true;
    } catch (const std::runtime_error&) {
        return false;
    }
}

Options with_oidc(Options options) {
    options.access_url = "https://users.example.com";
    options.oidc.issuer_url = "https://accounts.example.com";
    options.oidc.client_id = "id";
    options.oidc.client_secret = "secret";
    return options;
}

Options with_github(Options options) {
    options.access_url = "https://users.example.com";
    options.github.client_id = "id";
    options.github.client_secret = "secret";
    options.github.allowed_orgs = {"acme"};
    return options;
}

}  // namespace

TEST_CASE("a login provider is one when it is configured whole") {
    Options options = in_memory();
    CHECK_FALSE(options.oidc.configured());
    CHECK_FALSE(options.github.configured());
    options = with_github(with_oidc(in_memory()));
    CHECK(options.oidc.configured());
    CHECK(options.github.configured());
    CHECK_NOTHROW(coder_users::start(options));
    options.oidc.client_secret = "";
    options.github.client_id = "";
    CHECK_FALSE(options.oidc.configured());
    CHECK_FALSE(options.github.configured());
}

TEST_CASE("every bad option is refused by its name before anything is opened") {
    using std::chrono::hours;
    using std::chrono::milliseconds;
    using std::chrono::seconds;
    struct Row {
        const char* name;
        std::function<void(Options&)> spoil;
    };
    const Row rows[] = {
        {"database", [](Options& o) { o.database = ""; }},
        {"address", [](Options& o) { o.address = ""; }},
        {"port", [](Options& o) { o.port = -1; }},
        {"port", [](Options& o) { o.port = 65536; }},
        {"access_url", [](Options& o) { o.access_url = "ftp://host"; }},
        {"access_url", [](Options& o) { o.access_url = "host"; }},
        {"access_url", [](Options& o) { o.access_url = "http://"; }},
        {"access_url", [](Options& o) { o.access_url = "https:///path"; }},
        {"access_url", [](Options& o) { o.access_url = "http://:80"; }},
        {"access_url", [](Options& o) { o.access_url = "http://a b"; }},
        {"access_url", [](Options& o) { o.access_url = "http://host\r\nX: y"; }},
        {"cors_origins", [](Options& o) { o.cors_origins = {"http://a:80"}; }},
        {"cors_origins", [](Options& o) { o.cors_origins = {"https://a:443"}; }},
        {"roles", [](Options& o) { o.roles = {{"owner"}}; }},
        {"roles", [](Options& o) { o.roles = {{"member"}}; }},
        {"roles", [](Options& o) { o.roles = {{"organization-admin"}}; }},
        {"roles", [](Options& o) { o.roles = {{""}}; }},
        {"roles", [](Options& o) { o.roles = {{"Editor"}}; }},
        {"roles", [](Options& o) { o.roles = {{"two words"}}; }},
        {"roles", [](Options& o) { o.roles = {{"editor:all"}}; }},
        {"roles", [](Options& o) { o.roles = {{std::string(33, 'a')}}; }},
        {"roles",
         [](Options& o) {
             o.roles = {{"editor"}, {"reader"}, {"editor"}};
         }},
        {"roles",
         [](Options& o) {
             o.roles = {{"editor", "\xff"}};
         }},
        {"roles",
         [](Options& o) {
             o.roles = {{"editor", std::string(65, 'a')}};
         }},
        {"roles",
         [](Options& o) {
             o.roles = {{"editor", "", {""}}};
         }},
        {"roles",
         [](Options& o) {
             o.roles = {{"editor", "", {"notes:write", "a b"}}};
         }},
        {"roles",
         [](Options& o) {
             o.roles = {{"editor", "", {std::string(65, 'a')}}};
         }},
        {"secret_key", [](Options& o) { o.secret_key = "short"; }},
        {"secret_key", [](Options& o) { o.secret_key = std::string(33, 'k'); }},
        {"session_duration", [](Options& o) { o.session_duration = seconds(0); }},
        {"session_duration", [](Options& o) { o.session_duration = seconds(-1); }},
        {"session_duration", [](Options& o) { o.session_duration = (seconds::max)(); }},
        {"max_token_lifetime", [](Options& o) { o.max_token_lifetime = seconds(0); }},
        {"max_token_lifetime", [](Options& o) { o.max_token_lifetime = hours(24 * 366 * 293); }},
        {"audit_retention", [](Options& o) { o.audit_retention = seconds(-1); }},
        {"audit_retention", [](Options& o) { o.audit_retention = hours(24 * 365 * 10'000); }},
        {"api_keys_retention", [](Options& o) { o.api_keys_retention = seconds(-1); }},
        {"api_keys_retention", [](Options& o) { o.api_keys_retention = (seconds::max)(); }},
        {"password_hash_cost", [](Options& o) { o.password_hash_cost = 3; }},
        {"password_hash_cost", [](Options& o) { o.password_hash_cost = 32; }},
        {"proxy_trusted_origins",
         [](Options& o) {
             o.proxy_trusted_origins = {"::1", "x"};
         }},
        {"oidc.issuer_url", [](Options& o) { o.oidc.issuer_url = "accounts.example.com"; }},
        {"oidc.issuer_url", [](Options& o) { o.oidc.issuer_url = "https://host:port"; }},
        {"oidc.issuer_url", [](Options& o) { o.oidc.issuer_url = "https://me@host"; }},
        {"oidc.issuer_url", [](Options& o) { o.oidc.issuer_url = "https://a<b"; }},
        {"access_url", [](Options& o) { o = with_oidc(o), o.access_url = ""; }},
        {"access_url", [](Options& o) { o = with_github(o), o.access_url = ""; }},
        {"github.allowed_orgs", [](Options& o) { o = with_github(o), o.github.allowed_orgs = {}; }},
        {"github.allowed_orgs",
         [](Options& o) { o = with_github(o), o.github.allow_everyone = true; }},
        {"github.allowed_teams",
         [](Options& o) {
             o = with_github(o), o.github.allow_everyone = true;
             o.github.allowed_orgs = {}, o.github.allowed_teams = {"acme/devs"};
         }},
        {"github.allowed_teams",
         [](Options& o) { o = with_github(o), o.github.allowed_teams = {"devs"}; }},
        {"github.enterprise_base_url",
         [](Options& o) { o = with_github(o), o.github.enterprise_base_url = "ghe"; }},
        {"limits", [](Options& o) { o.limits.connections = 0; }},
        {"limits", [](Options& o) { o.limits.connections_per_address = 0; }},
        {"limits", [](Options& o) { o.limits.unfinished_bytes = 0; }},
        {"limits", [](Options& o) { o.limits.requests_per_connection = 0; }},
        {"deadlines", [](Options& o) { o.deadlines.head = milliseconds(0); }},
        {"deadlines", [](Options& o) { o.deadlines.body = milliseconds(-1); }},
        {"deadlines", [](Options& o) { o.deadlines.queue = milliseconds(0); }},
        {"deadlines", [](Options& o) { o.deadlines.provider = milliseconds(0); }},
        {"deadlines", [](Options& o) { o.deadlines.write = milliseconds(0); }},
        {"deadlines", [](Options& o) { o.deadlines.idle = milliseconds(0); }},
        {"deadlines", [](Options& o) { o.deadlines.stop = milliseconds(0); }},
    };
    TempFolder folder;
    for (const Row& row : rows) {
        CAPTURE(row.name);
        Options options = in_memory();
        options.database = folder.file("a.db");
        row.spoil(options);
        std::string error;
        try {
            coder_users::start(options);
        } catch (const std::invalid_argument& refusal) {
            error = refusal.what();
        }
        CHECK_THAT(error, ContainsSubstring(std::string(row.name) + ":"));
    }
    CHECK(entries(folder.file("")) == 0);
}

TEST_CASE("a start that fails leaves no new file behind, and those that were there alone") {
    const TempFolder folder;
    const auto other = coder_users::start(in_memory());
    Options options = in_memory();
    options.database = folder.file("a.db");
    options.port = other.port();
    const std::string taken = "cannot listen on 127.0.0.1:" + std::to_string(other.port());
    CHECK_THAT(start_error(options), ContainsSubstring(taken));
    CHECK(folder.listing().empty());

    INFO("a key that was there stays");
    options.secret_key_file = folder.file("key");
    options.port = 0;
    coder_users::start(options).stop();
    for (const char* each : {"a.db", "a.db.lock", "a.db.reserve"})
        std::filesystem::remove(folder.file(each));
    const std::string kept = folder.listing();
    options.port = other.port();
    CHECK_THAT(start_error(options), ContainsSubstring(taken));
    CHECK(folder.listing() == kept);

    INFO("and so does a database");
    options.port = 0;
    coder_users::start(options).stop();
    const std::string all = folder.listing();
    options.port = other.port();
    CHECK_THAT(start_error(options), ContainsSubstring(taken));
    CHECK(folder.listing() == all);
    options.port = 0;
    CHECK_NOTHROW(coder_users::start(options));
}

TEST_CASE("a first start that runs out of space names the path and leaves nothing") {
    const TempFolder folder;
    const std::string path = folder.file("a.db");
    bool started = false;
    for (rlim_t most = 0; most < 16 << 20 && !started; most += most / 4 + 4096) {
        Child child([&](const Child& self) {
            ::signal(SIGXFSZ, SIG_IGN);
            const rlimit limit{most, most};
            if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return self.say("no limit");
            Options options = in_memory();
            options.database = path;
            std::string error = start_error(options);
            if (error.empty()) return self.say("started");
            const bool named = error.find(path) != std::string::npos;
            const std::string left = folder.listing();
            self.say((named ? "named" : error) + (left.empty() ? "" : " and left " + left));
        });
        const std::string said = child.heard();
        child.wait();
        started = said == "started";
        INFO(most);
        if (!started) CHECK(said == "named");
    }
    CHECK(started);
}

TEST_CASE("without a log the first failure is told on standard error, once") {
    const auto told = [](bool logs) {
        int ends[2];
        REQUIRE(::pipe(ends) == 0);
        Options options = in_memory();
        std::atomic<bool> fails{false};
        options.env.fail_write = [&] { return fails.load(); };
        if (logs) options.log = [](const coder_users::LogLine&) {};
        const int before = ::dup(STDERR_FILENO);
        ::dup2(ends[1], STDERR_FILENO);
        {
            auto service = coder_users::open(options);
            fails = true;
            for (int i = 0; i < 3; ++i)
                if (service
                        .handle({"POST",
                                 "/api/v2/users/first",
                                 {},
                                 R"({"email":"a@example.org","username":"a","password":")" +
                                     good_password + "\"}"})
                        .status != 503)
                    break;
        }
        ::dup2(before, STDERR_FILENO);
        for (const int fd : {before, ends[1]}) ::close(fd);
        std::string text(4096, '\0');
        const ssize_t size = ::read(ends[0], text.data(), text.size());
        ::close(ends[0]);
        text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        return text;
    };
    const std::string text = told(false), reason = "a test lets this change fail";
    const auto first = text.find(reason);
    CHECK(first != std::string::npos);
    CHECK(text.find(reason, first + 1) == std::string::npos);
    CHECK(told(true).empty());
}

TEST_CASE("deadlines beyond what a clock can hold are refused or mean never") {
    Options options = in_memory();
    const auto forever = (std::chrono::milliseconds::max)();
    options.deadlines = {forever, forever, forever, forever, std::chrono::milliseconds(1000)};
    bool answered = false;
    try {
        const auto service = coder_users::start(options);
        RawClient client(service.port());
        client.send("GET /api/v2/ HTTP/1.1\r\n");
        if (!client.at_end_by(std::chrono::milliseconds(400))) {
            client.send("Host: x\r\n\r\n");
            answered = client.read().status == 200;
        }
    } catch (const std::invalid_argument&) {
        answered = true;
    }
    CHECK(answered);
}

TEST_CASE("port 0 is any free port, which can be read back and connected to") {
    const auto one = coder_users::start(in_memory());
    const auto two = coder_users::start(in_memory());
    CHECK(one.port() > 0);
    CHECK(one.port() != two.port());
    CHECK(one.url() == "http://127.0.0.1:" + std::to_string(one.port()));
    CHECK(request(one.port(), "GET", "/healthz").status == 200);
    CHECK(request(two.port(), "GET", "/healthz").status == 200);
}

TEST_CASE("the URL has brackets around an IPv6 address and keeps a host name") {
    Options options = in_memory();
    options.address = "localhost";
    {
        const auto service = coder_users::start(options);
        CHECK(service.url() == "http://localhost:" + std::to_string(service.port()));
    }
    if (!has_ipv6()) return;
    options.address = "::1";
    const auto service = coder_users::start(options);
    CHECK(service.url() == "http://[::1]:" + std::to_string(service.port()));
    ClientOptions client_options;
    client_options.host = "::1";
    RawClient client(service.port(), client_options);
    client.send(request_text("GET", "/healthz"));
    CHECK(client.read().status == 200);
}

TEST_CASE("a port that is taken is an error that names address, port and reason") {
    TempFolder folder;
    const auto first = coder_users::start(in_memory());
    Options options = in_memory();
    options.port = first.port();
    options.database = folder.file("a.db");
    const std::string error = start_error(options);
    CHECK_THAT(error, ContainsSubstring("127.0.0.1:" + std::to_string(first.port())));
    CHECK_THAT(error, ContainsSubstring("in use"));
    CHECK(request(first.port(), "GET", "/healthz").status == 200);
    // Nobody owns the database any more.
    options.port = 0;
    CHECK(start_error(options).empty());
}

TEST_CASE("an address that is not ours is an error that names it") {
    Options options = in_memory();
    for (const char* address : {"192.0.2.1", "no such host.invalid", "999.1.1.1", "1.2.3.4/8"}) {
        CAPTURE(address);
        options.address = address;
        CHECK_THAT(start_error(options), ContainsSubstring(address));
    }
}

TEST_CASE("a database that cannot be used is an error that names path and cause") {
    TempFolder folder;
    const std::string path = folder.file("a.db");
    Options options = in_memory();
    SECTION("missing folder") {
        options.database = folder.file("none/a.db");
        CHECK_THAT(start_error(options), ContainsSubstring(options.database) &&
                                             ContainsSubstring("No such file or directory"));
        CHECK(entries(folder.file("")) == 0);
    }
    SECTION("foreign file") {
        std::ofstream(path) << "precious";
        options.database = path;
        CHECK_THAT(start_error(options),
                   ContainsSubstring(path) && ContainsSubstring("not a coder_users database"));
        CHECK(file_bytes(path) == "precious");
        CHECK(entries(folder.file("")) == 1);
    }
    SECTION("newer file") {
        options.database = path;
        { const auto service = coder_users::start(options); }
        std::filesystem::remove(path + ".lock");
        std::string bytes = file_bytes(path);
        bytes[63] = '\x7f';
        std::ofstream(path, std::ios::binary) << bytes;
        CHECK_THAT(start_error(options),
                   ContainsSubstring(path) && ContainsSubstring("newer version"));
        CHECK((file_bytes(path) == bytes));
        // The database and its key, which options for PostgreSQL hold.
        CHECK(entries(folder.file("")) == (on_postgres() ? 1 : 2));
    }
    SECTION("already served") {
        options.database = path;
        const auto service = coder_users::start(options);
        CHECK_THAT(start_error(options),
                   ContainsSubstring(path) && ContainsSubstring(std::to_string(::getpid())));
        CHECK(request(service.port(), "GET", "/readyz").status == 200);
    }
}

TEST_CASE("a start that fails gives back everything, so that the next one succeeds") {
    TempFolder folder;
    Options options = in_memory();
    options.database = folder.file("a.db");
    const auto blocker = coder_users::start(in_memory());
    options.port = blocker.port();
    const Remains remains;
    for (int i = 0; i < 20; ++i) CHECK_FALSE(start_error(options).empty());
    CHECK(remains.none());
    options.port = 0;
    CHECK(start_error(options).empty());
}
