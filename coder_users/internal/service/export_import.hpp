// Internal: may change at any time.
// Export and import: organizations and users as lines of JSON.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <istream>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "coder_users/data.hpp"
#include "coder_users/errors.hpp"
#include "coder_users/internal/base/ahead.hpp"
#include "coder_users/internal/base/key_scopes.hpp"
#include "coder_users/internal/base/reason.hpp"
#include "coder_users/internal/operations/change.hpp"
#include "coder_users/internal/operations/git_ssh_keys.hpp"
#include "coder_users/internal/operations/seed.hpp"
#include "coder_users/internal/rules/names.hpp"
#include "coder_users/internal/rules/password.hpp"
#include "coder_users/internal/rules/roles.hpp"
#include "coder_users/internal/rules/scopes.hpp"
#include "coder_users/internal/rules/settings.hpp"
#include "coder_users/internal/rules/token.hpp"
#include "coder_users/internal/rules/token_names.hpp"
#include "coder_users/internal/rules/user_data.hpp"
#include "coder_users/internal/service/secret_key.hpp"
#include "coder_users/internal/store/user_records.hpp"
#include "coder_users/internal/wire/documents.hpp"
#include "coder_users/internal/wire/export_reader.hpp"

namespace coder_users { inline namespace v0 { namespace data {

namespace transfer = wire::transfer;

/// Writes what `from` sees. Throws std::runtime_error when the stream fails.
inline void write_export(store::Connection& from, std::ostream& out, const Progress& progress) {
    transfer::End end;
    const auto write = [&](const std::string& line) {
        if (!out.write(line.data(), static_cast<std::streamsize>(line.size())))
            throw std::runtime_error("cannot write the export");
    };
    const auto fact = [&](const char* name) {
        return store::deployment::find(from, name).value_or("");
    };
    transfer::Header header;
    header.deployment_id = fact("deployment_id");
    header.secret_key_check = fact(secret_key_check_name);
    write(transfer::header(header));
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

inline bool is_sha256(std::string_view hash) {
    return hash.size() == 64 && hash.find_first_not_of("0123456789abcdef") == std::string::npos;
}

/// Whether the record holds anything to log in with.
inline bool can_log_in(const UserRecord& record) {
    return record.user.login_type != LoginType::none || !record.hashed_password.empty() ||
           record.link;
}

/// Throws 400 for values that no request could have stored, without quoting them.
inline void check_record(const UserRecord& record) {
    const auto require = [](bool good, const char* what) {
        if (!good) throw ApiError(400, what);
    };
    const User& user = record.user;
    require(rules::valid_stored_username(user.username), "not a user name");
    require(user.is_service_account ? user.email.empty() : rules::valid_email(user.email),
            "not an e-mail address");
    require(!user.is_service_account || !can_log_in(record), "a service account that can log in");
    require(rules::valid_real_name(user.name), "not a full name");
    require(record.hashed_password.empty() || is_foreign_hash(record.hashed_password),
            "\"hashed_password\" must be a bcrypt hash: $2a$, $2b$ or $2y$, of cost 18 at most");
    require(user.login_type != LoginType::token, "no user logs in with type token");
    require(rules::is_stored_role_set(user.roles), "\"roles\" must be sorted names of site roles");
    for (const OrganizationMember& member : record.memberships)
        require(
            rules::organization_role_set(member.roles, member.organization_id, {}) == member.roles,
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
        require(is_sha256(stored.hashed_secret), "\"hashed_secret\" must be a SHA-256 in hex");
        require(stored.key.login_type != LoginType::none, "no key has the type none");
        require(rules::limits_are_known(stored.key),
                "a key with limits that this version does not know");
        require(stored.key.user_agent.size() <= 512, "\"user_agent\" has at most 512 bytes");
    }
    for (const UserSetting& each : record.settings)
        require(rules::is_setting(each.name, each.value),
                "a setting that this version does not know");
    require(!record.passcode || is_sha256(record.passcode->hashed_passcode),
            "\"hashed_passcode\" must be a SHA-256 in hex");
    require(!record.data || rules::user_data_flaw(*record.data).empty(),
            "\"data\" has at most 64 KiB");
}

/// Reads the lines of an export and checks all that does not depend on the database.
class ExportLines {
 public:
    using Made = Ahead<transfer::Line>::Made;

    /// With `new_ssh_keys` nothing that is sealed is kept.
    ExportLines(std::istream& in, const std::string& secret_key, bool new_ssh_keys)
        : in_(in), secret_key_(secret_key), new_ssh_keys_(new_ssh_keys) {}

    /// Returns the next line, nothing after the end. Throws LineError.
    std::optional<Made> next() {
        ++number_;
        if (ended_) {
            if (in_.peek() != std::istream::traits_type::eof())
                throw LineError(number_, "text after the end");
            return std::nullopt;
        }
        if (!std::getline(in_, text_)) throw LineError(number_, "the export is cut off");
        try {
            if (in_.eof()) throw wire::JsonError("the line does not end: the text is cut off");
            transfer::Line line = transfer::read_line(text_);
            check_place(line);
            std::visit([this](auto& content) { check(content); }, line);
            return Made{std::move(line), text_.size()};
        } catch (const wire::JsonError& error) {
            throw LineError(number_, error.what());
        } catch (const ApiError& error) {
            throw LineError(number_, reason_of(error));
        }
    }

 private:
    void check_place(const transfer::Line& line) const {
        const bool first = number_ == 1;
        if (first != std::holds_alternative<transfer::Header>(line))
            throw wire::JsonError(first ? "not an export of coder_users" : "a second beginning");
    }

    void check(const transfer::Header& header) const {
        if (!new_ssh_keys_ && !opens_check(secret_key_, header.secret_key_check))
            throw ApiError(400,
                           "sealed with another key: put the key file of the exporting server in "
                           "place first, or ask for new SSH keys");
    }

    void check(const Organization& organization) {
        if (!rules::has_form_of_name(organization.name))
            throw ApiError(400, "not a name of an organization");
        if (organization.display_name.empty())
            throw ApiError(400, "an organization without a display name");
        if (organization.is_default && has_default_)
            throw ApiError(400, "a second default organization");
        has_default_ = has_default_ || organization.is_default;
        ++count_.organizations;
    }

    void check(UserRecord& record) {
        check_record(record);
        if (count_.organizations == 0)  // users of later requests could join no organization
            throw ApiError(400, "a user before the first organization");
        if (new_ssh_keys_) {
            record.ssh_key.reset();
            if (record.link)
                record.link->sealed_access_token = record.link->sealed_refresh_token =
                    record.link->sealed_claims = "";
        }
        require_sealed_by_our_key(record);
        ++count_.users;
    }

    /// Throws 400 for secrets that our key does not open: they would stay useless for ever.
    void require_sealed_by_our_key(const UserRecord& record) const {
        const auto require = [&](const std::string& sealed, const char* name) {
            const auto bytes = rules::base64_decode(sealed);
            if (!bytes || !rules::open(secret_key_, *bytes, record.user.id))
                throw ApiError(400, std::string(name) + " is not sealed for this user");
        };
        if (record.ssh_key) require(record.ssh_key->sealed_private_key, "the private SSH key");
        if (!record.link) return;
        for (const std::string& token :
             {record.link->sealed_access_token, record.link->sealed_refresh_token})
            if (!token.empty()) require(token, "a token of the login provider");
        if (!record.link->sealed_claims.empty())
            require(record.link->sealed_claims, "what the login provider claims");
    }

    void check(const transfer::End& end) {
        if (end.users != count_.users || end.organizations != count_.organizations)
            throw wire::JsonError("lines are missing");
        ended_ = true;
    }

    std::istream& in_;
    const std::string& secret_key_;
    const bool new_ssh_keys_;
    std::string text_;
    std::size_t number_ = 0;
    transfer::End count_;
    bool has_default_ = false;
    bool ended_ = false;
};

/// Imports one export inside one transaction.
class Import {
 public:
    Import(const operations::Acting& acting, operations::Change& now, bool new_ssh_keys)
        : acting_(acting), now_(now), new_ssh_keys_(new_ssh_keys) {}

    /// Stores all lines and returns how many there were. Throws LineError.
    Imported run(Ahead<transfer::Line>& lines, const Progress& progress) {
        std::size_t number = 0;
        while (std::optional<transfer::Line> line = lines.next()) {
            ++number;
            try {
                std::visit([this](auto& content) { take(content); }, *line);
            } catch (const store::Duplicate& error) {
                throw LineError(number, error.what());
            } catch (const store::ConstraintBroken& error) {
                throw LineError(number, "refers to what is not there, or is out of range");
            }
            if (number % 1000 == 0 && progress) progress(count_.users, 0);
        }
        return count_;
    }

 private:
    void take(const transfer::Header& header) {
        if (!new_ssh_keys_)
            store::deployment::replace(now_.tx, secret_key_check_name, header.secret_key_check);
        store::deployment::replace(now_.tx, "deployment_id", header.deployment_id);
    }

    void take(const Organization& organization) {
        store::organizations::insert(now_.tx, organization);
        ++count_.organizations;
    }

    void take(UserRecord& record) {
        // Here, since randomness that repeats has an order.
        if (new_ssh_keys_)
            record.ssh_key = operations::make_ssh_key(acting_.backend, record.user.id, acting_.now);
        store::user_records::insert(now_.tx, record);
        now_.record(operations::made_user(record));
        ++count_.users;
    }

    void take(const transfer::End&) {
        store::organizations::choose_default(now_.tx);  // older exports name none
    }

    const operations::Acting& acting_;
    operations::Change& now_;
    const bool new_ssh_keys_;
    Imported count_;
};

inline constexpr operations::Operation about_import = operations::Operation("").may_decide_owners();

/// Imports into a database without users and organizations: everything, or nothing. Throws
/// LineError, and std::runtime_error where a change that has to be made again cannot read again.
inline Imported import_from(const operations::Acting& acting, std::istream& in, bool new_ssh_keys,
                            const Progress& progress) {
    const auto begin = in.tellg();
    bool again = false;
    // A transaction that fails is rolled back before a read of `in` is waited for.
    std::optional<ExportLines> lines;
    std::optional<Ahead<transfer::Line>> ahead;
    return operations::change(
        acting, about_import, operations::Asked::not_needed(), [&](operations::Change& now) {
            if (std::exchange(again, true)) {
                ahead.reset();
                in.clear();
                if (begin < 0 || !in.seekg(begin))
                    throw std::runtime_error("the import met another change: run it once more");
            }
            if (store::user_records::any(now.tx))
                throw std::runtime_error("holds users already, an import needs a new database: " +
                                         acting.backend.store.name());
            const store::LargeCache room(now.tx);
            lines.emplace(in, acting.backend.secret_key, new_ssh_keys);
            ahead.emplace([&lines] { return lines->next(); });
            Imported imported;
            store::users::deriving(now.tx, [&] {
                imported = Import(acting, now, new_ssh_keys).run(*ahead, progress);
                return imported.users;
            });
            return imported;
        });
}

}}}  // namespace coder_users::v0::data
