#!/usr/bin/env python3
"""Checks what layers.py reports for tiny trees with one fault each."""

import pathlib
import tempfile
import unittest

import tiny_project
from layers import INTERNAL_NOTE, House

IN = "coder_users/internal/"


def errors_of(files):
    """The errors for a tree given as {path: text}. Headers get their first line and #pragma once."""
    def whole(name, text):
        first = INTERNAL_NOTE if name.startswith(IN) else "// A header."
        return f"{first}\n#pragma once\n{text}\n"

    return tiny_project.errors_of({name: whole(name, text) for name, text in files.items()},
                                  lambda root: House(root).errors)


def include(*names):
    return "\n".join(f'#include "{name}"' for name in names)


class Layers(unittest.TestCase):
    def refused(self, files, *texts):
        tiny_project.expect_one(self, errors_of(files), *texts)

    def test_a_good_house(self):
        self.assertEqual(errors_of({
            "main.cpp": include("coder_users.hpp", IN + "wire/json.hpp") + "\n#include <CLI/CLI.hpp>",
            "coder_users.hpp": include("coder_users/api.hpp")
            + "\n#ifndef X\n" + include(IN + "service/a.hpp") + "\n#endif",
            "coder_users/api.hpp": "#include <string>\n" + include("coder_users/model.hpp"),
            "coder_users/model.hpp": "#include <optional>",
            "coder_users/http.cpp": include(IN + "http/a.hpp"),
            IN + "base/a.hpp": include("coder_users/model.hpp"),
            IN + "wire/json.hpp": "#include <picojson.h>\n" + include("../base/a.hpp")
            + "\nusing Json = picojson::value;",
            IN + "store/sqlite/statement.hpp": "#ifdef X\n#include <sqlite3.h>\n#endif",
            IN + "store/open_engine.hpp": include("sqlite/statement.hpp")
            + "\nusing One = sqlite::Engine;",
            IN + "store/users.hpp": "",
            IN + "rules/a.hpp": include(IN + "base/a.hpp"),
            IN + "operations/a.hpp": include(IN + "store/users.hpp", IN + "rules/a.hpp"),
            IN + "login/a.hpp": include(IN + "operations/a.hpp", IN + "wire/json.hpp"),
            IN + "http/a.hpp": include(IN + "login/a.hpp", IN + "store/users.hpp")
            + "\nwire::Json json;",
            IN + "net/a.hpp": include(IN + "base/a.hpp", "coder_users/api.hpp"),
            IN + "service/a.hpp": include(IN + "net/a.hpp", IN + "http/a.hpp"),
        }), [])

    def test_upward_and_sideways_includes(self):
        for above, below in [("base", "rules"), ("rules", "store"), ("store", "wire"),
                             ("wire", "rules"), ("operations", "wire"), ("operations", "http"),
                             ("login", "http"), ("http", "net"), ("net", "http"),
                             ("http", "service")]:
            with self.subTest(above=above, below=below):
                self.refused({IN + above + "/b.hpp": include(f"{IN}{below}/a.hpp"),
                              f"{IN}{below}/a.hpp": ""},
                             f"{IN}{above}/b.hpp:3", f"may not include {IN}{below}/a.hpp")

    def test_the_promise_stands_alone(self):
        self.refused({"coder_users/api.hpp": include(IN + "base/a.hpp"), IN + "base/a.hpp": ""},
                     "promise may not include")
        for header in ("sys/socket.h", "boost/asio.hpp"):
            self.refused({"coder_users/api.hpp": f"#include <{header}>"},
                         "the promise includes the standard library alone")

    def test_third_party_outside_its_fence(self):
        for header in ("httplib.h", "picojson.h", "SQLiteCpp/SQLiteCpp.h", "sqlite3.h",
                       "openssl/evp.h", "crypt.h", "regex"):
            with self.subTest(header=header):
                self.refused({IN + "http/a.hpp": f"#include <{header}>"},
                             IN + "http/a.hpp:3", header, "alone")

    def test_names_outside_their_fence(self):
        for room, text in [("http", "picojson::value v;"), ("operations", "sqlite3_open(p);"),
                           ("store", "int flags = SQLITE_OPEN_URI;"), ("net", "httplib::Server s;"),
                           ("login", "EVP_Digest(d);"), ("rules", "crypt_rn(k);"),
                           ("base", "CLI::App app;"), ("http", "std::regex r;"),
                           ("login", "wire::Json json;"), ("operations", "JsonWriter json;")]:
            with self.subTest(room=room, text=text):
                self.refused({f"{IN}{room}/a.hpp": text}, f"{IN}{room}/a.hpp:3", "is for")

    def test_an_engine_outside_its_fence(self):
        engine = IN + "store/sqlite/engine.hpp"
        for name in ("store/users.hpp", "store/store.hpp", "operations/a.hpp", "http/a.hpp",
                     "service/a.hpp"):
            with self.subTest(name=name):
                self.refused({IN + name: include(engine), engine: ""},
                             f"{IN}{name}:3", "use store/connection.hpp")
                self.refused({IN + name: "sqlite::Tx* tx;"}, f"{IN}{name}:3", "is for")

    def test_sql_of_one_engine(self):
        for sql in ("SELECT rowid FROM t", "PRAGMA user_version", "INSERT OR REPLACE INTO t"):
            text = f'auto sql = "{sql}";'
            with self.subTest(sql=sql):
                self.refused({IN + "store/users.hpp": text}, IN + "store/users.hpp:3", "SQL; see")
                self.assertEqual(errors_of({IN + "store/sqlite/a.hpp": text,
                                            IN + "store/dialect.hpp": text,
                                            IN + "store/a.hpp": f"// {sql}"}), [])

    def test_a_cycle(self):
        self.refused({IN + "base/a.hpp": include("b.hpp"),
                      IN + "base/b.hpp": include("c.hpp"),
                      IN + "base/c.hpp": include("b.hpp")},
                     f"base/b.hpp -> {IN}base/c.hpp -> {IN}base/b.hpp")

    def test_a_local_include_inside_if(self):
        self.refused({IN + "base/a.hpp": "#if 1\n#if 2\n#endif\n" + include("b.hpp") + "\n#endif",
                      IN + "base/b.hpp": ""}, IN + "base/a.hpp:6", "inside #if")

    def test_the_first_lines_of_a_header(self):
        with tempfile.TemporaryDirectory() as root:
            path = pathlib.Path(root, IN + "base/a.hpp")
            path.parent.mkdir(parents=True)
            path.write_text("// #pragma once\n")
            errors = House(root).errors
            self.assertEqual(errors[0], IN + "base/a.hpp: no #pragma once")
            self.assertIn("its first line does not say", errors[1])

    def test_a_file_in_no_room(self):
        self.refused({"coder_users/attic/a.hpp": ""}, "no room")
        self.refused({IN + "attic/a.hpp": ""}, "no room")
        self.refused({IN + "a.hpp": ""}, "no room")

    def test_an_include_that_does_not_exist(self):
        self.refused({IN + "base/a.hpp": include(IN + "base/gone.hpp")},
                     IN + "base/gone.hpp does not exist")

    def test_includes_and_names_in_comments_and_strings_do_not_count(self):
        self.assertEqual(errors_of({
            IN + "base/a.hpp": '/*\n#include <httplib.h>\n*/\n// #include <httplib.h>\n'
                               'auto s = R"x(\n#include <httplib.h>\n)x";  // httplib::Server'
        }), [])


if __name__ == "__main__":
    unittest.main()
