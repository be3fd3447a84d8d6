"""Clients that keep a ledger: each knows for certain what it was told about its own users. A request that
was not answered, or answered 502, 503 or 504, may have happened or not; everything else is certain.
"""

import copy
import http.client
import json
import random
import threading
import time

PASSWORD = "correct-Horse-9"
UNCERTAIN = (0, 502, 503, 504)


class Connection:
    """One client's connection to 127.0.0.1:port, made anew after an error. Of one thread."""

    def __init__(self, port, timeout=30):
        self.port = port
        self.timeout = timeout
        self.connection = None
        self.longest = (0.0, "")  # how long an answer took, and which

    def ask(self, method, path, token="", body=None):
        """Returns status, value and request id. Status 0: no answer. A value: what the JSON holds."""
        begun = time.monotonic()
        answer = self.answer(method, path, token, body)
        self.longest = max(self.longest, (time.monotonic() - begun, f"{answer[0]} to {method} {path} {answer[2]}"))
        return answer

    def answer(self, method, path, token, body):
        headers = {"Coder-Session-Token": token} if token else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            return 0, None, ""
        if answer.will_close:
            self.close()
        try:
            value = json.loads(text) if text else None
        except ValueError:
            value = text.decode("utf-8", "replace")
        return answer.status, value, answer.headers.get("X-Coder-Request-Id", "")

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None


class Person:
    """A user as its client knows it."""

    def __init__(self, name):
        self.first_name = name  # of the address, too
        self.id = ""
        self.name = name
        self.password = PASSWORD + name
        self.theme = self.roles = ""
        self.suspended = self.deleted = False
        self.keys = {}  # token by id
        self.unknown_key = False  # there is one more key, which nobody was told

    def fits(self, row):
        """Whether a row of FACTS is this person."""
        name, theme, status, deleted, roles, keys = row
        keys = set(keys.split(",")) - {""}
        extra = keys - set(self.keys)
        return (name, theme, status == "suspended", deleted == "1", roles) == (
            self.name, self.theme, self.suspended, self.deleted, self.roles
        ) and set(self.keys) <= keys and len(extra) == (1 if self.unknown_key else 0)


FACTS = """SELECT u.id, u.username, u.theme_preference, u.status, u.deleted,
  (SELECT string_agg(r.role, ',' ORDER BY r.role COLLATE "C") FROM user_roles r WHERE r.user_id = u.id),
  (SELECT string_agg(k.id, ',') FROM api_keys k WHERE k.user_id = u.id) FROM users u"""


