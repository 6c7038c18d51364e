#!/usr/bin/env python3
"""chart.py OURS THEIRS > FILE.svg : how many times their rate ours is, a bar a scenario, from two files of results (medians of the repetitions).
The bars begin at 0 and share one linear scale; the rates stand beside them."""
import os
import statistics
import sys

from table import rates, read

# What a reader who has not seen run.sh calls them, in the order of the picture. Those with a fixed rate are not a comparison of rates.
SCENARIOS = {
    "b01-1to1-16B": "one publisher, one consumer, 16 B",
    "b04-1to1-1KiB": "one publisher, one consumer, 1 KiB",
    "b07-fanout4-64B": "fanout to four queues, 64 B",
    "b09-1to1-1MiB": "one publisher, one consumer, 1 MiB",
    "b05-durable-conf-16B": "durable, confirmed, 16 B",
    "b05-durable-conf-1KiB": "durable, confirmed, 1 KiB",
    "b08-10x10x10-256B": "durable, ten of each and ten queues, 256 B",
    "b06-sync-conf-1KiB": "durable, one confirm at a time, 1 KiB",
}

LABEL, BAR, ROW, HEAD, WIDTH = 350, 280, 26, 58, 860

STYLE = """
  text { font: 13px system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #1f2328 }
  .quiet { fill: #59636e } .title { font-size: 15px; font-weight: 600 } .bar { fill: #1f6feb } .one { stroke: #cf222e; stroke-width: 2 }
  .ground { fill: #ffffff }
  @media (prefers-color-scheme: dark) { text { fill: #f0f6fc } .quiet { fill: #9198a1 } .ground { fill: #0d1117 } .bar { fill: #4493f8 } .one { stroke: #f85149 } }
"""


def count(rate):
    for size, unit in ((1e6, " M"), (1e3, " k")):
        if rate >= size:
            return f"{rate / size:.3g}{unit}"
    return f"{rate:.0f}"


def medians(path):
    return {label: statistics.median(found) for label, runs in read(path).items() if (found := rates(runs))}


def name(path):
    servers = {run["server"] for runs in read(path).values() for run in runs if "server" in run}
    return os.path.basename(path).removesuffix(".jsonl"), next(iter(servers), "?")


def chart(ours_path, theirs_path):
    ours, theirs = medians(ours_path), medians(theirs_path)
    rows = [(words, ours[label], theirs[label]) for label, words in SCENARIOS.items() if ours.get(label) and theirs.get(label)]
    most = max(mine / their for _, mine, their in rows)
    height = HEAD + ROW * len(rows) + 12
    peer = name(theirs_path)[1]
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="Rates of amqp-broker as multiples of those of {peer}">',
        f"<style>{STYLE}</style>",
        f'<rect class="ground" width="{WIDTH}" height="{height}" rx="6"/>',
        f'<text class="title" x="16" y="24">Messages a second, as multiples of {peer}</text>',
        f'<text class="quiet" x="16" y="44">two cores for broker and clients together; medians, the brokers in turn; the red line is {peer}</text>',
    ]
    for index, (words, mine, their) in enumerate(rows):
        y = HEAD + index * ROW
        length = mine / their / most * BAR
        lines += [
            f'<text x="16" y="{y + 15}">{words}</text>',
            f'<rect class="bar" x="{LABEL}" y="{y + 3}" width="{length:.1f}" height="16" rx="2"/>',
            f'<text x="{LABEL + length + 8:.1f}" y="{y + 15}">{mine / their:.{1 if mine < 10 * their else 0}f} x'
            f'<tspan class="quiet" dx="8">{count(mine)} against {count(their)}</tspan></text>',
        ]
    one = LABEL + BAR / most
    lines += [f'<line class="one" x1="{one:.1f}" x2="{one:.1f}" y1="{HEAD - 2}" y2="{HEAD + ROW * len(rows)}"/>', "</svg>"]
    return "\n".join(lines)


if __name__ == "__main__":
    print(chart(sys.argv[1], sys.argv[2]))
