#include "coder_users/internal/wire/body.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "catch.hpp"

using namespace coder_users;
using wire::Body;
using wire::BodySchema;
using wire::FieldType;

namespace {

bool is_short(std::string_view text) { return text.size() <= 3; }

const BodySchema schema{"Everything",
                        {{"name", FieldType::text, true, {"short", is_short}},
                         {"secret", FieldType::text, true},
                         {"note", FieldType::text, false, {"short", is_short}},
                         {"flag", FieldType::flag},
                         {"number", FieldType::integer},
                         {"id", FieldType::uuid},
                         {"list", FieldType::texts}},
                        "{}"};

const BodySchema loose{"Loose",
                       {{"text", FieldType::text},
                        {"flag", FieldType::flag},
                        {"number", FieldType::integer},
                        {"id", FieldType::uuid},
                        {"list", FieldType::texts},
                        {"map", FieldType::object}},
                       "{}"};

ApiError refused(std::string_view text, const BodySchema& by) {
    try {
        wire::decode_body(text, by);
    } catch (const ApiError& error) {
        return error;
    }
    return {0, "accepted"};
}

std::string broken(std::string_view text) {
    const ApiError error = refused(text, schema);
    if (error.status() != 400) return "accepted";
    CHECK(error.message() == "Validation failed.");
    CHECK(error.detail().empty());
    std::string out;
    for (const Validation& each : error.validations())
        out += each.field + ": " + each.detail + "\n";
    return out;
}

std::string rule(const char* field, const char* tag, const char* value) {
    return std::string(field) + ": Validation failed for tag \"" + tag + "\" with value: \"" +
           value + "\"\n";
}

}  // namespace

TEST_CASE("the fields of a body are read by their type") {
    const Body body = wire::decode_body(
        R"({"name":"abc","secret":"s","flag":true,"number":-5,
            "id":"01234567-89AB-cdef-0123-456789abcdef","list":["a","","b"],"other":{"a":1e400}})",
        schema);
    CHECK(body.text("name") == "abc");
    CHECK(body.flag("flag"));
    CHECK(body.integer("number") == -5);
    CHECK(body.uuid("id") == "01234567-89ab-cdef-0123-456789abcdef");
    CHECK(body.texts("list") == std::vector<std::string>{"a", "", "b"});
    CHECK(body.text("note").empty());
}

TEST_CASE("what is not sent and what is null reads as empty") {
    for (const char* text : {"{}", "null", " null\n",
                             R"({"text":null,"flag":null,"number":null,"id":null,"list":null})",
                             R"({"Text":1,"FLAG":1,"numbe":"","lists":1,"":1})",
                             R"({"number":5,"flag":"wrong type","flag":null,"number":null})"}) {
        CAPTURE(text);
        const Body body = wire::decode_body(text, loose);
        CHECK(body.text("text").empty());
        CHECK_FALSE(body.flag("flag"));
        CHECK_FALSE(body.integer("number"));
        CHECK_FALSE(body.uuid("id"));
        CHECK(body.texts("list").empty());
        CHECK(body.text("no such field").empty());
    }
}

TEST_CASE("of duplicate keys the last one counts and only its type matters") {
    const Body body =
        wire::decode_body(R"({"text":5,"text":"a","text":"b","list":"x","list":["y"]})", loose);
    CHECK(body.text("text") == "b");
    CHECK(body.texts("list") == std::vector<std::string>{"y"});
    CHECK(refused(R"({"text":"a","text":5})", loose).status() == 400);
}

