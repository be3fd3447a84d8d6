// The web page as the server serves it: docs/contract/page.md, "Addresses of the page", "Headers of
// the page" and "Bad links".
#include "coder_users/internal/http/web_page.hpp"

#include <httplib.h>

#include <set>
#include <stdexcept>
#include <string>

#include "coder_users/internal/http/routes.hpp"
#include "host_server.hpp"
#include "people.hpp"

using namespace coder_users_test;
using coder_users::Options;
using coder_users::Service;
namespace http = coder_users::http;

namespace {

const std::string page_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'";

Options with_page() {
    Options options;
    options.web_page = true;
    return options;
}

std::string gzip_of(const std::string& path) {
    for (const http::PageFile& file : http::page_files())
        if (path == file.path) return std::string(file.gzip);
    return "";
}

std::string refusal_of(Options options) {
    options.database = ":memory:";
    try {
        coder_users::open(options);
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "";
}

const HeaderList from_browser{{"Accept", "text/html,application/xhtml+xml,*/*;q=0.8"}};

}  // namespace

TEST_CASE("without the option there is no page") {
    TestServer server;
    for (const char* path : {"!/", "!/login", "!/app.js", "!/settings.js"}) {
        CAPTURE(path);
        const Answer answer = server.send("GET", path, "", "", from_browser);
        CHECK(answer.status == 404);
        CHECK(answer.body == message("Route not found."));
    }
}

TEST_CASE("every view is the same document, packed, and with its own policy") {
    TestServer server(with_page());
    const std::string document = gzip_of("/index.html");
    REQUIRE(document.substr(0, 2) == "\x1f\x8b");
    for (const std::string view : http::page_views) {
        CAPTURE(view);
        const Answer answer = server.send("GET", "!" + view);
        CHECK(answer.status == 200);
        CHECK(answer.body == document);
        CHECK(answer.header("content-type") == "text/html; charset=utf-8");
        CHECK(answer.header("content-encoding") == "gzip");
        CHECK(answer.header("cache-control") == "no-cache");
        CHECK(answer.header("content-security-policy") == page_policy);
        CHECK(answer.all("content-security-policy").size() == 1);
        CHECK(answer.header("referrer-policy") == "no-referrer");
        CHECK(answer.header("x-content-type-options") == "nosniff");
        CHECK(answer.header("x-coder-request-id").size() == 36);
    }
    CHECK(server.send("GET", "!/users?filter=bob").body == document);
    CHECK(server.send("GET", "!/login/").body == document);
}

TEST_CASE("files have their types, their versions and nothing of the policy") {
    TestServer server(with_page());
    std::set<std::string> kinds;
    for (const http::PageFile& file : http::page_files()) {
        CAPTURE(file.path);
        const std::string target = "!" + std::string(file.path);
        const Answer answer = server.send("GET", target);
        CHECK(answer.status == 200);
        CHECK(answer.body == file.gzip);
        CHECK(answer.header("content-type") == file.type);
        CHECK(answer.header("etag") == file.etag);
        CHECK(answer.header("cache-control") == "no-cache");
        kinds.insert(file.type);

        for (const std::string& known :
             {std::string(file.etag), "W/" + std::string(file.etag),
              "\"other\", " + std::string(file.etag), std::string("*")}) {
            CAPTURE(known);
            const Answer same = server.send("GET", target, "", "", {{"If-None-Match", known}});
            CHECK(same.status == 304);
            CHECK(same.body.empty());
            CHECK(same.header("etag") == file.etag);
            CHECK(same.header("cache-control") == "no-cache");
            CHECK_FALSE(same.has("content-length"));
        }
        CHECK(server.send("GET", target, "", "", {{"If-None-Match", "\"other\""}}).status == 200);
        const Answer head = server.send("HEAD", target);
        CHECK(head.status == 200);
        CHECK(head.body.empty());
        CHECK(head.header("content-length") == std::to_string(file.gzip.size()));
    }
    CHECK(kinds == std::set<std::string>{"image/svg+xml", "text/css; charset=utf-8",
                                         "text/html; charset=utf-8",
                                         "text/javascript; charset=utf-8"});
    const Answer script = server.send("GET", "!/app.js");
    CHECK_FALSE(script.has("content-security-policy"));
    CHECK(server.send("POST", "!/app.js").status == 405);
    CHECK(server.send("POST", "!/app.js").header("allow") == "GET, HEAD, OPTIONS");
    CHECK(server.send("OPTIONS", "!/app.js").status == 204);
}

TEST_CASE("the page learns its name and the place of the API from one file") {
    Options options = with_page();
    TestServer usual(options);
    CHECK(usual.send("GET", "!/settings.js").body ==
          "export default {\"name\":\"Coder users\",\"api\":\"/api/v2\"};\n");
    options.web_page_name = "</script>\"\\\xe2\x80\xa8";
    TestServer hostile(options);
    const Answer answer = hostile.send("GET", "!/settings.js");
    CHECK(answer.body ==
          "export default "
          "{\"name\":\"\\u003c/script\\u003e\\\"\\\\\\u2028\",\"api\":\"/api/v2\"};\n");
    CHECK(answer.header("content-type") == "text/javascript; charset=utf-8");
    const std::string etag = answer.header("etag");
    CHECK(etag != usual.send("GET", "!/settings.js").header("etag"));
    CHECK(hostile.send("GET", "!/settings.js", "", "", {{"If-None-Match", etag}}).status == 304);
}

TEST_CASE("the page changes nothing about the API, and no limit counts it") {
    Options options = with_page();
    options.api_rate_limit = 3;
    TestServer server(options, true);
    TestServer without;
    CHECK(server.send("GET", "/openapi.json").body == without.send("GET", "/openapi.json").body);
    for (int i = 0; i < 10; ++i) CHECK(server.send("GET", "!/app.js").status == 200);
    CHECK_FALSE(server.send("GET", "!/app.js").has("x-ratelimit-limit"));
    CHECK(server.send("GET", "/").body == message("👋"));
    CHECK(server.send("GET", "!/healthz").body == message("OK"));
    const Answer unknown = server.send("GET", "/nowhere", "", "", from_browser);
    CHECK(unknown.status == 404);
    CHECK(unknown.body == message("Route not found."));
}

TEST_CASE("a bad link tells a browser so in HTML, and others in JSON") {
    TestServer server(with_page());
    const Answer page = server.send("GET", "!/nowhere", "", "", from_browser);
    CHECK(page.status == 404);
    CHECK(page.header("content-type") == "text/html; charset=utf-8");
    CHECK(page.header("cache-control") == "no-store");
    CHECK(page.header("content-security-policy").find("script-src") == std::string::npos);
    CHECK(page.body.find("There is no page at this address.") != std::string::npos);
    CHECK(server.send("GET", "!/nowhere").body == message("Route not found."));
    CHECK(server.send("GET", "!/users/bob", "", "", from_browser).status == 404);
}

TEST_CASE("the page's name is text, and checked") {
    Options options;
    const std::string rule =
        "web_page_name: must be 1 to 64 bytes of UTF-8 without control characters";
    for (const std::string& name :
         {std::string(), std::string(65, 'x'), std::string("a\nb"), std::string("\xff")}) {
        CAPTURE(name);
        options.web_page_name = name;
        CHECK(refusal_of(options) == rule);
    }
    options.web_page_name = "Bücher & Söhne";
    CHECK(refusal_of(options).empty());
    options.extra_headers = {{"ETag", "x"}};
    CHECK(refusal_of(options) == "extra_headers: the server sets ETag itself");
}

TEST_CASE("on a host's own server the page lies where the host wants it") {
    const std::string prefix = GENERATE("/x", "/a.b/c", "/");
    CAPTURE(prefix);
    Options options = in_memory();
    options.web_page = true;
    Service users = coder_users::open(options);
    const std::string below = prefix == "/" ? "" : prefix;
    const HostServer host([&](httplib::Server& server) {
        server.Get("/hello", [](const httplib::Request&, httplib::Response& out) {
            out.set_content("of the host", "text/plain");
        });
        users.mount(server, below + "/api");
        users.mount_page(server, prefix);
    });
    const auto get = [&](const std::string& target, HeaderList headers = {}) {
        headers.emplace_back("Accept-Encoding", "gzip");
        return request(host.port(), "GET", target, headers, "");
    };
    CHECK(get("/hello").body == "of the host");
    CHECK(get(below + "/api/buildinfo").status == 200);
    const Answer document = get(below + "/");
    CHECK(document.status == 200);
    CHECK(document.body == gzip_of("/index.html"));
    CHECK(document.all("content-encoding").size() == 1);
    CHECK(document.header("content-security-policy") == page_policy);
    CHECK(get(below + "/users?filter=x").body == gzip_of("/index.html"));
    const Answer file = get(below + "/style/page.css");
    CHECK(file.body == gzip_of("/style/page.css"));
    CHECK(get(below + "/style/page.css", {{"If-None-Match", file.header("etag")}}).status == 304);
    CHECK(get(below + "/settings.js").body ==
          "export default {\"name\":\"Coder users\",\"api\":\"" + below + "/api\"};\n");
    CHECK(get(below + "/healthz").status == 404);
    CHECK(get(below + "/nowhere", from_browser).header("content-type") ==
          "text/html; charset=utf-8");
    if (below.empty()) return;
    CHECK(get(below + "/api/v2").status == 404);
    CHECK(get("/login").status == 404);
    const Answer bare = get(below + "?x=1");
    CHECK(bare.status == 307);
    CHECK(bare.header("location") == below + "/?x=1");
}

TEST_CASE("mounting the page needs the option, the API and a service that runs") {
    httplib::Server site;
    Options options = in_memory();
    Service without = coder_users::open(options);
    without.mount(site);
    CHECK_THROWS_AS(without.mount_page(site), std::logic_error);
    options.web_page = true;
    Service users = coder_users::open(options);
    CHECK_THROWS_AS(users.mount_page(site), std::logic_error);
    users.mount(site);
    CHECK_THROWS_AS(users.mount_page(site, "x"), std::invalid_argument);
    CHECK_THROWS_AS(users.mount_page(site, "/x/"), std::invalid_argument);
    users.mount_page(site, "/x");
    users.stop();
    CHECK_THROWS_AS(users.mount_page(site, "/y"), std::logic_error);
}
