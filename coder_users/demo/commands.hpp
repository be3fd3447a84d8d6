// The commands of the demo server that work on a database: their arguments, questions and output.
#pragma once

#include <termios.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <chrono>
#include <coder_users.hpp>
#include <condition_variable>
#include <cstdint>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <mutex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

#include "coder_users/data.hpp"
#include "coder_users/demo/seeding.hpp"
#include "coder_users/demo/test_mode.hpp"
#include "coder_users/internal/store/database_address.hpp"

namespace demo {

namespace data = coder_users::data;

/// Says what is wrong with a number of 64 bits that is not negative; "" when nothing is. CLI11 by
/// itself takes others, and makes them fit.
inline std::string wrong_seed_number(const std::string& text) {
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, number);
    if (error == std::errc() && stopped == end) return "";
    return "expects a number from 0 to 18446744073709551615, got \"" + text + '"';
}

/// Shows on a terminal how far a task is, once it has taken a second.
class ProgressLine {
 public:
    ~ProgressLine() {
        if (shown_) std::cerr << "\r\033[K";
    }
    void show(std::int64_t done, std::int64_t total, const char* unit = "") {
        const auto now = std::chrono::steady_clock::now();
        if (!::isatty(STDERR_FILENO) || now < next_) return;
        next_ = now + std::chrono::milliseconds(200);
        shown_ = true;
        std::cerr << '\r' << done << unit;
        if (total > 0) std::cerr << " of " << total << " (" << 100 * done / total << " %)";
        std::cerr << "\033[K" << std::flush;
    }
    coder_users::Progress function() {
        return [this](std::int64_t done, std::int64_t total) { show(done, total); };
    }

 private:
    std::chrono::steady_clock::time_point next_ =
        std::chrono::steady_clock::now() + std::chrono::seconds(1);
    bool shown_ = false;
};

/// Shows on a terminal how long a task has taken, for tasks that cannot tell how far they are.
class WorkingLine {
 public:
    WorkingLine() : thread_([this] { show_until_ended(); }) {}
    WorkingLine(const WorkingLine&) = delete;
    WorkingLine& operator=(const WorkingLine&) = delete;
    ~WorkingLine() {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            ended_ = true;
        }
        end_.notify_one();
        thread_.join();
    }

 private:
    void show_until_ended() {
        ProgressLine line;
        std::unique_lock<std::mutex> lock(mutex_);
        const auto ended = [this] { return ended_; };
        for (int seconds = 1; !end_.wait_for(lock, std::chrono::seconds(1), ended); ++seconds)
            line.show(seconds, 0, " s");
    }

    std::mutex mutex_;
    std::condition_variable end_;
    bool ended_ = false;
    std::thread thread_;
};

/// Reads a line from the terminal without showing what is typed.
inline std::string ask_silently(const char* question) {
    struct Silence {
        Silence() {
            ::tcgetattr(STDIN_FILENO, &before);
            termios silent = before;
            silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
            ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
        }
        ~Silence() {
            ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
            std::cerr << '\n';
        }
        termios before{};
    };
    const Silence silence;  // first: an answer typed at once is neither shown nor lost
    std::cerr << question << std::flush;
    std::string line;
    std::getline(std::cin, line);
    return line;
}

/// Reads a password from `file`; without one from the terminal, twice; without a terminal from the
/// first line of the input.
inline std::string read_password(const std::string& file) {
    std::string password;
    if (!file.empty()) {
        std::ifstream in(file);
        if (!in || !std::getline(in, password))
            throw std::runtime_error("cannot read a password from " + file);
    } else if (::isatty(STDIN_FILENO)) {
        password = ask_silently("New password: ");
        if (ask_silently("Once more: ") != password)
            throw std::runtime_error("the two passwords differ");
    } else {
        std::getline(std::cin, password);
    }
    if (!password.empty() && password.back() == '\r') password.pop_back();
    return password;
}

inline std::string key_note(const coder_users::Copied& copied) {
    if (copied.key_file.empty()) return "the sealing key is kept by its host";
    return "its sealing key in " + copied.key_file;
}

/// The command line of all commands. `run` is the command that was chosen; empty: serve.
struct Commands {
    Commands(CLI::App& app, const coder_users::Options& server_options) : options(server_options) {
        app.require_subcommand(0, 1);
        app.fallthrough();
        app.add_subcommand("server", "Serve, as without a command, for scripts that know Coder");
        add_copies(app);
        add_transfers(app);
        add_migrate(app);
        add_repairs(app);
        add_test(app);
    }

    std::function<void()> run;

 private:
    CLI::App* add(CLI::App& app, const char* name, const char* description,
                  std::function<void()> command) {
        CLI::App* const sub = app.add_subcommand(name, description);
        sub->callback([this, command = std::move(command)] { run = command; });
        return sub;
    }
    std::string database() const { return coder_users::store::shown_database(options.database); }
    void add_file(CLI::App* sub, const char* description) {
        sub->add_option("FILE", file, description)->required();
    }
    void add_force(CLI::App* sub) { sub->add_flag("--force", force, "Replace what stands there"); }
    void add_password_file(CLI::App* sub) {
        sub->add_option("--password-file", password_file,
                        "Its first line is the password (asked for, or read from the input)");
    }

