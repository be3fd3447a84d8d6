// Every text that people read, but for those that come from the server.

/** @param {number} count @param {string} one @param {string} [more] */
const counted = (count, one, more = one + 's') =>
    `${count.toLocaleString('en')} ${count === 1 ? one : more}`;

export const t = {
    skip: 'Skip to the content',
    main: 'Main',
    loading: 'Loading…',
    retry: 'Try again',
    cancel: 'Cancel',
    close: 'Close',
    save: 'Save',
    saved: 'Saved.',
    copy: 'Copy',
    copied: 'Copied.',
    never: 'never',
    nobody: 'somebody unknown',
    none: 'none',
    more: 'More',
    actions: 'Actions',
    back: 'Back',
    required: 'Please fill this in.',
    show: 'Show',
    hide: 'Hide',
    notFound: 'Nothing is here.',
    notFoundHint: 'It was deleted, or you may not see it.',
    lost: 'The server cannot be reached. Check the connection, and try again.',
    busy: 'The server is temporarily unable to answer. Nothing was changed.',
    failed: 'That did not work.',
    ended: 'Your session has ended. Please sign in again.',
    nav: {
        users: 'Users', organizations: 'Organizations', audit: 'Audit log', server: 'Server',
        account: 'My account', signOut: 'Sign out',
    },
    rules: /** @type {Record<string, string>} */ ({
        required: 'Please fill this in.',
        email: 'This is not an e-mail address.',
        username: 'Letters, digits and single dashes between them, at most 32, and no reserved word.',
        user_real_name: 'At most 128 bytes, without spaces at its ends.',
        organization_name:
            'Letters, digits and single dashes between them, at most 32, and neither "new" nor "create".',
        organization_display_name: 'At most 64 bytes, without spaces at its ends.',
        max: 'This is too long.',
    }),
    status: /** @type {Record<string, string>} */ ({
        active: 'Active', dormant: 'Dormant', suspended: 'Suspended',
    }),
    loginType: /** @type {Record<string, string>} */ ({
        password: 'Password', github: 'GitHub', oidc: 'OpenID Connect', none: 'None', token: 'Token',
    }),
    roles: /** @type {Record<string, string>} */ ({
        owner: 'Everything: manages everybody, gives and takes roles, makes tokens for others, reads the audit log.',
        'user-admin': 'Creates users, and manages those who have no roles of their own that it lacks.',
        'template-admin': 'Sees all users and organizations.',
        auditor: 'Sees all users and reads the audit log.',
        member: 'Sees and manages itself, as everybody does.',
        'organization-admin': 'Manages the members of this organization and their roles.',
        'organization-member': 'Belongs to the organization, as every member does.',
    }),
    otherRole: 'Grants nothing on this server; other programs may look at it.',
    setup: {
        title: 'Set up',
        intro: 'There is no user yet. The first one becomes the owner, who manages everything.',
        code: 'Set-up code',
        codeHint: 'Printed where the server was started.',
        email: 'E-mail address', username: 'User name', name: 'Full name (optional)',
        password: 'Password', submit: 'Create the owner',
    },
    login: {
        title: 'Sign in', email: 'E-mail address', password: 'Password', submit: 'Sign in',
        or: 'or', github: 'GitHub',
        /** @param {string} name */
        with: (name) => `Sign in with ${name}`,
        nothing: 'No way to sign in is switched on.',
    },
    cliAuth: {
        title: 'Sign in on the command line',
        intro: 'Make a session token, copy it, and paste it where the command line asks for it. Whoever has it can act as you; close this page when you are done.',
        make: 'Make a session token', token: 'Session token',
    },
    password: {
        strong: 'Strong enough.', checking: 'Checking…', generate: 'Make one up',
    },
    users: {
        title: 'Users',
        search: 'Search',
        searchHint: 'Name or e-mail, or keys such as status:active',
        suggestions: 'Suggestions',
        status: 'Status', all: 'All',
        create: 'New user',
        noMatch: 'Nobody matches.',
        user: 'User', roles: 'Roles', lastSeen: 'Last seen', loginType: 'Login',
        selectAll: 'Select all on this page',
        /** @param {string} name */
        select: (name) => `Select ${name}`,
        /** @param {number} count */
        selected: (count) => `${count.toLocaleString('en')} selected`,
        /** @param {string} name */
        actionsFor: (name) => `Actions for ${name}`,
        /** @param {number} from @param {number} to @param {number} of */
        range: (from, to, of) =>
            `${from.toLocaleString('en')}–${to.toLocaleString('en')} of ${of.toLocaleString('en')}`,
        pages: 'Pages', first: 'First', previous: 'Previous', next: 'Next', last: 'Last',
        service: 'service account',
        you: 'you',
    },
    keys: /** @type {Record<string, string>} */ ({
        search: 'name or e-mail contains',
        name: 'full name contains',
        status: 'active, dormant, suspended',
        role: 'holds a role',
        login_type: 'signs in with',
        last_seen_before: 'last seen before',
        last_seen_after: 'last seen after',
        created_before: 'created before',
        created_after: 'created after',
        service_account: 'true or false',
        email: 'the whole address',
    }),
    action: {
        suspend: 'Suspend', activate: 'Activate', roles: 'Roles…', resetPassword: 'Reset password…',
        endSessions: 'End sessions', delete: 'Delete…', deleteNow: 'Delete',
        suspended: 'Suspended.', activated: 'Activated.', sessionsEnded: 'Sessions ended.',
        deleted: 'Deleted.', rolesSet: 'Roles changed.', passwordSet: 'Password changed.',
        /** @param {string} what @param {number} done @param {number} of */
        progress: (what, done, of) => `${what} ${done} of ${of}`,
        /** @param {number} done @param {number} failed */
        bulkDone: (done, failed) =>
            failed ? `${counted(done, 'user')} done, ${failed} refused.` : `${counted(done, 'user')} done.`,
        /** @param {number} count */
        suspendMany: (count) => `Suspend ${counted(count, 'user')}?`,
        suspendHint: 'They are signed out everywhere until they are activated. Nothing is deleted.',
        /** @param {number} count */
        endMany: (count) => `End all sessions of ${counted(count, 'user')}?`,
        endHint: 'They must sign in again. Tokens stay.',
        /** @param {string} name */
        deleteOne: (name) => `Delete ${name}?`,
        /** @param {number} count */
        deleteMany: (count) => `Delete ${counted(count, 'user')}?`,
        deleteHint: 'This is final. Sessions, tokens and keys go with it; the audit log remains.',
        /** @param {string} word */
        typeToDelete: (word) => `Type ${word} to go on`,
        /** @param {number} count */
        deleteWord: (count) => `delete ${count}`,
        /** @param {string} name */
        rolesOf: (name) => `Roles of ${name}`,
        /** @param {number} count */
        rolesOfMany: (count) => `Roles of ${counted(count, 'user')}`,
        rolesManyHint: 'They get exactly these roles.',
        /** @param {string} name */
        passwordOf: (name) => `New password for ${name}`,
        /** @param {string} name */
        emailOf: (name) => `E-mail address of ${name}`,
        emailHint: 'Whoever reads mail to this address can get a new password for the account. Nothing is sent now.',
        emailSet: 'E-mail address changed.',
        passwordHint: 'All its sessions and tokens end.',
        /** @param {number} count */
        passwordMany: (count) => `New passwords for ${counted(count, 'user')}?`,
        passwordManyHint: 'Each gets a password of its own, shown once. All their sessions and tokens end.',
        passwordDone: 'New passwords',
        passwordDoneHint: 'They are not shown again.',
        refused: 'What was refused',
    },
    create: {
        title: 'New user',
        kind: 'Kind', person: 'Person', service: 'Service account',
        serviceHint: 'Cannot sign in; an owner makes tokens for it.',
        email: 'E-mail address', username: 'User name', name: 'Full name (optional)',
        login: 'Signs in with', password: 'Password', organization: 'Organization', roles: 'Roles',
        submit: 'Create', done: 'Created', doneHint: 'Copy this to send it. The password is not shown again.',
        another: 'Create another',
        /** @param {string} address @param {string} email @param {string} password */
        letter: (address, email, password) =>
            `You have an account at ${address}\nE-mail address: ${email}\nPassword: ${password}\n`,
        /** @param {string} address @param {string} email @param {string} provider */
        letterWithout: (address, email, provider) =>
            `You have an account at ${address}\nE-mail address: ${email}\nSign in with: ${provider}\n`,
        /** @param {string} name */
        serviceLetter: (name) => `Service account: ${name}\n`,
    },
    user: {
        profile: 'Profile', username: 'User name', name: 'Full name', email: 'E-mail address',
        avatar: 'Picture (address)', created: 'Created', lastSeen: 'Last seen', status: 'Status',
        login: 'Login', id: 'Id',
        changeEmail: 'Change e-mail address',
        appearance: 'Appearance', theme: 'Theme',
        themes: /** @type {Record<string, string>} */ ({'': 'As the system', auto: 'As the system', light: 'Light', dark: 'Dark'}),
        roles: 'Roles', noRoles: 'No roles beyond those that everybody has.', changeRoles: 'Change roles',
        organizations: 'Organizations', noOrganizations: 'In no organization that you can see.',
        sessions: 'Sessions', noSessions: 'Nowhere signed in.', current: 'this one',
        endOthers: 'End all others', endAll: 'End all', end: 'End', ended: 'Ended.',
        signedIn: 'Signed in', lastUsed: 'Last used', ends: 'Ends', from: 'From', browser: 'Browser',
        unknown: 'unknown',
        tokens: 'Tokens', noTokens: 'No tokens.', newToken: 'New token', scopes: 'Scopes',
        expired: 'expired', expires: 'Expires', tokenName: 'Name', delete: 'Delete', expire: 'Expire now',
        /** @param {string} name */
        deleteToken: (name) => `Delete the token ${name}?`,
        deleteTokenHint: 'Programs that use it are refused from then on.',
        sshKey: 'Git SSH key', newKey: 'Make a new key', newKeyAsk: 'Make a new key?',
        newKeyHint: 'The old public key must be replaced wherever it was entered.',
        audit: 'Audit log', auditBy: 'By this user', auditOf: 'About this user', allAudit: 'All in the audit log',
        danger: 'Actions',
        /** @param {string} what */
        menu: (what) => `Actions: ${what}`,
    },
    account: {
        title: 'My account', password: 'Password', oldPassword: 'Present password',
        newPassword: 'New password', change: 'Change the password',
        changed: 'The password was changed. Please sign in with it.',
        changeHint: 'Everything that you are signed in to ends, and so do your tokens.',
        convert: 'Sign in differently',
        convertHint: 'From then on you sign in through the provider, and no longer with the password.',
        /** @param {string} name */
        convertTo: (name) => `Change to ${name}`,
    },
    token: {
        title: 'New token', name: 'Name', nameHint: 'Empty: the server makes one up.',
        lifetime: 'Lives for', hour: 'an hour', day: 'a day', week: 'a week', month: '30 days',
        quarter: '90 days', year: 'a year', longest: 'as long as allowed',
        power: 'May do', everything: 'Everything that its user may', chosen: 'Only what is chosen',
        submit: 'Make the token', done: 'The token', doneHint: 'It is shown this once. Copy it now.',
    },
    organizations: {
        title: 'Organizations', create: 'New organization', name: 'Name', displayName: 'Display name',
        description: 'Description', icon: 'Icon (address)', default: 'default', empty: 'None that you can see.',
        submit: 'Create', change: 'Change', members: 'Members', noMembers: 'No members that you can see.',
        add: 'Add a member', user: 'User name', addSubmit: 'Add', added: 'Added.',
        remove: 'Remove', removed: 'Removed.',
        /** @param {string} name */
        removeAsk: (name) => `Remove ${name} from the organization?`,
        removeHint: 'Its roles here go with it. The account stays.',
        delete: 'Delete the organization', deleteHint: 'This is final, and works once nobody but you is in it.',
        roles: 'Roles here', created: 'Created', rolesChanged: 'Roles changed.',
    },
    audit: {
        title: 'Audit log', time: 'Time', who: 'Who', what: 'What', status: 'Result', from: 'From',
        filter: 'Filter', resource: 'About', action: 'Action', user: 'By user', target: 'Name',
        dateFrom: 'From day', dateTo: 'To day', any: 'Any', reset: 'Clear', apply: 'Show',
        empty: 'Nothing was recorded.', field: 'Field', old: 'Before', new: 'After', secret: 'not shown',
        noDiff: 'No field was changed.', details: 'Details', request: 'Request', browser: 'Browser',
        resources: /** @type {Record<string, string>} */ ({
            user: 'users', api_key: 'sessions and tokens', git_ssh_key: 'SSH keys',
            convert_login: 'changes of login', organization_member: 'members', organization: 'organizations',
        }),
        actions: /** @type {Record<string, string>} */ ({
            create: 'create', write: 'change', delete: 'delete', login: 'sign in', logout: 'sign out',
            register: 'sign up', request_password_reset: 'ask for a new password',
        }),
    },
    server: {
        title: 'Server', version: 'Version', release: 'Answers as Coder', deployment: 'Deployment',
        address: 'Address', health: 'Health', ready: 'The store answers.', notReady: 'The store does not answer.',
        elsewhere: 'Served by its host, which knows.',
        counts: 'Counts', users: 'Users', active: 'Active', dormant: 'Dormant', suspended: 'Suspended',
        organizations: 'Organizations', entries: 'Audit entries', links: 'Links',
        openapi: 'Description of the API (OpenAPI)', docs: 'Documentation',
    },
};
