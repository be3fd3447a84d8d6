#!/usr/bin/env python3
"""Checks what recipes.py reports for copies of this project with one fault each."""

import pathlib
import shutil
import tempfile
import unittest

from recipes import Recipes

ROOT = pathlib.Path(__file__).resolve().parents[2]
READ = ["CMakeLists.txt", "LICENSE", "coder_users/api.hpp", "docs/deployment.md", "docs/installing.md", "packages"]


class Faults(unittest.TestCase):
    def errors_of(self, name, old, new):
        """Returns the errors after `old` was replaced in one file."""
        with tempfile.TemporaryDirectory() as root:
            for each in READ:
                target = pathlib.Path(root, each)
                target.parent.mkdir(parents=True, exist_ok=True)
                if (ROOT / each).is_dir():
                    shutil.copytree(ROOT / each, target)
                else:
                    shutil.copy(ROOT / each, target)
            path = pathlib.Path(root, name)
            text = path.read_text(encoding="utf-8")
            self.assertIn(old, text)
            path.write_text(text.replace(old, new), encoding="utf-8")
            return Recipes(root).errors

    def refused(self, name, old, new, part):
        errors = "\n".join(self.errors_of(name, old, new))
        self.assertIn(part, errors)

    def test_a_good_project(self):
        self.assertEqual(self.errors_of("LICENSE", "MIT", "MIT"), [])

    def test_the_version(self):
        errors = self.errors_of("coder_users/api.hpp", 'version = "', 'version = "9')
        self.assertEqual(len(errors), 5, errors)  # port, packages, library, two snippets

    def test_the_port(self):
        port, manifest = "packages/vcpkg/coder-users/portfile.cmake", "packages/vcpkg/coder-users/vcpkg.json"
        self.refused(port, "CODER_USERS_TESTS=", "CODER_USERS_CHECKS=", "no option CODER_USERS_CHECKS")
        self.refused(port, "        -DCODER_USERS_TESTS=OFF\n", "", "leaves to chance: CODER_USERS_TESTS")
        self.refused(port, "/../../..", "/../..", "something else than this checkout")
        self.refused(port, "vcpkg_cmake_install()", "vcpkg_cmake_instal()", "vcpkg_cmake_instal")
        self.refused(port, "tools CODER_USERS_TOOLS", "", "does nothing for tools")
        self.refused(manifest, '"picojson",', "", "does not name picojson")
        self.refused(manifest, '"openssl",\n    "picojson"', '"picojson",\n    "openssl"', "not in order")
        self.refused(manifest, '"cli11"', '"CLI11"', "is no name of a port: CLI11")
        self.refused(manifest, '"libxcrypt",', '"libxcrypt"', "vcpkg.json: ")

    def test_the_recipe(self):
        recipe = "packages/conan/conanfile.py"
        self.refused(recipe, '"CODER_USERS_TOOLS"', '"CODER_USERS_TOOL"', "no option CODER_USERS_TOOL")
        self.refused(recipe, '"tools": False', '"tool": False', "tools has no default")
        self.refused(recipe, 'self.requires("picojson', 'print("picojson', "does not name picojson")
        self.refused(recipe, "class ", "class class ", "conanfile.py: ")
        self.refused("packages/conan/system.profile", "cli11/2.3.2\n", "", "what the recipe requires")

    def test_the_pages(self):
        self.refused("packages/debian/coder-users.service", "PrivateTmp=yes\n", "", "the unit of the package")
        self.refused("packages/cmake/cpm/CMakeLists.txt", "NAME coder_users", "NAME other", "does not show packages/cmake/cpm")


if __name__ == "__main__":
    unittest.main()
