#!/usr/bin/env python3
"""Miss-ratio curves of the eviction policies over a folder of traces: the tables and the picture of docs/eviction.md.

  bench/curves.py --traces FOLDER [--program build/release/inlay] [--docs docs] [--results build/curves]

The traces are yours (NAME.u64.zst, see docs/shell.md). Each is replayed once for every policy and size; what was measured
stays in the results folder, and a trace that has its file there is not replayed again: delete the file to measure anew.
"""

import argparse
import csv
import math
import pathlib
import subprocess
import sys
from xml.sax.saxutils import escape

POLICIES = ["lru", "fifo", "arc", "opt", "allkeys-a3", "allkeys-lru", "allkeys-lfu", "allkeys-random"]
# Those of the curves; the means are over CELLS.
FRACTIONS = ["0.001", "0.003", "0.01", "0.03", "0.1", "0.25"]
CELLS = ["0.001", "0.01", "0.1", "0.25"]
CAPACITY_MIN = 16
BASE = "lru"
COLOURS = {"lru": "#555555", "fifo": "#c4a484", "arc": "#3b78c2", "opt": "#bbbbbb", "allkeys-a3": "#d1350f",
           "allkeys-lru": "#9a9acd", "allkeys-lfu": "#2e8b57", "allkeys-random": "#d9a400"}
DASHES = {"lru": "", "opt": "2 3", "fifo": "5 3", "arc": ""}
BEGIN, END = "<!-- curves.py begins -->\n", "<!-- curves.py ends -->\n"


def measure(program, trace, results):
    """The cells of one trace: {(policy, fraction): row}."""
    kept = results / (trace.name.split(".")[0] + ".csv")
    if not kept.exists():
        command = [program, "replay", str(trace), "--csv", "--policy", ",".join(POLICIES), "--fraction", ",".join(FRACTIONS)]
        text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        kept.write_text(text)
    with kept.open() as file:
        rows = list(csv.DictReader(file))
    return {(row["policy"], row["size"]): row for row in rows if int(row["capacity"]) >= CAPACITY_MIN}


def reductions(measured, policy):
    """By how much a policy's misses are fewer than BASE's: {(trace, fraction): share}."""
    found = {}
    for trace, cells in measured.items():
        for fraction in CELLS:
            if (policy, fraction) in cells:
                miss, base = (float(cells[name, fraction]["miss_ratio"]) for name in (policy, BASE))
                found[trace, fraction] = 1 - miss / base
    return found


def percent(share):
    return f"{100 * share:+.1f}"


def means_table(measured):
    lines = ["| policy | all | " + " | ".join(f"{100 * float(f):g} %" for f in CELLS) + " | worst cell |", "| --- |" + " ---: |" * 5 + " --- |"]
    count = 0
    for policy in POLICIES:
        if policy == BASE:
            continue
        cells = reductions(measured, policy)
        count = len(cells)
        by_size = [[share for (_, fraction), share in cells.items() if fraction == wanted] for wanted in CELLS]
        worst = min(cells, key=cells.get)
        means = [sum(shares) / len(shares) if shares else math.nan for shares in [list(cells.values()), *by_size]]
        lines.append(f"| `{policy}` | " + " | ".join(percent(mean) for mean in means) +
                     f" | {percent(cells[worst])} ({worst[0]}, {100 * float(worst[1]):g} %) |")
    return f"Fewer misses than exact LRU, in per cent, over {count} cells:\n\n" + "\n".join(lines) + "\n"


def miss_table(measured):
    names = list(measured)
    lines = ["| size | policy | " + " | ".join(names) + " |", "| --- | --- |" + " ---: |" * len(names)]
    for fraction in CELLS:
        for policy in POLICIES:
            cells = [measured[name].get((policy, fraction)) for name in names]
            lines.append(f"| {100 * float(fraction):g} % | `{policy}` | " +
                         " | ".join(f"{float(cell['miss_ratio']):.3f}" if cell else "" for cell in cells) + " |")
    return "Miss ratios:\n\n" + "\n".join(lines) + "\n"


PANEL_WIDTH, PANEL_HEIGHT, COLUMNS, MARGIN_LEFT, MARGIN_TOP = 250, 200, 4, 40, 70


