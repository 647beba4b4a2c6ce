#!/usr/bin/env python3
"""How throughput grows with threads: runs the benches of the keyspace and of pipelines with 1, 2, 4, ... threads.

  bench/scaling.py [--threads 1,2,4,8,16] [--results FOLDER] [--machine TEXT] [--write-docs]

Prints a table; --write-docs puts it into docs/benchmarks.md, with the picture docs/scaling.svg. What was measured stays in
the results folder as JSON; with --reuse that is shown, of this machine or of another one, which --machine names.
"""

import argparse
import functools
import json
import os
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import plot  # noqa: E402: found beside this file.
import run  # noqa: E402

BEGIN, END = "<!-- bench/scaling.py writes from here -->", "<!-- to here: scaling -->"
PROGRAMS = ("keyspace_bench", "."), ("pipeline_bench", "get/1M|incr/1M"), ("cache_bench", "hit/1M/(raw|get)/")
# Panel, its lines: benchmark and label.
PEERS = (("inlay", "Inlay"), ("spin_map", "1024 x spin lock + flat_hash_map"), ("tbb", "tbb::concurrent_hash_map"))
PANELS = tuple((title, tuple((f"{call}/{name}", label) for name, label in PEERS)) for title, call in (
    ("get, fresh key", "get/fresh"), ("visit, prebuilt key", "visit/prebuilt"), ("get of an absent key", "get_miss/prebuilt"),
    ("50/50 get and set", "get_set/fresh"), ("incr", "incr/fresh"), ("get, Zipf 0.99", "get_zipf099/fresh"))) + (
    ("many keys at a time", (("mget16/fresh/inlay", "mget of 16, keys"), ("get/1M/pipeline16", "pipelines of 16 gets"),
                             ("get/1M/pipeline100", "pipelines of 100 gets"), ("get/1M/single", "single gets"))),
    ("counters", (("incr/1M/single", "single incr"), ("incr/1M/pipeline32", "pipelines of 32 incr"))),
    ("keys with a time to live", (("hit/1M/raw", "get"), ("hit/1M/get", "get of Cache<std::string>"))))
COLOURS = ("#d1350f", "#3b78c2", "#2e8b57", "#8a6fb5")
text = functools.partial(plot.text, size=11)
WIDTH, HEIGHT, LEFT, TOP, BOTTOM, COLUMNS = 320, 230, 44, 34, 74, 3


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=run.ROOT / "build" / "release", type=Path, help="build folder (%(default)s)")
    parser.add_argument("--threads", default="1,2,4,8,16", help="numbers of threads (%(default)s)")
    parser.add_argument("--results", default=run.ROOT / "build" / "scaling", type=Path, help="where JSON goes (%(default)s)")
    parser.add_argument("--reuse", action="store_true", help="run nothing: report what is in the results folder")
    parser.add_argument("--machine", help="what to call the machine that the results are of (this one)")
    parser.add_argument("--write-docs", action="store_true", help="update docs/benchmarks.md and docs/scaling.svg")
    return parser.parse_args()


def measure(arguments):
    arguments.results.mkdir(parents=True, exist_ok=True)
    for name, chosen in PROGRAMS:
        print(f"==> {name}", flush=True)
        command = [str(arguments.build / "bench" / name), f"--benchmark_filter={chosen}", "--benchmark_repetitions=3",
                   "--benchmark_min_time=0.15", "--benchmark_enable_random_interleaving=true",
                   f"--benchmark_out={arguments.results / name}.json", "--benchmark_out_format=json"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "INLAY_BENCH_THREADS": arguments.threads})


