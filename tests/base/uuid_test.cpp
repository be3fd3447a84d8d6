#include "coder_users/internal/base/uuid.hpp"

#include <string>

#include "catch.hpp"

using namespace coder_users;

TEST_CASE("uuids are read in the 36-character form alone and kept in lower case") {
    CHECK(parse_uuid("01234567-89ab-cdef-0123-456789ABCDEF") ==
          "01234567-89ab-cdef-0123-456789abcdef");
    CHECK(parse_uuid(nil_uuid) == nil_uuid);
    for (const char* text :
         {"", "0", "01234567-89ab-cdef-0123-456789abcde", "01234567-89ab-cdef-0123-456789abcdef0",
          "{1234567-89ab-cdef-0123-456789abcde}", "{01234567-89ab-cdef-0123-456789abcdef}",
          "urn:uuid:01234567-89ab-cdef-0123-456789abcdef", "0123456789abcdef0123456789abcdef",
          "01234567-89ab-cdef-0123-456789abcdeg", "01234567-89ab-cdef-0123-456789abcde ",
          " 1234567-89ab-cdef-0123-456789abcdef", "01234567089ab-cdef-0123-456789abcdef",
          "0123456-789ab-cdef-0123-456789abcdef", "01234567_89ab_cdef_0123_456789abcdef",
          "------------------------------------"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_uuid(text));
    }
    std::string nul(nil_uuid);
    nul[5] = '\0';
    CHECK_FALSE(parse_uuid(nul));
}

TEST_CASE("a made uuid is of version 4 whatever the random bytes are") {
    std::array<unsigned char, 16> bytes{};
    CHECK(make_uuid(bytes) == "00000000-0000-4000-8000-000000000000");
    bytes.fill(0xff);
    CHECK(make_uuid(bytes) == "ffffffff-ffff-4fff-bfff-ffffffffffff");
    for (unsigned char i = 0; i < 16; ++i) bytes[i] = static_cast<unsigned char>(i * 17);
    CHECK(make_uuid(bytes) == "00112233-4455-4677-8899-aabbccddeeff");
    CHECK(parse_uuid(make_uuid(bytes)) == make_uuid(bytes));
}
