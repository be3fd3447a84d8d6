// Tests with a type that has its own list of fields: answers, exports, rows and differences must
// treat it as they treat users.
#include "coder_users/internal/base/fields.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "catch.hpp"
#include "coder_users/internal/base/audit_diff.hpp"
#include "coder_users/internal/store/columns.hpp"
#include "coder_users/internal/store/sqlite/connection.hpp"
#include "coder_users/internal/wire/answers.hpp"
#include "coder_users/internal/wire/export_reader.hpp"
#include "coder_users/internal/wire/seed_reader.hpp"
#include "coder_users/internal/wire/shapes.hpp"

using namespace coder_users;

namespace {

enum class Colour { red, green, blue };
constexpr std::array<std::string_view, 3> colour_names{"red", "green", "blue"};
constexpr const auto& names_of(Colour) { return colour_names; }
constexpr std::string_view to_string(Colour colour) {
    return colour_names[static_cast<std::size_t>(colour)];
}

struct Badge {
    std::string id;
    std::string owner;
    Time issued = never;
    bool worn = false;
    std::int64_t number = 0;
    Colour colour = Colour::red;
    std::vector<std::string> labels;
    std::vector<std::string> roles;
    std::string pin;
    std::string motto;
};

/// Adds fields that only the table and exports have.
struct Locker {
    Badge badge;
    std::string hashed_code;
};

/// What a body may say of a badge.
struct Wish {
    std::string id;
    std::string motto;
    bool worn = false;
    std::vector<std::string> labels;
};

}  // namespace

template <>
struct coder_users::fields::Of<Wish> {
    static constexpr auto list =
        std::make_tuple(Field("id", &Wish::id).is(Kind::uuid), Field("motto", &Wish::motto),
                        Field("worn", &Wish::worn), Field("labels", &Wish::labels));
};

template <>
struct coder_users::fields::Of<Badge> {
    static constexpr const char* table = "badges";
    static constexpr auto list = std::make_tuple(
        Field("id", &Badge::id).is(Kind::uuid).in_audit(),
        Field("owner", &Badge::owner).also_folded().in_audit_after("worn"),
        Field("issued", &Badge::issued).in_audit(), Field("worn", &Badge::worn).in_audit(),
        Field("number", &Badge::number).in_audit(),
        Field("colour", &Badge::colour)
            .never_is(Colour::green)
            .or_else(Colour::blue)
            .in_audit_as("paint"),
        Field("labels", &Badge::labels).in_no_column().exported_as("tags"),
        Field("roles", &Badge::roles).is(Kind::roles).in_no_column().in_audit(),
        Field("pin", &Badge::pin).is_secret().exported_after("id").in_audit(),
        Field("motto", &Badge::motto).since_release(2, 10).in_audit());
};

template <>
struct coder_users::fields::Of<Locker> {
    static constexpr auto list = std::tuple_cat(
        within(&Locker::badge),
        std::make_tuple(
            Field("hashed_code", &Locker::hashed_code).is_secret().exported_after("owner")));
};

namespace {

const std::string id = "11111111-1111-4111-8111-111111111111";

Badge badge() {
    return {
        id,     "Ada",    from_micros(1'000'000), true, 7, Colour::blue, {"a", "b"}, {"auditor"},
        "1234", "onwards"};
}

Badge imported(const std::string& text) {
    return wire::transfer::read_object<Badge>(wire::transfer::Members(wire::parse_json(text)));
}

std::string exported(const Badge& badge) {
    JsonWriter json;
    wire::transfer::write_object(json, badge);
    return json.take();
}

std::string difference(const Badge* before, const Badge* after) {
    AuditDiff diff;
    add_differences(diff, before, after);
    return diff.take();
}

const std::string all_exported =
    R"({"id":")" + id +
    R"(","pin":"1234","owner":"Ada","issued":"1970-01-01T00:00:01Z","worn":true,"number":7,)"
    R"("colour":"blue","tags":["a","b"],"roles":["auditor"],"motto":"onwards"})";

std::string cut_from(std::string text, const std::string& part) {
    const std::size_t at = text.find(part);
    REQUIRE(at != std::string::npos);
    return text.erase(at, part.size());
}

}  // namespace

