"""Pictures of docs/benchmarks.md beside the ratios: latencies by percentile, and memory beside Redis's. As SVG."""

import functools
import math

import plot

COLOURS = {"inlay": "#d1350f", "spin_map": "#3b78c2", "tbb": "#2e8b57", "redis": "#8a94a6"}
NAMES = {"inlay": "Inlay", "spin_map": "1024 x spin lock + flat_hash_map", "tbb": "tbb::concurrent_hash_map", "redis": "Redis 7.0.15"}
PERCENTILES = (("p50_ns", "50 %"), ("p90_ns", "90 %"), ("p99_ns", "99 %"), ("p999_ns", "99.9 %"), ("p9999_ns", "99.99 %"),
               ("slowest_ns", "slowest"))
LATENCY_PANELS = (("get, 1M keys", "get_latency/1M"), ("set, 1M keys", "set_latency/1M"),
                  ("insert, from none to 10M keys: rehash stalls", "load_latency/10M"))


_text = functools.partial(plot.text, size=11)


def _page(width, height, title, body):
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="Helvetica, Arial, sans-serif" fill="#222222">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>', _text(12, 24, title, size=16, weight="bold"), *body, "</svg>", ""])


def latency_costs(results):
    """[(panel, {contestant: [ns by percentile]})] of what ran."""
    panels = []
    for title, benchmark in LATENCY_PANELS:
        lines = {}
        for contestant in ("inlay", "spin_map", "tbb"):
            costs = [results.cost(f"{benchmark}/{contestant}", 1, figure) for figure, _ in PERCENTILES]
            if None not in costs:
                lines[contestant] = costs
        if lines:
            panels.append((title, lines))
    return panels


def latencies(results):
    """Nanoseconds by percentile, on a logarithmic scale."""
    width, height, left, top = 400, 260, 56, 64
    decades = range(2, 9)
    body = []
    panels = latency_costs(results)
    for number, (title, lines) in enumerate(panels):
        x0 = number * width + left

        def point(i, ns):
            share = (math.log10(max(ns, 100)) - decades[0]) / (decades[-1] - decades[0])
            return x0 + i * (width - left - 24) / (len(PERCENTILES) - 1), top + height * (1 - share)

        body.append(_text(x0, top - 14, title, size=13, weight="bold"))
        for decade in decades:
            y = point(0, 10 ** decade)[1]
            label = f"{10 ** decade} ns" if decade < 3 else f"{10 ** (decade - 3)} us" if decade < 6 else f"{10 ** (decade - 6)} ms"
            body.append(f'<line x1="{x0}" y1="{y:.1f}" x2="{x0 + width - left - 24}" y2="{y:.1f}" stroke="#dddddd"/>')
            body.append(_text(x0 - 6, y + 4, label, "end"))
        for i, (_, label) in enumerate(PERCENTILES):
            body.append(_text(point(i, 100)[0], top + height + 16, label, "middle", size=10))
        for row, (contestant, costs) in enumerate(lines.items()):
            path = " ".join("{:.1f},{:.1f}".format(*point(i, ns)) for i, ns in enumerate(costs))
            body.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS[contestant]}" stroke-width="2"/>')
            y = top + height + 36 + 15 * row
            body.append(f'<rect x="{x0}" y="{y - 9}" width="10" height="9" fill="{COLOURS[contestant]}"/>')
            body.append(_text(x0 + 16, y, NAMES[contestant]))
    return _page(width * len(panels), top + height + 90, "How long single calls take, by percentile", body)


def memory(rows):
    """Bytes per key or element beside Redis's, as pairs of bars. Takes the rows in bytes whose peer is Redis."""
    rows = [row for row in rows if row.row.unit == "B" and row.peer and "redis" in row.row.section.lower()]
    left, width, high = 470, 900, 34
    widest = max(max(row.peer, row.ours) for row in rows)
    body, y, section = [], 40, None
    for row in rows:
        if row.row.section != section:
            section = row.row.section
            y += 26
            body.append(_text(12, y, section, size=12, weight="bold"))
            y += 8
        body.append(_text(left - 8, y + 18, row.row.name, "end"))
        for i, (who, cost) in enumerate((("redis", row.peer), ("inlay", row.ours))):
            length = cost / widest * (width - left - 70)
            body.append(f'<rect x="{left}" y="{y + 3 + 12 * i}" width="{length:.1f}" height="11" fill="{COLOURS[who]}"/>')
            body.append(_text(left + length + 5, y + 12 + 12 * i, f"{cost:.0f} B" if cost >= 10 else f"{cost:.1f} B", size=10))
        y += high
    for i, who in enumerate(("redis", "inlay")):
        body.append(f'<rect x="{left + 130 * i}" y="34" width="10" height="9" fill="{COLOURS[who]}"/>')
        body.append(_text(left + 16 + 130 * i, 43, NAMES[who]))
    return _page(width, y + 16, "Memory per key or element", body)