class Client:
    """Works on its own users through `port`, and asks every one of `instances` for tokens that ended."""

    def __init__(self, number, seed, owner, port, instances):
        self.number = number
        self.random = random.Random(seed * 1000 + number)
        self.owner = owner
        self.front = Connection(port)
        self.instances = [Connection(each, timeout=15) for each in instances]
        self.people = []
        self.pending = {}  # of people with an uncertain request: as they are if it has happened
        self.died = []  # tokens that ended
        self.recorded = []  # request ids of acknowledged changes
        self.faults = []
        self.made = 0
        self.acknowledged = self.uncertain = self.refused_at_once = 0
        self.last_success = 0.0

    def longest_wait(self):
        return max(each.longest for each in [self.front, *self.instances])

    def fresh(self):
        self.made += 1
        return f"c{self.number}x{self.made}"

    def fault(self, text):
        self.faults.append(f"client {self.number}: {text}")

    def step(self):
        """Sends one request."""
        settled = [p for p in self.people if p not in self.pending and not p.deleted]
        if len(settled) < 3:
            if len(self.pending) > 12:
                time.sleep(0.2)  # a long time without answers
            self.create()
        elif settled:
            person = self.random.choice(settled)
            self.random.choice([self.read, self.add_key, self.add_key, self.end_key, self.end_key, self.edit])(person)
        else:
            self.read_ended()

    def change(self, person, expected, method, path, body=None, token=None):
        """Sends a change of a person. Returns the value, or None when it is not certain to be done."""
        status, value, request_id = self.front.ask(method, "/api/v2" + path, self.owner if token is None else token, body)
        if status == expected:
            self.acknowledged += 1
            self.last_success = time.monotonic()
            self.recorded.append(request_id)
            return value if value is not None else {}
        if status not in UNCERTAIN:
            self.fault(f"{method} {path} is answered {status} {value} instead of {expected}")
        self.uncertain += 1
        self.pending[person] = person
        return None

    def apply(self, person, told, edit):
        """Applies `edit` to the person, or to a copy that says how it is if the change has happened."""
        after = person if told is not None else copy.deepcopy(person)
        before = dict(person.keys)
        edit(after)
        if told is None:
            self.pending[person] = after
            return
        ended = [token for key, token in before.items() if key not in after.keys and token]
        self.died += ended
        for token in ended:
            self.refused_everywhere(token)

    def refused_everywhere(self, token):
        for connection in self.instances:
            status, value, _ = connection.ask("GET", "/api/v2/users/me", token)
            if status not in (401, *UNCERTAIN):
                self.fault(f"an ended token is answered {status} {value} at port {connection.port}")
            self.refused_at_once += status == 401

    def create(self):
        person = Person(self.fresh())
        self.people.append(person)
        told = self.change(person, 201, "POST", "/users", {
            "email": person.name + "@example.org", "username": person.name, "password": person.password})
        if told is not None:
            person.id = told["id"]

    def add_key(self, person):
        if len(person.keys) > 5:
            return self.end_key(person)
        if self.random.random() < 0.3 and not person.suspended:
            told = self.change(person, 201, "POST", "/users/login",
                               {"email": person.first_name + "@example.org", "password": person.password}, token="")
            token = told and told["session_token"]
        else:
            told = self.change(person, 201, "POST", f"/users/{person.id}/keys/tokens", {"token_name": self.fresh()})
            token = told and told["key"]

        def edit(after):
            if token:
                after.keys[token.split("-")[0]] = token
            else:
                after.unknown_key = True

        self.apply(person, told, edit)

    def end_key(self, person):
        if not person.keys:
            return self.add_key(person)
        key, token = self.random.choice(sorted(person.keys.items()))
        if token and not person.suspended and self.random.random() < 0.5:
            told = self.change(person, 200, "POST", "/users/logout", token=token)
        else:
            told = self.change(person, 204, "DELETE", f"/users/{person.id}/keys/{key}")
        self.apply(person, told, lambda after: after.keys.pop(key))

    def edit(self, person):
        value, path = self.fresh(), f"/users/{person.id}"
        choice = self.random.randrange(7)
        if choice == 0:
            told = self.change(person, 200, "PUT", path + "/profile", {"username": value})
            self.apply(person, told, lambda after: setattr(after, "name", value))
        elif choice == 1:
            told = self.change(person, 200, "PUT", path + "/appearance", {"theme_preference": value})
            self.apply(person, told, lambda after: setattr(after, "theme", value))
        elif choice in (2, 3):
            verb = "activate" if person.suspended else "suspend"
            told = self.change(person, 200, "PUT", f"{path}/status/{verb}")
            self.apply(person, told, lambda after: setattr(after, "suspended", not after.suspended))
        elif choice == 4:
            roles = self.random.choice([["auditor"], ["auditor", "user-admin"], []])
            told = self.change(person, 200, "PUT", path + "/roles", {"roles": roles})
            self.apply(person, told, lambda after: setattr(after, "roles", ",".join(roles)))
        elif choice == 5 and person.keys:  # without keys nothing but the hash would show it
            told = self.change(person, 204, "PUT", path + "/password", {"password": PASSWORD + value})

            def change_password(after):
                after.password = PASSWORD + value
                after.keys = {}

            self.apply(person, told, change_password)
        elif choice == 6 and self.random.random() < 0.3:
            told = self.change(person, 200, "DELETE", path)

            def delete(after):
                after.deleted = True
                after.keys = {}

            self.apply(person, told, delete)

    def read(self, person):
        usable = [token for token in person.keys.values() if token]
        if not usable:
            return self.read_ended()
        expected = 401 if person.suspended else 200
        self.expect(self.random.choice([self.front, *self.instances]), self.random.choice(usable), expected)

    def read_ended(self):
        if self.died:
            self.expect(self.random.choice([self.front, *self.instances]), self.random.choice(self.died), 401)
        else:
            time.sleep(0.01)

    def expect(self, connection, token, expected, uncertain=UNCERTAIN):
        status, value, _ = connection.ask("GET", "/api/v2/users/me", token)
        if status != expected and status not in uncertain:
            self.fault(f"token {token[:10]} is answered {status} {value} instead of {expected} at port {connection.port}")

    def settle(self, rows):
        """Decides what happened to the uncertain requests, and adds what is stored otherwise than it was
        told to the faults. `rows`: those of FACTS by id."""
        by_name = {row[0]: id for id, row in rows.items()}
        for person in list(self.people):
            if not person.id:
                person.id = by_name.get(person.name, "")
                if not person.id:
                    self.people.remove(person)
                    self.pending.pop(person, None)
                    continue
            row = rows.get(person.id)
            after = self.pending.pop(person, None)
            if row and person.fits(row):
                continue
            if row and after is not None and after.fits(row):
                self.died += [token for key, token in person.keys.items() if key not in after.keys and token]
                after.id = person.id
                for key in set(row[5].split(",")) - {""} - set(after.keys):
                    after.keys[key] = ""
                after.unknown_key = False
                person.__dict__.update(after.__dict__)
                continue
            self.fault(f"stored is {row}, told was {vars(person)}" + (f" or {vars(after)}" if after else ""))

    def try_tokens(self):
        """Asks every instance for every token of a living user, and for those that ended last."""
        for connection in self.instances:
            for person in self.people:
                for token in person.keys.values():
                    if token and not person.deleted:
                        self.expect(connection, token, 401 if person.suspended else 200, ())
            for token in self.died[-50:]:
                self.expect(connection, token, 401, ())


