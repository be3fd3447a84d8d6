#!/usr/bin/env python3
"""Checks that docs/contract has every cited heading and every route, and that links between pages lead somewhere.

Usage: contract.py [directory of the project]

A citation names a file, headings in it, and perhaps numbers in the table or list of the last heading:

    docs/contract/users.md, "GET /users" and "POST /users"
    docs/contract/http.md, "Checks of a session", checks 1 to 8
"""

import pathlib
import re
import sys
import urllib.parse

CONTRACT = "docs/contract/"
TABLE = "coder_users/internal/http/table.hpp"
CONTROL = "coder_users/internal/control/table.hpp"
SOURCES = ("coder_users", "tests", "examples", "main.cpp", "coder_users.hpp")
SUFFIXES = {".hpp", ".cpp", ".py", ".sh", ".mjs", ".txt", ".sql"}
# These quote wrong citations on purpose.
EXEMPT = {"tests/tools/contract.py", "tests/tools/contract_test.py"}

COMMENT = re.compile(r"(\s*|.*?\s\s)(?:///?<?|#)(?:\s+(.*))?$")
PAGE = re.compile(r"(?<![\w./-])((?:[\w.-]+/)*)([\w-]+\.md)\b")
NUMBERS = r"\d+(?: to \d+)?(?:(?:,| and) \d+(?: to \d+)?)*"
HEADINGS = re.compile(r', "[^"]+"(?:, "[^"]+")*(?:,? and "[^"]+")?')
NUMBERED = re.compile(r",? ?\b(?:[Cc]heck|[Ss]tep)s? (%s)" % NUMBERS)
ROW = re.compile(r'Route\{\s*Verb::(\w+),\s*"([^"]+)"')
CONTROL_ROW = re.compile(r'Row\{\s*Verb::(\w+),\s*"([^"]+)"')
OPERATION = re.compile(r"(?:GET|POST|PUT|PATCH|DELETE) /")


