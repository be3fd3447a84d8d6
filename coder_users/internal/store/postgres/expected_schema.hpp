// Internal: may change at any time.
// What describe_schema says of a database with the current schema. A database whose description
// differs is refused, a new one, too: it shows the line to write here when the schema changes.
#pragma once

namespace coder_users { inline namespace v0 { namespace store { namespace postgres {

inline constexpr const char expected_schema[] = R"txt(api_keys.allow_list text C not null
api_keys.created_at bigint not null
api_keys.expires_at bigint not null
api_keys.hashed_secret text C not null
api_keys.id text C not null
api_keys.ip text C not null default ''::text
api_keys.last_used bigint not null
api_keys.lifetime_seconds bigint not null
api_keys.login_type text C not null
api_keys.scopes text C not null
api_keys.token_name text C not null default ''::text
api_keys.updated_at bigint not null
api_keys.user_agent text C not null default ''::text
api_keys.user_id text C not null
audit_logs.action text C not null
audit_logs.actor_id text C
audit_logs.diff text C not null
audit_logs.entry bigint not null identity
audit_logs.id text C not null
audit_logs.ip text C not null
audit_logs.organization_id text C not null
audit_logs.request_id text C not null
audit_logs.resource_id text C not null
audit_logs.resource_target text C not null
audit_logs.resource_target_folded text C not null
audit_logs.resource_type text C not null
audit_logs.status_code integer not null
audit_logs.time bigint not null
audit_logs.user_agent text C not null
counter_changes.name text C not null
counter_changes.value bigint not null
counters.name text C not null
counters.value bigint not null
database_info.compatible_from integer not null
database_info.only_row integer not null
database_info.test_data integer not null
database_info.version integer not null
deployment.name text C not null
deployment.value text C not null
git_ssh_keys.created_at bigint not null
git_ssh_keys.public_key text C not null
git_ssh_keys.sealed_private_key text C not null
git_ssh_keys.updated_at bigint not null
git_ssh_keys.user_id text C not null
index api_keys_created of api_keys created_at
index api_keys_pkey of api_keys id unique
index api_keys_session of api_keys user_id where (login_type <> 'token'::text)
index api_keys_token_name of api_keys user_id, token_name unique where (login_type = 'token'::text)
index audit_logs_actor of audit_logs actor_id
index audit_logs_pkey of audit_logs entry unique
index audit_logs_resource of audit_logs resource_id
index audit_logs_time of audit_logs "time", entry
index audit_logs_type of audit_logs resource_type, action
index counters_pkey of counters name unique
index database_info_pkey of database_info only_row unique
index deployment_pkey of deployment name unique
index git_ssh_keys_pkey of git_ssh_keys user_id unique
index leases_pkey of leases name unique
index notification_preferences_pkey of notification_preferences user_id, template_id unique
index one_time_passcodes_pkey of one_time_passcodes user_id unique
index organization_member_roles_pkey of organization_member_roles user_id, organization_id, role unique
index organization_members_organization of organization_members organization_id, user_id
index organization_members_pkey of organization_members user_id, organization_id unique
index organizations_name_folded_key of organizations name_folded unique
index organizations_pkey of organizations id unique
index used_states_pkey of used_states hashed_state unique
index user_data_pkey of user_data user_id unique
index user_links_linked_id of user_links login_type, linked_id unique
index user_links_pkey of user_links user_id unique
index user_roles_pkey of user_roles user_id, role unique
index user_roles_role of user_roles role, user_id
index user_settings_pkey of user_settings user_id, name unique
index users_deleted of users id where (deleted = 1)
index users_live_email of users email_folded unique where ((deleted = 0) AND (email_folded <> ''::text))
index users_live_search of users username_folded, email_folded, status where (deleted = 0)
index users_live_status of users status, username_folded where (deleted = 0)
index users_live_username of users username_folded unique where (deleted = 0)
index users_number of users number unique
index users_pkey of users id unique
index window_counts_pkey of window_counts name unique
leases.ends_at bigint not null
leases.holder text C not null
leases.name text C not null
notification_preferences.disabled integer not null
notification_preferences.template_id text C not null
notification_preferences.updated_at bigint not null
notification_preferences.user_id text C not null
one_time_passcodes.expires_at bigint not null
one_time_passcodes.hashed_passcode text C not null
one_time_passcodes.user_id text C not null
organization_member_roles.organization_id text C not null
organization_member_roles.role text C not null
organization_member_roles.user_id text C not null
organization_members.created_at bigint not null
organization_members.organization_id text C not null
organization_members.updated_at bigint not null
organization_members.user_id text C not null
organizations.created_at bigint not null
organizations.description text C not null default ''::text
organizations.display_name text C not null default ''::text
organizations.icon text C not null default ''::text
organizations.id text C not null
organizations.is_default integer not null default 0
organizations.name text C not null
organizations.name_folded text C not null
organizations.updated_at bigint not null
rule api_keys_login_type_check of api_keys c login_type CHECK ((login_type = ANY (ARRAY['password'::text, 'github'::text, 'oidc'::text, 'token'::text])))
rule api_keys_pkey of api_keys p id
rule api_keys_user_id_fkey of api_keys f user_id FOREIGN KEY (user_id) REFERENCES users(id)
rule audit_logs_actor_id_fkey of audit_logs f actor_id FOREIGN KEY (actor_id) REFERENCES users(id)
rule audit_logs_pkey of audit_logs p entry
rule counters_pkey of counters p name
rule database_info_only_row_check of database_info c only_row CHECK ((only_row = 1))
rule database_info_pkey of database_info p only_row
rule deployment_pkey of deployment p name
rule git_ssh_keys_pkey of git_ssh_keys p user_id
rule git_ssh_keys_user_id_fkey of git_ssh_keys f user_id FOREIGN KEY (user_id) REFERENCES users(id)
rule leases_pkey of leases p name
rule notification_preferences_pkey of notification_preferences p user_id, template_id
rule notification_preferences_user_id_fkey of notification_preferences f user_id FOREIGN KEY (user_id) REFERENCES users(id)
rule one_time_passcodes_pkey of one_time_passcodes p user_id
rule one_time_passcodes_user_id_fkey of one_time_passcodes f user_id FOREIGN KEY (user_id) REFERENCES users(id)
rule organization_member_roles_pkey of organization_member_roles p user_id, organization_id, role
rule organization_member_roles_user_id_organization_id_fkey of organization_member_roles f user_id, organization_id FOREIGN KEY (user_id, organization_id) REFERENCES organization_members(user_id, organization_id)
rule organization_members_organization_id_fkey of organization_members f organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
rule organization_members_pkey of organization_members p user_id, organization_id
rule organization_members_user_id_fkey of organization_members f user_id FOREIGN KEY (user_id) REFERENCES users(id)
rule organizations_name_folded_key of organizations u name_folded
rule organizations_pkey of organizations p id
rule used_states_pkey of used_states p hashed_state
rule user_data_pkey of user_data p user_id
rule user_data_user_id_fkey of user_data f user_id FOREIGN KEY (user_id) REFERENCES users(id)
rule user_links_login_type_check of user_links c login_type CHECK ((login_type = ANY (ARRAY['github'::text, 'oidc'::text])))
rule user_links_pkey of user_links p user_id
rule user_links_user_id_fkey of user_links f user_id FOREIGN KEY (user_id) REFERENCES users(id)
rule user_roles_pkey of user_roles p user_id, role
rule user_roles_user_id_fkey of user_roles f user_id FOREIGN KEY (user_id) REFERENCES users(id)
rule user_settings_pkey of user_settings p user_id, name
rule user_settings_user_id_fkey of user_settings f user_id FOREIGN KEY (user_id) REFERENCES users(id)
rule users_deleted_check of users c deleted CHECK ((deleted = ANY (ARRAY[0, 1])))
rule users_login_type_check of users c login_type CHECK ((login_type = ANY (ARRAY['password'::text, 'github'::text, 'oidc'::text, 'none'::text])))
rule users_pkey of users p id
rule users_status_check of users c status CHECK ((status = ANY (ARRAY['active'::text, 'dormant'::text, 'suspended'::text])))
rule window_counts_pkey of window_counts p name
used_states.expires_at bigint not null
used_states.hashed_state text C not null
user_data.user_id text C not null
user_data.value text C not null
user_links.linked_id text C not null
user_links.login_type text C not null
user_links.sealed_access_token text C not null default ''::text
user_links.sealed_claims text C not null default ''::text
user_links.sealed_refresh_token text C not null default ''::text
user_links.token_expires_at bigint not null
user_links.user_id text C not null
user_roles.role text C not null
user_roles.user_id text C not null
user_settings.name text C not null
user_settings.user_id text C not null
user_settings.value text C not null
users.avatar_url text C not null default ''::text
users.created_at bigint not null
users.deleted integer not null default 0
users.email text C not null
users.email_folded text C not null
users.hashed_password text C not null default ''::text
users.id text C not null
users.is_service_account integer not null default 0
users.last_seen_at bigint not null
users.login_type text C not null
users.name text C not null default ''::text
users.name_folded text C not null default ''::text
users.number bigint not null identity
users.organization_ids text C not null default ''::text
users.roles text C not null default ''::text
users.status text C not null
users.theme_preference text C not null default ''::text
users.updated_at bigint not null default 0
users.username text C not null
users.username_folded text C not null
window_counts.name text C not null
window_counts.started_at bigint not null
window_counts.used bigint not null
)txt";

}}}}  // namespace coder_users::v0::store::postgres
