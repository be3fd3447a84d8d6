// docs/contract/keys.md, "Git SSH keys", "GET /users/{user}/gitsshkey" and
// "PUT /users/{user}/gitsshkey"; threat D3.
#include <stdio.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "coder_users/internal/rules/crypto.hpp"
#include "coder_users/internal/store/database_address.hpp"
#include "people.hpp"
#include "test_database.hpp"

using namespace coder_users_test;
using coder_users::SshKeyAlgorithm;

namespace {

const std::string path = "/gitsshkey";

std::string stored_public_key(const World& world, const std::string& name) {
    return world.sql("SELECT public_key FROM git_ssh_keys WHERE user_id = '" + world.id_of(name) +
                     "'");
}

/// The JSON of a GitSSHKey with the stored key and these times.
std::string key_json(const World& world, const std::string& name, const std::string& created,
                     const std::string& updated) {
    std::string line = stored_public_key(world, name);
    REQUIRE(line.back() == '\n');
    line.pop_back();
    return "{\"user_id\":\"" + world.id_of(name) + "\",\"created_at\":\"" + created +
           "\",\"updated_at\":\"" + updated + "\",\"public_key\":\"" + line + "\\n\"}\n";
}
const std::string start = "2026-01-02T03:04:05.678901Z";

/// Returns the private key in the file, opened with the key file beside it.
std::string private_key(const std::string& database, const std::string& name) {
    std::ifstream file(database + ".key");
    std::string secret;
    std::getline(file, secret);
    const auto key = coder_users::store::is_postgres_address(database)
                         ? test_secret_key
                         : coder_users::rules::base64_decode(secret);
    const std::string id = stored(database, "SELECT id FROM users WHERE username = '" + name + "'");
    const auto sealed = coder_users::rules::base64_decode(stored(
        database, "SELECT sealed_private_key FROM git_ssh_keys WHERE user_id = '" + id + "'"));
    REQUIRE(key.has_value());
    REQUIRE(sealed.has_value());
    CHECK_FALSE(coder_users::rules::open(*key, *sealed, nil_id).has_value());  // another user's
    return coder_users::rules::open(*key, *sealed, id).value_or("");
}

void write_file(const std::string& name, const std::string& text) {
    std::ofstream(name) << text;
    ::chmod(name.c_str(), 0600);
}
/// Returns the exit status of a command and what it prints: "0 ...".
std::string run(const std::string& command) {
    FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::string out;
    char bytes[512];
    for (std::size_t n; (n = ::fread(bytes, 1, sizeof bytes, pipe)) > 0;) out.append(bytes, n);
    return std::to_string(::pclose(pipe)) + " " + out;
}
std::string two_words(const std::string& line) {
    const std::size_t space = line.find(' ');
    return line.substr(0, line.find_first_of(" \n", space + 1));
}

/// Checks that OpenSSH accepts the pair: it reads both halves, and verifies with one what the other
/// signs.
void check_with_openssh(const std::string& line, const std::string& pem, const std::string& kind) {
    TempFolder folder;
    const std::string secret = folder.file("key");
    write_file(secret, pem);
    write_file(secret + ".pub", line);
    write_file(folder.file("message"), "message");
    write_file(folder.file("signers"), "someone " + line);
    const std::string listed = run("ssh-keygen -l -f " + secret + ".pub");
    CHECK(listed.substr(0, 2) == "0 ");
    CHECK(listed.find(kind) != std::string::npos);
    CHECK(two_words(run("ssh-keygen -y -f " + secret).substr(2)) == two_words(line));
    CHECK(run("ssh-keygen -q -Y sign -n git -f " + secret + " " + folder.file("message"))
              .substr(0, 2) == "0 ");
    CHECK(run("ssh-keygen -Y verify -n git -I someone -f " + folder.file("signers") + " -s " +
              folder.file("message.sig") + " < " + folder.file("message"))
              .find("Good \"git\" signature") != std::string::npos);
}

}  // namespace

TEST_CASE("who may see a Git SSH key") {
    const People world;
    const auto json = [&](const std::string& name) { return key_json(world, name, start, start); };
    check_rows(
        world,
        {
            {"without a session", "GET", "/users/bob" + path, "", "", 401, no_session},
            {"a member, itself", "GET", "/users/me" + path, world.bob, "", 200, json("bob")},
            {"a member, another", "GET", "/users/carl" + path, world.bob, "", 404, no_user("carl")},
            {"an organization admin", "GET", "/users/bob" + path, world.oda, "", 404,
             no_user("bob")},
            {"an auditor", "GET", "/users/bob" + path, world.anna, "", 403, forbidden_answer},
            {"an auditor, itself", "GET", "/users/ANNA" + path, world.anna, "", 200, json("anna")},
            {"a template-admin", "GET", "/users/bob" + path, world.tina, "", 403, forbidden_answer},
            {"a user-admin", "GET", "/users/bob" + path, world.udo, "", 200, json("bob")},
            {"a user-admin, a role it does not hold", "GET", "/users/anna" + path, world.udo, "",
             403, forbidden_answer},
            {"a user-admin, an owner", "GET", "/users/owner" + path, world.udo, "", 403,
             forbidden_answer},
            {"an owner", "GET", "/users/bob" + path, world.owner, "", 200, json("bob")},
            {"another method", "DELETE", "/users/me" + path, world.bob, "", 405, bad_method},
        });
}

