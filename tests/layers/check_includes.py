#!/usr/bin/env python3
"""Checks that the tree keeps its layers: includes point down only, and the house has no rooms but the planned ones.

  check_includes.py <root>       check the tree; exit 1 and name each violation
  check_includes.py --self-test  plant one violation of each rule in a small tree and expect it to be found

Rules
  layers    a file includes only its own layer and those that MAY_INCLUDE names for it
  public    a public header (<layer>/inlay/...) includes no private one (engine/foo.h); nor does api/patterns
  resolve   an include of ours is written in full and names a file: no "../x.h", no "x.h" beside the includer
  listed    every .cc and every public header is named in the CMakeLists.txt next above it
  size      no source file is longer than MAX_LINES
  folders   the top-level folders are FOLDERS and no others (dot-folders, build and what git ignores aside)
"""

import pathlib
import re
import subprocess
import sys
import tempfile

FOLDERS = {"engine", "datatypes", "expiry", "api", "fuzz", "bench", "tests", "docs"}
LIBRARY = ("datatypes", "expiry", "engine", "api", "api/patterns")
ABOVE = {"tests", "bench", "fuzz", "docs"}

# Layer -> the layers it may include besides itself. ABOVE may include everything.
MAY_INCLUDE = {
    "datatypes": set(),
    "expiry": set(),
    "engine": {"datatypes", "expiry"},
    "api/commands": {"engine", "datatypes", "expiry"},
    "api": {"api/commands", "engine", "datatypes", "expiry"},
    # Public headers only: see the rule "public".
    "api/patterns": {"api", "api/commands", "engine", "datatypes", "expiry"},
}

# Public headers of api that commands speak in: they count as api/commands, so they include no front door either. So do
# api/inlay/commands/*_types.h.
VALUE_TYPES = {"api/inlay/types.h", "api/inlay/reply.h"}

# Compiled by tests/install/check.sh.
UNLISTED = {"tests/install/pkg_config/main.cc"}

MAX_LINES = 800
SOURCES = {".h", ".cc", ".py", ".sh", ".cmake"}
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')


def layer_of(path):
    """The layer of a file, given its path from the root. Public headers of a layer belong to it:
    api/patterns/inlay/patterns/x.h is of api/patterns."""
    if path in VALUE_TYPES or path.startswith("api/inlay/commands/") and path.endswith("_types.h"):
        return "api/commands"
    parts = [part for part in path.split("/") if part != "inlay"]
    two = "/".join(parts[:2])
    # The typed methods in api/inlay/commands are declared for the front doors; only api/commands itself is below them.
    if two in MAY_INCLUDE and not path.startswith("api/inlay/commands/"):
        return two
    return parts[0]


def is_public(path):
    return "/inlay/" in path and path[: path.index("/inlay/")] in LIBRARY


class Tree:
    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        self.found = []

    def report(self, rule, path, line, text):
        where = f"{path}:{line}" if line else path
        self.found.append((rule, f"{where}: [{rule}] {text}"))

    def check(self):
        self.check_folders()
        for folder in sorted(FOLDERS):
            for path in sorted((self.root / folder).rglob("*")):
                if path.is_file() and (path.suffix in SOURCES or path.name == "CMakeLists.txt"):
                    self.check_file(path.relative_to(self.root).as_posix())
        return self.found

    def check_folders(self):
        for entry in sorted(self.root.iterdir()):
            name = entry.name
            if entry.is_dir() and name not in FOLDERS | {"build"} and not name.startswith(".") and not self.ignored(name):
                self.report("folders", name, 0, "not one of the top-level folders: " + " ".join(sorted(FOLDERS)))

    def ignored(self, name):
        git = ["git", "-C", str(self.root), "check-ignore", "-q", name]
        try:
            return subprocess.run(git, stderr=subprocess.DEVNULL, check=False).returncode == 0
        except FileNotFoundError:
            return False

    def check_file(self, path):
        lines = (self.root / path).read_text(encoding="utf-8", errors="replace").splitlines()
        if len(lines) > MAX_LINES:
            self.report("size", path, 0, f"{len(lines)} lines, at most {MAX_LINES}")
        if not path.endswith((".h", ".cc")):
            return
        if (path.endswith(".cc") or is_public(path)) and path not in UNLISTED:
            self.check_listed(path)
        for number, line in enumerate(lines, 1):
            match = INCLUDE.match(line)
            if match:
                self.check_include(path, number, match[1], match[2])

    def check_listed(self, path):
        file = self.root / path
        for folder in file.parents:
            if (folder / "CMakeLists.txt").is_file():
                names = re.split(r'[\s()"]+', (folder / "CMakeLists.txt").read_text(encoding="utf-8"))
                if file.relative_to(folder).as_posix() not in names:
                    lists = (folder / "CMakeLists.txt").relative_to(self.root)
                    self.report("listed", path, 0, f"not named in {lists}: it is neither built nor installed")
                return

    def check_include(self, path, number, quote, included):
        target = self.resolve(included)
        if target is None:
            beside = quote == '"' and (self.root / path).parent.joinpath(included).exists()
            if beside or ".." in included.split("/"):
                self.report("resolve", path, number, f'"{included}": write the path from the root')
            elif included.split("/")[0] in FOLDERS | {"inlay"}:
                self.report("resolve", path, number, f'"{included}": no such file')
            return
        from_layer, to_layer = layer_of(path), layer_of(target)
        if from_layer in ABOVE:
            return
        if to_layer != from_layer and to_layer not in MAY_INCLUDE.get(from_layer, set()):
            self.report("layers", path, number, f'{from_layer} must not include {to_layer} ("{included}")')
        elif not is_public(target) and is_public(path):
            self.report("public", path, number, f'a public header includes the private "{included}"')
        elif not is_public(target) and from_layer == "api/patterns" and to_layer != from_layer:
            self.report("public", path, number, f'patterns use the public API only, not "{included}"')

    def resolve(self, included):
        """The path of an include of ours from the root, or None."""
        first = included.split("/")[0]
        if first in FOLDERS and (self.root / included).is_file():
            return included
        if first == "inlay":
            for layer in LIBRARY:
                if (self.root / layer / included).is_file():
                    return f"{layer}/{included}"
        return None