TEST_CASE("releases compare as two numbers") {
    CHECK(Release{2, 9} < Release{2, 10});
    CHECK_FALSE(Release{2, 10} < Release{2, 9});
    CHECK(Release{2, 35} < Release{3, 0});
    CHECK_FALSE(Release() < Release{2, 6});
}

TEST_CASE("answers have what is listed, from its release on, and no secret") {
    const std::string all =
        R"({"id":")" + id +
        R"(","owner":"Ada","issued":"1970-01-01T00:00:01Z","worn":true,"number":7,)"
        R"("colour":"blue","labels":["a","b"],)"
        R"("roles":[{"name":"auditor","display_name":"Auditor"}],"motto":"onwards"})"
        "\n";
    CHECK(wire::object(badge(), {2, 10}) == all);
    CHECK(wire::object(badge(), {3, 0}) == all);
    CHECK(wire::object(badge(), {2, 9}) == cut_from(all, R"(,"motto":"onwards")"));
    CHECK(wire::object(badge()) == cut_from(all, R"(,"motto":"onwards")"));
}

TEST_CASE("the shape is that of the answers of the same release") {
    using wire::ValueType;
    const auto shape = wire::properties_of<Badge>();
    std::string names;
    for (const auto& property : shape) names.append(property.name).append(" ");
    CHECK(names == "id owner issued worn number colour labels roles motto ");
    const std::vector<ValueType> types{ValueType::uuid,  ValueType::text,    ValueType::time,
                                       ValueType::flag,  ValueType::integer, ValueType::text,
                                       ValueType::array, ValueType::array,   ValueType::text};
    for (std::size_t i = 0; i < types.size(); ++i) CHECK(shape.at(i).type == types[i]);
    const std::vector<const char*>& colours = shape.at(5).values;
    CHECK(std::vector<std::string>(colours.begin(), colours.end()) ==
          std::vector<std::string>{"red", "blue"});
    CHECK(shape.at(6).of == nullptr);
    CHECK(shape.at(7).of == &wire::shapes::role);
    for (const auto& property : shape) {
        CHECK(property.is_in({2, 10}));
        CHECK(property.is_in({2, 9}) == (std::string(property.name) != "motto"));
    }
}

TEST_CASE("what is exported comes back, each field in its place and checked") {
    CHECK(exported(badge()) == all_exported);
    CHECK(exported(imported(all_exported)) == all_exported);
    CHECK(imported(all_exported).pin == "1234");

    for (const char* part : {R"("pin":"1234",)", R"("issued":"1970-01-01T00:00:01Z",)",
                             R"("worn":true,)", R"("number":7,)", R"("tags":["a","b"],)"}) {
        CAPTURE(part);
        CHECK_THROWS_AS(imported(cut_from(all_exported, part)), wire::JsonError);
    }
    const auto refused = [](std::string text, const std::string& good, const char* bad) {
        text.replace(text.find(good), good.size(), bad);
        CHECK_THROWS_AS(imported(text), wire::JsonError);
    };
    refused(all_exported, "11111111", "ABCDEFAB");
    refused(all_exported, "true", "1");
    refused(all_exported, "blue", "pink");
    refused(all_exported, "1970", "19");
    refused(all_exported, "motto", "other");

    const std::string before = cut_from(all_exported, R"(,"motto":"onwards")");
    CHECK(imported(before).motto == "");  // the export was written before the field existed
}

TEST_CASE("a record has the fields of its part, with its own between them") {
    const Locker locker{badge(), "abc"};
    JsonWriter json;
    wire::transfer::write_object(json, locker);
    std::string expected = all_exported;
    const std::string owner = R"("owner":"Ada",)";
    expected.insert(expected.find(owner) + owner.size(), R"("hashed_code":"abc",)");
    const std::string text = json.take();
    CHECK(text == expected);
    const auto read =
        wire::transfer::read_object<Locker>(wire::transfer::Members(wire::parse_json(text)));
    CHECK(read.hashed_code == "abc");
    CHECK(exported(read.badge) == all_exported);
    CHECK(store::columns<Locker>() == store::columns<Badge>() + ", hashed_code");
}

