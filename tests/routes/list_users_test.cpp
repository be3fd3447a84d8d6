// docs/contract/users.md, "GET /users", "Paging" and "Search text".
#include "endpoint_table.hpp"

using namespace coder_users_test;

namespace {

/// Owner, Zed, adam, Bob-1 and bob, who differ in roles and status.
struct ListWorld : World {
    ListWorld() {
        zed = member("Zed", "user-admin");
        adam = member("adam", "auditor");
        bob = member("bob");
        server.create(owner, "Bob-1");
        execute("UPDATE users SET status = 'suspended' WHERE username = 'Zed'");
    }
    std::string zed, adam, bob;
};

/// Returns the names in an answer with its count: "adam bob Zed (3)".
std::string names(const Answer& answer) {
    if (answer.status != 200) return std::to_string(answer.status) + " " + answer.body;
    const Value json = parse(answer.body);
    std::string out;
    for (std::size_t i = 0; i < json["users"].size(); ++i)
        out += json["users"][i]["username"].text() + " ";
    return out + "(" + json["count"].text() + ")";
}

std::string encoded(const std::string& text) {
    std::string out;
    for (const char c : text) {
        const auto hex = coder_users::hex_digits(static_cast<unsigned char>(c));
        (out += '%').append(hex.begin(), hex.end());
    }
    return out;
}

std::string bad_search(const Fields& fields) {
    return with_validations("Invalid user search query.", fields);
}
std::string bad_pages(const Fields& fields) {
    return with_validations("Query parameters have invalid values.", fields);
}
std::string not_a_number(const std::string& key, const std::string& value) {
    return "Query param \"" + key + "\" must be a valid integer (strconv.Atoi: parsing \"" + value +
           "\": invalid syntax)";
}
std::string out_of_range(const std::string& key, const std::string& value) {
    return "Query param \"" + key + "\" must be a valid integer (strconv.Atoi: parsing \"" + value +
           "\": value out of range)";
}

}  // namespace

TEST_CASE("the list shows whole users, sorted by folded name") {
    World world;
    const std::string zed = world.server.create(world.owner, "Zed");
    const std::string adam = world.server.create(world.owner, "adam");
    const Answer answer = world.server.send("GET", "/users", world.owner);
    CHECK(answer.status == 200);
    const UserJson a{adam, "adam", "adam@example.org", world.organization};
    const UserJson z{zed, "Zed", "Zed@example.org", world.organization};
    UserJson o{world.id_of("owner"), "owner", "owner@example.org", world.organization};
    o.status = "active";
    o.roles = owner_role;
    o.last_seen_at = o.created_at;
    CHECK(answer.body ==
          "{\"users\":[" + a.text() + "," + o.text() + "," + z.text() + "],\"count\":3}\n");
}

TEST_CASE("who sees whom in the list") {
    ListWorld world;
    world.member("tina", "template-admin");
    check_rows(world, {{"without a session", "GET", "/users", "", "", 401, no_session}});
    const std::string all = "adam bob Bob-1 owner tina Zed (6)";
    world.execute("UPDATE users SET status = 'active' WHERE username = 'Zed'");
    CHECK(names(world.server.send("GET", "/users", world.owner)) == all);
    CHECK(names(world.server.send("GET", "/users", world.adam)) == all);
    CHECK(names(world.server.send("GET", "/users", world.zed)) == all);
    CHECK(names(world.server.send("GET", "/users", world.server.log_in("tina@example.org"))) ==
          all);

    struct Case {
        std::string query, expected;
    };
    const std::string own = world.id_of("bob"), other = world.id_of("adam");
    for (const Case& each :
         {Case{"", "bob (1)"}, Case{"?q=bob", "bob (1)"}, Case{"?q=adam", "(0)"},
          Case{"?q=example.org", "bob (1)"}, Case{"?q=email:bob@example.org", "bob (1)"},
          Case{"?q=email:adam@example.org", "(0)"}, Case{"?q=role:owner", "(0)"},
          Case{"?q=role:member", "bob (1)"}, Case{"?limit=5&offset=1", "(1)"},
          Case{"?after_id=" + own, "(1)"}, Case{"?after_id=" + other, "(1)"},
          Case{"?after_id=" + nil_id, "bob (1)"}}) {
        INFO(each.query);
        CHECK(names(world.server.send("GET", "/users" + each.query, world.bob)) == each.expected);
    }
    CHECK(world.server.send("GET", "/users?q=adam", world.bob).body ==
          "{\"users\":[],\"count\":0}\n");
}

