// Export and import: organizations and users as JSON lines.
#pragma once

#include <algorithm>
#include <cstdint>
#include <istream>
#include <ostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

#include "coder_users/base/line_error.hpp"
#include "coder_users/data/own_change.hpp"
#include "coder_users/data/secret_key.hpp"
#include "coder_users/format/documents.hpp"
#include "coder_users/format/transfer_reader.hpp"
#include "coder_users/routes/git_ssh_keys.hpp"
#include "coder_users/rules/names.hpp"
#include "coder_users/rules/password.hpp"
#include "coder_users/rules/roles.hpp"
#include "coder_users/rules/token.hpp"
#include "coder_users/rules/token_names.hpp"
#include "coder_users/store/user_records.hpp"

namespace coder_users { inline namespace v0 { namespace data {

namespace transfer = format::transfer;

/// Writes what `from` sees. Throws std::runtime_error when the stream takes no more.
inline void write_export(store::Connection& from, std::ostream& out, const Progress& progress) {
    transfer::End end;
    const auto write = [&](const std::string& line) {
        if (!out.write(line.data(), static_cast<std::streamsize>(line.size())))
            throw std::runtime_error("cannot write the export");
    };
    const auto fact = [&](const char* name) {
        return store::deployment::find(from, name).value_or("");
    };
    write(transfer::header({1, fact("deployment_id"), fact(secret_key_check_name)}));
    for (const Organization& each : store::organizations::oldest_first(from)) {
        write(transfer::organization(each));
        ++end.organizations;
    }
    const std::int64_t total = store::user_records::count(from);
    store::user_records::for_each(from, [&](const UserRecord& record) {
        write(transfer::user(record));
        if (++end.users % 1000 == 0 && progress) progress(end.users, total);
    });
    write(transfer::end(end));
    if (!out.flush()) throw std::runtime_error("cannot write the export");
}

/// Rows that no request could have made are refused. What is wrong is never quoted.
inline void check_record(const UserRecord& record) {
    const auto require = [](bool good, const char* what) {
        if (!good) throw ApiError(400, what);
    };
    const User& user = record.user;
    require(rules::valid_username(user.username), "not a user name");
    require(rules::valid_email(user.email), "not an e-mail address");
    require(record.hashed_password.empty() || rules::hash_cost(record.hashed_password),
            "\"hashed_password\" must be a bcrypt hash: $2a$, $2b$ or $2y$");
    require(user.login_type != LoginType::token, "no user logs in with type token");
    require(rules::site_role_set(user.roles) == user.roles, "\"roles\" must be sorted");
    for (const OrganizationMember& member : record.memberships)
        require(rules::organization_role_set(member.roles, member.organization_id) == member.roles,
                "the roles of an organization must be sorted");
    for (const StoredKey& stored : record.keys) {
        const std::string& id = stored.key.id;
        require(id.size() == rules::key_id_size &&
                    std::all_of(id.begin(), id.end(),
                                [](char c) { return is_letter(c) || is_digit(c); }),
                "a key's id has 10 letters and digits");
        const std::string& name = stored.key.token_name;
        require(stored.key.login_type == LoginType::token ? rules::valid_token_name(name)
                                                          : name.empty(),
                "\"token_name\" is for tokens, and has 1 to 64 bytes");
        require(stored.key.lifetime_seconds >= 0, "\"lifetime_seconds\" must not be negative");
        require(stored.hashed_secret.size() == 64 &&
                    stored.hashed_secret.find_first_not_of("0123456789abcdef") == std::string::npos,
                "\"hashed_secret\" must be a SHA-256 in hex");
        require(stored.key.login_type != LoginType::none, "no key has the type none");
    }
}

/// Imports one export within one transaction.
class Import {
 public:
    /// `new_ssh_keys`: nothing that is sealed is taken over.
    Import(const OwnChange& change, store::Tx& tx, bool new_ssh_keys)
        : change_(change), tx_(tx), new_ssh_keys_(new_ssh_keys) {}

