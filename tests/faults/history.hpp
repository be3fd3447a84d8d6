// Checks what many clients were told about the same few users at the same time: the answers must
// fit one order of all operations, in which each operation lies between its request and its answer.
// Each user, name, token and value is checked on its own, by intervals of time.
#pragma once

#include <algorithm>
#include <climits>
#include <map>
#include <string>
#include <vector>

namespace faults {

enum class Act {
    create,     ///< of `user` with the name `value`
    rename,     ///< of `user` to `value`
    remove,     ///< of `user`
    suspend,    ///< of `user`
    activate,   ///< of `user`
    set_theme,  ///< of `user` to `value`, which nobody else writes
    get_token,  ///< `token` of `user`
    end_token,  ///< `token` of `user`
    use_token,  ///< `token` of `user`
    read_user,  ///< by its id; `seen` is its name and `value` its theme
    find_name,  ///< `value`; `user` is who has it
};

/// Users go by their e-mail addresses, which nobody changes.
struct Event {
    Act act;
    std::string user, value, token, seen;
    int status = 0;            ///< 0: not answered
    long asked = 0;            ///< when the request was sent
    long answered = LONG_MAX;  ///< when its answer was there, or when the server was dead

    bool done() const { return status / 100 == 2; }
    /// Whether it may have happened although nobody was told so.
    bool unknown() const { return status == 0 || status >= 500; }
    bool possible() const { return done() || unknown(); }
    bool surely_before(const Event& other) const { return answered < other.asked; }
    std::string text() const {
        const char* const names[] = {"create",    "rename",    "remove",    "suspend",
                                     "activate",  "set_theme", "get_token", "end_token",
                                     "use_token", "read_user", "find_name"};
        return std::string(names[static_cast<int>(act)]) + " " + user + " " + value + " " +
               token.substr(0, 10) + " " + seen + " -> " + std::to_string(status) + " [" +
               std::to_string(asked) + ", " + std::to_string(answered) + "]\n";
    }
};

class History {
 public:
    explicit History(std::vector<Event> events) : events_(std::move(events)) {
        std::sort(events_.begin(), events_.end(),
                  [](const Event& a, const Event& b) { return a.asked < b.asked; });
        for (const Event& event : events_) {
            if (!event.user.empty()) of_user_[event.user].push_back(&event);
            if (event.act == Act::find_name && event.status == 404)
                missing_[event.value].push_back(&event);
        }
    }

    /// Returns everything impossible, a line each; "" when there is nothing.
    std::string contradictions() {
        for (const auto& [user, events] : of_user_) {
            check_tokens(events);
            check_themes(events);
            check_presence(events);
        }
        check_names();
        return wrong_;
    }

 private:
    using Events = std::vector<const Event*>;

    void wrong(const std::string& what, const Event& a) { wrong_ += what + ": " + a.text(); }
    void wrong(const std::string& what, const Event& a, const Event& b) {
        wrong_ += what + ": " + a.text() + "    against " + b.text();
    }

    static bool ends(const Event& event, const std::string& token) {
        return event.act == Act::remove || (event.act == Act::end_token && event.token == token);
    }

    /// Whether an activation may lie between the suspension and what came after it.
    static bool may_be_active_again(const Events& events, const Event& suspended,
                                    const Event& later) {
        return std::any_of(events.begin(), events.end(), [&](const Event* e) {
            return e->act == Act::activate && e->possible() && !e->surely_before(suspended) &&
                   !later.surely_before(*e);
        });
    }
    static bool surely_active_again(const Events& events, const Event& suspended,
                                    const Event& later) {
        return std::any_of(events.begin(), events.end(), [&](const Event* e) {
            return e->act == Act::activate && e->done() && suspended.surely_before(*e) &&
                   e->surely_before(later);
        });
    }

    void check_tokens(const Events& events) {
        for (const Event* use : events) {
            const bool enters = use->act == Act::get_token || use->act == Act::use_token;
            if (!enters || use->unknown()) continue;
            bool excused = use->act == Act::get_token;  // for other reasons, too
            for (const Event* e : events) {
                const bool end = ends(*e, use->token), suspends = e->act == Act::suspend;
                if (!end && !suspends) continue;
                if (use->done() && e->done() && e->surely_before(*use) &&
                    (end || !may_be_active_again(events, *e, *use)))
                    wrong("works after its end was acknowledged", *use, *e);
                if (e->possible() && !use->surely_before(*e) &&
                    (end || !surely_active_again(events, *e, *use)))
                    excused = true;
            }
            if (!use->done() && !excused) wrong("does not work, and nobody ended it", *use);
        }
    }