TEST_CASE("the search text filters") {
    ListWorld world;
    struct Case {
        std::string q, expected;
    };
    const std::string all = "adam bob Bob-1 owner Zed (5)";
    const std::vector<Case> cases{
        {"", all},
        {"   ", all},
        {"bob", "bob Bob-1 (2)"},
        {"BOB", "bob Bob-1 (2)"},
        {"ob-", "Bob-1 (1)"},
        {"ED@EXAMPLE", "Zed (1)"},
        {"search:bob", "bob Bob-1 (2)"},
        {"search:\"bob\"", "bob Bob-1 (2)"},
        {"\"bob\"", "bob Bob-1 (2)"},
        {"\"bob", "bob Bob-1 (2)"},
        {"bob adam", "(0)"},
        {"%", "(0)"},
        {"_", "(0)"},
        {"\\", "(0)"},
        {"b%b", "(0)"},
        {"' OR 1=1 --", "(0)"},
        {"\"\"", all},
        {"search:\"\"", all},
        {"status:suspended", "Zed (1)"},
        {"STATUS:SUSPENDED", "Zed (1)"},
        {"status:dormant", "Bob-1 (1)"},
        {"status:dormant,suspended", "Bob-1 Zed (2)"},
        {"status:active", "adam bob owner (3)"},
        {"status:\"\"", all},
        {"role:owner", "owner (1)"},
        {"role:user-admin,auditor", "adam Zed (2)"},
        {"role:nobody", "(0)"},
        {"role:member", all},
        {"role:nobody,member", all},
        {"email:bob@example.org", "bob (1)"},
        {"EMAIL:\"BOB@Example.ORG\"", "bob (1)"},
        {"email:bob@example", "(0)"},
        {"email:%@example.org", "(0)"},
        {"email:\"\"", all},
        {"email:adam@example.org role:user-admin,auditor", "adam (1)"},
        {"email:bob@example.org role:auditor", "(0)"},
        {"email:bob@example.org status:active ob", "bob (1)"},
        {"role:owner,", "owner (1)"},
        {"status:active role:auditor", "adam (1)"},
        {"status:active role:auditor bob", "(0)"},
        {"bob status:dormant", "Bob-1 (1)"},
    };
    for (const Case& each : cases) {
        INFO(each.q);
        CHECK(names(world.server.send("GET", "/users?q=" + encoded(each.q), world.owner)) ==
              each.expected);
    }
    CHECK(names(world.server.send("GET", "/users?q=status:dormant+bob", world.owner)) ==
          "Bob-1 (1)");
    CHECK(names(world.server.send("GET", "/users?q=&q=bob", world.owner)) == all);
    CHECK(names(world.server.send("GET", "/users?q=adam&q=bob&x=y", world.owner)) == "adam (1)");
    CHECK(names(world.server.send("GET", "/users?q=" + std::string(4000, 'a'), world.owner)) ==
          "(0)");
}