class Ledger:
    """Clients at work, each in a thread, between begin() and end()."""

    def __init__(self, clients):
        self.clients = clients
        self.threads = []
        self.ended = threading.Event()

    def begin(self):
        self.ended.clear()
        self.threads = [threading.Thread(target=self.work, args=(client,), daemon=True) for client in self.clients]
        for thread in self.threads:
            thread.start()

    def work(self, client):
        while not self.ended.is_set():
            before = client.uncertain
            try:
                client.step()
            except Exception as error:  # pylint: disable=broad-except
                client.fault(repr(error))
                return
            if client.uncertain > before:
                time.sleep(0.05)

    def end(self):
        self.ended.set()
        for thread in self.threads:
            thread.join(60)
            if thread.is_alive():
                self.clients[0].fault("a request has waited for more than a minute")

    def last_success(self):
        return max(client.last_success for client in self.clients)

    def check(self, sql):
        """Compares everything told with what is stored; `sql(text)` reads it. Returns the faults."""
        rows = {}
        for line in sql(FACTS).splitlines():
            row = line.split("|")
            rows[row[0]] = row[1:]
        recorded = [each for client in self.clients for each in client.recorded]
        for client in self.clients:
            client.recorded = []
            client.settle(rows)
            client.try_tokens()
        if recorded:
            ids = ",".join(f"'{each}'" for each in recorded)
            found = int(sql(f"SELECT count(DISTINCT request_id) FROM audit_logs WHERE request_id IN ({ids})"))
            if found != len(set(recorded)):
                self.clients[0].fault(f"the audit log has {found} of {len(set(recorded))} acknowledged changes")
        return self.faults()

    def faults(self):
        return [each for client in self.clients for each in client.faults]

    def total(self, name):
        return sum(getattr(client, name) for client in self.clients)