# A tree that keeps every rule, and one change for each way to break one: (rule, file, content).
GOOD = {
    "datatypes/inlay/datatypes/list.h": "#include <vector>\n",
    "datatypes/list.cc": '#include "inlay/datatypes/list.h"\n#include "datatypes/bits.h"\n',
    "datatypes/bits.h": "",
    "expiry/inlay/expiry/timer_wheel.h": '#include "absl/types/span.h"\n',
    "engine/inlay/result.h": "",
    "engine/shard.h": '#include "inlay/datatypes/list.h"\n#include "inlay/expiry/timer_wheel.h"\n',
    "api/commands/list.cc": '#include "engine/shard.h"\n#include "inlay/types.h"\n',
    "api/inlay/types.h": '#include "inlay/result.h"\n',
    "api/commands/list.h": "",
    "api/inlay/store.h": '#include "inlay/result.h"\n',
    "api/store.cc": '#include "inlay/store.h"\n#include "api/commands/list.h"\n#include "engine/shard.h"\n',
    "api/store_impl.h": "",
    "api/patterns/inlay/patterns/lock.h": '#include "inlay/store.h"\n',
    "api/patterns/lock.cc": '#include "inlay/patterns/lock.h"\n',
    "tests/engine/shard_test.cc": '#include "engine/shard.h"\n#include "tests/support.h"\n',
    "tests/support.h": "",
    ".github/x.cc": "",
    "tests/CMakeLists.txt": "inlay_add_test(shard_test SOURCES engine/shard_test.cc)",
    "engine/CMakeLists.txt": "HEADERS inlay/result.h",
    "build/release/x.h": '#include "engine/shard.h"\n',
}
BAD = [
    ("layers", "datatypes/inlay/datatypes/list.h", '#include "inlay/result.h"\n'),
    ("layers", "datatypes/list.cc", '#include "inlay/expiry/timer_wheel.h"\n'),
    ("layers", "datatypes/list.cc", "#  include <engine/shard.h>\n"),
    ("layers", "expiry/wheel.cc", '#include "inlay/datatypes/list.h"\n'),
    ("layers", "expiry/wheel.cc", '#include "engine/shard.h"\n'),
    ("layers", "engine/shard.h", '#include "inlay/store.h"\n'),
    ("layers", "engine/shard.h", '#include "api/commands/list.h"\n'),
    ("layers", "engine/shard.h", '#include "tests/support.h"\n'),
    ("layers", "api/commands/list.cc", '#include "inlay/store.h"\n'),
    ("layers", "api/inlay/types.h", '#include "inlay/store.h"\n'),
    ("layers", "api/store.cc", '#include "inlay/patterns/lock.h"\n'),
    ("public", "api/patterns/lock.cc", '#include "api/commands/list.h"\n'),
    ("public", "api/inlay/store.h", '#include "engine/shard.h"\n'),
    ("public", "engine/inlay/result.h", '#include "engine/shard.h"\n'),
    ("layers", "engine/shard.h", '#include "inlay/patterns/lock.h"\n'),
    ("public", "api/patterns/lock.cc", '#include "engine/shard.h"\n'),
    ("public", "api/patterns/inlay/patterns/lock.h", '#include "engine/shard.h"\n'),
    ("public", "api/patterns/lock.cc", '#include "api/store_impl.h"\n'),
    ("resolve", "datatypes/list.cc", '#include "bits.h"\n'),
    ("resolve", "tests/engine/shard_test.cc", '#include "../support.h"\n'),
    ("resolve", "engine/shard.h", '#include "inlay/no_such.h"\n'),
    ("listed", "engine/inlay/new.h", ""),
    ("listed", "tests/engine/new_test.cc", ""),
    ("size", "engine/long.h", "\n" * (MAX_LINES + 1)),
    ("folders", "util/string.h", ""),
]


def found_in(files):
    with tempfile.TemporaryDirectory() as root:
        for name, content in files.items():
            path = pathlib.Path(root, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        return Tree(root).check()


def self_test():
    failures = [f"the good tree is refused: {text}" for _, text in found_in(GOOD)]
    for rule, name, content in BAD:
        found = found_in({**GOOD, name: content})
        if [each for each, _ in found] != [rule]:
            failures.append(f"planted [{rule}] {content[:60]!r} in {name}, found {found}")
    print("\n".join(failures) or f"self-test: {len(BAD)} planted violations found")
    return 1 if failures else 0


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    if len(arguments) != 1:
        print(__doc__)
        return 2
    found = Tree(arguments[0]).check()
    print("\n".join(text for _, text in found) or "the layers hold")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