TEST_CASE("a body that cannot be decoded is refused with the reason") {
    struct Row {
        const char *text, *detail;
    };
    const Row rows[] = {
        {"", "EOF"},
        {" \n", "EOF"},
        {"[]", "the document must be an object"},
        {"1", "the document must be an object"},
        {"\"{}\"", "the document must be an object"},
        {"true", "the document must be an object"},
        {"{} {}", "text after the value"},
        {R"({"text":5})", "field \"text\" must be a string"},
        {R"({"text":{}})", "field \"text\" must be a string"},
        {R"({"text":["a"]})", "field \"text\" must be a string"},
        {R"({"flag":0})", "field \"flag\" must be a boolean"},
        {R"({"flag":"true"})", "field \"flag\" must be a boolean"},
        {R"({"number":"1"})", "field \"number\" must be an integer of 64 bits"},
        {R"({"number":1.0})", "field \"number\" must be an integer of 64 bits"},
        {R"({"number":1e2})", "field \"number\" must be an integer of 64 bits"},
        {R"({"number":-0.0})", "field \"number\" must be an integer of 64 bits"},
        {R"({"number":9223372036854775808})", "field \"number\" must be an integer of 64 bits"},
        {R"({"number":1e400})", "field \"number\" must be an integer of 64 bits"},
        {R"({"number":true})", "field \"number\" must be an integer of 64 bits"},
        {R"({"id":""})", "field \"id\" must be a uuid"},
        {R"({"id":"01234567-89ab-cdef-0123-456789abcdeg"})", "field \"id\" must be a uuid"},
        {R"({"id":"{01234567-89ab-cdef-0123-456789abcdef}"})", "field \"id\" must be a uuid"},
        {R"({"list":"a"})", "field \"list\" must be an array of strings"},
        {R"({"list":{}})", "field \"list\" must be an array of strings"},
        {R"({"list":[null]})", "field \"list\" must be an array of strings"},
        {R"({"list":["a",1]})", "field \"list\" must be an array of strings"},
        {R"({"list":[["a"]]})", "field \"list\" must be an array of strings"},
        {R"({"map":[]})", "field \"map\" must be an object"},
        {R"({"map":"{}"})", "field \"map\" must be an object"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        const ApiError error = refused(row.text, loose);
        CHECK(error.status() == 400);
        CHECK(error.message() == "Request body must be valid JSON.");
        CHECK(error.detail() == row.detail);
        CHECK(error.validations().empty());
    }
    for (const char* text : {"{", "{\"text\":\"\xff\"}", R"({"x":"\u0000"})", R"({"text":01})",
                             R"({"x":"\ud800","x":1})"}) {
        CAPTURE(text);
        const ApiError error = refused(text, loose);
        CHECK(error.status() == 400);
        CHECK(error.message() == "Request body must be valid JSON.");
        CHECK_FALSE(error.detail().empty());
    }
}

TEST_CASE("edges of 64 bits are integers") {
    CHECK(wire::decode_body(R"({"number":9223372036854775807})", loose).integer("number") ==
          INT64_MAX);
    CHECK(wire::decode_body(R"({"number":-9223372036854775808})", loose).integer("number") ==
          INT64_MIN);
    CHECK(wire::decode_body(R"({"number":-0})", loose).integer("number") == 0);
}

TEST_CASE("every broken field reports its first broken rule, in the order of the schema") {
    CHECK(broken("{}") == rule("name", "required", "") + rule("secret", "required", ""));
    CHECK(broken("null") == rule("name", "required", "") + rule("secret", "required", ""));
    CHECK(broken(R"({"secret":null,"name":""})") ==
          rule("name", "required", "") + rule("secret", "required", ""));
    CHECK(broken(R"({"note":"long","secret":"","name":"longer"})") ==
          rule("name", "short", "longer") + rule("secret", "required", "") +
              rule("note", "short", "long"));
    CHECK(broken(R"({"name":"a","secret":"b","note":""})") == "accepted");
    CHECK(broken(R"({"name":"\"\\<x>","secret":"b"})") == rule("name", "short", "\"\\<x>"));
}

TEST_CASE("a wrong type is told before any broken rule") {
    const ApiError error = refused(R"({"number":"x"})", schema);
    CHECK(error.message() == "Request body must be valid JSON.");
}

TEST_CASE("a required field without a rule of its own is never quoted") {
    const ApiError error = refused(R"({"secret":"hunter2"})", schema);
    for (const Validation& each : error.validations())
        CHECK(each.detail.find("hunter2") == std::string::npos);
}