TEST_CASE("the list is searched by what else is known of a user") {
    ListWorld world;
    world.server.advance(std::chrono::seconds(10));
    REQUIRE(world.server
                .send("POST", "/users", world.owner,
                      R"({"username":"robot","name":"Robo %_ T","service_account":true})")
                .status == 201);
    REQUIRE(world.server
                .send("POST", "/users", world.owner,
                      R"({"username":"gil","email":"gil@x.org","login_type":"github"})")
                .status == 201);
    world.execute("INSERT INTO user_links VALUES ('" + world.id_of("gil") +
                  "', 'github', '583231', '', '', 0, '')");
    const auto found = [&](const std::string& q, const std::string& token) {
        return names(world.server.send("GET", "/users?q=" + encoded(q), token));
    };
    for (const auto& [q, expected] : {
             std::pair<std::string, std::string>{"name:\"robo %\"", "robot (1)"},
             {"name:_", "robot (1)"},
             {"name:bob", "(0)"},
             {"robot name:T", "robot (1)"},
             {"login_type:github", "gil (1)"},
             {"login_type:none,github", "gil robot (2)"},
             {"login_type:token", "(0)"},
             {"login_type:password status:suspended", "Zed (1)"},
             {"github_com_user_id:583231", "gil (1)"},
             {"github_com_user_id:58323", "(0)"},
             {"github_com_user_id:0 service_account:t", "robot (1)"},
             {"service_account:false", "adam bob Bob-1 gil owner Zed (6)"},
             {"created_after:\"2026-01-02T03:04:15.678901Z\"", "gil robot (2)"},
             {"created_after:\"2026-01-02T03:04:15.678902Z\"", "(0)"},
             {"created_before:\"2026-01-02T03:04:15Z\" role:auditor", "adam (1)"},
             {"created_before:\"2026-01-02T03:04:05Z\"", "(0)"},
         }) {
        CAPTURE(q);
        CHECK(found(q, world.owner) == expected);
    }
    INFO("whoever sees only itself finds nobody else");
    CHECK(found("service_account:true", world.bob) == "(0)");
    CHECK(found("service_account:false", world.bob) == "bob (1)");
    check_rows(world,
               {{"errors come in their order", "GET",
                 "/users?q=" + encoded("zoo:1 login_type:x github_com_user_id:y service_account:z"),
                 world.owner, "", 400,
                 bad_search({{"service_account",
                              "Query param \"service_account\" must be a valid boolean: "
                              "strconv.ParseBool: parsing \"z\": invalid syntax"},
                             {"github_com_user_id",
                              "Query param \"github_com_user_id\" must be a valid 64-bit integer: "
                              "strconv.ParseInt: parsing \"y\": invalid syntax"},
                             {"login_type", "Query param \"login_type\" has invalid values: x"},
                             {"zoo", "Query param \"zoo\" is not a valid query param"}})}});
}

TEST_CASE("the list is searched by the time of the last visit") {
    World world;  // the owner is seen at 03:04:05.678901
    world.server.create(world.owner, "adam");
    world.server.send("GET", "/users/me", world.owner);
    struct Case {
        std::string q, expected;
    };
    for (const Case& each :
         {Case{"last_seen_before:\"2026-01-02T03:04:05.678901Z\"", "adam owner (2)"},
          Case{"last_seen_before:\"2026-01-02T03:04:05.6789Z\"", "adam (1)"},
          Case{"last_seen_before:\"0001-01-01T00:00:00Z\"", "adam (1)"},
          Case{"last_seen_before:\"0000-01-01t00:00:00z\"", "adam (1)"},
          Case{"last_seen_after:\"2026-01-02T03:04:05.678901Z\"", "owner (1)"},
          Case{"last_seen_after:\"2026-01-02T08:49:05.678901+05:45\"", "owner (1)"},
          Case{"last_seen_after:\"2026-01-02T03:04:05.678902Z\"", "(0)"},
          Case{"last_seen_after:\"2026-01-02T03:04:05Z\" last_seen_before:\"2027-01-01T00:00:00Z\"",
               "owner (1)"},
          Case{"last_seen_after:\"\"", "adam owner (2)"}}) {
        INFO(each.q);
        CHECK(names(world.server.send("GET", "/users?q=" + encoded(each.q), world.owner)) ==
              each.expected);
    }
}

