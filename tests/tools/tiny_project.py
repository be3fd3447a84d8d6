"""What the tests of tools share: projects of a few files with one fault each."""

import pathlib
import tempfile


def errors_of(files, check):
    """Returns what `check` finds, as a list, in the folder of a project given as {path: text}."""
    with tempfile.TemporaryDirectory() as root:
        for name, text in files.items():
            path = pathlib.Path(root, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return list(check(pathlib.Path(root)))


def expect_one(case, errors, *parts):
    """Fails the unittest.TestCase unless there is one error, which has all these parts."""
    case.assertEqual(len(errors), 1, errors)
    for part in parts:
        case.assertIn(part, errors[0])
