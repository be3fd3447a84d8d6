// The API description of a release, for tests that read it.
#pragma once

#include <string>
#include <vector>

#include "server_fixture.hpp"

namespace coder_users_test {

/// The oldest and the newest release that are served: 2.6 to 2.35.
inline constexpr int first_minor = 6, last_minor = 35;

/// What a server answers that answers as release 2.`minor`; made once.
const Value& openapi_document(int minor = first_minor);

struct DescribedOperation {
    std::string method;
    std::string path;  ///< as a client sends it, with the server's part
    Value json;
    std::string name() const { return method + " " + path; }
};

std::vector<DescribedOperation> described_operations(const Value& document);

/// What a reference, such as "#/components/schemas/User", refers to.
Value resolved(const Value& document, const std::string& reference);

/// Returns what in `json` is not as the schema says; "" when nothing is. A member that the schema
/// does not name is wrong, too.
std::string schema_error(const Value& document, const Value& schema, const Json& json,
                         const std::string& at);

}  // namespace coder_users_test
