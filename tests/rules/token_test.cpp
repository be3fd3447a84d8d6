#include "coder_users/internal/rules/token.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"

namespace token_test {

using namespace coder_users;
using namespace coder_users::rules;

constexpr const char* signed_out_text =
    "You are signed out or your session has expired. Please sign in again to continue.";

/// Returns the bytes 0, 1, 2, ... in turn.
Random counting(unsigned char next = 0) {
    return [next](unsigned char* bytes, std::size_t count) mutable {
        for (std::size_t i = 0; i < count; ++i) bytes[i] = next++;
    };
}

const std::string id(10, 'i'), secret(22, 's');

TEST_CASE("a new key has an id, a secret and the secret's digest") {
    const NewKey key = make_key(system_random);
    CHECK(key.id.size() == 10);
    CHECK(key.secret.size() == 22);
    CHECK(key.token() == key.id + "-" + key.secret);
    CHECK(key.hashed_secret == sha256_hex(key.secret));
    for (const char c : key.id + key.secret) CHECK((is_letter(c) || is_digit(c)));
    CHECK(split_token(key.token()).id == key.id);
    CHECK(split_token(key.token()).secret == key.secret);
}

TEST_CASE("new keys differ") {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const NewKey key = make_key(system_random);
        CHECK(seen.insert(key.id).second);
        CHECK(seen.insert(key.secret).second);
    }
}

TEST_CASE("every character of a key is equally likely") {
    // In 256 bytes each of the 62 characters comes four times; the remaining 8 bytes are drawn
    // again.
    const std::string drawn = random_base62(62 * 4, counting());
    for (const char c : std::string("0AZaz9"))
        CHECK(std::count(drawn.begin(), drawn.end(), c) == 4);
    CHECK(random_base62(4, counting(246)) == "yz01");  // 248 to 255 would favour the first eight
    CHECK(random_base62(0, counting()).empty());
}

struct Refused {
    std::string token;
    const char* detail;
};

TEST_CASE("a token without the right form is refused with the reason") {
    const std::vector<Refused> rows{
        {"", "Cookie \"coder_session_token\" or header \"Coder-Session-Token\" must be provided."},
        {"abc", "Invalid API key format: incorrect amount of API key parts, expected 2 got 1"},
        {"a-b-c", "Invalid API key format: incorrect amount of API key parts, expected 2 got 3"},
        {"----", "Invalid API key format: incorrect amount of API key parts, expected 2 got 5"},
        {id + "-" + secret + "-",
         "Invalid API key format: incorrect amount of API key parts, expected 2 got 3"},
        {"-", "Invalid API key format: invalid API key ID length, expected 10 got 0"},
        {"abc-" + secret, "Invalid API key format: invalid API key ID length, expected 10 got 3"},
        {id + "x-short", "Invalid API key format: invalid API key ID length, expected 10 got 11"},
        {"\xc3\xa4\xc3\xa4-" + secret,
         "Invalid API key format: invalid API key ID length, expected 10 got 4"},
        {id + "-", "Invalid API key format: invalid API key secret length, expected 22 got 0"},
        {id + "-" + secret + "x",
         "Invalid API key format: invalid API key secret length, expected 22 got 23"},
        {id + "-" + std::string(1 << 20, 'x'),
         "Invalid API key format: invalid API key secret length, expected 22 got 1048576"},
    };
    for (const Refused& row : rows) {
        CAPTURE(row.token.substr(0, 60));
        try {
            split_token(row.token);
            FAIL("not refused");
        } catch (const ApiError& error) {
            CHECK(error.status() == 401);
            CHECK(error.message() == signed_out_text);
            CHECK(error.detail() == row.detail);
            CHECK(error.validations().empty());
        }
    }
}

TEST_CASE("bytes of a token with the right form do not matter") {
    const std::string odd = "%_'\"; \x01\xff\\/-" + secret;
    CHECK(split_token(odd).id == odd.substr(0, 10));
}

struct Refusal {
    ApiError error;
    std::string message, detail;
};

