#!/usr/bin/env python3
"""Checks what contract.py reports for tiny projects with one fault each."""

import unittest

import tiny_project
from contract import Contract

GOOD = {
    "docs/contract/http.md": "# HTTP\n## Order of checks\n| 1 | a |\n| 2 | b |\n### Paging\n1. a\n2. b\n3. c\n## Rate limits\n",
    "docs/contract/users.md": "# Users\n## GET /users\n## GET /users/{user}\n",
    "coder_users/internal/http/table.hpp":
        'Route{Verb::get, "/users", "a", "b", c},\n    Route{Verb::get, "/users/{member}", "a", "b", c}',
}


def errors_of(files):
    """Returns the errors of the good project with more files, given as {path: text}."""
    return tiny_project.errors_of({**GOOD, **files}, lambda root: Contract(root).errors)


class Citations(unittest.TestCase):
    def accepted(self, text, name="coder_users/a.hpp"):
        self.assertEqual(errors_of({name: text}), [])

    def refused(self, text, *parts, name="coder_users/a.hpp"):
        tiny_project.expect_one(self, errors_of({name: text}), *parts)

    def test_a_good_project(self):
        self.assertEqual(errors_of({}), [])

    def test_citations(self):
        for text in ('// docs/contract/http.md, "Order of checks".',
                     '/// Of users (docs/contract/users.md, "GET /users" and "GET /users/{user}"; threat P1).',
                     '// docs/contract/http.md, "Order of checks", "Paging" and "Rate limits".',
                     '// docs/contract/http.md, "Order of checks", check 2, and more',
                     '// docs/contract/http.md, "Paging", steps 1 to 3.',
                     '// docs/contract/http.md, "Paging", steps 1 and 3.',
                     '// docs/contract/http.md, "Paging"; docs/contract/users.md, "GET /users".',
                     '// Wrapped: (docs/contract/http.md, "Order of\n// checks", check\n// 1).',
                     'int a;  // docs/contract/http.md, "Rate\n        // limits"',
                     '// See docs/contract/ for all of it, and docs/contract: no page is named.'):
            with self.subTest(text=text):
                self.accepted(text)

    def test_files_that_do_not_exist(self):
        self.refused('// docs/contract/gone.md, "Paging"', "coder_users/a.hpp:1", "docs/contract/gone.md")

    def test_headings_that_do_not_exist(self):
        self.refused('int a;\n\n// docs/contract/http.md, "Pages"', "coder_users/a.hpp:3", '"Pages"')
        self.refused('// docs/contract/http.md, "Paging" and "Pages"', '"Pages"')
        self.refused('// docs/contract/http.md, "paging"', '"paging"')
        self.refused('// docs/contract/users.md, "Paging"', '"Paging"')
        self.refused('// a\n// docs/contract/http.md, "Order of\n// gates"', "a.hpp:2", '"Order of gates"')

    def test_numbers_that_do_not_exist(self):
        self.refused('// docs/contract/http.md, "Paging", step 4', '"Paging" has no number 4')
        self.refused('// docs/contract/http.md, "Order of checks", checks 1 to 3', "no number 3")
        self.refused('// docs/contract/http.md, "HTTP", check 1', "no number 1")

    def test_other_forms(self):
        for form in ("http.md 6.2", "contract http.md", "contract http.md section 6.2", 'http.md, "Paging"',
                     'contract/http.md, "Paging"', '../docs/contract/http.md, "Paging"'):
            with self.subTest(form=form):
                self.refused(f"// The order ({form}).", "coder_users/a.hpp:1", "docs/contract/http.md")
        for form in ("docs/contract/http.md", "docs/contract/http.md 6.2", "docs/contract/http.md, Paging",
                     'docs/contract/http.md "Paging"', 'docs/contract/http.md: "Paging"'):
            with self.subTest(form=form):
                self.refused(f"// The order ({form}).", "without a heading")

    def test_every_kind_of_source(self):
        for name in ("tests/a.cpp", "tests/a.py", "tests/scripts/a.sh", "tests/CMakeLists.txt", "examples/x/main.cpp",
                     "main.cpp", "coder_users.hpp"):
            with self.subTest(name=name):
                self.refused("\n# see http.md 6\n", f"{name}:2", name=name)
        self.refused('"""Reads users.md."""', name="tests/a.py")

    def test_other_pages(self):
        for text in ("// docs/users.md and other/http.md are other pages, README.md is, too",
                     "// the host uses nghttp.md and http.mdx"):
            with self.subTest(text=text):
                self.accepted(text)

    def test_numbers_of_no_heading(self):
        self.refused("// Check 2, where it is due.", "of which heading")
        self.refused("/// Steps 1 to 3.", "of which heading")
        self.refused('// docs/contract/http.md, "Paging": a.\n\n// step 2', "coder_users/a.hpp:3")
        self.accepted("// gate 2")
        self.accepted("int step 2;")
        self.accepted("# step 2", name="tests/a.sh")


