#!/usr/bin/env python3
"""Checks the form of the package recipes in packages/: that they name the version and the options
that the library has, and everything that it needs.

Usage: recipes.py [directory of the project]
"""

import ast
import json
import pathlib
import re
import subprocess
import sys
import tempfile

# What a port calls. Each call is printed with its arguments, one call a line.
VCPKG_COMMANDS = [
    "vcpkg_check_features", "vcpkg_find_acquire_program", "vcpkg_cmake_configure",
    "vcpkg_cmake_install", "vcpkg_cmake_config_fixup", "vcpkg_fixup_pkgconfig",
    "vcpkg_copy_tools", "vcpkg_install_copyright"]
VCPKG_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*$")
NEEDED = {"httplib", "libxcrypt", "openssl", "picojson", "sqlitecpp"}
OPTION = re.compile(r"CODER_USERS_[A-Z_]+")
DEFINITIONS = {"CODER_USERS_COMPILED"}  # macros that hosts need, and no options


class Recipes:
    """The recipes of one project and the errors in them."""

    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        self.errors = []
        self.version = re.search(r'version = "([0-9.]+)"', self.text("coder_users/api.hpp")).group(1)
        self.options = set(re.findall(r"^option\((CODER_USERS_[A-Z_]+)", self.text("CMakeLists.txt"), re.M))
        self.check_manifest()
        self.check_portfile()
        self.check_conan()
        self.check_debian()
        self.check_snippets()

    def text(self, name):
        return (self.root / name).read_text(encoding="utf-8")

    def expect(self, good, name, message):
        if not good:
            self.errors.append(f"{name}: {message}")

    def check_options(self, name, text):
        for option in sorted(set(OPTION.findall(text)) - self.options - DEFINITIONS):
            self.errors.append(f"{name}: CMakeLists.txt has no option {option}")

    def check_needed(self, name, names):
        found = {each.removeprefix("cpp-") for each in names}
        self.expect(NEEDED <= found, name, f"does not name {', '.join(sorted(NEEDED - found))}")

    def check_manifest(self):
        name = "packages/vcpkg/coder-users/vcpkg.json"
        try:
            manifest = json.loads(self.text(name))
        except json.JSONDecodeError as error:
            self.errors.append(f"{name}: {error}")
            return
        self.expect(manifest["version"] == self.version, name, f"its version is not {self.version}")
        self.expect(manifest["name"] == pathlib.Path(name).parent.name, name, "is not named like its folder")
        self.expect("default-features" not in manifest, name, "a feature must be asked for")
        self.check_needed(name, self.dependencies(name, manifest))
        for feature, about in manifest["features"].items():
            self.expect(bool(about.get("description")), name, f"{feature} has no description")
            self.dependencies(name, about)
            self.expect(f"{feature} CODER_USERS_" in self.text("packages/vcpkg/coder-users/portfile.cmake"),
                        name, f"the port does nothing for {feature}")

    def dependencies(self, name, manifest):
        found = [each if isinstance(each, str) else each["name"] for each in manifest["dependencies"]]
        for each in found + [manifest.get("name", "a")]:
            self.expect(VCPKG_NAME.match(each), name, f"is no name of a port: {each}")
        self.expect(found == sorted(found), name, "its dependencies are not in order")
        return found

    def check_portfile(self):
        """Runs the port against commands that print what they are asked for."""
        name = "packages/vcpkg/coder-users/portfile.cmake"
        port = self.root / name
        self.check_options(name, port.read_text(encoding="utf-8"))
        with tempfile.TemporaryDirectory() as work:
            stub = pathlib.Path(work, "stub.cmake")
            stub.write_text("\n".join(
                ["cmake_minimum_required(VERSION 3.25)", f"set(CURRENT_PORT_DIR {port.parent})", f"set(CURRENT_PACKAGES_DIR {work})",
                 "set(PORT coder-users)", "set(FEATURES core tools)", "set(PKGCONFIG pkg-config)"] +
                [f"function({each})\n    message(\"{each};${{ARGV}}\")\nendfunction()" for each in VCPKG_COMMANDS] +
                [f"include({port})"]), encoding="utf-8")
            run = subprocess.run(["cmake", "-P", stub], capture_output=True, text=True, check=False)
        self.expect(run.returncode == 0, name, run.stderr.strip())
        calls = {line.split(";")[0]: line.split(";")[1:] for line in run.stderr.splitlines() if ";" in line}
        configured = calls.get("vcpkg_cmake_configure", [])
        self.expect(str(self.root) in configured, name, "builds something else than this checkout")
        given = set(OPTION.findall(" ".join(configured + calls.get("vcpkg_check_features", []))))
        left = self.options - given - {"CODER_USERS_FUZZ", "CODER_USERS_JOIN_TESTS",
                                       "CODER_USERS_SINGLE_HEADER", "CODER_USERS_TESTS_OF_THREADS"}
        self.expect(not left, name, f"leaves to chance: {', '.join(sorted(left))}")

    def check_conan(self):
        name = "packages/conan/conanfile.py"
        text = self.text(name)
        self.check_options(name, text)
        try:
            tree = ast.parse(text)
        except SyntaxError as error:
            self.errors.append(f"{name}: {error}")
            return
        (recipe,) = [each for each in tree.body if isinstance(each, ast.ClassDef)]
        values = {each.targets[0].id: ast.literal_eval(each.value)
                  for each in recipe.body if isinstance(each, ast.Assign)}
        for each in "name", "license", "description", "options", "default_options", "package_type":
            self.expect(each in values, name, f"does not say its {each}")
        for each in values.get("options", {}):
            self.expect(each in values.get("default_options", {}), name, f"{each} has no default")
        required = [call.args[0].value.split("/")[0] for call in ast.walk(recipe)
                    if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "requires"]
        self.check_needed(name, required)
        profile = self.text("packages/conan/system.profile").split("[platform_requires]")[1]
        system = {line.split("/")[0] for line in profile.split() if "/" in line}
        self.expect(system == set(required), "packages/conan/system.profile",
                    "does not list what the recipe requires")

    def check_debian(self):
        name = "packages/debian/control"
        abi = ".".join(self.version.split(".")[:2])
        packages = re.findall(r"^Package: (.*)", self.text(name), re.M)
        wanted = [f"libcoder-users{abi}", "libcoder-users-dev", "coder-users"]
        self.expect(packages == wanted, name, f"its packages are not {', '.join(wanted)}")
        self.expect((self.root / f"packages/debian/libcoder-users{abi}.install").exists(), name,
                    "the library is not installed")
        self.check_options("packages/debian/rules", self.text("packages/debian/rules"))
        unit = self.text("packages/debian/coder-users.service")
        self.expect(unit in self.text("docs/deployment.md"), "docs/deployment.md",
                    "does not show the unit of the package")

    def check_snippets(self):
        for name in "packages/cmake/fetchcontent/CMakeLists.txt", "packages/cmake/cpm/CMakeLists.txt":
            text = self.text(name)
            self.expect(self.version in text, name, f"does not ask for {self.version}")
            self.expect(text in self.text("docs/installing.md"), "docs/installing.md", f"does not show {name}")


def main():
    errors = Recipes(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).errors
    print("\n".join(errors) or "The package recipes are in form")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
