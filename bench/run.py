#!/usr/bin/env python3
"""Runs the benches, compares the medians with the targets, and prints a table. See --help."""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import figures  # noqa: E402: found beside this file.
import plot  # noqa: E402
import targets  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- bench/run.py writes from here -->", "<!-- to here -->"

# Program, arguments of a full run, arguments of a quick one. Repetitions of all contestants are interleaved, so that
# a noisy minute hits them alike.
PROGRAMS = (
    ("keyspace_bench", ["--benchmark_repetitions=5", "--benchmark_min_time=0.2"],
     ["--benchmark_repetitions=3", "--benchmark_min_time=0.08"]),
    ("pipeline_bench", ["--benchmark_repetitions=5", "--benchmark_min_time=0.2"],
     ["--benchmark_repetitions=3", "--benchmark_min_time=0.08"]),
    ("cache_bench", ["--benchmark_repetitions=5", "--benchmark_min_time=0.2"],
     ["--benchmark_repetitions=3", "--benchmark_min_time=0.08"]),
    ("command_bench", ["--benchmark_repetitions=5", "--benchmark_min_time=0.15"],
     ["--benchmark_repetitions=1", "--benchmark_min_time=0.1"]),
    ("list_command_bench", ["--benchmark_repetitions=5", "--benchmark_min_time=0.1"],
     ["--benchmark_repetitions=1", "--benchmark_min_time=0.1"]),
    ("hash_command_bench", ["--benchmark_repetitions=5", "--benchmark_min_time=0.1"],
     ["--benchmark_repetitions=1", "--benchmark_min_time=0.1"]),
    ("set_bench", ["--benchmark_repetitions=5", "--benchmark_min_time=0.1"],
     ["--benchmark_repetitions=1", "--benchmark_min_time=0.05"]),
    ("sorted_set_command_bench", ["--benchmark_repetitions=5", "--benchmark_min_time=0.1"],
     ["--benchmark_repetitions=1", "--benchmark_min_time=0.1"]),
    ("limits_bench", ["--benchmark_repetitions=5", "--benchmark_min_time=0.15"],
     ["--benchmark_repetitions=1", "--benchmark_min_time=0.2"]),
    ("publish_bench", ["--benchmark_repetitions=5", "--benchmark_min_time=0.1"],
     ["--benchmark_repetitions=1", "--benchmark_min_time=0.05"]),
    ("list_bench", ["--benchmark_repetitions=3", "--benchmark_min_time=0.1"],
     ["--benchmark_repetitions=1", "--benchmark_min_time=0.05"]),
    ("hash_bench", ["--benchmark_repetitions=3", "--benchmark_min_time=0.1"],
     ["--benchmark_repetitions=1", "--benchmark_min_time=0.1"]),
    ("sorted_set_bench", ["--benchmark_repetitions=3", "--benchmark_min_time=0.1"],
     ["--benchmark_repetitions=1", "--benchmark_min_time=0.05"]),
    ("timer_wheel_bench", ["--benchmark_repetitions=5", "--benchmark_filter=-lazy_heap"], ["--benchmark_repetitions=1"]),
    ("index_bench", ["--benchmark_repetitions=5", "--benchmark_min_time=0.2"],
     ["--benchmark_repetitions=3", "--benchmark_min_time=0.05"]),
    ("load_bench", ["--benchmark_repetitions=5"], ["--benchmark_repetitions=1", "--benchmark_filter=1M"]),
)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default=ROOT / "build" / "release", type=Path, help="build folder (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="under three minutes: fewer repetitions, no 10M load")
    parser.add_argument("--only", metavar="PROGRAM", action="append", help="run this program alone; may be repeated")
    parser.add_argument("--reuse", action="store_true", help="run nothing: report the results of the last run")
    parser.add_argument("--write-docs", action="store_true", help="update docs/benchmarks.md and its pictures")
    return parser.parse_args()


def run_program(build, out, name, arguments):
    program = build / "bench" / name
    if not program.exists():
        raise SystemExit(f"{program} is not built: cmake --preset release && cmake --build build/release")
    print(f"==> {name} {' '.join(arguments)}", flush=True)
    start = time.monotonic()
    report = out / f"{name}.json"
    command = [str(program), *arguments, f"--benchmark_out={report}", "--benchmark_out_format=json",
               "--benchmark_enable_random_interleaving=true"]
    finished = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if finished.returncode != 0:
        raise SystemExit(f"{name} failed ({finished.returncode}):\n{finished.stderr[-2000:]}")
    print(f"    {time.monotonic() - start:.0f} s, {report.relative_to(ROOT)}", flush=True)


def chosen(arguments):
    return [program for program in PROGRAMS if not arguments.only or program[0] in arguments.only]


def figure(value):
    if value is None:
        return "-"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"


def target(row, value):
    if value is None:
        return ""
    return f"{value:g} {row.unit}" if row.limits else f"{value:g}x"