    void check_themes(const Events& events) {
        std::map<std::string, Event> writes;
        for (const Event* e : events)
            if (e->act == Act::set_theme && e->possible()) writes.emplace(e->value, *e);
        // What was read had happened by then.
        for (const Event* e : events)
            if (e->act == Act::read_user && e->done() && writes.count(e->value))
                writes.at(e->value).answered =
                    (std::min)(writes.at(e->value).answered, e->answered);
        for (const Event* read : events) {
            if (read->act != Act::read_user || !read->done()) continue;
            const auto written = writes.find(read->value);
            if (!read->value.empty() && written == writes.end()) wrong("was never written", *read);
            if (written != writes.end() && read->surely_before(written->second))
                wrong("is read ahead of its time", *read, written->second);
            for (const auto& [value, other] : writes) {
                const bool after_it =
                    written == writes.end() || written->second.surely_before(other);
                if (value != read->value && after_it && known(other, events) &&
                    other.surely_before(*read))
                    wrong("is older than what was acknowledged", *read, other);
            }
        }
    }

    /// Whether a write certainly happened, because it was acknowledged or its result was read.
    static bool known(const Event& write, const Events& events) {
        return write.done() || std::any_of(events.begin(), events.end(), [&](const Event* e) {
                   return e->act == Act::read_user && e->done() && e->value == write.value;
               });
    }

    void check_presence(const Events& events) {
        for (const Event* read : events) {
            if (read->act != Act::read_user || read->unknown()) continue;
            bool may_be_gone = false;
            for (const Event* e : events) {
                if (e->act != Act::remove || !e->possible()) continue;
                may_be_gone = may_be_gone || !read->surely_before(*e);
                if (read->done() && e->done() && e->surely_before(*read))
                    wrong("is there after its deletion", *read, *e);
            }
            if (!read->done() && !may_be_gone) wrong("is gone, and nobody deleted it", *read);
        }
    }

    /// When a user has a name: certainly from `from` to `to`, perhaps from `first` to `last`.
    struct Tenure {
        const Event* begun;
        long from, to, first, last;
    };

    static Tenure tenure(const Events& events, const Event& begun) {
        Tenure tenure{&begun, begun.done() ? begun.answered : LONG_MAX, LONG_MAX, begun.asked,
                      LONG_MAX};
        for (const Event* e : events) {
            const bool changes = e->act == Act::rename || e->act == Act::remove;
            if (!changes || e == &begun || !e->possible()) continue;
            const bool same_name = e->act == Act::rename && e->value == begun.value;
            if (!e->surely_before(begun)) tenure.to = (std::min)(tenure.to, e->asked);
            if (begun.surely_before(*e) && e->done() && !same_name)
                tenure.last = (std::min)(tenure.last, e->answered);
        }
        return tenure;
    }

    void check_names() {
        std::map<std::string, std::vector<Tenure>> of_name;
        for (const auto& [user, events] : of_user_)
            for (const Event* e : events)
                if ((e->act == Act::create || e->act == Act::rename) && e->possible())
                    of_name[e->value].push_back(tenure(events, *e));
        for (auto& [name, tenures] : of_name) {
            for (const Tenure& a : tenures)
                for (const Tenure& b : tenures)
                    if (a.begun->user < b.begun->user &&
                        (std::max)(a.from, b.from) < (std::min)(a.to, b.to))
                        wrong("two have one name", *a.begun, *b.begun);
            for (const Event* read : missing_[name])
                for (const Tenure& each : tenures)
                    if (each.from < read->asked && read->answered < each.to)
                        wrong("is not found", *read, *each.begun);
        }
        for (const Event& e : events_) {
            const bool names = e.act == Act::find_name || e.act == Act::read_user;
            if (names && e.done())
                check_seen(e, of_name[e.act == Act::find_name ? e.value : e.seen]);
            if ((e.act == Act::create || e.act == Act::rename) && e.status == 409)
                check_refused(e, of_name[e.value]);
        }
    }

    void check_seen(const Event& read, const std::vector<Tenure>& tenures) {
        const bool possible = std::any_of(tenures.begin(), tenures.end(), [&](const Tenure& t) {
            return t.begun->user == read.user && t.first <= read.answered && read.asked <= t.last;
        });
        if (!possible) wrong("cannot have the name", read);
    }
    void check_refused(const Event& refused, const std::vector<Tenure>& tenures) {
        const bool possible = std::any_of(tenures.begin(), tenures.end(), [&](const Tenure& t) {
            return t.begun->user != refused.user && t.first <= refused.answered &&
                   refused.asked <= t.last;
        });
        if (!possible) wrong("is refused for a name that nobody has", refused);
    }

    std::vector<Event> events_;
    std::map<std::string, Events> of_user_;
    std::map<std::string, Events> missing_;  ///< searches for a name that found nobody
    std::string wrong_;
};

}  // namespace faults
