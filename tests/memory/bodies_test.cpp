// How much memory the largest bodies take while they are decoded.
#include "coder_users/internal/http/bodies.hpp"

#include <string>

#include "catch.hpp"
#include "failing_memory.hpp"
#include "large_bodies.hpp"

using namespace coder_users;

TEST_CASE("a body of 1 MiB is decoded in 4 MB, whatever it is made of", "[memory]") {
    for (const coder_users_test::LargeBody& body : coder_users_test::large_bodies()) {
        CAPTURE(body.what);
        const memory::Peak peak;
        std::string detail;
        try {
            wire::read_body(body.text, *body.schema);
        } catch (const ApiError& error) {
            detail = error.detail();
        }
        CHECK(peak.bytes() < 4'000'000);
        CHECK(detail == body.detail);
    }
}
