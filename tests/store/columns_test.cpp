// The columns that the lists of fields name, compared with those of the schema.
#include "coder_users/internal/store/columns.hpp"

#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "catch.hpp"
#include "coder_users/internal/store/links.hpp"
#include "coder_users/internal/store/sqlite/migrate.hpp"
#include "store_fixture.hpp"

using namespace store_test;
using namespace coder_users;

namespace {

/// A user with a field that is not in schema.sql.
struct NamedUser {
    std::string id;
    std::string shoe_size;
    Time created_at = never;
    std::vector<std::string> roles;
};

}  // namespace

template <>
struct coder_users::fields::Of<NamedUser> {
    static constexpr const char* table = "users";
    static constexpr auto list =
        std::make_tuple(Field("id", &NamedUser::id).is(Kind::uuid),
                        Field("shoe_size", &NamedUser::shoe_size).also_folded(),
                        Field("created_at", &NamedUser::created_at),
                        Field("roles", &NamedUser::roles).is(Kind::roles).in_no_column());
};

namespace {

/// Returns how the list of `T` differs from its table: "-column" is not in the schema, "+column"
/// not in the list.
template <class T>
std::string differences(const std::set<std::string>& only_in_table = {}) {
    const store::Activity activity;
    store::sqlite::Connection db(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, activity);
    store::migrate(db);
    std::set<std::string> in_schema;
    {
        store::Query rows =
            db.query("SELECT name FROM pragma_table_info($1)", fields::Of<T>::table);
        while (rows.next()) in_schema.insert(rows.text(0));
    }
    std::string found;
    const auto listed = [&](const std::string& column) {
        if (in_schema.erase(column) == 0) found += "-" + column + " ";
    };
    store::for_each_column<T>([&](auto at) {
        listed(at.field.column);
        if (at.field.folded) listed(std::string(at.field.column) + "_folded");
    });
    for (const std::string& column : only_in_table)
        if (in_schema.erase(column) == 0) found += "-" + column + " ";
    for (const std::string& column : in_schema) found += "+" + column + " ";
    return found;
}

}  // namespace

TEST_CASE("every listed field has its column in schema.sql, and every column its field") {
    CHECK(differences<UserRecord>({"deleted", "number"}) == "");
    CHECK(differences<StoredKey>() == "");
    CHECK(differences<UserSetting>({"user_id"}) == "");
    CHECK(differences<NotificationPreference>({"user_id"}) == "");
    CHECK(differences<OneTimePasscode>({"user_id"}) == "");
    CHECK(differences<SealedGitSshKey>() == "");
    CHECK(differences<Organization>() == "");
    CHECK(differences<OrganizationMember>() == "");
    CHECK(differences<ProviderLink>({"user_id"}) == "");
    CHECK(differences<store::links::Link>() == "");
    CHECK(differences<AuditEntry>({"entry"}) == "");
}

TEST_CASE("a field that was added to a list and not to schema.sql is named") {
    const std::string found = differences<NamedUser>();
    CHECK(found.find("-shoe_size -shoe_size_folded ") == 0);
    CHECK(found.find("-", 1) == found.find("-shoe_size_folded"));
    CHECK(found.find("+username_folded ") != std::string::npos);
}
