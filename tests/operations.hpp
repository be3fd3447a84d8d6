// The table of operations, for tests: of each a good request, who may send it, and what it changes.
// A row is all that the tests of every operation need of a new one: those of the route table, the
// API description, the permission matrix, scopes, effects, crashes and memory that runs out.
#pragma once

#include <array>
#include <coder_users.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "raw_client.hpp"

namespace coder_users_test {

/// The kinds of callers of docs/contract/roles.md, "Permission matrix", in its order.
namespace callers {
enum Kind { anonymous, self, member, reader, on_plain_user, on_owner, owner, kinds };
}

/// The status for a caller of each kind.
using Statuses = std::array<int, callers::kinds>;

/// Who sends the good request. `oidc_user` is a user of an OpenID provider.
enum class By { owner, bob, oidc_user, nobody };

/// What a good request changes, and whether the audit log has an entry of it.
enum class Changes { nothing, unrecorded, recorded };

/// What tests know of one operation. The functions below complete a row; what is not said is what
/// most operations have.
struct OperationRow {
    /// `request` is as the API description has it, such as "PUT /users/{user}/roles". A path that
    /// is not below /api/v2 begins with "!". A GET changes nothing, and anything else is recorded.
    /// `{fresh}` in a body is a name that nobody has.
    OperationRow(std::string id, std::string_view request, std::string body = "");
    ~OperationRow();
    OperationRow(const OperationRow&);
    OperationRow(OperationRow&&) noexcept;

    std::string id, method, path, body;
    Changes changes;
    std::string query = {};
    By by = By::owner;
    std::string user = "bob";                ///< `{user}` in the good request
    std::string organization = "default";    ///< `{organization}` there
    bool on_empty_server = false;            ///< the good request finds no user
    std::function<Answer()> elsewhere = {};  ///< sends the good request to a server of its own

    /// Of a good request; zeros for an open operation, where the caller does not matter.
    Statuses statuses = {};
    /// Of callers that are not what the rest of their kind is; 0: they are.
    int template_admin = 0, organization_admin = 0;
    int self_who_manages = 0;    ///< on themselves, owners and admins; 0: as others
    std::string self_text = {};  ///< of the refusal when the target is the caller
    std::string refusal = "Forbidden.";
    std::string refusal_of_all = {};  ///< for those who may, where nobody succeeds
    /// What a key must cover for the good request, by the letters of docs/contract/scopes.md, "What
    /// scopes cover"; "ALL": everything; "?": it depends on the request.
    std::string key_needs = "";

    bool open() const { return statuses[callers::anonymous] != 401; }
    bool guarded() const { return !open(); }

    OperationRow asks(std::string text) &&;
    OperationRow sent_by(By sender) &&;
    OperationRow on_oneself() &&;
    OperationRow in(std::string name) &&;
    OperationRow on_an_empty_server() &&;
    OperationRow sent_elsewhere(std::function<Answer()> send) &&;
    OperationRow is_not_recorded() &&;
    OperationRow changes_nothing() &&;
    OperationRow is_recorded() &&;
    OperationRow may(const Statuses& by_kind) &&;
    /// Every caller with a session may.
    OperationRow may_everybody() &&;
    OperationRow template_admins_get(int status) &&;
    OperationRow organization_admins_get(int status) &&;
    OperationRow managers_get_on_themselves(int status) &&;
    OperationRow refuses_self(std::string text) &&;
    OperationRow refuses_with(std::string text) &&;
    OperationRow refuses_all_with(std::string text) &&;
    OperationRow needs(std::string letters) &&;
};

/// By operation id, in the order of the route table.
const std::vector<OperationRow>& operations();

/// The row of an operation; nullptr: somebody forgot it.
const OperationRow* operation_row(const std::string& id);

/// Replaces every `name`, such as "{user}", in a text.
std::string with(std::string text, std::string_view name, std::string_view value);

/// What good requests are about: the owner, bob with a session and the token "old", a user of an
/// OpenID provider, and the organization "crew", to which none but the owner belongs.
struct Scene {
    std::string owner, bob, oidc_user;  ///< texts of their sessions
    std::string key_id;                 ///< of bob's token
    std::string organization_name;      ///< of the default one
};

/// Sends a request to a server of the scene; `path` is below /api/v2.
using Ask = std::function<Answer(const std::string& method, const std::string& path,
                                 const std::string& token, const std::string& body)>;

/// Makes the scene on a server without users.
Scene make_scene(const Ask& ask);
/// What only the file can say of the scene: bob, who is dormant, has a code for a new password, and
/// a user is one of an OpenID provider.
void complete_scene(const std::string& path);

/// A request as bytes, without those of the connection.
struct GoodRequest {
    GoodRequest(std::string_view its_method, std::string_view its_path, std::string_view its_token,
                std::string_view its_body);
    ~GoodRequest();
    GoodRequest(const GoodRequest&);

    std::string method;
    std::string target;  ///< with /api/v2
    std::string token;   ///< "": nobody's
    std::string body;

    HeaderList headers() const;
};
GoodRequest good_request(const OperationRow& row, const Scene& scene);

/// A server of the kit for tests with the scene, over a database file.
class OperationStage {
 public:
    using Choose = std::function<void(coder_users::Options&)>;

    /// `choose` changes the options of a server for tests.
    explicit OperationStage(const Choose& choose = {});
    ~OperationStage();

    coder_users::Service& service();
    const std::string& path() const;
    const Scene& scene() const { return scene_; }

    /// Returns to the scene as it was made.
    void begin_anew();
    /// Answers as this release of Coder, such as "2.35", from now on.
    void answer_as(const std::string& coder_version);
    Answer send(const GoodRequest& request) const;
    /// Sends the good request of an operation over HTTP, from where things stand.
    Answer ask(const OperationRow& row);
    /// Returns what is stored.
    std::string sql(const std::string& query) const;

 private:
    struct Held;
    std::unique_ptr<Held> held_;
    Scene scene_;
};

/// Everything in the file that requests may change, the audit log included.
std::string whole_of(const std::string& path);

}  // namespace coder_users_test