def panel(name, cells, left, top):
    width, height = PANEL_WIDTH - 54, PANEL_HEIGHT - 52
    log = [math.log(float(f)) for f in FRACTIONS]
    highest = max(float(row["miss_ratio"]) for row in cells.values())
    x = lambda f: left + (math.log(float(f)) - log[0]) / (log[-1] - log[0]) * width
    y = lambda miss: top + height - miss / highest * height
    parts = [f'<text x="{left}" y="{top - 8}" font-size="13" font-weight="bold">{escape(name)}</text>']
    for tick in FRACTIONS:
        parts.append(f'<line x1="{x(tick):.1f}" y1="{top}" x2="{x(tick):.1f}" y2="{top + height}" stroke="#e4e4e4"/>')
        parts.append(f'<text x="{x(tick):.1f}" y="{top + height + 14}" font-size="9" text-anchor="middle">{100 * float(tick):g}</text>')
    for share in (0, 0.5, 1):
        level = y(share * highest)
        parts.append(f'<line x1="{left}" y1="{level:.1f}" x2="{left + width}" y2="{level:.1f}" stroke="#cccccc"/>')
        parts.append(f'<text x="{left - 4}" y="{level + 3:.1f}" font-size="9" text-anchor="end">{share * highest:.2f}</text>')
    for policy in POLICIES:
        points = [f"{x(f):.1f},{y(float(cells[policy, f]['miss_ratio'])):.1f}" for f in FRACTIONS if (policy, f) in cells]
        heavy = 2.4 if policy == "allkeys-a3" else 1.3
        parts.append(f'<polyline points="{" ".join(points)}" fill="none" stroke="{COLOURS[policy]}" stroke-width="{heavy}" '
                     f'stroke-dasharray="{DASHES.get(policy, "")}"/>')
    return parts


def picture(measured):
    rows = math.ceil(len(measured) / COLUMNS)
    width, height = MARGIN_LEFT + COLUMNS * PANEL_WIDTH, MARGIN_TOP + rows * PANEL_HEIGHT
    parts = ['<text x="8" y="20" font-size="15" font-weight="bold">Miss ratio by size of the cache, % of the trace\'s keys</text>']
    for number, policy in enumerate(POLICIES):
        at = 8 + number * 126
        parts.append(f'<line x1="{at}" y1="36" x2="{at + 22}" y2="36" stroke="{COLOURS[policy]}" stroke-width="2.4" '
                     f'stroke-dasharray="{DASHES.get(policy, "")}"/>')
        parts.append(f'<text x="{at + 26}" y="40" font-size="11">{policy}</text>')
    for number, (name, cells) in enumerate(measured.items()):
        parts += panel(name, cells, MARGIN_LEFT + number % COLUMNS * PANEL_WIDTH, MARGIN_TOP + number // COLUMNS * PANEL_HEIGHT)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="Helvetica, Arial, sans-serif" fill="#222222">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>', *parts, "</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--traces", type=pathlib.Path, required=True)
    parser.add_argument("--only", default="", help="names of traces, separated by commas; all if left out")
    parser.add_argument("--program", default="build/release/inlay")
    parser.add_argument("--docs", type=pathlib.Path, default=pathlib.Path("docs"))
    parser.add_argument("--results", type=pathlib.Path, default=pathlib.Path("build/curves"))
    options = parser.parse_args()
    options.results.mkdir(parents=True, exist_ok=True)
    files = {file.name.split(".")[0]: file for file in sorted(options.traces.glob("*.u64.zst"))}
    names = options.only.split(",") if options.only else list(files)
    if not names:
        sys.exit(f"no *.u64.zst in {options.traces}")
    measured = {}
    for name in names:
        print(name, flush=True)
        measured[name] = measure(options.program, files[name], options.results)
    tables = means_table(measured) + "\n" + miss_table(measured)
    print(tables)
    (options.docs / "eviction.svg").write_text(picture(measured))
    page = options.docs / "eviction.md"
    before, rest = page.read_text().split(BEGIN)
    page.write_text(before + BEGIN + tables + END + rest.split(END)[1])


if __name__ == "__main__":
    main()
