// docs/contract/http.md, "JSON bodies" and "Field rules", over POST /users.
#include "endpoint_table.hpp"

using namespace coder_users_test;

namespace {

/// Makes a good body with `more` before its other members.
std::string body(const std::string& more) {
    return "{" + more + "\"email\":\"x@example.org\",\"username\":\"x\",\"login_type\":\"none\"}";
}

std::string nested(std::size_t levels, char open, char close) {
    if (open == '[') return std::string(levels, '[') + std::string(levels, ']');
    std::string text;
    for (std::size_t i = 0; i < levels; ++i) text += "{\"a\":";
    return text + "1" + std::string(levels, close);
}

/// Sends bodies to POST /users, and deletes every user that was created.
struct Bodies : World {
    Answer post(const std::string& text) { return server.send("POST", "/users", owner, text); }
    void accepts(const std::string& title, const std::string& text) {
        INFO(title << ": " << text.substr(0, 200));
        const Answer answer = post(text);
        CHECK(answer.status == 201);
        if (answer.status != 201) {
            CHECK(answer.body == "");
            return;
        }
        CHECK(server.send("DELETE", "/users/" + parse(answer.body)["id"].text(), owner).status ==
              200);
    }
    void refuses(const std::string& title, const std::string& text,
                 const std::string& answer_text) {
        INFO(title << ": " << text.substr(0, 200));
        const std::string before = snapshot();
        const Answer answer = post(text);
        CHECK(answer.status == 400);
        CHECK(answer.body == answer_text);
        CHECK(snapshot() == before);
    }
    void refuses(const std::string& title, const std::string& text) {
        INFO(title << ": " << text.substr(0, 200));
        const std::string before = snapshot();
        const Answer answer = post(text);
        CHECK(answer.status == 400);
        const Value json = parse(answer.body);
        CHECK(json["message"].text() == "Request body must be valid JSON.");
        CHECK(json.has("detail"));
        CHECK_FALSE(json["detail"].text().empty());
        CHECK_FALSE(json.has("validations"));
        CHECK(snapshot() == before);
    }
};

}  // namespace