TEST_CASE("a row holds every field that has a column") {
    const store::Activity activity;
    store::sqlite::Connection db(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, activity);
    db.run(
        "CREATE TABLE badges (id TEXT, owner TEXT, owner_folded TEXT, issued BIGINT, worn INTEGER, "
        "number BIGINT, colour TEXT, pin TEXT, motto TEXT, entry BIGINT)");
    CHECK(store::columns<Badge>("b.") ==
          "b.id, b.owner, b.issued, b.worn, b.number, b.colour, b.pin, b.motto");
    const std::string insert = store::insert_into<Badge>({}, "entry");
    db.execute(insert, store::RowOf(badge()));
    db.execute(insert, store::RowOf(Badge()));
    CHECK(db.first_text("SELECT group_concat(owner_folded || entry) FROM badges") == "ada1,2");

    const std::string select = "SELECT 0, " + store::columns<Badge>() + " FROM badges";
    const auto read = [&] {
        store::Query row = db.query(select);
        REQUIRE(row.next());
        return store::read_row<Badge>(row, 1);
    };
    Badge expected = badge();
    expected.labels = expected.roles = {};
    CHECK(exported(read()) == exported(expected));
    db.run("UPDATE badges SET colour = 'damaged'");
    CHECK(read().colour == Colour::blue);

    INFO("an update sets all of them but those that stay as they are");
    const store::RowUpdate<Badge> update("id", {"issued"});
    CHECK(update.sql() ==
          "UPDATE badges SET owner = $1, owner_folded = $2, worn = $3, number = $4, colour = $5, "
          "pin = $6, motto = $7 WHERE id = $8");
    Badge changed = badge();
    changed.owner = "Bob";
    changed.motto = "upwards";
    changed.issued = never;
    db.execute(update.sql(), update.values(changed));
    expected.owner = "Bob";
    expected.motto = "upwards";
    CHECK(exported(read()) == exported(expected));
    CHECK(db.first_text("SELECT group_concat(owner_folded || entry) FROM badges") == "bob1,2");
}

TEST_CASE("a body that is a type has the fields that are listed") {
    const wire::BodySchema schema{"Wish", wire::body_fields<Wish>(), "{}"};
    std::string names;
    for (const wire::Field& field : schema.fields) names.append(field.name).append(" ");
    CHECK(names == "id motto worn labels ");
    const auto read = [&](const std::string& json) {
        Wish wish;
        wire::read_fields(wire::decode_body(json, schema), wish);
        return wish;
    };
    const Wish all =
        read(R"({"id":")" + id + R"(","motto":"onwards","worn":true,"labels":["a","b"]})");
    CHECK(all.id == id);
    CHECK(all.motto == "onwards");
    CHECK(all.worn);
    CHECK(all.labels == std::vector<std::string>{"a", "b"});
    const Wish none = read("{}");
    CHECK(none.id + none.motto == "");
    CHECK_FALSE(none.worn);
    CHECK(none.labels.empty());
    for (const char* bad :
         {R"({"id":"ada"})", R"({"motto":1})", R"({"worn":"true"})", R"({"labels":"a"})"}) {
        CAPTURE(bad);
        CHECK_THROWS_AS(read(bad), ApiError);
    }
}

TEST_CASE("a difference has what is audited, under its names") {
    const Badge whole = badge();
    const auto field = [](const std::string& name, const std::string& before,
                          const std::string& after, bool secret = false) {
        return "\"" + name + R"(":{"old":)" + before + R"(,"new":)" + after +
               (secret ? R"(,"secret":true})" : R"(,"secret":false})");
    };
    const std::string made =
        "{" + field("id", R"("")", "\"" + id + "\"") + "," +
        field("issued", R"("0001-01-01T00:00:00Z")", R"("1970-01-01T00:00:01Z")") + "," +
        field("worn", "false", "true") + "," + field("owner", R"("")", R"("Ada")") + "," +
        field("number", "0", "7") + "," + field("paint", R"("")", R"("blue")") + "," +
        field("roles", "[]", R"(["auditor"])") + "," + field("pin", R"("")", R"("")", true) + "," +
        field("motto", R"("")", R"("onwards")") + "}";
    CHECK(difference(nullptr, &whole) == made);
    CHECK(difference(&whole, &whole) == "{}");
    Badge other = whole;
    other.labels = {};
    CHECK(difference(&whole, &other) == "{}");
    other.number = 8;
    CHECK(difference(&whole, &other) == "{" + field("number", "7", "8") + "}");
}
