// docs/contract/http.md, "Other origins": which answers pages of other origins may read, and which
// changes they may send.
#include "endpoint_table.hpp"

using namespace coder_users_test;
using coder_users::Options;

namespace {

const std::string allowed = "http://localhost:5173";

Options for_pages() {
    Options options;
    options.cors_origins = {"https://app.example.com", allowed};
    return options;
}

/// The headers that begin with Access-Control-, joined, and Vary.
std::string cors_of(const Answer& answer) {
    std::string all;
    for (const char* name : {"allow-origin", "allow-credentials", "allow-methods", "allow-headers",
                             "max-age", "expose-headers"}) {
        const std::string value = answer.header(std::string("access-control-") + name);
        if (!value.empty()) all += std::string(name) + ": " + value + "; ";
    }
    return all + "vary: " + answer.header("vary");
}

const std::string readable = "allow-origin: " + allowed + "; allow-credentials: true; vary: Origin";

HeaderList from(const std::string& origin, HeaderList headers = {}) {
    headers.emplace_back("Origin", origin);
    return headers;
}

}  // namespace

TEST_CASE("without the option no answer speaks of other origins") {
    const World world;
    const Answer answer =
        world.server.send("GET", "/users/me", world.owner, "",
                          from(allowed, {{"Access-Control-Request-Method", "GET"}}));
    CHECK(answer.status == 200);
    CHECK(cors_of(answer) == "vary: ");
}

TEST_CASE("an allowed origin may read every answer, refusals too") {
    const World world(for_pages());
    struct Case {
        std::string method, path, token;
        int status;
    };
    for (const Case& each :
         {Case{"GET", "/users/me", world.owner, 200}, Case{"GET", "/users/me", "", 401},
          Case{"GET", "/users/nobody", world.owner, 404}, Case{"GET", "/nosuch", "", 404},
          Case{"PATCH", "/users", world.owner, 405}, Case{"POST", "/users", world.owner, 400},
          Case{"GET", "!/healthz", "", 200}, Case{"PUT", "/users/me/password", "", 401}}) {
        INFO(each.method << " " << each.path);
        const Answer answer =
            world.server.send(each.method, each.path, each.token, "", from(allowed));
        CHECK(answer.status == each.status);
        CHECK(cors_of(answer) == readable);
        for (const std::string& other :
             {std::string("http://localhost:5174"), std::string("https://localhost:5173"),
              std::string("http://LOCALHOST:5173"), std::string("http://localhost:5173/"),
              std::string("null"), std::string("")})
            CHECK(cors_of(world.server.send(each.method, each.path, each.token, "", from(other))) ==
                  "vary: Origin");
        CHECK(cors_of(world.server.send(each.method, each.path, each.token)) == "vary: Origin");
    }
}

TEST_CASE("a preflight is told methods and headers of a known path") {
    const World world(for_pages());
    const auto preflight = [&](const std::string& path, const std::string& origin) {
        return world.server.send("OPTIONS", path, "", "",
                                 from(origin, {{"Access-Control-Request-Method", "PUT"},
                                               {"Access-Control-Request-Headers", "x-other"}}));
    };
    const Answer answer = preflight("/users/me/profile", allowed);
    CHECK(answer.status == 204);
    CHECK(cors_of(answer) ==
          "allow-origin: " + allowed +
              "; allow-credentials: true; allow-methods: OPTIONS, PUT; allow-headers: "
              "Authorization, Coder-Session-Token, Content-Type, X-Coder-Bypass-Ratelimit, "
              "X-Setup-Code; max-age: 600; vary: Origin");
    CHECK(cors_of(preflight("/users/me/profile", "http://localhost:1")) == "vary: Origin");
    CHECK(preflight("/users/first/x", allowed).status == 401);
    CHECK(cors_of(preflight("/users/first/x", allowed)) == readable);
    INFO("OPTIONS that is no preflight");
    CHECK(cors_of(world.server.send("OPTIONS", "/users/me/profile", "", "", from(allowed))) ==
          readable);
}

TEST_CASE("an allowed origin sends changes with a cookie, others do not") {
    const World world(for_pages());
    const auto rename = [&](const std::string& origin, const std::string& site) {
        HeaderList headers = from(origin, {{"Cookie", "coder_session_token=" + world.owner}});
        if (!site.empty()) headers.emplace_back("Sec-Fetch-Site", site);
        return world.server.send("PUT", "/users/me/profile", "", R"({"username":"owner"})", headers)
            .status;
    };
    for (const std::string site : {"", "same-site", "cross-site", "same-origin"}) {
        INFO(site);
        CHECK(rename(allowed, site) == 200);
        CHECK(rename("https://app.example.com", site) == 200);
        CHECK(rename("http://localhost:5174", site) == (site == "same-origin" ? 200 : 403));
    }
    const World usual;
    CHECK(usual.server
              .send("PUT", "/users/me/profile", "", R"({"username":"owner"})",
                    from(allowed, {{"Cookie", "coder_session_token=" + usual.owner}}))
              .status == 403);
}
