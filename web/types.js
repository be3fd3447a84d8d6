// The shapes of what the server answers, for `tsc --checkJs`. Fields that only some releases of Coder
// have are optional: the page works with all of them.

/** @typedef {{name: string, display_name: string, organization_id?: string}} Role */

/** @typedef {Role & {assignable: boolean}} AssignableRole */

/**
 * @typedef {object} User
 * @property {string} id
 * @property {string} username
 * @property {string} email
 * @property {string} [name]
 * @property {string} created_at
 * @property {string} last_seen_at
 * @property {'active' | 'dormant' | 'suspended'} status
 * @property {string[]} organization_ids
 * @property {Role[]} roles
 * @property {string} login_type
 * @property {string} avatar_url
 * @property {string} theme_preference
 * @property {boolean} [is_service_account]
 */

/** @typedef {{users: User[], count: number}} UserPage */

/**
 * @typedef {object} Organization
 * @property {string} id
 * @property {string} name
 * @property {string} created_at
 * @property {string} [display_name]
 * @property {string} [description]
 * @property {string} [icon]
 * @property {boolean} [is_default]
 */

/**
 * @typedef {object} Member
 * @property {string} user_id
 * @property {string} organization_id
 * @property {string} username
 * @property {string} [name]
 * @property {string} [email]
 * @property {Role[]} roles
 * @property {Role[]} [global_roles]
 */

/** @typedef {{members: Member[], count: number}} MemberPage */

/**
 * @typedef {object} Session
 * @property {string} id
 * @property {string} created_at
 * @property {string} last_used
 * @property {string} expires_at
 * @property {string} login_type
 * @property {string} ip
 * @property {string} user_agent
 * @property {boolean} current
 */

/**
 * @typedef {object} Token
 * @property {string} id
 * @property {string} token_name
 * @property {string} created_at
 * @property {string} expires_at
 * @property {string} last_used
 * @property {string} scope
 * @property {string[]} [scopes]
 * @property {string[]} [allow_list]
 */

/** @typedef {{old: unknown, new: unknown, secret: boolean}} Change */

/**
 * @typedef {object} AuditEntry
 * @property {string} id
 * @property {string} request_id
 * @property {string} time
 * @property {string} ip
 * @property {string} user_agent
 * @property {string} resource_type
 * @property {string} resource_target
 * @property {string} action
 * @property {Record<string, Change>} diff
 * @property {number} status_code
 * @property {string} description
 * @property {boolean} is_deleted
 * @property {User | null} user
 */

/** @typedef {{audit_logs: AuditEntry[], count: number}} AuditPage */

/**
 * @typedef {object} AuthMethods
 * @property {{enabled: boolean}} password
 * @property {{enabled: boolean}} github
 * @property {{enabled: boolean, signInText: string, iconUrl: string}} oidc
 */

/** @typedef {{version: string, external_url: string, dashboard_url: string, deployment_id?: string}} BuildInfo */

/** @typedef {{field: string, detail: string}} Broken */

/**
 * What an authcheck asks about one thing.
 * @typedef {object} Question
 * @property {{resource_type: string, owner_id?: string, organization_id?: string, resource_id?: string}} object
 * @property {string} action
 */

/**
 * What the signed-in user may do, as the server says.
 * @typedef {object} Rights
 * @property {boolean} readUsers
 * @property {boolean} createUsers
 * @property {boolean} manageUsers
 * @property {boolean} useKeys tokens of everybody
 * @property {boolean} readAudit
 * @property {boolean} createOrganizations
 */

/**
 * A view draws itself into `main` for an address; `left` aborts when the person goes elsewhere.
 * @typedef {{main: HTMLElement, address: URL, left: AbortSignal}} Place
 */

/** @typedef {(place: Place) => void | Promise<void>} View */

export {};
