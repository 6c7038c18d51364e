#!/usr/bin/env python3
"""table.py FILE... : a markdown table a broker, one row a scenario, medians of the repetitions;
then, for two or more brokers, how many times the rate of each later one the first one reaches."""
import json
import os
import statistics
import sys


def read(path):
    """The runs of one broker, by scenario in the order of the file."""
    runs = {}
    with open(path) as file:
        for line in file:
            run = json.loads(line)
            if "label" in run:
                runs.setdefault(run["label"], []).append(run)
    return runs


def rates(runs):
    return [run["con_rate"] or run["pub_rate"] for run in runs if "pub_rate" in run]


def median(runs, key):
    return statistics.median(run.get(key, 0) for run in runs)


def row(label, runs):
    if any("kb_per_connection" in run for run in runs):
        runs = [run for run in runs if "kb_per_connection" in run]
        memory = f"{median(runs, 'kb_per_connection'):.1f} KB a connection"
        return f"| {label} |  |  |  |  |  | {median(runs, 'broker_rss_mb'):.0f} | {memory} |"
    runs = [run for run in runs if "pub_rate" in run]
    if not runs:
        return f"| {label} | failed |  |  |  |  |  |  |"
    latencies = [run["lat_us"] for run in runs if "lat_us" in run]
    latency = " / ".join(f"{statistics.median(x[q] for x in latencies):.0f}" for q in ("p50", "p99", "p999")) if latencies else ""
    cut = " (cut)" if any(run["cut_off"] for run in runs) else ""
    spread = rates(runs)
    return (f"| {label}{cut} | {median(runs, 'pub_rate'):,.0f} | {median(runs, 'con_rate'):,.0f} | {min(spread):,.0f}-{max(spread):,.0f} "
            f"| {median(runs, 'broker_us_per_msg'):.2f} | {median(runs, 'client_us_per_msg'):.2f} | {median(runs, 'broker_peak_mb'):.0f} | {latency} |")


def main(paths):
    brokers = [(os.path.basename(path).removesuffix(".jsonl"), read(path)) for path in paths]
    for name, scenarios in brokers:
        server = next((run["server"] for runs in scenarios.values() for run in runs if "server" in run), "?")
        print(f"\n{name} ({server})\n")
        print("| scenario | published/s | consumed/s | spread | broker us/message | client us/message | peak MB | p50 / p99 / p99.9 us |")
        print("|---|--:|--:|--:|--:|--:|--:|---|")
        for label, runs in scenarios.items():
            print(row(label, runs))
    if len(brokers) > 1:
        first, others = brokers[0], brokers[1:]
        print(f"\n{first[0]}'s rate over theirs\n")
        print("| scenario | " + " | ".join(name for name, _ in others) + " |")
        print("|---|" + "--:|" * len(others))
        for label, runs in first[1].items():
            mine = rates(runs)
            theirs = [rates(scenarios.get(label, [])) for _, scenarios in others]
            if mine and any(theirs):
                print(f"| {label} | " + " | ".join(f"{statistics.median(mine) / statistics.median(t):.1f} x" if t and statistics.median(t) else "" for t in theirs) + " |")


if __name__ == "__main__":
    main(sys.argv[1:])
