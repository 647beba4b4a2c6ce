#!/usr/bin/env python3
"""Reads gcovr's JSON summary: lines that tests run, by folder, and the files that lack most. Fails under the bar.

  tests/coverage.py SUMMARY.json [--bar 95]
"""

import argparse
import json
import sys

FOLDERS = ("engine", "datatypes", "expiry", "api")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("summary")
    parser.add_argument("--bar", type=float, default=95, help="per cent of lines that every folder must reach (%(default)s)")
    arguments = parser.parse_args()
    with open(arguments.summary, encoding="utf-8") as file:
        files = json.load(file)["files"]
    low = []
    for folder in FOLDERS:
        members = [each for each in files if each["filename"].startswith(folder + "/")]
        total = sum(each["line_total"] for each in members)
        covered = sum(each["line_covered"] for each in members)
        if total == 0:
            sys.exit(f"no lines of {folder} were measured")
        percent = 100 * covered / total
        print(f"{folder:<10} {percent:6.2f} %   {total - covered} of {total} lines never run")
        if percent < arguments.bar:
            low.append(folder)
    print("\nmost missing:")
    for each in sorted(files, key=lambda each: each["line_covered"] - each["line_total"])[:15]:
        missing = each["line_total"] - each["line_covered"]
        if missing > 0:
            print(f"  {missing:4}  {each['line_percent']:5.1f} %  {each['filename']}")
    if low:
        sys.exit(f"under {arguments.bar:g} %: {', '.join(low)}")


if __name__ == "__main__":
    main()