TEST_CASE("the members of an object come in the order sent, each once, with its last value") {
    const auto members = [](std::string_view text) {
        std::string out;
        const Body body = wire::decode_body(text, loose);
        for (const auto& [key, value] : body.members("map"))
            out += key + "=" + value.serialize() + " ";
        return out;
    };
    CHECK(members(R"({"map":{"z":1,"a":{"y":2,"b":3},"m":[{"q":4}]}})") ==
          R"(z=1 a={"b":3,"y":2} m=[{"q":4}] )");
    CHECK(members(R"({"map":{"z":1,"a":2,"z":3}})") == "z=3 a=2 ");
    CHECK(members(R"({"map":{"z":1},"map":{"b":2,"a":1}})") == "b=2 a=1 ");
    CHECK(members(R"({"map":5,"map":{"a":1}})") == "a=1 ");
    CHECK(members(R"({"other":{"a":1},"map":{}})").empty());
    CHECK(members(R"({"map":{"a":1},"map":null})").empty());
    CHECK(members("{}").empty());
}

TEST_CASE("what no field names is checked like the rest, and refused with the same reason") {
    std::string deep = "1", too_deep = "1";
    for (int level = 0; level < 63; ++level) deep = "[" + deep + "]";
    too_deep = "[" + deep + "]";
    const std::string bad[] = {"\"\xff\"",
                               "\"\\u0000\"",
                               "\"\\ud800\"",
                               "\"\\udc00\"",
                               "\"\\x\"",
                               "\"a",
                               "\"a\nb\"",
                               "01",
                               "1.",
                               "-",
                               "1+1",
                               "1-1",
                               "1.5.2",
                               "1e5e5",
                               "1e",
                               ".5",
                               "[1,]",
                               "[1 2]",
                               "{\"a\":}",
                               "{\"a\" 1}",
                               "{a:1}",
                               "{\"\\u0000\":1}",
                               "nul",
                               "truee",
                               "NaN",
                               "[1}",
                               "",
                               "[\"\\ud83d\\u0041\"]",
                               too_deep,
                               std::string("\"a\0b\"", 5),
                               std::string("{\"a\0\":1}", 8)};
    for (const std::string& value : bad) {
        CAPTURE(value);
        for (const std::string& text :
             {"{\"other\":" + value + "}", "{\"other\":" + value + ",\"other\":1,\"text\":\"a\"}",
              "{\"text\":" + value + ",\"text\":\"a\"}", "{\"list\":" + value + "}",
              "{\"number\":" + value + "}"}) {
            CAPTURE(text);
            std::string reason = "accepted";
            try {
                wire::parse_json(text);
            } catch (const wire::JsonError& error) {
                reason = error.what();
            }
            CHECK(reason != "accepted");
            CHECK(refused(text, loose).detail() == reason);
        }
    }
    for (const std::string& value :
         {deep, std::string("-0.5e-07"), std::string("1E5"), std::string("[1,-2,3.5 , 4e1 ]"),
          std::string("{\"text\":5,\"a\":{\"list\":1}}"), std::string("\"\\ud83d\\ude00\"")}) {
        CAPTURE(value);
        CHECK(wire::decode_body("{\"other\":" + value + ",\"text\":\"a\"}", loose).text("text") ==
              "a");
        CHECK(refused("{\"flag\":" + value + "}", loose).detail() ==
              "field \"flag\" must be a boolean");
    }
}

TEST_CASE("of several fields with a wrong type the first of the schema is told") {
    CHECK(refused(R"({"list":[[1],2],"id":"x","number":"","flag":[],"text":{}})", loose).detail() ==
          "field \"text\" must be a string");
    CHECK(refused(R"({"list":[[1],2],"id":"x","number":5})", loose).detail() ==
          "field \"id\" must be a uuid");
    CHECK(refused(R"({"id":"x","text":5} x)", loose).detail() == "text after the value");
    CHECK(refused(R"({"list":["a",{"b":["c"]},"d"],"list":["e"]})", loose).detail().empty());
}