class Operations(unittest.TestCase):
    def refused(self, files, *parts):
        tiny_project.expect_one(self, errors_of(files), *parts)

    def test_an_operation_without_a_heading(self):
        table = GOOD["coder_users/internal/http/table.hpp"]
        self.refused({"coder_users/internal/http/table.hpp": table + '\nRoute{Verb::del, "/users/{user}", "a"}'},
                     '"DELETE /users/{user}"')
        self.refused({"coder_users/internal/http/table.hpp": table + '\nRoute{Verb::get,\n      "/audit", "a"}'},
                     '"GET /audit"')

    def test_a_heading_without_an_operation(self):
        self.refused({"docs/contract/keys.md": "# Keys\n## POST /users/{user}/keys\n"},
                     '"POST /users/{user}/keys" is no row')

    def test_a_table_that_cannot_be_read(self):
        errors = errors_of({"coder_users/internal/http/table.hpp": ""})
        self.assertIn("no row is found", errors[0])

    def test_a_heading_twice(self):
        self.refused({"docs/contract/keys.md": "## Keys\n### A\n## Tokens\n### A\n"}, 'keys.md: two headings "A"')
        self.assertEqual(errors_of({"docs/other.md": "## A\n## A\n"}), [])


class Links(unittest.TestCase):
    def accepted(self, text):
        self.assertEqual(errors_of({"docs/a.md": text, "docs/b.svg": "", "main.cpp": ""}), [])

    def refused(self, text, *parts, name="docs/a.md"):
        tiny_project.expect_one(self, errors_of({name: text}), name, *parts)

    def test_links_that_lead_somewhere(self):
        self.accepted("[x](contract/http.md) [x](contract/http.md#order-of-checks) ![x](b.svg) [x](../main.cpp) [x](.)")
        self.accepted("# Some `code`, and {more}: it's\n[x](#some-code-and-more-its)")
        self.accepted("## A\n## A\n## B_c d-e\n[x](#a) [x](#a-1) [x](#b_c-d-e)")
        self.accepted("[`x`](contract/users.md#get-usersuser) and [x\ny](contract/http.md \"title\")")
        self.accepted("[x][y]\n\n[y]: contract/http.md#paging")

    def test_links_out_of_the_project_are_not_looked_at(self):
        self.accepted("[x](https://example.com/#y) <http://x.md> [x](mailto:a@example.com)")

    def test_what_stands_in_code_is_no_link(self):
        self.accepted("`[x](gone.md)` ``[x](`gone.md`)``\n```\n[x](gone.md)\n# no heading\n```\n")
        self.refused("```\n# no heading\n```\n[x](#no-heading)", "docs/a.md:4")

    def test_links_that_lead_nowhere(self):
        self.refused("a\n[x](gone.md)", "docs/a.md:2", "gone.md")
        self.refused("[x](contract/http.md#gone)", "contract/http.md#gone")
        self.refused("[x](#gone)", "#gone")
        self.refused("![x](gone.svg)", "gone.svg")
        self.refused("[x][y]", "[y] is not defined")
        self.refused("[x][y]\n\n[y]: gone.md", "gone.md")

    def test_every_page_is_read(self):
        for name in ("README.md", "CONTRIBUTING.md", "docs/deep/er.md", "docs/contract/http.md"):
            with self.subTest(name=name):
                self.refused("[x](gone.md)\n", "gone.md", name=name)


if __name__ == "__main__":
    unittest.main()
