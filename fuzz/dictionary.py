#!/usr/bin/env python3
"""Writes commands.dict, libFuzzer's dictionary of commands and their words, from docs/commands.md, which a test keeps
equal to the command table. With --check it only tells whether the file is as it should be."""

import pathlib
import re
import sys

FOLDER = pathlib.Path(__file__).parent
HEAD = "# Made by fuzz/dictionary.py from docs/commands.md: the words of all commands.\n"


def dictionary() -> str:
    page = (FOLDER.parent / "docs" / "commands.md").read_text()
    rows = re.findall(r"^\| `(.+?)` \|", page, re.MULTILINE)
    words = {word for row in rows for word in re.findall(r"[A-Z][A-Z_-]+", row)}
    return HEAD + "".join(f'"{word}"\n' for word in sorted(words))


def main() -> int:
    target = FOLDER / "commands.dict"
    if "--check" not in sys.argv[1:]:
        target.write_text(dictionary())
    elif target.read_text() != dictionary():
        print("fuzz/commands.dict is not current: run fuzz/dictionary.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
