#!/usr/bin/env python3
"""Compiles the C++ of documents, so that what a stranger copies from them works.

  compile_blocks.py <compiler> <include folders, separated by ;> <page>...
  compile_blocks.py --self-test <compiler> <include folders>

Of each page one file is made and compiled, not linked:
  - every ```cpp block, in a function of its own where `store` and `stop` exist; a block with a main() stands by itself
  - every `code` in the last column of a table whose last heading is "Inlay", as an expression; see TABLE_NAMES
  - what stands in a comment <!-- given ... -->: declarations that the page takes for granted
A block after the comment <!-- at namespace scope --> is no body of a function.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

FENCE = re.compile(r"^(<!-- at namespace scope -->\n)?```cpp\n(.*?)^```$", re.M | re.S)
GIVEN = re.compile(r"^<!-- given\n(.*?)^-->$", re.M | re.S)
ROW = re.compile(r"^\|(.*)\|$")

# What the expressions of tables may use.
TABLE_NAMES = """
  const std::string k = "k", k2 = "k2", v = "v", f = "f", m = "m", channel = "c", pattern = "p*";
  const int64_t n = 1, i = 0, j = -1, ms = 1;
  const double d = 1, lo = 0, hi = 1;
  const uint64_t cursor = 0;
  const inlay::Duration ttl = 1s, wait = 1s;
  const inlay::TimePoint at{};
  inlay::Pipeline p = store->pipeline();
  inlay::Session session(*store);
  const auto subscriber = store->subscriber();
  const auto queue = [](inlay::Pipeline&) {};
  const auto body = [](inlay::Transaction&) { return absl::OkStatus(); };
"""


def preamble(folders):
    """Every public header, in the order of their names."""
    lines = []
    for folder in folders:
        for header in sorted(pathlib.Path(folder, "inlay").rglob("*.h")):
            lines.append(f'#include "{header.relative_to(folder)}"')
    return "\n".join(dict.fromkeys(lines)) + "\nusing namespace std::chrono_literals;\n"


def place(page, text, offset):
    """Has the compiler name the page's own line."""
    return f'#line {text.count(chr(10), 0, offset) + 1} "{page}"\n'


def blocks_of(page, text):
    code = []
    for match in FENCE.finditer(text):
        block = re.sub(r"^#include .*$", "", match[2], flags=re.M)
        where = place(page, text, match.start(2))
        number = len(code)
        if match[1]:
            code.append(where + block)
        elif re.search(r"^int main\(", block, flags=re.M):
            code.append(where + re.sub(r"^int main\(", f"int main_{number}(", block, flags=re.M))
        else:
            code.append(f"void block_{number}([[maybe_unused]] inlay::Store* store, "
                        f"[[maybe_unused]] std::stop_token stop) {{ {{\n{where}{block}}} }}\n")
    return code


def cells(line):
    """The cells of a row; a | within `code` does not end one."""
    match = ROW.match(line)
    if match is None:
        return []
    parts = re.split(r"(`[^`]*`)|\|", match[1])
    row, cell = [], ""
    for code, separator in zip(parts[1::2] + [""], parts[0::2]):
        cell += separator
        if code:
            cell += code
        else:
            row.append(cell.strip())
            cell = ""
    return row


def expressions_of(page, text):
    code, inside = [], False
    for number, line in enumerate(text.splitlines(), 1):
        row = cells(line)
        inside = bool(row) and (inside or row[-1] == "Inlay")
        if inside:
            code += [f'#line {number} "{page}"\n  (void)({each});\n' for each in re.findall(r"`([^`]+)`", row[-1])]
    if not code:
        return []
    return [f"void table([[maybe_unused]] inlay::Store* store, [[maybe_unused]] std::stop_token stop) "
            f"{{{TABLE_NAMES}{''.join(code)}}}\n"]


def source_of(page, text, folders):
    code = blocks_of(page, text) + expressions_of(page, text)
    givens = [place(page, text, match.start(1)) + match[1] for match in GIVEN.finditer(text)]
    return preamble(folders) + "".join(givens) + "".join(code), len(code)


def compile_page(compiler, folders, page, text):
    """The compiler's complaints, or nothing."""
    source, count = source_of(page, text, folders)
    if count == 0:
        return f"{page}: there is no C++ in it"
    with tempfile.NamedTemporaryFile("w", suffix=".cc") as file:
        file.write(source)
        file.flush()
        includes = [f"-I{folder}" for folder in folders]
        command = [compiler, "-std=c++20", "-fsyntax-only", "-Wno-unused", *includes, file.name]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        return "" if run.returncode == 0 else run.stderr


def self_test(compiler, folders):
    good = "```cpp\nstore->set(\"k\", 1).IgnoreError();\n```\n\n| go | Inlay |\n| --- | --- |\n| `Get` | `store->get(k)` |\n"
    failures = [] if compile_page(compiler, folders, "good", good) == "" else ["the good page is refused"]
    for old, new in (("set(", "sett("), ("->get(k)", "->gett(k)"), ("```cpp", "```text")):
        bad = good.replace(old, new)
        if new == "```text":
            bad = bad.split("\n\n")[0]
        if compile_page(compiler, folders, "bad", bad) == "":
            failures.append(f"not found: {new}")
    print("\n".join(failures) or "self-test: ok")
    return 1 if failures else 0


def main(arguments):
    if len(arguments) == 3 and arguments[0] == "--self-test":
        return self_test(arguments[1], arguments[2].split(";"))
    if len(arguments) < 3:
        print(__doc__)
        return 2
    compiler, folders, pages = arguments[0], arguments[1].split(";"), arguments[2:]
    failed = 0
    for page in pages:
        complaints = compile_page(compiler, folders, page, pathlib.Path(page).read_text(encoding="utf-8"))
        print(complaints or f"{page}: ok")
        failed += bool(complaints)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