    /// Throws LineError.
    void run(std::istream& in, const Progress& progress) {
        std::string text;
        std::size_t number = 0;
        for (; !ended_ && std::getline(in, text); ++number) try {
                if (in.eof()) throw format::JsonError("the line does not end: the text is cut off");
                take(transfer::read_line(text), number == 0);
                if (number % 1000 == 999 && progress) progress(count_.users, 0);
            } catch (const format::JsonError& error) {
                throw LineError(number + 1, error.what());
            } catch (const ApiError& error) {
                throw LineError(number + 1, format::reason_of(error));
            } catch (const store::Duplicate& error) {
                throw LineError(number + 1, error.what());
            } catch (const store::ConstraintBroken& error) {
                throw LineError(number + 1, "refers to what is not there, or is out of range");
            }
        if (!ended_) throw LineError(number + 1, "the export is cut off");
        if (in.peek() != std::istream::traits_type::eof())
            throw LineError(number + 1, "text after the end");
    }

 private:
    void take(transfer::Line line, bool first) {
        if (first != std::holds_alternative<transfer::Header>(line))
            throw format::JsonError(first ? "not an export of coder_users" : "a second beginning");
        std::visit([this](auto& content) { take(content); }, line);
    }

    void take(const transfer::Header& header) {
        if (!new_ssh_keys_) {
            if (!opens_check(change_.backend.secret_key, header.secret_key_check))
                throw ApiError(400,
                               "sealed with another key: put the key file of the exporting server "
                               "in place first, or ask for new SSH keys");
            store::deployment::replace(tx_, secret_key_check_name, header.secret_key_check);
        }
        store::deployment::replace(tx_, "deployment_id", header.deployment_id);
    }

    void take(const Organization& organization) {
        if (!rules::valid_username(organization.name))
            throw ApiError(400, "not a name of an organization");
        store::organizations::insert(tx_, organization);
        ++count_.organizations;
    }

    void take(UserRecord& record) {
        check_record(record);
        if (count_.organizations == 0)  // new users could join none
            throw ApiError(400, "a user before the first organization");
        if (new_ssh_keys_) {
            record.ssh_key = routes::make_ssh_key(change_.backend, record.user.id, change_.now);
            if (record.link)
                record.link->sealed_access_token = record.link->sealed_refresh_token = "";
        }
        require_sealed_by_our_key(record);
        store::user_records::insert(tx_, record);
        change_.record_new(tx_, record.user, !record.hashed_password.empty());
        ++count_.users;
    }

    /// What does not open would never do so, and no new key could take the place of this one.
    void require_sealed_by_our_key(const UserRecord& record) const {
        const auto require = [&](const std::string& sealed, const char* name) {
            const auto bytes = rules::base64_decode(sealed);
            if (!bytes || !rules::open(change_.backend.secret_key, *bytes, record.user.id))
                throw ApiError(400, std::string(name) + " is not sealed for this user");
        };
        if (record.ssh_key) require(record.ssh_key->sealed_private_key, "the private SSH key");
        if (!record.link) return;
        for (const std::string& token :
             {record.link->sealed_access_token, record.link->sealed_refresh_token})
            if (!token.empty()) require(token, "a token of the login provider");
    }

    void take(const transfer::End& end) {
        if (end.users != count_.users || end.organizations != count_.organizations)
            throw format::JsonError("lines are missing");
        ended_ = true;
    }

    const OwnChange& change_;
    store::Tx& tx_;
    const bool new_ssh_keys_;
    transfer::End count_;
    bool ended_ = false;
};

/// Into a database without users and organizations, all or nothing. Throws LineError.
inline void import_from(routes::Backend& backend, std::istream& in, bool new_ssh_keys,
                        const Progress& progress) {
    const OwnChange change(backend);
    backend.store.write([&](store::Tx& tx) {
        if (store::user_records::any(tx))
            throw std::runtime_error("holds users already, an import needs a new database: " +
                                     backend.store.name());
        const store::LargeCache room(tx);
        Import(change, tx, new_ssh_keys).run(in, progress);
    });
}

}}}  // namespace coder_users::v0::data
