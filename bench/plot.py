"""A bar chart of ratios as SVG: one bar per row on a logarithmic scale, with marks at what must be reached and what
is aimed at. Readable on light and dark pages alike."""

import math
from xml.sax.saxutils import escape

WIDTH = 1060
LABEL_WIDTH = 500
ROW_HEIGHT = 22
BAR_HEIGHT = 14
HEAD_HEIGHT = 34
TOP = 64
RIGHT = 80
COLOURS = {"OK, aim": "#2e8b57", "OK": "#5aa9a3", "MISSED": "#d1603d", "": "#8a94a6"}


def text(x, y, words, anchor="start", size=12, weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}">'
            f"{escape(words)}</text>")


def _line(x, top, bottom, colour, width=1.0, dash=""):
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return (f'<line x1="{x:.1f}" y1="{top:.1f}" x2="{x:.1f}" y2="{bottom:.1f}" stroke="{colour}" '
            f'stroke-width="{width}"{dashes}/>')


class _Scale:
    """Ratios to pixels."""

    def __init__(self, ratios):
        self.low = min(0.5, 0.9 * min(ratios))
        self.high = max(4.0, 1.1 * max(ratios))

    def x(self, ratio):
        share = math.log(ratio / self.low) / math.log(self.high / self.low)
        return LABEL_WIDTH + share * (WIDTH - LABEL_WIDTH - RIGHT)

    def ticks(self):
        return [tick for tick in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if self.low <= tick <= self.high]


def _bar(scale, y, measured):
    start, end = sorted((scale.x(1), scale.x(measured.ratio)))
    middle = y + ROW_HEIGHT / 2
    parts = [
        text(LABEL_WIDTH - 8, middle + 4, measured.row.name, "end"),
        f'<rect x="{start:.1f}" y="{middle - BAR_HEIGHT / 2:.1f}" width="{max(end - start, 1):.1f}" '
        f'height="{BAR_HEIGHT}" fill="{COLOURS[measured.verdict]}"/>',
    ]
    for target, colour, dash in ((measured.row.must, "#222222", ""), (measured.row.aim, "#b8860b", "2 2")):
        ratio = measured.as_ratio(target)
        if ratio and scale.low <= ratio <= scale.high:
            parts.append(_line(scale.x(ratio), middle - 9, middle + 9, "#ffffff", 4))
            parts.append(_line(scale.x(ratio), middle - 9, middle + 9, colour, 2, dash))
    parts.append(text(WIDTH - RIGHT + 8, middle + 4, f"{measured.ratio:.2f}x", weight="bold"))
    return parts


def _legend():
    parts = []
    x = LABEL_WIDTH
    for colour, label in ((COLOURS["OK, aim"], "aim reached"), (COLOURS["OK"], "must reached"),
                         (COLOURS["MISSED"], "missed"), (COLOURS[""], "no target")):
        parts.append(f'<rect x="{x}" y="34" width="12" height="12" fill="{colour}"/>')
        parts.append(text(x + 16, 44, label, size=11))
        x += 100
    parts.append(_line(x, 32, 48, "#222222", 2) + text(x + 6, 44, "must", size=11))
    parts.append(_line(x + 50, 32, 48, "#b8860b", 2, "2 2") + text(x + 56, 44, "aim", size=11))
    return parts


def svg(title, rows):
    """The chart as text. `rows` are targets.Measured; those without a ratio are left out."""
    rows = [row for row in rows if row.ratio]
    scale = _Scale([row.ratio for row in rows] or [1])
    body = []
    y = TOP
    section = None
    for measured in rows:
        if measured.row.section != section:
            section = measured.row.section
            y += HEAD_HEIGHT - ROW_HEIGHT
            body.append(text(8, y + 15, section, size=13, weight="bold"))
            y += ROW_HEIGHT
        body += _bar(scale, y, measured)
        y += ROW_HEIGHT
    grid = []
    for tick in scale.ticks():
        grid.append(_line(scale.x(tick), TOP, y, "#666666" if tick == 1 else "#cccccc", 1.5 if tick == 1 else 1))
        grid.append(text(scale.x(tick), y + 16, f"{tick:g}x", "middle", 11))
    head = [text(8, 22, title, size=16, weight="bold"), text(8, 44, "ratio of costs, peer / Inlay; right of 1x Inlay wins", size=11)]
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y + 28}" viewBox="0 0 {WIDTH} {y + 28}" '
        'font-family="Helvetica, Arial, sans-serif" fill="#222222">',
        f'<rect width="{WIDTH}" height="{y + 28}" fill="#ffffff"/>',
        *head, *_legend(), *grid, *body, "</svg>", ""])
