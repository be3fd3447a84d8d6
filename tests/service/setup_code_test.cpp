// The set-up code: docs/contract/users.md, "POST /users/first".
#include <string>
#include <vector>

#include "endpoint_table.hpp"

using namespace coder_users_test;
using coder_users::Options;
using coder_users::Service;

namespace {

const std::string first_user =
    R"({"email":"a@example.org","username":"a","password":"correct-Horse-9"})";
const std::string required = with_validations(
    "Set-up code required.",
    {{"setup_code",
      "Send it as header X-Setup-Code. The demo server prints the code to standard error at its "
      "start, other programs get it from Service::setup_code(). --require-setup-code=false "
      "(Options::require_setup_code) switches it off."}});

Options at(const std::string& address) {
    Options options;
    options.database = ":memory:";
    options.password_hash_cost = 4;
    options.address = address;
    options.port = 0;
    return options;
}

/// POST /users/first with this code; nullptr: without the header.
coder_users::Response ask(Service& service, const std::string* code,
                          const std::string& body = first_user) {
    coder_users::Request request;
    request.method = "POST";
    request.target = "/api/v2/users/first";
    request.headers = {{"Host", "localhost"}};
    if (code) request.headers.emplace_back("X-Setup-Code", *code);
    request.body = body;
    return service.handle(request);
}

int first_exists(Service& service) {
    return service.handle({"GET", "/api/v2/users/first", {{"Host", "localhost"}}, "", ""}).status;
}

}  // namespace

TEST_CASE("beyond loopback the first user needs the set-up code") {
    for (const std::string address : {"0.0.0.0", "::"}) {
        CAPTURE(address);
        std::string log;
        Options options = at(address);
        options.log = [&](const coder_users::LogLine& line) { log += to_text(line) + "\n"; };
        Service service = coder_users::start(options);
        const std::string code = service.setup_code();
        CHECK(code.size() == 16);
        std::string other = code;
        other[0] = other[0] == 'x' ? 'y' : 'x';
        const std::string wrong[] = {"", other, code.substr(1), code + "x", code.substr(0, 15)};
        for (const std::string& each : wrong) {
            const coder_users::Response refused = ask(service, &each);
            CHECK(refused.status == 403);
            CHECK(refused.body == required);
        }
        CHECK(ask(service, nullptr).body == required);
        CHECK(first_exists(service) == 404);
        CHECK(ask(service, nullptr, R"({"email":"x"})").status == 400);  // fields come first
        CHECK(service.setup_code() == code);

        CHECK(ask(service, &code).status == 201);
        CHECK(first_exists(service) == 200);
        CHECK(service.setup_code().empty());
        CHECK(ask(service, nullptr).status == 409);
        CHECK(ask(service, &code).status == 409);
        service.stop();
        CHECK(log.find(code) == std::string::npos);
        CHECK(coder_users::start(at(address)).setup_code() != code);
    }
}

TEST_CASE("on loopback and in a host's server there is no set-up code unless it is asked for") {
    for (const std::string address : {"127.0.0.1", "127.0.0.2", "::1", "localhost"}) {
        CAPTURE(address);
        Service service = coder_users::start(at(address));
        CHECK(service.setup_code().empty());
        CHECK(ask(service, nullptr).status == 201);
    }
    Options options = at("0.0.0.0");
    Service opened = coder_users::open(options);  // listens nowhere
    CHECK(opened.setup_code().empty());
    CHECK(ask(opened, nullptr).status == 201);

    options.require_setup_code = false;
    Service without = coder_users::start(options);
    CHECK(without.setup_code().empty());
    CHECK(ask(without, nullptr).status == 201);

    options = at("127.0.0.1");
    options.require_setup_code = true;
    for (const bool listens : {true, false}) {
        Service with = listens ? coder_users::start(options) : coder_users::open(options);
        const std::string code = with.setup_code();
        CHECK(ask(with, nullptr).body == required);
        CHECK(ask(with, &code).status == 201);
    }
}

TEST_CASE("the host needs no set-up code") {
    Options options = at("127.0.0.1");
    options.require_setup_code = true;
    Service service = coder_users::start(options);
    coder_users::CreateUser wanted;
    wanted.email = "a@example.org";
    wanted.username = "a";
    wanted.password = good_password;
    CHECK(service.create_first_user(wanted).username == "a");
    CHECK(service.setup_code().empty());
    CHECK(ask(service, nullptr).status == 409);
    service.stop();
    CHECK_THROWS_AS(service.setup_code(), coder_users::ApiError);
}
