// What every operation leaves behind, found out by doing it: a change of what is stored, or none;
// one audit entry, the events that it names, and the same when its change runs twice
// (CONTRIBUTING.md, "Adding an operation").
#include <mutex>
#include <set>

#include "endpoint_table.hpp"
#include "operations.hpp"
#include "route_table.hpp"
#include "sanitized.hpp"

using namespace coder_users_test;
using coder_users::Event;
using coder_users::EventKind;
using coder_users::http::Route;

namespace {

/// What a host was asked and told about one request.
class Host {
 public:
    void take_part_in(coder_users::Options& options) {
        options.before = [this](const Event& event) -> std::optional<coder_users::Veto> {
            note(asked_, event);
            return std::nullopt;
        };
        options.on_event = [this](const Event& event) { note(told_, event); };
    }
    std::multiset<EventKind> asked(const std::string& request_id) const {
        return of(asked_, request_id);
    }
    std::multiset<EventKind> told(const std::string& request_id) const {
        return of(told_, request_id);
    }

 private:
    using Noted = std::vector<std::pair<std::string, EventKind>>;

    void note(Noted& where, const Event& event) {
        const std::lock_guard<std::mutex> lock(mutex_);
        where.emplace_back(event.request_id, event.kind);
    }
    std::multiset<EventKind> of(const Noted& where, const std::string& request_id) const {
        const std::lock_guard<std::mutex> lock(mutex_);
        std::multiset<EventKind> kinds;
        for (const auto& [id, kind] : where)
            if (id == request_id) kinds.insert(kind);
        return kinds;
    }

    mutable std::mutex mutex_;
    Noted asked_, told_;
};

/// The events that the operation names.
std::multiset<EventKind> named_events(const Route& route) {
    std::multiset<EventKind> kinds;
    for (std::size_t i = 0; i < coder_users::event_kind_names.size(); ++i)
        if (route.operation.tells(static_cast<EventKind>(i)))
            kinds.insert(static_cast<EventKind>(i));
    return kinds;
}

/// "type|action|status" of the entries that this request wrote.
std::string entries_of(const OperationStage& stage, const std::string& request_id) {
    return stage.sql(
        "SELECT resource_type, action, status_code FROM audit_logs WHERE request_id = '" +
        request_id + "'");
}

std::string expected_entry(const Route& route) {
    const auto kind = route.operation.audit();
    if (!kind.action) return "";
    return std::string(kind.resource_type) + "|" + kind.action + "|" +
           std::to_string(route.success);
}

/// Looks at what the good request of a row left behind.
void check_effects(const Route& route, const OperationRow& row, bool repeat) {
    Host host;
    OperationStage stage([&](coder_users::Options& options) {
        host.take_part_in(options);
        options.env.repeat_changes = repeat;
    });
    const std::string before = whole_of(stage.path());
    const Answer answer = stage.ask(row);
    INFO(answer.body);
    CHECK(answer.status == route.success);
    const std::string id = answer.header("x-coder-request-id");
    CHECK(entries_of(stage, id) == expected_entry(route));
    CHECK((whole_of(stage.path()) != before) == (row.changes != Changes::nothing));
    const auto named = named_events(route);
    CHECK(host.asked(id) == named);
    CHECK(eventually([&] { return host.told(id).size() >= named.size(); }));
    stage.service().stop();  // what was told is told
    CHECK(host.told(id) == named);
}

}  // namespace

TEST_CASE("every operation leaves one audit entry and its events behind, however often it runs") {
    for (const Route& route : route_table()) {
        const OperationRow* const row = operation_row(route.operation_id());
        CAPTURE(route.operation_id());
        CHECK(row);
        // Tests of the first user and of external login look at what the others leave behind.
        if (!row || row->elsewhere || row->on_empty_server) continue;
        for (const bool repeat : {false, true}) {
            if (sanitized && !repeat) continue;  // the other one runs the same code
            INFO(route.operation_id() << (repeat ? ", its change run twice" : ""));
            check_effects(route, *row, repeat);
        }
    }
}

