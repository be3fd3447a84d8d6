// Internal: may change at any time.
// The answers in which releases of Coder contradict each other, one line for each: the first
// release with the newer answer (docs/contract/releases.md, "Answers that contradict each other").
#pragma once

#include "coder_users/internal/base/release.hpp"

namespace coder_users { inline namespace v0 { namespace contradictions {

/// GET roles of a user: names alone, without the user.
inline constexpr Release roles_without_user{2, 7};
/// Names of roles in an organization: without `:<organization>`.
inline constexpr Release bare_organization_roles{2, 12};
/// PUT appearance: the appearance, not the user.
inline constexpr Release appearance_alone{2, 21};
/// DELETE of a user: a notice, not the user.
inline constexpr Release deletion_notice{2, 7};
/// In this release alone DELETE of a user answers nothing.
inline constexpr Release silent_deletion{2, 14};
/// The first user is active from the beginning.
inline constexpr Release active_first_user{2, 17};
/// The first organization is not named like the first user, who has no explicit role in it.
inline constexpr Release first_organization{2, 9};
/// It is called `coder`.
inline constexpr Release coder_organization{2, 16};
/// GET keys/tokens without include_expired: without expired tokens.
inline constexpr Release expired_left_out{2, 32};
/// A weak password of a new user: another message.
inline constexpr Release invalid_password{2, 26};
/// An unknown scope: another message, and no validation.
inline constexpr Release unsupported_scope{2, 27};
/// A taken name in PUT profile: another message and another validation.
inline constexpr Release username_exists{2, 7};
/// An unknown `{user}`: without a detail.
inline constexpr Release unknown_user_without_detail{2, 32};
/// 403: with a detail.
inline constexpr Release forbidden_with_detail{2, 20};
/// Changing one's own roles in an organization: with a detail.
inline constexpr Release own_member_roles_with_detail{2, 16};
/// Adding a member who is one already: another message, with a detail.
inline constexpr Release already_a_member_with_detail{2, 22};
/// `{organization}` that is neither an id nor a known name: 404, not 400.
inline constexpr Release unknown_organization_not_found{2, 9};
/// Descriptions of refused actions in the audit log say so.
inline constexpr Release unsuccessful_attempts{2, 14};

}}}  // namespace coder_users::v0::contradictions