TEST_CASE("a search text that cannot be understood is refused") {
    World world;
    const std::string member = world.member("bob");
    const auto row = [&](const std::string& q, const std::string& answer) {
        return Row{q, "GET", "/users?q=" + encoded(q), member, "", 400, answer};
    };
    const std::string ends = " cannot start or end with ':'", one = " can only contain 1 ':'";
    const std::string not_known = "\" is not a valid query param";
    check_rows(
        world,
        {
            row("status:", bad_search({{"q", "Query element \"status:\"" + ends}})),
            row(":x", bad_search({{"q", "Query element \":x\"" + ends}})),
            row("search:\"a:", bad_search({{"q", "Query element \"search:\"a:\"" + ends}})),
            row("Search:Name:Extra",
                bad_search({{"q", "Query element \"search:name:extra\"" + one}})),
            row("status:active status:dormant",
                bad_search(
                    {{"q", "Query parameter \"status\" provided more than once, found 2 times"}})),
            row("bob search:bob adam",
                bad_search(
                    {{"q", "Query parameter \"search\" provided more than once, found 2 times"}})),
            row("role:a status:b status:c role:d",
                bad_search(
                    {{"q", "Query parameter \"role\" provided more than once, found 2 times"}})),
            row("status:inactive",
                bad_search({{"status", "Query param \"status\" has invalid values: inactive"}})),
            row("status:active,x,,y",
                bad_search({{"status", "Query param \"status\" has invalid values: x,,y"}})),
            row("foo:bar", bad_search({{"foo", "Query param \"foo" + not_known}})),
            row("zzz:1 aaa:2 status:x",
                bad_search({{"status", "Query param \"status\" has invalid values: x"},
                            {"aaa", "Query param \"aaa" + not_known},
                            {"zzz", "Query param \"zzz" + not_known}})),
            row("id:1 deleted:true hashed_password:x",
                bad_search({{"deleted", "Query param \"deleted" + not_known},
                            {"hashed_password", "Query param \"hashed_password" + not_known},
                            {"id", "Query param \"id" + not_known}})),
        });
}

TEST_CASE("a time that is none is refused with a reason") {
    World world;
    const std::string layout = "2006-01-02T15:04:05.999999999Z07:00";
    for (const std::string value : {"yesterday", "2026-02-30T00:00:00Z", "2026-01-01",
                                    "2026-01-01T00:00:00", "2026-01-01T24:00:00Z"}) {
        INFO(value);
        const std::string q =
            "last_seen_before:\"" + value + "\" last_seen_after:\"" + value + "\"";
        const Answer answer = world.server.send("GET", "/users?q=" + encoded(q), world.owner);
        CHECK(answer.status == 400);
        const Value json = parse(answer.body);
        CHECK(json["message"].text() == "Invalid user search query.");
        REQUIRE(json["validations"].size() == 2);
        const std::vector<std::string> keys{"last_seen_after", "last_seen_before"};
        for (std::size_t i = 0; i < keys.size(); ++i) {
            CHECK(json["validations"][i]["field"].text() == keys[i]);
            const std::string detail = json["validations"][i]["detail"].text();
            const std::string start =
                "Query param \"" + keys[i] + "\" must be a valid date format (" + layout + "): ";
            CHECK(detail.substr(0, start.size()) == start);
            CHECK(detail.size() > start.size());
        }
    }
}

TEST_CASE("pages of the list") {
    ListWorld world;  // adam bob Bob-1 owner Zed
    world.server.create(world.owner, "carl");
    const std::string adam = world.id_of("adam"), carl = world.id_of("carl");
    REQUIRE(world.server.send("DELETE", "/users/carl", world.owner).status == 200);
    std::string upper = world.id_of("owner");
    for (char& c : upper)
        if (coder_users::is_lower(c)) c = static_cast<char>(c - 'a' + 'A');
    struct Case {
        std::string query, expected;
    };
    for (const Case& each : {Case{"limit=2", "adam bob (5)"},
                             Case{"limit=0", "adam bob Bob-1 owner Zed (5)"},
                             Case{"limit=2&offset=3", "owner Zed (5)"},
                             Case{"offset=4", "Zed (5)"},
                             Case{"offset=5", "(5)"},
                             Case{"limit=2147483647", "adam bob Bob-1 owner Zed (5)"},
                             Case{"offset=2147483647", "(5)"},
                             Case{"limit=%2B1", "adam (5)"},
                             Case{"limit=-0", "adam bob Bob-1 owner Zed (5)"},
                             Case{"limit=001", "adam (5)"},
                             Case{"limit=&offset=", "adam bob Bob-1 owner Zed (5)"},
                             Case{"limit=1&limit=x", "adam (5)"},
                             Case{"after_id=" + adam, "bob Bob-1 owner Zed (5)"},
                             Case{"after_id=" + adam + "&limit=1&offset=1", "Bob-1 (5)"},
                             Case{"after_id=" + upper, "Zed (5)"},
                             Case{"after_id=" + carl, "owner Zed (5)"},
                             Case{"after_id=" + nil_id, "adam bob Bob-1 owner Zed (5)"},
                             Case{"after_id=&limit=1", "adam (5)"},
                             Case{"after_id=11111111-1111-1111-1111-111111111111", "(5)"},
                             Case{"after_id=" + adam + "&q=bob", "bob Bob-1 (2)"},
                             Case{"q=bob&limit=1", "bob (2)"}}) {
        INFO(each.query);
        CHECK(names(world.server.send("GET", "/users?" + each.query, world.owner)) ==
              each.expected);
    }
}