def anchor_of(title):
    """Returns the anchor that GitHub makes for a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


class Page:
    """The headings, numbers and links of a Markdown file, without those in code."""

    def __init__(self, text):
        self.numbers = {}  # title -> the numbers that begin rows and items below it
        self.anchors = set()
        self.twice = []
        self.links = []  # (line, target)
        self.references = []  # (line, name)
        self.definitions = set()
        title = None
        fenced = False
        for line, content in enumerate(text.split("\n"), 1):
            if content.lstrip().startswith("```"):
                fenced = not fenced
            elif not fenced:
                title = self.read(line, content, title)

    def read(self, line, content, title):
        heading = re.match(r"#{1,6} (.+)", content)
        if heading:
            self.add_heading(heading[1].strip())
            return heading[1].strip()
        item = re.match(r"\s*(?:\| ?(\d+) ?\||(\d+)\. )", content)
        if item and title is not None:
            self.numbers[title].add(int(item[1] or item[2]))
        content = re.sub(r"(`+).*?\1", "", content)
        definition = re.match(r"\[([^\]]+)\]: (\S+)", content)
        if definition:
            self.definitions.add(definition[1])
            self.links.append((line, definition[2]))
        self.links += [(line, target) for target in re.findall(r"\]\(([^()\s]+)[^()]*\)", content)]
        self.references += [(line, name) for name in re.findall(r"\]\[([^\]]+)\]", content)]
        return title

    def add_heading(self, title):
        if title in self.numbers:
            self.twice.append(title)
        self.numbers.setdefault(title, set())
        anchor = anchor_of(title)
        count = 0
        while anchor in self.anchors:
            count += 1
            anchor = f"{anchor_of(title)}-{count}"
        self.anchors.add(anchor)


class Block:
    """Lines of a source that form one comment or the code between two, without comment marks."""

    def __init__(self, comment):
        self.comment = comment
        self.text = ""
        self.starts = []  # (offset in text, line)

    def add(self, line, text):
        self.starts.append((len(self.text), line))
        self.text += text.strip() + " "

    def line_at(self, offset):
        return [line for start, line in self.starts if start <= offset][-1]


def blocks(text):
    """Splits a source. A comment after code begins a block, and comment lines below it continue it."""
    found = []
    for line, content in enumerate(text.split("\n"), 1):
        match = COMMENT.match(content)
        alone = match is not None and not match[1].strip()
        if not found or found[-1].comment != bool(match) or (match and not alone):
            found.append(Block(bool(match)))
        found[-1].add(line, (match[2] or "") if match else content)
    return found


def numbers_in(text):
    """Yields 1, 3, 4 and 5 for "1 and 3 to 5"."""
    for first, last in re.findall(r"(\d+)(?: to (\d+))?", text):
        yield from range(int(first), int(last or first) + 1)


class Contract:
    """The pages of one project, with the errors in them and in citations of them."""

    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        self.errors = []
        self.pages = {}  # path from the root -> Page
        for path in sorted([*self.root.glob("*.md"), *(self.root / "docs").rglob("*.md")]):
            self.pages[str(path.relative_to(self.root))] = Page(path.read_text(encoding="utf-8"))
        self.contract = {name[len(CONTRACT):]: page for name, page in self.pages.items()
                         if name.startswith(CONTRACT)}
        for name, page in self.pages.items():
            self.check_links(name, page)
        for name, page in self.contract.items():
            for title in page.twice:
                self.errors.append(f'{CONTRACT}{name}: two headings "{title}"')
        for name in self.sources():
            self.check_source(name)
        self.check_operations()

    def sources(self):
        for source in SOURCES:
            path = self.root / source
            for each in sorted(path.rglob("*")) if path.is_dir() else [path]:
                name = str(each.relative_to(self.root))
                if each.is_file() and each.suffix in SUFFIXES and name not in EXEMPT:
                    yield name

    def check_links(self, name, page):
        for line, reference in page.references:
            if reference not in page.definitions:
                self.errors.append(f"{name}:{line}: [{reference}] is not defined")
        for line, target in page.links:
            if re.match(r"[a-z][a-z0-9+.-]*:", target):
                continue
            file, _, anchor = urllib.parse.unquote(target).partition("#")
            path = ((self.root / name).parent / file).resolve() if file else self.root / name
            if not path.exists():
                self.errors.append(f"{name}:{line}: there is no {target}")
                continue
            other = self.pages.get(str(path.relative_to(self.root))) if self.root in path.parents else None
            if anchor and other and anchor not in other.anchors:
                self.errors.append(f"{name}:{line}: there is no heading for {target}")

    def check_source(self, name):
        for block in blocks((self.root / name).read_text(encoding="utf-8", errors="replace")):
            told = set()  # offsets of numbers that belong to a citation
            for match in PAGE.finditer(block.text):
                where = f"{name}:{block.line_at(match.start())}"
                if match[1] == CONTRACT:
                    told.add(self.check_citation(where, match[2], block.text, match.end()))
                elif match[1].endswith("contract/") or (
                        not match[1] and match[2] != "README.md" and match[2] in self.contract):
                    self.errors.append(
                        f'{where}: cite it as {CONTRACT}{match[2]}, "<heading>", not as {match[0]}')
            if block.comment and name.endswith((".hpp", ".cpp")):
                for match in NUMBERED.finditer(block.text):
                    if match.start() not in told:
                        self.errors.append(f"{name}:{block.line_at(match.start())}: of which heading is "
                                           f"{match[0].strip(', ')}? Cite it")

    def check_citation(self, where, file, text, end):
        """Checks the text after the name of a page; returns where the headings end."""
        page = self.contract.get(file)
        if page is None:
            self.errors.append(f"{where}: there is no {CONTRACT}{file}")
            return end
        headings = HEADINGS.match(text, end)
        if not headings:
            self.errors.append(f'{where}: {CONTRACT}{file} is cited without a heading: , "<heading>"')
            return end
        titles = re.findall(r'"([^"]+)"', headings[0])
        for title in titles:
            if title not in page.numbers:
                self.errors.append(f'{where}: {CONTRACT}{file} has no heading "{title}"')
        numbered = NUMBERED.match(text, headings.end())
        if numbered and titles[-1] in page.numbers:
            for number in numbers_in(numbered[1]):
                if number not in page.numbers[titles[-1]]:
                    self.errors.append(f'{where}: "{titles[-1]}" has no number {number}')
        return headings.end()

    def rows(self, table, row, prefix=""):
        """Yields the headings that the rows of a table must have."""
        path = self.root / table
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        for verb, path in row.findall(text):
            yield f"{'DELETE' if verb == 'del' else verb.upper()} {prefix}{path.replace('{member}', '{user}')}"

    def check_operations(self):
        operations = {heading: TABLE for heading in self.rows(TABLE, ROW)}
        if not operations:
            self.errors.append(f"{TABLE}: no row is found")
        operations |= {heading: CONTROL for heading in self.rows(CONTROL, CONTROL_ROW, "/test/v1")}
        headings = {title for page in self.contract.values() for title in page.numbers}
        for operation, table in operations.items():
            if operation not in headings:
                self.errors.append(f'{table}: no page of {CONTRACT} has the heading "{operation}"')
        for heading in sorted(headings):
            if OPERATION.match(heading) and heading not in operations:
                table = CONTROL if "/test/v1" in heading else TABLE
                self.errors.append(f'{CONTRACT}: "{heading}" is no row of {table}')


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2]
    errors = Contract(root).errors
    for error in errors:
        print(error)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
