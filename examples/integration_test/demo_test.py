import json
import os
import subprocess
import tempfile
import unittest
import urllib.request

DEMO = os.environ.get("DEMO", "coder-users")
TOKEN = "abcdefghij-0123456789ABCDEFGHIJKL"
USERS = [
    {"username": "ada", "email": "ada@example.com", "roles": ["owner"], "tokens": {"test": TOKEN}},
    {"username": "bob", "email": "bob@example.com"},
]


class UsersTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        demo = [DEMO, "--database", folder.name + "/users.db"]
        subprocess.run([*demo, "seed", "-"], input=json.dumps(USERS), text=True, check=True)
        server = subprocess.Popen(
            [*demo, "--http-address", "127.0.0.1:0", "--dangerous-disable-rate-limits",
             "--coder-version", "2.35"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        # "coder_users 0.1.0 listens on http://127.0.0.1:40123, database ..."
        self.url = server.stdout.readline().split(" listens on ")[1].split(",")[0]

    def get(self, path):
        request = urllib.request.Request(self.url + "/api/v2" + path,
                                         headers={"Coder-Session-Token": TOKEN})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def test_the_seeded_users_are_there(self):
        self.assertEqual(self.get("/users/me")["username"], "ada")
        self.assertEqual(self.get("/users?q=bob")["count"], 1)


if __name__ == "__main__":
    unittest.main()
