"""The program itself: python -m coder_users test"""
import os
import sys

from ._process import ServerError, find_program


def main() -> None:
    """Becomes the program, with the arguments of this process."""
    try:
        program = find_program()
    except ServerError as error:
        sys.exit(str(error))
    os.execv(program, [program, *sys.argv[1:]])


if __name__ == "__main__":
    main()
