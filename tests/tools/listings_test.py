#!/usr/bin/env python3
"""Checks what listings.py reports for tiny projects with one fault each."""

import unittest

import listings
import tiny_project

GOOD = {
    "dev": "./dev run    starts it\n",
    "README.md": "# A\n\n```cpp\nint a;\n\nint b;\n```\n",
    "docs/embedding.md": "`read_user`, `created` and `find`\n```sh\n./dev run\n```\n",
    "coder_users/action.hpp": "enum class Action {\n    read_user,  ///< see it,\n                ///< more\n};\n",
    "coder_users/events.hpp": "enum class EventKind {\n    created,\n};\n",
    "coder_users/caller.hpp": "class X Caller {\n public:\n    /// Finds (it).\n    User find(int a) const;\n\n private:\n};\n",
    "examples/a/main.cpp": "void f() {\n    int a;\n    int b;\n}\n",
    "tests/scripts/pages.sh": "page docs/embedding.md\n",
}


def errors_of(files):
    """Returns the errors of the good project with other files, given as {path: text}."""
    return tiny_project.errors_of({**GOOD, **files}, listings.errors_of)


class Listings(unittest.TestCase):
    def refused(self, files, *parts):
        tiny_project.expect_one(self, errors_of(files), *parts)

    def test_a_good_project(self):
        self.assertEqual(errors_of({}), [])

    def test_a_listing_that_is_not_built(self):
        self.refused({"docs/a.md": "```cpp\nint a;\nint c;\n```\n"}, "docs/a.md", "int a;")
        self.refused({"docs/a.md": "```cpp\nint b\n```\n"}, "docs/a.md")  # no part of a line
        self.refused({"docs/a.md": "```cpp\nint b;\n\nint a;\n```\n"}, "docs/a.md")  # another order
        self.refused({"docs/a.md": "```cpp\nvoid f() {\nint b;\n```\n"}, "docs/a.md")  # a line left out
        self.assertEqual(errors_of({"docs/a.md": "```cpp\nvoid f() {\n\nint b;\n}\n```\n"}), [])
        self.refused({"docs/a.md": "```cmake\nint a;\n```\n"}, "docs/a.md")  # of another language

    def test_commands_that_nobody_runs(self):
        self.refused({"docs/a.md": "```sh\ntrue\n```\n"}, "docs/a.md", "no script")
        self.refused({"tests/scripts/pages.sh": "page other-docs/embedding.md\n"}, "docs/embedding.md")

    def test_a_command_that_is_not_there(self):
        self.refused({"CONTRIBUTING.md": "Run `./dev walk`.\n"}, "CONTRIBUTING.md", "./dev walk")

    def test_a_value_that_the_page_does_not_name(self):
        self.refused({"coder_users/events.hpp": "enum class EventKind {\n    created,\n    moved,  ///< x\n};\n"},
                     "EventKind::moved")
        caller = GOOD["coder_users/caller.hpp"].replace("find(", "std::optional<Key> find_key(")
        self.refused({"coder_users/caller.hpp": caller.replace("User std", "std")}, "Caller::find_key()")


if __name__ == "__main__":
    unittest.main()
