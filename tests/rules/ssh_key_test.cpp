#include "coder_users/internal/rules/ssh_key.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "catch.hpp"

namespace ssh_key_test {

using namespace coder_users::rules;
namespace fs = std::filesystem;

/// A folder for one test. Its files can be read by their owner only, as ssh-keygen requires.
class Folder {
 public:
    Folder() {
        std::string name = (fs::temp_directory_path() / "ssh_key_test_XXXXXX").string();
        REQUIRE(mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    void write(const std::string& name, const std::string& text) const {
        std::ofstream(path_ / name) << text;
        fs::permissions(path_ / name, fs::perms::owner_read | fs::perms::owner_write);
    }
    std::string read(const std::string& name) const {
        std::ifstream file(path_ / name);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    /// Whether the command succeeds in this folder; its output is in the files "out" and "err".
    bool run(const std::string& command) const {
        const std::string line =
            "cd '" + path_.string() + "' && " + command + " >out 2>err </dev/null";
        return std::system(line.c_str()) == 0;
    }

 private:
    fs::path path_;
};

bool have_ssh_keygen() { return std::system("command -v ssh-keygen >/dev/null 2>&1") == 0; }

Random counting() {
    return [next = 0](unsigned char* bytes, std::size_t count) mutable {
        for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<unsigned char>(next++);
    };
}

TEST_CASE("SSH's binary fields") {
    CHECK(ssh_uint32(0) == std::string(4, '\0'));
    CHECK(ssh_uint32(0x01020380) == "\x01\x02\x03\x80");
    CHECK(ssh_string("") == std::string(4, '\0'));
    CHECK(ssh_string("abc") == std::string("\0\0\0\3abc", 7));
}

TEST_CASE("PEM has lines of 70 characters") {
    CHECK(to_pem("X", "foobar") == "-----BEGIN X-----\nZm9vYmFy\n-----END X-----\n");
    const std::string pem = to_pem("X", std::string(105, '\0'));  // two full lines
    CHECK(pem == "-----BEGIN X-----\n" + std::string(70, 'A') + "\n" + std::string(70, 'A') +
                     "\n-----END X-----\n");
}

TEST_CASE("the public key is one line without a comment") {
    const SshKeyPair key = make_ed25519_key(counting());
    // The public key of the seed 00 01 .. 1f, a test vector of libsodium and others.
    const std::string point =
        "\x03\xa1\x07\xbf\xf3\xce\x10\xbe\x1d\x70\xdd\x18\xe7\x4b\xc0\x99\x67\xe4\xd6\x30\x9b\xa5"
        "\x0d\x5f\x1d\xdc\x86\x64\x12\x55\x31\xb8";
    CHECK(key.public_key ==
          "ssh-ed25519 " + base64_encode(ssh_string("ssh-ed25519") + ssh_string(point)) + "\n");
}

TEST_CASE("the private key is OpenSSH's PEM") {
    const std::string pem = make_ed25519_key(system_random).private_key;
    CHECK(pem.rfind("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA", 0) == 0);
    CHECK(pem.find("\n-----END OPENSSH PRIVATE KEY-----\n") == pem.size() - 35);
}

TEST_CASE("all key material comes from the given randomness") {
    CHECK(make_ed25519_key(counting()).private_key == make_ed25519_key(counting()).private_key);
    CHECK(make_ed25519_key(system_random).public_key != make_ed25519_key(system_random).public_key);
    CHECK(make_ecdsa_key(counting()).private_key == make_ecdsa_key(counting()).private_key);
    CHECK(make_ecdsa_key(system_random).public_key != make_ecdsa_key(system_random).public_key);
}

TEST_CASE("ssh-keygen reads the keys, signs and verifies with them") {
    if (!have_ssh_keygen()) {
        WARN("no ssh-keygen here");
        return;
    }
    const Folder folder;
    const SshKeyPair key = make_ed25519_key(system_random);
    folder.write("key", key.private_key);
    folder.write("key.pub", key.public_key);

    CHECK(folder.run("ssh-keygen -l -f key.pub"));
    const std::string fingerprint = folder.read("out");
    CHECK(fingerprint.rfind("256 SHA256:", 0) == 0);
    CHECK(fingerprint.find("(ED25519)") != std::string::npos);

    CHECK(folder.run("ssh-keygen -y -P '' -f key"));  // the public key, read from the private one
    CHECK(folder.read("out") == key.public_key);

    folder.write("message", "hello");
    folder.write("signers", "me " + key.public_key);
    CHECK(folder.run("ssh-keygen -Y sign -f key -n file message"));
    const std::string verify = "ssh-keygen -Y verify -f signers -I me -n file -s message.sig";
    CHECK(folder.run("sh -c '" + verify + " <message'"));
    folder.write("message", "hallo");
    CHECK_FALSE(folder.run("sh -c '" + verify + " <message'"));
}

}  // namespace ssh_key_test