TEST_CASE("bodies that are good") {
    Bodies world;
    world.accepts("plain", body(""));
    world.accepts("white space around", " \t\r\n" + body("") + " \t\r\n");
    world.accepts("64 levels of arrays", body("\"a\":" + nested(63, '[', ']') + ","));
    world.accepts("64 levels of objects", body("\"a\":" + nested(63, '{', '}') + ","));
    world.accepts("brackets in a string do not nest",
                  body("\"a\":\"" + std::string(500, '[') + "\","));
    world.accepts("siblings do not nest", body("\"a\":[[],[],[[]],{}],\"b\":{},"));
    world.accepts("unknown fields", body(R"("a":1,"b":null,"Email":7,"USERNAME":[],)"));
    world.accepts(
        "huge numbers",
        body("\"a\":1e999,\"b\":-1E+999,\"c\":1e-999,\"d\":" + std::string(400, '9') + ","));
    world.accepts("escapes", body(R"("a":"\ud83d\ude00\"\\\/\b\f\n\r\t\u00e4",)"));
    world.accepts("an escaped name", body(R"("dis\u0061ble_login":true,)"));
    world.accepts("duplicates, the last is good",
                  body(R"("email":"first","username":"","email":[],"username":7,)"));
    world.accepts("null fields",
                  body(R"("password":null,"disable_login":null,"organization_id":null,)"));
    world.accepts("null is not a duplicate's end", body(R"("email":null,)"));
    world.accepts("DEL", body("\"a\":\"\x7f\","));
    world.accepts("nearly 1 MiB", body("\"a\":\"" + std::string(1048000, 'a') + "\","));
    const Answer form = world.server.send("POST", "/users", world.owner, body(""),
                                          {{"Content-Type", "application/x-www-form-urlencoded"}});
    CHECK(form.status == 201);
}

TEST_CASE("bodies that are not JSON") {
    Bodies world;
    const std::string eof = detailed("Request body must be valid JSON.", "EOF");
    world.refuses("empty", "", eof);
    world.refuses("white space", " \t\r\n", eof);
    for (const std::string text : {"{",
                                   "}",
                                   "{\"a\"}",
                                   "{\"a\":}",
                                   "{\"a\":1,}",
                                   "{,}",
                                   "{a:1}",
                                   "{'a':1}",
                                   "{\"a\":1 \"b\":2}",
                                   "{\"a\":tru}",
                                   "{\"a\":True}",
                                   "{\"a\":NaN}",
                                   "{\"a\":Infinity}",
                                   "{\"a\":01}",
                                   "{\"a\":1.}",
                                   "{\"a\":.5}",
                                   "{\"a\":+1}",
                                   "{\"a\":-}",
                                   "{\"a\":1e}",
                                   "{\"a\":0x1}",
                                   "{\"a\":1-2}",
                                   "{\"a\":\"}",
                                   "{\"a\":\"\\x\"}",
                                   "{\"a\":\"\\u12\"}",
                                   "{\"a\":[1,]}",
                                   "{\"a\":[,]}",
                                   "{\"a\":1}//x",
                                   "/**/{}",
                                   "email=x%40example.org",
                                   "nul",
                                   "nullx",
                                   "\v{}",
                                   "\f{}"})
        world.refuses("syntax", text);
    world.refuses("a control character in a string", body("\"a\":\"\n\","));
    world.refuses("a tab in a string", body("\"a\":\"\t\","));
    world.refuses("text behind it", body("") + "x");
    world.refuses("another value behind it", body("") + body(""));
    world.refuses("a comma behind it", body("") + ",");
    world.refuses("NUL behind it", body("") + std::string(1, '\0'));
    world.refuses("a byte order mark", "\xef\xbb\xbf" + body(""));
    world.refuses("UTF-16", std::string("{\0}\0", 4));
    world.refuses("65 levels of arrays", body("\"a\":" + nested(64, '[', ']') + ","));
    world.refuses("65 levels of objects", body("\"a\":" + nested(64, '{', '}') + ","));
    world.refuses("100,000 levels", std::string(100000, '['));
    world.refuses("100,000 levels of objects", nested(100000, '{', '}'));
    for (const std::string top : {"[]", "[{}]", "\"x\"", "\"\"", "1", "true", "false"})
        world.refuses("not an object", top);
}

TEST_CASE("bodies with bad text") {
    Bodies world;
    for (const std::string bytes :
         {"\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80"}) {
        world.refuses("bad UTF-8 in a value", body("\"a\":\"" + bytes + "\","));
        world.refuses("bad UTF-8 in a key", body("\"" + bytes + "\":1,"));
    }
    for (const std::string escape : {"\\ud800", "\\udc00", "\\ud800\\ud800", "\\ud800x",
                                     "\\udc00\\ud800", "\\ud800\\n", "\\uD83D", "\\u0000"}) {
        world.refuses("in a value", body("\"a\":\"" + escape + "\","));
        world.refuses("in a key", body("\"" + escape + "\":1,"));
        world.refuses("in a known field", body("\"password\":\"" + escape + "\","));
        world.refuses("deep inside", body("\"a\":[{\"b\":[\"" + escape + "\"]}],"));
        world.refuses("in a duplicate that does not count", body("\"email\":\"" + escape + "\","));
    }
    world.refuses("raw NUL in a value", body("\"a\":\"" + std::string(1, '\0') + "\","));
    world.refuses("raw NUL in a key", body("\"" + std::string(1, '\0') + "\":1,"));
    world.refuses("raw NUL outside", body(std::string(1, '\0')));
}

TEST_CASE("known fields of the wrong type") {
    Bodies world;
    for (const std::string value : {"1", "true", "[]", "{}", "[\"x\"]", "1.5"})
        for (const std::string field : {"email", "username", "password", "login_type"})
            world.refuses(field, "{\"email\":\"x@example.org\",\"username\":\"x\",\"" + field +
                                     "\":" + value + "}");
    for (const std::string value : {"1", "0", "\"true\"", "\"\"", "[]", "{}"})
        world.refuses("disable_login", body("\"disable_login\":" + value + ","));
    const std::string id = world.organization;
    for (const std::string& value :
         {std::string("\"\""), std::string("1"), std::string("[]"), std::string("\"x\""),
          "\"{" + id + "}\"", "\"" + id.substr(1) + "\"", "\" " + id.substr(1) + "\"",
          "\"urn:uuid:" + id + "\"", "\"" + id.substr(0, 8) + id.substr(9) + "0\""})
        world.refuses("organization_id", body("\"organization_id\":" + value + ","));
    world.refuses("the last of duplicates",
                  body("").substr(0, body("").size() - 1) + ",\"email\":1}");
    world.refuses("wrong type ahead of broken rules", R"({"email":"","username":1})");
}

TEST_CASE("required fields") {
    Bodies world;
    const std::string both = broken({{"email", "required", ""}, {"username", "required", ""}});
    world.refuses("an empty object", "{}", both);
    world.refuses("null", "null", both);
    world.refuses("null with white space", " null\n", both);
    world.refuses("null fields", R"({"email":null,"username":null})", both);
    world.refuses("empty fields", R"({"email":"","username":""})", both);
    world.refuses("other letter case", R"({"Email":"x@example.org","UserName":"x"})", both);
    world.refuses("the last of duplicates",
                  R"({"email":"x@example.org","username":"x","email":null})",
                  broken({{"email", "required", ""}}));
    world.refuses("in the order of the table", R"({"username":"!","email":"!"})",
                  broken({{"email", "email", "!"}, {"username", "username", "!"}}));
}

TEST_CASE("what is a user name") {
    Bodies world;
    const auto with_name = [](const std::string& name) {
        return "{\"email\":\"x@example.org\",\"login_type\":\"none\",\"username\":" +
               json_text(name) + "}";
    };
    for (const std::string& good :
         {std::string("a"), std::string("0"), std::string("A-b-9"), std::string(32, 'x'),
          std::string("mee"), std::string("0123456789abcdef0123456789abcdef"), std::string("role")})
        world.accepts("name", with_name(good));
    for (const std::string& bad : {std::string(33, 'x'),
                                   std::string("-a"),
                                   std::string("a-"),
                                   std::string("a--b"),
                                   std::string("a b"),
                                   std::string("a_b"),
                                   std::string("a.b"),
                                   std::string("a/b"),
                                   std::string("\u00E4"),
                                   std::string("a\u200Bb"),
                                   std::string("<script>&"),
                                   std::string("a\"\\b"),
                                   std::string("11111111-1111-1111-1111-111111111111"),
                                   std::string("a@example.org"),
                                   std::string("me"),
                                   std::string("ME"),
                                   std::string("First"),
                                   std::string("login"),
                                   std::string("logOut"),
                                   std::string("AuthMethods"),
                                   std::string("roles"),
                                   std::string("oauth2"),
                                   std::string("Oidc")})
        world.refuses("name", with_name(bad), broken({{"username", "username", bad}}));
    world.refuses(
        "a line end", R"({"email":"x@example.org","username":"a\n\u0007"})",
        R"({"message":"Validation failed.","validations":[{"field":"username",)"
        R"("detail":"Validation failed for tag \"username\" with value: \"a\n\u0007\""}]})"
        "\n");
    world.refuses("a line separator", R"({"email":"x@example.org","username":"a\u2028"})",
                  R"({"message":"Validation failed.","validations":[{"field":"username",)"
                  R"("detail":"Validation failed for tag \"username\" with value: \"a\u2028\""}]})"
                  "\n");
}