TEST_CASE("who may make a new Git SSH key") {
    const People world;
    check_edit_is_refused(world, path, "{", "git_ssh_key|write", stored_public_key(world, "bob"),
                          stored_public_key(world, "owner"), stored_public_key(world, "anna"));
    for (const auto& [token, user] : std::vector<std::pair<std::string, std::string>>{
             {world.bob, "me"}, {world.udo, "bob"}, {world.udo, "me"}, {world.owner, "anna"}})
        CHECK(world.server.send("PUT", "/users/" + user + path, token).status == 200);
}

TEST_CASE("a new Git SSH key keeps the old one's creation") {
    People world;
    const std::string old_line = stored_public_key(world, "bob"), bob = world.id_of("bob");
    const std::string old_secret = private_key(world.path, "bob");
    const std::string others =
        "SELECT * FROM git_ssh_keys WHERE user_id <> '" + bob + "' ORDER BY 1";
    const std::string before = world.sql(others), entry = world.last_entry();
    world.server.advance(std::chrono::minutes(5));

    const Answer answer = world.server.send("PUT", "/users/me" + path, world.bob, "ignored {");
    CHECK(answer.status == 200);
    CHECK(answer.body == key_json(world, "bob", start, "2026-01-02T03:09:05.678901Z"));
    CHECK(world.server.send("GET", "/users/me" + path, world.bob).body == answer.body);
    const std::string line = stored_public_key(world, "bob");
    CHECK(line != old_line);
    CHECK(private_key(world.path, "bob") != old_secret);
    CHECK(world.sql(others) == before);
    const auto shown = [](std::string text) {
        text.pop_back();
        return "\"" + text + "\\n\"";
    };
    CHECK(world.entries_since(entry) == "git_ssh_key|write|" + line + "|200");
    CHECK(newest_entry(world) == nil_id + "|" + bob + "|127.0.0.1|git_ssh_key|write|" + bob + "|" +
                                     line + "|200|{" +
                                     diff_field("public_key", shown(old_line), shown(line)) +
                                     R"(,"private_key":{"old":"","new":"","secret":true}})");
    CHECK(answer.body.find("PRIVATE") == std::string::npos);
}

TEST_CASE("OpenSSH accepts the keys of every algorithm") {
    struct Case {
        SshKeyAlgorithm algorithm;
        std::string type, kind, pem;
    };
    TempFolder folder;
    coder_users::Options options;
    options.database = folder.file("users.db");
    std::string token = TestServer(options).owner(), line;
    // A new key has the algorithm that is configured now. Existing keys keep theirs.
    for (const Case& each :
         {Case{SshKeyAlgorithm::ed25519, "ssh-ed25519 ", "(ED25519)", "OPENSSH PRIVATE KEY"},
          Case{SshKeyAlgorithm::ecdsa, "ecdsa-sha2-nistp256 ", "(ECDSA)", "EC PRIVATE KEY"},
          Case{SshKeyAlgorithm::rsa4096, "ssh-rsa ", "4096 ", "RSA PRIVATE KEY"}}) {
        INFO(each.kind);
        options.ssh_key_algorithm = each.algorithm;
        TestServer server(options);
        const auto ask = [&](const char* method) {  // in the process: RSA takes its time
            const auto response = server.service().handle(
                {method, "/api/v2/users/me" + path, {{"Coder-Session-Token", token}}, "", ""});
            CHECK(response.status == 200);
            return parse(response.body)["public_key"].text();
        };
        const std::string before = ask("GET");
        if (!line.empty()) CHECK(before == line);
        line = ask("PUT");
        CHECK(line != before);
        CHECK(line == ask("GET"));
        CHECK(line == stored(options.database, "SELECT public_key FROM git_ssh_keys"));
        CHECK(line.substr(0, each.type.size()) == each.type);
        CHECK(line.find('\n') == line.size() - 1);
        CHECK(line.find(' ', each.type.size()) == std::string::npos);  // no comment
        const std::string pem = private_key(options.database, "owner");
        CHECK(pem.substr(0, 11 + each.pem.size() + 5) == "-----BEGIN " + each.pem + "-----");
        check_with_openssh(line, pem, each.kind);
    }
}

TEST_CASE("new users get a key of the algorithm that is configured") {
    coder_users::Options options;
    options.ssh_key_algorithm = SshKeyAlgorithm::ecdsa;
    const World world(options);
    world.server.create(world.owner, "bob");
    for (const std::string name : {"owner", "bob"})
        CHECK(stored_public_key(world, name).substr(0, 20) == "ecdsa-sha2-nistp256 ");
}
