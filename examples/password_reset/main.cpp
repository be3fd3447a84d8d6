// Sends one-time passcodes to users who have forgotten their password, through the sendmail program
// of the machine (packages msmtp-mta, postfix or nullmailer have one).
#include <algorithm>
#include <coder_users.hpp>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <stdexcept>
#include <string>

/// Throws when the program does not take the mail, which the server logs.
void send_mail(const std::string& program, const coder_users::Passcode& passcode) {
    // An address may hold what a header or a shell would take for something else.
    const auto odd = [](char c) { return c <= ' ' || c == ',' || c == '<' || c == '>'; };
    if (std::any_of(passcode.email.begin(), passcode.email.end(), odd))
        throw std::runtime_error("this address is not written to");
    // -t: the program reads the address from the mail, so that no shell sees it.
    std::FILE* const mail = ::popen((program + " -t").c_str(), "w");
    if (!mail) throw std::runtime_error("cannot start " + program);
    const std::string text =
        "To: " + passcode.email +
        "\nSubject: Your new password\nContent-Type: text/plain; charset=utf-8\n\nHello " +
        passcode.username +
        ",\n\nwith this code you can choose a new password in the next twenty " +
        "minutes:\n\n    " + passcode.code +
        "\n\nIf you have not asked for it, do nothing: your password stays as it is.\n";
    const bool written = std::fwrite(text.data(), 1, text.size(), mail) == text.size();
    if (::pclose(mail) != 0 || !written) throw std::runtime_error(program + " has failed");
}

int main(int argc, char** argv) {
    sigset_t signals;
    sigemptyset(&signals), sigaddset(&signals, SIGINT), sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);  // the mail program may end before it has read everything

    coder_users::Options options{"users.db"};
    options.coder_version = "2.35";                   // which release of Coder clients find
    if (argc > 1) options.port = std::stoi(argv[1]);  // 0: any free one
    const std::string program = argc > 2 ? argv[2] : "/usr/sbin/sendmail";
    options.send_passcode = [program](const coder_users::Passcode& passcode) {
        send_mail(program, passcode);
    };
    options.log = [](const coder_users::LogLine& line) {
        std::cerr << coder_users::to_text(line) + '\n';
    };
    auto users = coder_users::start(options);
    std::cout << users.url() << std::endl;

    int signal = 0;
    sigwait(&signals, &signal);
}
