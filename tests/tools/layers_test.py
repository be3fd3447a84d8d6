#!/usr/bin/env python3
"""Tiny trees with one fault each, and what layers.py says of them."""

import pathlib
import tempfile
import unittest

from layers import House


def check(files):
    """Errors and warnings for a tree given as {path: text}; headers get their #pragma once."""
    with tempfile.TemporaryDirectory() as root:
        for name, text in files.items():
            path = pathlib.Path(root, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("#pragma once\n" + text + "\n", encoding="utf-8")
        house = House(root)
        return house.errors, house.warnings


def include(*names):
    return "\n".join(f'#include "{name}"' for name in names)


class Layers(unittest.TestCase):
    def refused(self, files, *texts):
        errors, _ = check(files)
        self.assertEqual(len(errors), 1, errors)
        for text in texts:
            self.assertIn(text, errors[0])

    def test_a_good_house(self):
        errors, warnings = check({
            "main.cpp": include("coder_users.hpp", "CLI/CLI.hpp"),
            "coder_users.hpp": include("coder_users/api.hpp")
            + "\n#ifndef X\n" + include("coder_users/server/a.hpp") + "\n#endif",
            "coder_users/api.hpp": include("coder_users/base/a.hpp"),
            "coder_users/base/a.hpp": "#include <string>",
            "coder_users/format/json.hpp": "#include <picojson.h>\n" + include("../base/a.hpp"),
            "coder_users/store/query.hpp": "#ifdef X\n#include <sqlite3.h>\n#endif",
            "coder_users/store/users.hpp": include("query.hpp"),
            "coder_users/routes/a.hpp": include(
                "coder_users/store/query.hpp", "coder_users/format/json.hpp", "coder_users/api.hpp"),
            "coder_users/server/a.hpp": include("coder_users/routes/a.hpp"),
        })
        self.assertEqual((errors, warnings), ([], []))

    def test_upward_and_sideways_includes(self):
        for above, below in [("base", "api.hpp"), ("rules", "store/a.hpp"), ("store", "format/a.hpp"),
                             ("format", "rules/a.hpp"), ("routes", "server/a.hpp"),
                             ("api.hpp", "format/a.hpp")]:
            with self.subTest(above=above, below=below):
                name = above if above.endswith(".hpp") else above + "/b.hpp"
                self.refused({f"coder_users/{name}": include(f"coder_users/{below}"),
                              f"coder_users/{below}": ""},
                             f"coder_users/{name}:2", f"may not include coder_users/{below}")

    def test_third_party_outside_its_fence(self):
        for header in ("httplib.h", "picojson.h", "SQLiteCpp/SQLiteCpp.h", "sqlite3.h",
                       "openssl/evp.h", "crypt.h", "regex"):
            with self.subTest(header=header):
                self.refused({"coder_users/routes/a.hpp": f"#include <{header}>"},
                             "coder_users/routes/a.hpp:2", header, "alone")

    def test_a_cycle(self):
        self.refused({"coder_users/base/a.hpp": include("b.hpp"),
                      "coder_users/base/b.hpp": include("c.hpp"),
                      "coder_users/base/c.hpp": include("b.hpp")},
                     "base/b.hpp -> coder_users/base/c.hpp -> coder_users/base/b.hpp")

    def test_a_local_include_inside_if(self):
        self.refused({"coder_users/base/a.hpp": "#if 1\n#if 2\n#endif\n" + include("b.hpp")
                      + "\n#endif",
                      "coder_users/base/b.hpp": ""}, "coder_users/base/a.hpp:5", "inside #if")

    def test_a_header_without_pragma_once(self):
        with tempfile.TemporaryDirectory() as root:
            path = pathlib.Path(root, "coder_users/base/a.hpp")
            path.parent.mkdir(parents=True)
            path.write_text("// #pragma once\n")
            self.assertEqual(House(root).errors, ["coder_users/base/a.hpp: no #pragma once"])

    def test_long_headers(self):
        errors, warnings = check({"coder_users/base/a.hpp": "\n" * 247})
        self.assertEqual((errors, warnings), ([], []))
        errors, warnings = check({"coder_users/base/a.hpp": "\n" * 260})
        self.assertEqual((len(errors), len(warnings)), (0, 1))
        errors, warnings = check({"coder_users/base/a.hpp": "\n" * 300})
        self.assertEqual((len(errors), len(warnings)), (1, 0))

    def test_a_file_in_no_room(self):
        self.refused({"coder_users/attic/a.hpp": ""}, "no room")

    def test_an_include_that_does_not_exist(self):
        self.refused({"coder_users/base/a.hpp": include("coder_users/base/gone.hpp")},
                     "coder_users/base/gone.hpp does not exist")

    def test_includes_in_comments_and_strings_do_not_count(self):
        errors, _ = check({"coder_users/base/a.hpp":
                           '/*\n#include <httplib.h>\n*/\n// #include <httplib.h>\n'
                           'auto s = R"x(\n#include <httplib.h>\n)x";'})
        self.assertEqual(errors, [])


if __name__ == "__main__":
    unittest.main()
