"""A proxy before a PostgreSQL server that delays, stalls, refuses, and cuts connections at their COMMIT."""

import socket
import struct
import threading
import time


class Messages:
    """What a client sends, message by message."""

    def __init__(self):
        self.waiting = b""
        self.begun = False  # the first message has no type
        self.statements = {}  # SQL by the names of prepared statements

    def whole(self, data):
        """Returns the messages that are complete now."""
        self.waiting += data
        found = []
        while True:
            header = 5 if self.begun else 4
            if len(self.waiting) < header:
                return found
            size = struct.unpack_from("!i", self.waiting, header - 4)[0] + header - 4
            if len(self.waiting) < size:
                return found
            found.append(self.waiting[:size])
            self.waiting = self.waiting[size:]
            self.begun = True

    def commits(self, message):
        """Whether it asks for a COMMIT: as a query, or by running a prepared statement."""
        kind, body = message[:1], message[5:]
        if kind == b"Q":
            return body.lstrip().upper().startswith(b"COMMIT")
        if kind == b"P":
            name, text = body.split(b"\0")[:2]
            self.statements[name] = text
        elif kind == b"B":
            return self.statements.get(body.split(b"\0")[1], b"").lstrip().upper().startswith(b"COMMIT")
        return False


class Proxy:
    """Listens on a free port of 127.0.0.1, `port`, for the server at another one. Attributes may be set
    at any time.
    """

    def __init__(self, target):
        self.target = target
        self.delay = 0.0  # seconds in each direction
        self.refusing = False  # of new connections
        self.cuts_before = self.cuts_after = 0  # how many of the next COMMITs are cut off
        self.cut = 0  # how many were
        self.flowing = threading.Event()
        self.flowing.set()
        self.lock = threading.Lock()
        self.open = set()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def stall(self, stalled=True):
        """Lets nothing through any more, but keeps the connections; or goes on."""
        if stalled:
            self.flowing.clear()
        else:
            self.flowing.set()

    def drop_all(self):
        """Cuts every connection."""
        with self.lock:
            connections, self.open = self.open, set()
        for each in connections:
            self.close(each)

    def stop(self):
        self.listener.close()
        self.flowing.set()
        self.drop_all()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.refusing:
                client.close()
                continue
            threading.Thread(target=self.connect, args=(client,), daemon=True).start()

    def connect(self, client):
        self.flowing.wait()
        try:
            server = socket.create_connection(("127.0.0.1", self.target), timeout=10)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        for each in (client, server):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.lock:
            self.open |= {client, server}
        threading.Thread(target=self.answer, args=(server, client), daemon=True).start()
        self.forward(client, server)

    @staticmethod
    def close(each):
        try:
            each.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        each.close()

    def end(self, *both):
        with self.lock:
            self.open -= set(both)
        for each in both:
            self.close(each)

    def take_cut(self):
        """Returns what becomes of a COMMIT: "before" it is sent, "after" it was answered, or ""."""
        with self.lock:
            for name in ("before", "after"):
                left = getattr(self, "cuts_" + name)
                if left > 0:
                    setattr(self, "cuts_" + name, left - 1)
                    self.cut += 1
                    return name
        return ""

    def forward(self, client, server):
        messages = Messages()
        try:
            while data := client.recv(65536):
                self.wait()
                found = messages.whole(data)
                for at, message in enumerate(found):
                    how = self.take_cut() if messages.commits(message) else ""
                    if how:
                        self.cut_off(client, server, b"".join(found[at:]) if how == "after" else b"")
                        return
                    server.sendall(message)
        except OSError:
            pass
        finally:
            self.end(client, server)

    def cut_off(self, client, server, commit):
        """Ends the client's connection, so that the answer to its COMMIT finds nobody."""
        with self.lock:
            self.open.discard(client)
        self.close(client)
        if commit:
            server.sendall(commit)
            time.sleep(0.1)  # a server that reads on a closed connection may not even begin

    def answer(self, server, client):
        try:
            while data := server.recv(65536):
                self.wait()
                client.sendall(data)
        except OSError:
            pass
        finally:
            self.end(client, server)

    def wait(self):
        if self.delay:
            time.sleep(self.delay)
        self.flowing.wait()
