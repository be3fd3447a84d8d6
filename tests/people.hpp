// A server with a caller of every kind, and checks that several endpoints share.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "endpoint_table.hpp"

namespace coder_users_test {

/// Everybody is logged in, active and has been seen; all belong to the one organization.
struct People : World {
    People();
    explicit People(const coder_users::Options& options);
    ~People();

    void make_organization_admin(const std::string& name) const;

    std::string bob;   ///< a plain member
    std::string carl;  ///< another one
    std::string anna;  ///< an auditor
    std::string tina;  ///< a template-admin
    std::string udo;   ///< a user-admin
    std::string oda;   ///< admin of the organization
};

inline const std::string not_found_answer =
    message("Resource not found or you do not have access to this resource");

/// Checks the refusals of every PUT on a user whose rule is "self or may manage".
void check_edit_is_refused(const People& world, const std::string& path, const std::string& body,
                           const std::string& kind = "user|write",
                           const std::string& target_of_bob = "bob",
                           const std::string& target_of_owner = "owner",
                           const std::string& target_of_anna = "anna");

/// Checks that none of the bodies can be decoded, and that nothing is changed.
void check_undecodable(const World& world, const std::string& method, const std::string& path,
                       const std::string& token, const std::vector<std::string>& bodies);

/// The newest audit entry as "organization|actor|ip|type|action|resource|target|status|diff".
std::string newest_entry(const World& world);
/// Writes `"field":{"old":old,"new":new,"secret":false}`; both values are JSON.
std::string diff_field(const std::string& name, const std::string& before,
                       const std::string& after);

/// Writes every byte as %XX.
std::string percent_encoded(std::string_view text);

/// Writes the body of a change of roles.
std::string role_set(const std::vector<std::string>& names);
/// Writes a refusal whose text needs escapes in JSON.
std::string refused(const std::string& text);
std::string unsupported(const std::string& name);

/// Returns the answers of `count` threads that start at the same moment and call `send` with 0, 1,
/// 2, ... An answer with status 0 means that there was none.
std::vector<Answer> all_at_once(std::size_t count, const std::function<Answer(std::size_t)>& send);

using StatusCounts = std::map<int, int>;

StatusCounts count_statuses(const std::vector<Answer>& answers);

}  // namespace coder_users_test

extern template class std::vector<coder_users_test::Answer>;
