#include "coder_users/internal/rules/crypto.hpp"

#include <array>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "texts.hpp"

namespace crypto_test {

using namespace coder_users;
using namespace coder_users::rules;
using coder_users_test::from_hex;
using coder_users_test::hex_of;

TEST_CASE("SHA-256 of the texts of FIPS 180") {
    CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(sha256_hex(std::string(1'000'000, 'a')) ==
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    CHECK(sha256("abc")[0] == 0xba);
}

TEST_CASE("SHA-256 in many threads") {
    const std::string expected = sha256_hex("abc");
    std::vector<int> wrong(8, 0);  // because only the main thread may assert
    std::vector<std::thread> threads;
    for (int& count : wrong)
        threads.emplace_back([&count, &expected] {
            for (int i = 0; i < 200; ++i) count += sha256_hex("abc") != expected;
        });
    for (std::thread& thread : threads) thread.join();
    CHECK(wrong == std::vector<int>(8, 0));
}

TEST_CASE("comparison in constant time") {
    CHECK(equal_constant_time("", ""));
    CHECK(equal_constant_time(std::string_view(), ""));
    CHECK(equal_constant_time("abc", "abc"));
    CHECK_FALSE(equal_constant_time("abc", "abd"));
    CHECK_FALSE(equal_constant_time("abc", "abcd"));
    CHECK_FALSE(equal_constant_time("abc", ""));
    CHECK_FALSE(equal_constant_time(std::string("a\0b", 3), std::string("a\0c", 3)));
    CHECK(equal_constant_time(sha256("abc"), sha256("abc")));
    CHECK_FALSE(equal_constant_time(sha256("abc"), sha256("abd")));
    Digest other = sha256("abc");
    other.back() ^= 1;
    CHECK_FALSE(equal_constant_time(sha256("abc"), other));
}

TEST_CASE("AES-256-GCM of the published test vector") {
    // McGrew and Viega, "The Galois/Counter Mode of Operation", test case 16.
    const std::string nonce = from_hex("cafebabefacedbaddecaf888");
    const Random fixed = [&](unsigned char* bytes, std::size_t count) {
        REQUIRE(count == nonce.size());
        nonce.copy(reinterpret_cast<char*>(bytes), count);
    };
    const std::string key =
        from_hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
    const std::string text = from_hex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
    const std::string associated = from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    const std::string sealed = seal(key, text, associated, fixed);
    CHECK(hex_of(sealed) ==
          "cafebabefacedbaddecaf888"
          "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
          "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
          "76fc6ece0f4e1768cddf8853bb2d551b");
    CHECK(open(key, sealed, associated) == text);
}

TEST_CASE("what is sealed opens with the same key and user only") {
    const std::string key(32, 'k'), other(32, 'o');
    for (const std::string& text :
         {std::string(), std::string("secret"), std::string(100'000, 'x')})
        for (const std::string& user : {std::string(), std::string("alice")}) {
            const std::string sealed = seal(key, text, user, system_random);
            CHECK(sealed.size() == text.size() + 28);
            CHECK(open(key, sealed, user) == text);
            CHECK_FALSE(open(other, sealed, user));
            CHECK_FALSE(open(key, sealed, user + "x"));
            CHECK_FALSE(open(key, sealed + "x", user));
            CHECK_FALSE(open(key, sealed.substr(1), user));
        }
    CHECK(seal(key, "secret", "", system_random) != seal(key, "secret", "", system_random));
}

TEST_CASE("no changed byte of a sealed text goes unnoticed") {
    const std::string key(32, 'k');
    const std::string sealed = seal(key, "secret", "alice", system_random);
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        std::string changed = sealed;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        CHECK_FALSE(open(key, changed, "alice"));
        CHECK_FALSE(open(key, sealed.substr(0, i), "alice"));
    }
    CHECK(ERR_peek_error() == 0);  // an error that stays there would confuse the host's TLS
}

TEST_CASE("a sealing key has 32 bytes") {
    for (const std::size_t size : {0u, 16u, 31u, 33u}) {
        const std::string key(size, 'k');
        CHECK_THROWS_AS(seal(key, "x", "", system_random), std::invalid_argument);
        CHECK_THROWS_AS(open(key, std::string(40, 'x'), ""), std::invalid_argument);
    }
}

TEST_CASE("base64 of RFC 4648") {
    const std::vector<std::pair<std::string, std::string>> rows{
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xfb\xff\xbf", "+/+/"},
        {std::string(3, '\0'), "AAAA"},
        {std::string(1, '\0'), "AA=="},
    };
    for (const auto& [bytes, text] : rows) {
        CHECK(base64_encode(bytes) == text);
        CHECK(base64_decode(text) == bytes);
    }
    std::string all;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    CHECK(base64_decode(base64_encode(all)) == all);
}

TEST_CASE("base64 that is not exactly what the encoder writes is refused") {
    for (const char* text : {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm9v\n", " Zm9",
                             "Zm9v Zm9", "\nZg==", "Z=g=", "====", "A===", "Zg==Zg==", "-_-_",
                             "Zm9*", "\xc3\xa4\xc3\xa4", "Zm9v=", "    "}) {
        CAPTURE(text);
        CHECK_FALSE(base64_decode(text));
    }
    CHECK_FALSE(base64_decode(std::string("Zm9\0", 4)));
}

TEST_CASE("the system's randomness") {
    std::set<std::array<unsigned char, 16>> seen;
    for (int i = 0; i < 1000; ++i) CHECK(seen.insert(random_bytes<16>(system_random)).second);
    std::string large(3 << 20, '\0');
    system_random(bytes_of(large), large.size());
    CHECK(large.substr(large.size() - 64) != std::string(64, '\0'));
    system_random(nullptr, 0);
}

}  // namespace crypto_test