    void add_copies(CLI::App& app) {
        CLI::App* sub =
            add(app, "backup", "Copy the database and its key, also while it is served", [this] {
                ProgressLine line;
                const auto made = data::backup(options, file, force, line.function());
                std::cout << made.file << ", " << key_note(made) << '\n';
            });
        add_file(sub, "The copy");
        add_force(sub);
        sub = add(app, "restore", "Put a copy in the place of the database", [this] {
            ProgressLine line;
            const auto made = data::restore(options, file, force, line.function());
            std::cout << made.file << ", " << key_note(made) << '\n';
        });
        add_file(sub, "The copy");
        add_force(sub);
        add(app, "check", "Look for damage, also while the database is served", [this] {
            const data::CheckReport report = [&] {
                const WorkingLine line;
                return data::check(options);
            }();
            if (!report.damage.empty())
                throw std::runtime_error("damaged: " + database() + ": " + report.damage);
            std::cout << database() << " is sound, " << report.users << " users\n";
        });
    }

    void add_transfers(CLI::App& app) {
        CLI::App* sub = add(app, "export", "Write organizations and users as JSON lines", [this] {
            ProgressLine line;
            if (file == "-")
                data::export_to(options, std::cout, line.function());
            else
                data::export_to(options, file, force, line.function());
        });
        add_file(sub, "The new file, - for the output");
        add_force(sub);
        sub = add(app, "import", "Read an export into a new database", [this] {
            ProgressLine line;
            with_input(file, [&](std::istream& in) {
                const data::Imported made =
                    data::import_from(options, in, new_ssh_keys, line.function());
                std::cout << database() << ": imported " << counted(made.users, "user") << " and "
                          << counted(made.organizations, "organization") << '\n';
            });
        });
        add_file(sub, "The export, - for the input");
        sub->add_flag("--new-ssh-keys", new_ssh_keys,
                      "Make new Git SSH keys; the exporting server's key file is not needed then");
        sub = add(app, "seed", "Create users with chosen ids, roles, hashes and tokens", [this] {
            if (!url.empty()) return seed_running_server(url, file);
            ProgressLine line;
            const auto made = data::seed(options, content_of(file), line.function());
            std::cout << database() << ": seeded " << counted(made, "user") << '\n';
        });
        add_file(sub, "JSON, - for the input");
        sub->add_option(
            "--url", url,
            "Make them at a running server, such as http://127.0.0.1:3000, as the owner "
            "of the token in CODER_SESSION_TOKEN");
    }

    // Addresses may hold passwords, so none is shown.
    void add_migrate(CLI::App& app) {
        CLI::App* const sub =
            add(app, "migrate", "Move a database file to PostgreSQL, or back to a file", [this] {
                coder_users::Options target = options;
                target.database = to;
                ProgressLine line;
                const auto moved = data::migrate(target, from, dry_run, line.function());
                std::int64_t rows = 0;
                for (const data::MovedTable& each : moved) {
                    std::cout << each.table << ": " << counted(each.rows, "row") << '\n';
                    rows += each.rows;
                }
                std::cout << counted(rows, "row")
                          << (dry_run ? " would be moved; nothing is stored\n"
                                      : " moved and compared; the sealing key is the same\n");
            });
        sub->add_option("--from", from, "File or postgres:// address, which stays as it is")
            ->required();
        sub->add_option("--to", to, "The same, empty or new")->required();
        sub->add_flag("--dry-run", dry_run, "Do all of it, and store nothing in the end");
        sub->footer(
            "Stop the servers of --from first. --secret-key-file names the sealing key of --from,\n"
            "<file>.key as a rule, and every server of --to needs it.");
    }

    void add_repairs(CLI::App& app) {
        CLI::App* sub = add(app, "create-admin-user", "Create an owner", [this] {
            admin.password = read_password(password_file);
            std::cout << data::create_admin_user(options, admin) << '\n';
        });
        sub->add_option("--email", admin.email, "Its e-mail address")->required();
        sub->add_option("--username", admin.username, "Its user name")->required();
        add_password_file(sub);
        sub = add(app, "reset-password", "Give a user a new password and end its sessions", [this] {
            const coder_users::User changed =
                data::reset_password(options, user, read_password(password_file));
            std::cout << changed.username << " (" << changed.email
                      << ") has a new password; its sessions and tokens have ended\n";
        });
        sub->add_option("USER", user, "Its id, user name or e-mail address")->required();
        add_password_file(sub);
    }

    // It has flags of its own and none of the others.
    void add_test(CLI::App& app) {
        CLI::App* const sub = add(app, "test",
                                  "Serve tests: in memory, with a clock, faults and users that "
                                  "they control",
                                  [this] { test_mode.run(); });
        sub->fallthrough(false);
        auto& wanted = test_mode.options;
        sub->add_option("--port", wanted.port, "Port to listen on; 0: any free one (0)")
            ->check(CLI::Range(0, 65535));
        sub->add_option("--seed-number", wanted.seed_number,
                        "Ids, tokens and keys are the same for the same number (1)")
            ->check(CLI::Validator(wrong_seed_number, ""));
        sub->add_option("--seed", test_mode.seed_file, "JSON with users to create");
        sub->add_option("--coder-version", wanted.coder_version,
                        "Release of Coder to answer as, 2.6 to 2.35 (2.6)");
        sub->add_option("--database", wanted.database,
                        "SQLite file that this command has made, or :memory: (:memory:)");
        sub->add_option("--address", wanted.address, "Address to listen on (127.0.0.1)");
        sub->add_flag("--dangerous-listen-anywhere", wanted.listen_anywhere,
                      "Take an --address beyond this machine, for containers");
        sub->add_flag("--ignore-input", test_mode.ignores_input,
                      "Go on when the standard input ends, for containers");
    }

    const coder_users::Options& options;
    std::string file, user, password_file, url, from, to;
    bool force = false, new_ssh_keys = false, dry_run = false;
    data::NewAdmin admin;
    TestMode test_mode;
};

}  // namespace demo