def cells(measured):
    row = measured.row
    ratio = f"{measured.ratio:.2f}x" if measured.ratio else ""
    return [row.name, f"{figure(measured.peer)} {row.unit}", f"{figure(measured.ours)} {row.unit}", ratio,
            target(row, row.must), target(row, row.aim), measured.verdict]


HEADINGS = ["", "peer", "Inlay", "ratio", "must", "aim", ""]


def sections(rows):
    names = list(dict.fromkeys(measured.row.section for measured in rows))
    return [(name, [measured for measured in rows if measured.row.section == name]) for name in names]


def text_table(rows):
    width = max(len(measured.row.name) for measured in rows)
    lines = []
    for section, members in sections(rows):
        lines += ["", section]
        for line in [HEADINGS] + [cells(measured) for measured in members]:
            lines.append(f"  {line[0]:<{width}}" + "".join(f"{cell:>11}" for cell in line[1:]))
    return "\n".join(lines)


def markdown_table(rows):
    lines = []
    for section, members in sections(rows):
        lines += ["", f"**{section}**", "", "| " + " | ".join(HEADINGS) + " |", "|---|--:|--:|--:|--:|--:|---|"]
        lines += ["| " + " | ".join(cells(measured)) + " |" for measured in members]
    return "\n".join(lines)


def first_match(path, pattern):
    try:
        found = re.search(pattern, Path(path).read_text(), re.MULTILINE)
    except OSError:
        return "unknown"
    return found.group(1).strip() if found else "unknown"


def machine(build):
    compiler = first_match(build / "CMakeCache.txt", r"^CMAKE_CXX_COMPILER:[A-Z]+=(.*)$")
    try:
        version = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError):
        version = compiler
    memory = int(first_match("/proc/meminfo", r"^MemTotal:\s+(\d+)") or 0) / (1 << 20)
    flags = first_match(build / "CMakeCache.txt", r"^CMAKE_CXX_FLAGS_RELEASE:[A-Z]+=(.*)$")
    march = first_match(build / "CMakeCache.txt", r"^INLAY_MARCH:[A-Z]+=(.*)$")
    return (f"{first_match('/proc/cpuinfo', '^model name.*: (.*)$')}, {os.cpu_count()} cores, {memory:.0f} GiB, "
            f"{platform.system()} {platform.release()}, {version}, {flags} -march={march}")


def latency_table(results):
    lines = []
    for title, contestants in figures.latency_costs(results):
        lines += ["", f"**{title}: nanoseconds, by percentile**", "",
                  "|  | " + " | ".join(label for _, label in figures.PERCENTILES) + " |", "|---" + "|--:" * len(figures.PERCENTILES) + "|"]
        lines += [f"| {figures.NAMES[name]} | " + " | ".join(f"{ns:,.0f}" for ns in costs) + " |" for name, costs in contestants.items()]
    return "\n".join(lines)


def write_docs(arguments, rows, results):
    command = "./dev bench --write-docs" + (" --quick" if arguments.quick else "")
    text = "\n".join([BEGIN, "", f"Measured on {machine(arguments.build)}, with `{command}`.", "",
                      "![Ratios of every row](benchmarks.svg)", "", "![Memory per key or element](memory.svg)", "",
                      "![Single calls by percentile](latency.svg)", latency_table(results), markdown_table(rows), "", END])
    page = ROOT / "docs" / "benchmarks.md"
    old = page.read_text()
    begin, end = old.index(BEGIN), old.index(END) + len(END)
    page.write_text(old[:begin] + text + old[end:])
    (ROOT / "docs" / "benchmarks.svg").write_text(plot.svg("Inlay against its peers", rows))
    (ROOT / "docs" / "memory.svg").write_text(figures.memory(rows))
    (ROOT / "docs" / "latency.svg").write_text(figures.latencies(results))
    print("\nwrote docs/benchmarks.md and its pictures")


def main():
    arguments = parse_arguments()
    out = ROOT / "build" / "bench"
    out.mkdir(parents=True, exist_ok=True)
    load = os.getloadavg()[0]
    if not arguments.reuse and load > 0.5:
        print(f"The machine is busy (load {load:.1f}): expect noise.")
    results = targets.Results()
    for name, full, quick in chosen(arguments):
        if not arguments.reuse:
            run_program(arguments.build, out, name, quick if arguments.quick else full)
        if (out / f"{name}.json").exists():
            results.add(json.loads((out / f"{name}.json").read_text()))
    rows = targets.measure(results)
    if not rows:
        raise SystemExit("no results")
    print(text_table(rows))
    missed = [measured for measured in rows if measured.verdict == "MISSED"]
    print(f"\n{len(rows)} rows, {len(missed)} missed")
    if starved := results.starved():
        print(f"{len(starved)} benchmarks of two threads got down to {min(starved.values()):.1f} cores: other programs ran, "
              "and rows marked 2T or 'two threads' say little.")
    if arguments.write_docs:
        write_docs(arguments, rows, results)


if __name__ == "__main__":
    main()
