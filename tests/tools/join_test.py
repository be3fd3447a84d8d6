#!/usr/bin/env python3
"""Tests of join.py."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOL = pathlib.Path(__file__).with_name("join.py")


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, TOOL, *map(str, arguments)], capture_output=True, text=True,
                          check=False)


class Join(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name).resolve()

    def file(self, name: str, text: str) -> pathlib.Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def test_includes_come_once_and_first_and_each_file_has_a_namespace(self) -> None:
        self.file("near.hpp", "")
        one = self.file("one_test.cpp", '#include <map>\n#include "near.hpp"\n#include "far.hpp"\nint a;\n')
        two = self.file("two_test.cpp", "#include <map>\n#include <set>\nint a;\n")
        output = self.folder / "made" / "joined.cpp"
        self.assertEqual(run(output, one, two).returncode, 0)
        self.assertEqual(
            output.read_text(),
            f'#include <map>\n#include "{self.folder}/near.hpp"\n#include "far.hpp"\n#include <set>\n\n'
            f'namespace joined_one_test {{\n#include "{one}"\n}}\n\n'
            f'namespace joined_two_test {{\n#include "{two}"\n}}\n')

    def test_what_a_namespace_would_change_stays_alone(self) -> None:
        good = self.file("good_test.cpp", "#include <map>\n    #define in_a_text\n")
        bad = [self.file(f"bad{i}_test.cpp", text) for i, text in enumerate(
            ["#define A 1\n", "int a;\n#undef A\n", "template <>\nstruct A<int> {};\n",
             'extern "C" int f();\n', "int main() {}\n"])]
        self.assertEqual(run("--joinable", *bad, good).stdout, str(good))

    def test_a_file_that_has_changed_so_is_named(self) -> None:
        bad = self.file("bad_test.cpp", "#define A 1\n")
        ran = run(self.folder / "joined.cpp", bad)
        self.assertNotEqual(ran.returncode, 0)
        self.assertIn(f"{bad} cannot be joined any more", ran.stderr)
        self.assertFalse((self.folder / "joined.cpp").exists())


if __name__ == "__main__":
    unittest.main()