TEST_CASE("an operation that changes something does not run in the lane of reads") {
    using coder_users::operations::Lane;
    for (const Route& route : route_table()) {
        INFO(route.operation_id());
        const OperationRow* const row = operation_row(route.operation_id());
        REQUIRE(row);
        if (route.operation.audit().action || row->changes != Changes::nothing)
            CHECK(route.operation.lane() != Lane::read);
    }
}

TEST_CASE("who may do it is said of every operation on a user") {
    for (const Route& route : route_table()) {
        INFO(route.operation_id());
        const bool on_user = std::string(route.path).find("{user}") != std::string::npos ||
                             std::string(route.path).find("{member}") != std::string::npos;
        if (!on_user) continue;
        CHECK((route.operation.action().has_value() !=
               (route.operation.decides_itself_because() != nullptr)));
    }
}

TEST_CASE("every rule of a field is checked by the operation that takes it") {
    World world;
    world.server.create(world.owner, "bob");
    std::string against_every_rule;
    for (int i = 0; i < 2000; ++i) against_every_rule += "x y ";
    for (const Route& route : route_table()) {
        if (!route.body) continue;
        std::string path = route.path;
        const std::size_t user = path.find("{user}");
        if (user != std::string::npos) path.replace(user, 6, "bob");
        const std::size_t organization = path.find("{organization}");
        if (organization != std::string::npos) path.replace(organization, 14, "default");
        for (const auto& field : route.body->fields) {
            if (!field.required && !field.rule.holds) continue;
            INFO(route.operation_id() << ": " << field.name);
            picojson::object body =
                coder_users::wire::parse_json(route.body->example).get<picojson::object>();
            body[field.name] = Json(field.rule.holds ? against_every_rule : std::string());
            const Answer answer =
                world.server.send(to_string(route.verb), path, world.owner, Json(body).serialize());
            CHECK(answer.status == 400);
            CHECK(parse(answer.body)["message"].text() == "Validation failed.");
            CHECK(parse(answer.body)["validations"][0]["field"].text() == field.name);
        }
    }
}

namespace {

/// What the sessions of the owner and of bob, both looked up before, show after the operation.
std::string shown_after(const OperationRow& row, std::size_t cached_sessions) {
    OperationStage stage(
        [&](coder_users::Options& options) { options.limits.cached_sessions = cached_sessions; });
    const std::string bob = stage.scene().bob, owner = stage.scene().owner;
    const auto shown = [&](const std::string& token) {
        const Answer answer = stage.send({"GET", "/users/me", token, ""});
        const Value user = parse(answer.body);
        return std::to_string(answer.status) + " " + user["detail"].text() + " " +
               user["username"].text() + " " + user["status"].text() + " " + user["roles"].text() +
               " " + user["theme_preference"].text();
    };
    shown(bob);
    shown(owner);
    stage.ask(row);
    return shown(bob) + "; " + shown(owner);
}

}  // namespace

TEST_CASE("sessions that an operation concerns are looked up anew after it") {
    const std::size_t usual = coder_users::Limits().cached_sessions;
    for (const OperationRow& row : operations()) {
        if (row.elsewhere || row.on_empty_server || row.changes != Changes::recorded) continue;
        INFO(row.id);
        CHECK(shown_after(row, usual) == shown_after(row, 0));
    }
}

TEST_CASE("without room for sessions every request looks them up") {
    const auto shown = [](std::size_t bytes) {
        coder_users::Options options;
        options.limits.cached_session_bytes = bytes;
        const World world(options);
        const std::string bob = world.member("bob");
        CHECK(world.server.send("GET", "/users/me", bob).status == 200);
        world.execute("UPDATE users SET theme_preference = 'beneath'");
        return parse(world.server.send("GET", "/users/me", bob).body)["theme_preference"].text();
    };
    CHECK(shown(100) == "beneath");
    CHECK(shown(0) == "beneath");
}