TEST_CASE("the refusals of the session check") {
    const std::vector<Refusal> rows{
        {token_missing(), signed_out_text,
         "Cookie \"coder_session_token\" or header \"Coder-Session-Token\" must be provided."},
        {key_invalid(), signed_out_text, "API key is invalid."},
        {key_expired(from_micros(1'700'000'000'500'000)), signed_out_text,
         "API key expired at \"2023-11-14T22:13:20.5Z\"."},
        {user_suspended(),
         "User is not active (status = \"suspended\"). Contact an admin to reactivate your "
         "account.",
         ""},
        {link_missing(), signed_out_text, "You must re-authenticate with the login provider."},
        {refresh_failed("no answer"),
         "Could not refresh expired Oauth token. Try re-authenticating to resolve this issue.",
         "no answer"},
    };
    for (const Refusal& row : rows) {
        CHECK(row.error.status() == 401);
        CHECK(row.error.message() == row.message);
        CHECK(row.error.detail() == row.detail);
        CHECK(row.error.validations().empty());
    }
}

using Header = std::optional<std::string_view>;

struct Sources {
    Header own, authorization, cookies;
    const char* token;  ///< nullptr: none is found
    bool from_cookie = false;
};

TEST_CASE("the first source with a token wins") {
    const Header none;
    const std::vector<Sources> rows{
        {none, none, none, nullptr},
        {"", "", "", nullptr},
        {"a", "Bearer b", "coder_session_token=c", "a"},
        {none, "Bearer b", "coder_session_token=c", "b"},
        {"", "Bearer b", "coder_session_token=c", "b"},
        {" ", "Bearer b", none, "b"},
        {none, none, "coder_session_token=c", "c", true},
        {"", "", "coder_session_token=c", "c", true},
        {"bad", "Bearer good", "coder_session_token=good", "bad"},
        {" a ", none, none, "a"},
        // Authorization
        {none, "bearer b", none, "b"},
        {none, "BEARER b", none, "b"},
        {none, "bEaReR   b  ", none, "b"},
        {none, "Bearer\tb", none, "b"},
        {none, "Bearer b c", none, "b c"},
        {none, "Bearer", "coder_session_token=c", "c", true},
        {none, "Bearer ", "coder_session_token=c", "c", true},
        {none, "Bearerb", "coder_session_token=c", "c", true},
        {none, "Basic b", "coder_session_token=c", "c", true},
        {none, "b", none, nullptr},
        // Cookie
        {none, none, "x=1; coder_session_token=c; y=2", "c", true},
        {none, none, "x=1;coder_session_token=c", "c", true},
        {none, none, "coder_session_token=; coder_session_token=d", "d", true},
        {none, none, "coder_session_token=\"\"; coder_session_token=\"d\"", "d", true},
        {none, none, "coder_session_token=c; coder_session_token=d", "c", true},
        {none, none, " coder_session_token = c ", "c", true},
        {none, none, "coder_session_token=a=b", "a=b", true},
        {none, none, "Coder_Session_Token=c", nullptr},
        {none, none, "xcoder_session_token=c", nullptr},
        {none, none, "coder_session_token", nullptr},
        {none, none, "coder_session_token=", nullptr},
        {none, none, ";;=;", nullptr},
    };
    for (const Sources& row : rows) {
        CAPTURE(row.own.value_or("-"), row.authorization.value_or("-"), row.cookies.value_or("-"));
        const auto found = find_token(row.own, row.authorization, row.cookies);
        REQUIRE(found.has_value() == (row.token != nullptr));
        if (!found) continue;
        CHECK(found->token == row.token);
        CHECK(found->from_cookie == row.from_cookie);
    }
}

constexpr std::int64_t day = 86'400;
constexpr Time at(std::int64_t seconds) { return from_micros(seconds * 1'000'000); }

TEST_CASE("a key ends at its expiry") {
    ApiKey key;
    key.expires_at = at(1000);
    CHECK_FALSE(is_expired(key, at(1000) - Duration(1)));
    CHECK(is_expired(key, at(1000)));
    CHECK(is_expired(key, at(1001)));
}

struct Use {
    const char* what;
    std::int64_t used, expires, lifetime;  ///< seconds; now is one day
    LoginType type;
    bool slide;
    std::int64_t used_then, expires_then;
};

TEST_CASE("using a key") {
    constexpr auto session = LoginType::password;
    const std::vector<Use> rows{
        {"just used, fresh", day - 10, 2 * day, day, session, true, day - 10, 2 * day},
        {"used an hour ago", day - 3600, 2 * day, day, session, true, day - 3600, 2 * day},
        {"used longer ago", day - 3601, 2 * day, day, session, true, day, 2 * day},
        {"used in the future", day + 99, 2 * day, day, session, true, day + 99, 2 * day},
        {"an hour less to live", day, 2 * day - 3600, day, session, true, day, 2 * day},
        {"almost an hour less", day, 2 * day - 3599, day, session, true, day, 2 * day - 3599},
        {"both", 0, day + 5, day, session, true, day, 2 * day},
        {"github", day, day + 5, day, LoginType::github, true, day, 2 * day},
        {"oidc", day, day + 5, day, LoginType::oidc, true, day, 2 * day},
        {"a token ends", day, day + 5, day, LoginType::token, true, day, day + 5},
        {"a token is used", 0, day + 5, day, LoginType::token, true, day, day + 5},
        {"switched off", day, day + 5, day, session, false, day, day + 5},
        {"switched off, used", 0, day + 5, day, session, false, day, day + 5},
        {"less than an hour", day, day + 1, 3599, session, true, day, day + 1},
        {"an hour", day, day + 1, 3600, session, true, day, day + 1},
        {"no lifetime", day, day + 1, 0, session, true, day, day + 1},
        {"negative lifetime", day, day + 1, -1, session, true, day, day + 1},
    };
    for (const Use& row : rows) {
        CAPTURE(row.what);
        ApiKey key;
        key.last_used = at(row.used);
        key.expires_at = at(row.expires);
        key.lifetime_seconds = row.lifetime;
        key.login_type = row.type;
        const KeyUse use = use_key(key, at(day), row.slide, std::chrono::seconds(0));
        CHECK(use.last_used == at(row.used_then));
        CHECK(use.expires_at == at(row.expires_then));
        CHECK(use.changed == (use.last_used != key.last_used || use.expires_at != key.expires_at));
    }
}

TEST_CASE("an unused key counts as used now, and no lifetime overflows") {
    ApiKey key;
    key.expires_at = at(day + 1);
    key.lifetime_seconds = INT64_MAX;
    const KeyUse use = use_key(key, at(day), true, std::chrono::seconds(0));
    CHECK(use.changed);
    CHECK(use.last_used == at(day));
    CHECK(use.expires_at == end_of_time);
}

TEST_CASE("a session slides no further than its longest life, and a token has none") {
    ApiKey key;
    key.login_type = LoginType::password;
    key.created_at = key.last_used = at(0);
    key.lifetime_seconds = day;
    key.expires_at = at(day);
    const auto ends = [&](std::int64_t now, std::int64_t longest) {
        return use_key(key, at(now), true, std::chrono::seconds(longest)).expires_at;
    };
    CHECK(ends(day / 2, 0) == at(day / 2 + day));
    CHECK(ends(day / 2, 2 * day) == at(day / 2 + day));
    CHECK(ends(day / 2, day + 1) == at(day + 1));
    CHECK(ends(day / 2, day) == at(day));
    CHECK(ends(day / 2, 1) == at(day));  // what is stored never decreases
    CHECK(end_of(key, std::chrono::seconds(0)) == at(day));
    CHECK(end_of(key, std::chrono::seconds(day - 1)) == at(day - 1));
    CHECK(end_of(key, std::chrono::seconds(day + 1)) == at(day));
    key.created_at = end_of_time;
    CHECK(end_of(key, std::chrono::seconds(day)) == at(day));  // no overflow
    key.login_type = LoginType::token;
    key.created_at = at(0);
    CHECK(end_of(key, std::chrono::seconds(1)) == at(day));
}

}  // namespace token_test