def medians(results):
    """{benchmark: {threads: million items a second}}"""
    samples = {}
    for name, _ in PROGRAMS:
        for entry in json.loads((results / f"{name}.json").read_text())["benchmarks"]:
            if entry.get("run_type") != "iteration":
                continue
            key = "/".join(entry["run_name"].split("/")[:3])
            samples.setdefault(key, {}).setdefault(entry["threads"], []).append(entry["items_per_second"] / 1e6)
    return {key: {threads: sorted(values)[len(values) // 2] for threads, values in sorted(counts.items())}
            for key, counts in samples.items()}


def table(measured):
    threads = sorted({count for counts in measured.values() for count in counts})
    lines = ["| million a second, by threads | " + " | ".join(map(str, threads)) + f" | {threads[-1]} against 1 |",
             "|---" + "|--:" * (len(threads) + 1) + "|"]
    for title, members in PANELS:
        for benchmark, label in members:
            counts = measured[benchmark]
            cells = [f"{counts[count]:.3g}" for count in threads]
            lines.append(f"| {title}: {label} | " + " | ".join(cells) + f" | {counts[threads[-1]] / counts[threads[0]]:.1f}x |")
    return "\n".join(lines)


def panel(left, top, title, lines):
    """One diagram: threads on a logarithmic axis, throughput on a linear one."""
    threads = list(lines[0][1])
    highest = max(value for _, counts in lines for value in counts.values()) * 1.08
    width, height = WIDTH - LEFT - 16, HEIGHT - TOP - BOTTOM

    def point(count, value):
        return (left + LEFT + width * threads.index(count) / max(1, len(threads) - 1), top + TOP + height * (1 - value / highest))

    parts = [text(left + LEFT, top + 22, title, size=13, weight="bold")]
    step = next(size for size in (1, 2, 5, 10, 20, 50, 100, 200, 500) if highest / size <= 5)
    for mark in range(0, int(highest) + 1, step):
        y = point(threads[0], mark)[1]
        parts.append(f'<line x1="{left + LEFT}" y1="{y:.1f}" x2="{left + LEFT + width}" y2="{y:.1f}" stroke="#dddddd"/>')
        parts.append(text(left + LEFT - 6, y + 4, str(mark), "end"))
    for count in threads:
        parts.append(text(point(count, 0)[0], top + TOP + height + 15, str(count), "middle"))
    for (label, counts), colour in zip(lines, COLOURS):
        path = " ".join("{:.1f},{:.1f}".format(*point(count, value)) for count, value in counts.items())
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += ['<circle cx="{:.1f}" cy="{:.1f}" r="2.5" fill="{}"/>'.format(*point(*pair), colour) for pair in counts.items()]
    for i, ((label, _), colour) in enumerate(zip(lines, COLOURS)):
        y = top + TOP + height + 31 + 13 * i
        parts.append(f'<rect x="{left + LEFT}" y="{y - 8}" width="10" height="8" fill="{colour}"/>')
        parts.append(text(left + LEFT + 16, y, label))
    return parts


def svg(measured, machine):
    rows = (len(PANELS) + COLUMNS - 1) // COLUMNS
    width, height = WIDTH * COLUMNS, 40 + HEIGHT * rows
    body = [text(12, 24, "Million calls (or keys) a second, by threads", size=16, weight="bold"), text(12, 40, machine)]
    for i, (title, members) in enumerate(PANELS):
        lines = [(label, measured[benchmark]) for benchmark, label in members]
        body += panel(WIDTH * (i % COLUMNS), 44 + HEIGHT * (i // COLUMNS), title, lines)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height + 8}" viewBox="0 0 {width} {height + 8}" '
        'font-family="Helvetica, Arial, sans-serif" fill="#222222">',
        f'<rect width="{width}" height="{height + 8}" fill="#ffffff"/>', *body, "</svg>", ""])


def write_docs(measured, machine):
    page = run.ROOT / "docs" / "benchmarks.md"
    old = page.read_text()
    begin, end = old.index(BEGIN), old.index(END) + len(END)
    words = "\n".join([BEGIN, "", f"Measured on {machine}.", "", "![Throughput by threads](scaling.svg)", "", table(measured), "", END])
    page.write_text(old[:begin] + words + old[end:])
    (run.ROOT / "docs" / "scaling.svg").write_text(svg(measured, machine))
    print("\nwrote docs/benchmarks.md and docs/scaling.svg")


def main():
    arguments = parse_arguments()
    if not arguments.reuse:
        measure(arguments)
    measured = medians(arguments.results)
    print(table(measured))
    if arguments.write_docs:
        write_docs(measured, arguments.machine or run.machine(arguments.build))


if __name__ == "__main__":
    main()