TEST_CASE("what is an e-mail address") {
    Bodies world;
    const auto with_email = [](const std::string& email) {
        return "{\"username\":\"x\",\"login_type\":\"none\",\"email\":" + json_text(email) + "}";
    };
    const std::string longest = std::string(242, 'a') + "@example.org";
    for (const std::string& good :
         {std::string("a@b.c"), std::string("a.b+c@x-y.org"),
          std::string("!#$%&'*+-/=?^_`{|}~@x.org"), std::string("\"\"@x.org"),
          std::string("\"a b\"@x.org"), std::string("\"a\\\"b\"@x.org"), std::string("a@x.org."),
          std::string("\u00E4@\u00F6.\u00FC"), std::string("a@1.2x.org"),
          std::string("a@x_y~z.org"), longest})
        world.accepts("address", with_email(good));
    for (const std::string& bad :
         {std::string("a"),          std::string("@x.org"),         std::string("a@"),
          std::string("a@b"),        std::string("a@10.0.0.1"),     std::string("a@x..y.org"),
          std::string("a@.x.org"),   std::string("a@x.org.."),      std::string("a b@x.org"),
          std::string("a@x y.org"),  std::string(".a@x.org"),       std::string("a.@x.org"),
          std::string("a..b@x.org"), std::string("Name <a@x.org>"), std::string("a@b@x.org"),
          std::string("\"a@x.org"),  std::string("\"a\"b\"@x.org"), std::string("a@-x.org"),
          std::string("a@x-.org"),   std::string("a@x.o1"),         std::string("a@\u0085x.org"),
          std::string(" a@x.org"),   std::string("a@x.org "),       "a" + longest})
        world.refuses("address", with_email(bad), broken({{"email", "email", bad}}));
}
