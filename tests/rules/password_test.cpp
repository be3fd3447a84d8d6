#include "coder_users/internal/rules/password.hpp"

#include <time.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>

#include "catch.hpp"

namespace password_test {

using namespace coder_users;
using namespace coder_users::rules;

TEST_CASE("a password matches its own hash only") {
    const std::string password = "Passw0rd! \xc3\xa4";
    const std::string hash = hash_password(password, 4, system_random);
    CHECK(hash.size() == 60);
    CHECK(hash.substr(0, 7) == "$2b$04$");
    CHECK(password_matches(password, hash));
    for (const std::string& other :
         {std::string(), std::string("passw0rd! \xc3\xa4"), password + "x", password + " ",
          password.substr(1), password + std::string(1, '\0'), hash})
        CHECK_FALSE(password_matches(other, hash));
    CHECK(hash != hash_password(password, 4, system_random));
}

TEST_CASE("the salt comes from the given randomness") {
    const Random zeros = [](unsigned char* bytes, std::size_t count) {
        std::fill(bytes, bytes + count, static_cast<unsigned char>(0));
    };
    CHECK(hash_password("x", 4, zeros) == hash_password("x", 4, zeros));
    CHECK(hash_password("x", 4, zeros).substr(7, 22) == std::string(22, '.'));
}

TEST_CASE("the cost is in the hash") {
    CHECK(hash_password("x", 5, system_random).substr(0, 7) == "$2b$05$");
    for (const int cost : {-1, 0, 3, 32}) {
        CHECK_THROWS_AS(hash_password("x", cost, system_random), std::invalid_argument);
        CHECK_THROWS_AS(dummy_hash(cost), std::invalid_argument);
    }
}

TEST_CASE("hashes of other programs are verified") {
    // Published test vectors of crypt_blowfish.
    CHECK(password_matches("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
    CHECK(password_matches("U*U", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
    CHECK(password_matches("U*U", "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
    CHECK_FALSE(
        password_matches("U*U*", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
}

TEST_CASE("64 bytes count, more never match") {
    const std::string longest(64, 'a');
    const std::string hash = hash_password(longest, 4, system_random);
    CHECK(password_matches(longest, hash));
    CHECK_FALSE(password_matches(longest.substr(1), hash));
    CHECK_FALSE(password_matches(longest + "a", hash));
    CHECK_FALSE(password_matches(longest + std::string(1, '\0'), hash));
    CHECK_FALSE(password_matches(std::string(600, 'a'), hash));
    CHECK_FALSE(password_matches(std::string(1 << 20, 'a'), hash));
    CHECK_THROWS_AS(hash_password(longest + "a", 4, system_random), std::invalid_argument);
}

TEST_CASE("NUL is no end of a password") {
    const std::string hash = hash_password("abc", 4, system_random);
    CHECK_FALSE(password_matches(std::string("abc\0", 4), hash));
    CHECK_FALSE(password_matches(std::string("abc\0def", 7), hash));
    CHECK_FALSE(password_matches(std::string(1, '\0'), hash_password("", 4, system_random)));
    CHECK_THROWS_AS(hash_password(std::string("a\0b", 3), 4, system_random), std::invalid_argument);
}

TEST_CASE("what is no bcrypt hash matches nothing, itself included") {
    const std::string good = hash_password("x", 4, system_random);
    const auto with = [&](std::size_t at, std::string_view text) {
        return std::string(good).replace(at, text.size(), text);
    };
    for (const std::string& stored : {std::string(),
                                      std::string("*0"),
                                      std::string("*1"),
                                      std::string("plaintext"),
                                      std::string("ab"),
                                      std::string("_J9..rasm"),
                                      std::string("x"),
                                      std::string("$1$salt$qJH7.N4xYta3aEG/dfqo/0"),
                                      std::string("$2b$04$"),
                                      good.substr(0, 59),
                                      good + ".",
                                      with(0, "$2x$"),
                                      with(0, "$2c$"),
                                      with(4, "99"),
                                      with(4, "03"),
                                      with(4, "32"),
                                      with(4, "xx"),
                                      with(6, "."),
                                      with(10, "\xff"),
                                      with(10, " "),
                                      with(0, "*0"),
                                      std::string(60, '\0'),
                                      std::string(60, '*'),
                                      std::string(1 << 16, '$')}) {
        CAPTURE(stored.substr(0, 70));
        CHECK_FALSE(password_matches("x", stored, 4));
        CHECK_FALSE(password_matches("", stored, 4));
        if (stored.size() < 100) CHECK_FALSE(password_matches(stored, stored, 4));
    }
}

TEST_CASE("a dummy hash has the form of one and matches nothing") {
    CHECK(dummy_hash(4).substr(0, 7) == "$2b$04$");
    CHECK(dummy_hash(10).substr(0, 7) == "$2b$10$");
    CHECK(dummy_hash(31).substr(0, 7) == "$2b$31$");
    CHECK(is_bcrypt_hash(dummy_hash(4)));
    for (const char* password : {"", "x", "password", "Passw0rd!"}) {
        CHECK_FALSE(password_matches(password, dummy_hash(4)));
        // Only a hash that libxcrypt can compute takes as long as a real one.
        CHECK(bcrypt(password, dummy_hash(4)));
    }
}

// The processor time of this thread, which other work on the machine does not change.
double own_seconds() {
    timespec spent{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
    return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) / 1e9;
}

TEST_CASE("every kind of mismatch takes the time of a comparison", "[alone]") {
    // Cost 7 takes eight times as long as cost 4 and an eighth of cost 10, so this notices when the
    // work is skipped or done at another cost.
    const std::string hash = hash_password("Passw0rd!", 7, system_random);
    const auto best_of = [](const std::string& password, const std::string& stored) {
        double best = 1e9;
        for (int i = 0; i < 5; ++i) {
            const double start = own_seconds();
            password_matches(password, stored, 7);
            best = (std::min)(best, own_seconds() - start);
        }
        return best;
    };
    const double usual = best_of("Passw0rd!", hash);
    for (const double took :
         {best_of("wrong", hash), best_of(std::string(1000, 'a'), hash),
          best_of(std::string(1, '\0'), hash), best_of("Passw0rd!", dummy_hash(7)),
          best_of("Passw0rd!", ""), best_of("Passw0rd!", "$2b$99$" + hash.substr(7))}) {
        CHECK(took > usual / 3);
        CHECK(took < usual * 3);
    }
}

}  // namespace password_test