TEST_CASE("a change shows in the next search, however often many users were searched before") {
    World world;
    std::string crowd;
    for (int i = 10'000; i < 11'100; ++i) {
        const std::string name = "user-" + std::to_string(i);
        crowd += R"({"username":")" + name + R"(","email":")" + name + "@example.org\"}\n";
    }
    world.server.service().seed(crowd);
    const auto search = [&](const std::string& text) {
        return names(world.server.send("GET", "/users?limit=2&q=" + text, world.owner));
    };
    const auto expect = [&](const std::string& text, const std::string& expected) {
        for (int i = 0; i < 4; ++i) CHECK(search(text) == expected);
    };
    expect("u", "user-10000 user-10001 (1100)");
    expect("zq", "(0)");
    const auto rename = [&](const std::string& from, const std::string& to) {
        const Answer answer = world.server.send("PUT", "/users/" + from + "/profile", world.owner,
                                                R"({"username":")" + to + R"(","name":""})");
        CHECK(answer.status == 200);
    };
    rename("user-10500", "Zq");
    expect("zq", "Zq (1)");
    expect("10500", "Zq (1)");  // by its address
    rename("Zq", "qz");
    expect("zq", "(0)");
    world.server.create(world.owner, "zq-new");
    expect("zq", "zq-new (1)");
    CHECK(world.server.send("DELETE", "/users/qz", world.owner).status == 200);
    CHECK(world.server.send("DELETE", "/users/zq-new", world.owner).status == 200);
    expect("zq", "(0)");
    expect("u", "user-10000 user-10001 (1099)");
}

TEST_CASE("bad paging parameters are listed in their order") {
    World world;
    const std::string bad_id = "Query param \"after_id\" must be a valid uuid";
    const auto row = [&](const std::string& query, const std::string& answer) {
        return Row{query, "GET", "/users?" + query, world.owner, "", 400, answer};
    };
    check_rows(
        world,
        {
            row("limit=x", bad_pages({{"limit", not_a_number("limit", "x")}})),
            row("limit=1.5", bad_pages({{"limit", not_a_number("limit", "1.5")}})),
            row("limit=NaN", bad_pages({{"limit", not_a_number("limit", "NaN")}})),
            row("limit=+1", bad_pages({{"limit", not_a_number("limit", " 1")}})),
            row("limit=-", bad_pages({{"limit", not_a_number("limit", "-")}})),
            row("limit=%22%5C", bad_pages({{"limit", not_a_number("limit", "\\\"\\\\")}})),
            row("limit=-1", bad_pages({{"limit", out_of_range("limit", "-1")}})),
            row("limit=2147483648", bad_pages({{"limit", out_of_range("limit", "2147483648")}})),
            row("offset=9223372036854775808",
                bad_pages({{"offset", out_of_range("offset", "9223372036854775808")}})),
            row("after_id=x", bad_pages({{"after_id", bad_id}})),
            row("after_id=" + world.id_of("owner").substr(1), bad_pages({{"after_id", bad_id}})),
            row("offset=x&limit=-7&after_id=owner",
                bad_pages({{"after_id", bad_id},
                           {"limit", out_of_range("limit", "-7")},
                           {"offset", not_a_number("offset", "x")}})),
            row("limit=x&q=:",
                bad_search({{"q", "Query element \":\" cannot start or end with ':'"}})),
        });
}
