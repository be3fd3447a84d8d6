#include "people.hpp"

#include <atomic>
#include <thread>

template class std::vector<coder_users_test::Answer>;

namespace coder_users_test {

People::People() : People(coder_users::Options()) {}
People::People(const coder_users::Options& options)
    : World(options),
      bob(member("bob")),
      carl(member("carl")),
      anna(member("anna", "auditor")),
      tina(member("tina", "template-admin")),
      udo(member("udo", "user-admin")),
      oda(member("oda")) {
    make_organization_admin("oda");
    for (const std::string& token : {owner, bob, carl, anna, tina, udo, oda})
        server.send("GET", "/users/me", token);
}
People::~People() = default;

void People::make_organization_admin(const std::string& name) const {
    execute("INSERT INTO organization_member_roles VALUES ('" + id_of(name) + "', '" +
            organization + "', 'organization-admin:" + organization + "')");
}

void check_edit_is_refused(const People& world, const std::string& path, const std::string& body,
                           const std::string& kind, const std::string& target_of_bob,
                           const std::string& target_of_owner, const std::string& target_of_anna) {
    const auto of = [&](const std::string& name) { return "/users/" + name + path; };
    const auto entry = [&](const std::string& target) { return kind + "|" + target + "|403"; };
    check_rows(
        world,
        {
            {"without a session", "PUT", of("bob"), "", body, 401, no_session},
            {"a member, another", "PUT", of("carl"), world.bob, body, 404, no_user("carl")},
            {"a member, an owner", "PUT", of("owner"), world.bob, body, 404, no_user("owner")},
            {"an organization admin", "PUT", of("bob"), world.oda, body, 404, no_user("bob")},
            {"an auditor", "PUT", of("bob"), world.anna, body, 403, forbidden_answer,
             entry(target_of_bob)},
            {"a template-admin", "PUT", of("BOB"), world.tina, body, 403, forbidden_answer,
             entry(target_of_bob)},
            {"a user-admin, an owner", "PUT", of("owner"), world.udo, body, 403, forbidden_answer,
             entry(target_of_owner)},
            {"a user-admin, a role it does not hold", "PUT", of("anna"), world.udo, body, 403,
             forbidden_answer, entry(target_of_anna)},
            {"nobody", "PUT", of("nobody"), world.owner, body, 404, no_user("nobody")},
        });
}

void check_undecodable(const World& world, const std::string& method, const std::string& path,
                       const std::string& token, const std::vector<std::string>& bodies) {
    const std::string before = world.snapshot(), entry = world.last_entry();
    for (const std::string& body : bodies) {
        INFO(method << " " << path << " " << body.substr(0, 200));
        const Answer answer = world.server.send(method, path, token, body);
        CHECK(answer.status == 400);
        CHECK(parse(answer.body)["message"].text() == "Request body must be valid JSON.");
        CHECK(parse(answer.body)["detail"].text().size() > 2);
        CHECK_FALSE(parse(answer.body).has("validations"));
    }
    CHECK(world.snapshot() == before);
    CHECK(world.entries_since(entry).empty());
}

std::string newest_entry(const World& world) {
    return world.sql(
        "SELECT organization_id, actor_id, ip, resource_type, action, resource_id, "
        "resource_target, status_code, diff FROM audit_logs ORDER BY entry DESC LIMIT 1");
}

std::string diff_field(const std::string& name, const std::string& before,
                       const std::string& after) {
    return json_text(name) + ":{\"old\":" + before + ",\"new\":" + after + ",\"secret\":false}";
}

std::string percent_encoded(std::string_view text) {
    constexpr const char* digits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        (out += '%') += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

std::string role_set(const std::vector<std::string>& names) {
    std::string list;
    for (const std::string& name : names) (list += list.empty() ? "" : ",") += json_text(name);
    return "{\"roles\":[" + list + "]}";
}

std::string refused(const std::string& text) { return "{\"message\":" + json_text(text) + "}\n"; }

std::string unsupported(const std::string& name) {
    return refused("\"" + name + "\" is not a supported role");
}

std::vector<Answer> all_at_once(std::size_t count, const std::function<Answer(std::size_t)>& send) {
    std::vector<Answer> answers(count);
    std::vector<std::thread> threads;
    std::atomic<std::size_t> ready{0};
    for (std::size_t i = 0; i < count; ++i)
        threads.emplace_back([&, i] {
            for (++ready; ready < count;) std::this_thread::yield();
            try {
                answers[i] = send(i);
            } catch (const std::exception&) {
                answers[i] = {};
            }
        });
    for (std::thread& thread : threads) thread.join();
    return answers;
}

StatusCounts count_statuses(const std::vector<Answer>& answers) {
    StatusCounts counts;
    for (const Answer& answer : answers) ++counts[answer.status];
    return counts;
}

}  // namespace coder_users_test
