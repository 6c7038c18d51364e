#!/usr/bin/env python3
"""A soak: the raw load generators, one short run after the other, until so many messages have passed; memory, handles and disk are looked at between runs.

    soak.py PORT PID DATA [--messages 200000000] [--seconds 4] [--seed N]

PORT and PID of a broker that keeps its messages in the folder DATA. Each run has connections, channels, queues and consumers of its own and
deletes its queues: one to twenty publishers, consumers and queues, durable and confirmed or transient, 16 octets to 64 KiB, over 0-9-1 (amqpbench) or
1.0 (amqp1bench), some piling a backlog up first. One run of many small messages comes between two of the others. Every run must be whole: as
many messages received as were sent, and none nacked.

Prints a line every twentieth run, and at the end the greatest of each figure in the second quarter of the runs and in the last. Fails when one of
them grew by more than a tenth, or the broker has more handles at the end than after the first runs. Standard library only.
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import time

FOLDER = pathlib.Path(__file__).resolve().parent


def look(pid, data):
    """Resident KiB, open handles, threads and octets on the disk of the broker."""
    status = dict(line.split(":", 1) for line in open(f"/proc/{pid}/status") if ":" in line)
    disk = sum(entry.stat().st_blocks * 512 for entry in pathlib.Path(data).rglob("*") if entry.is_file())
    return {
        "resident": int(status["VmRSS"].split()[0]) * 1024,
        "handles": len(os.listdir(f"/proc/{pid}/fd")),
        "threads": int(status["Threads"]),
        "disk": disk,
    }


def bulk(seconds):
    return ["./amqpbench", "-s", "16", "-d", "-m", "-c", "1000", "-a", "100", "-P", "1000", "-z", str(seconds)]


def varied(dice, seconds):
    size = dice.choice([16, 64, 256, 1024, 4096, 65536])
    pairs = dice.choice([1, 2, 5, 10])
    kind = dice.choice(["durable", "transient", "fanout", "newer", "newer durable", "backlog", "ttl", "priorities"])
    if kind.startswith("newer"):
        return kind, ["./amqp1bench", "-s", str(size), "-x", str(pairs), "-z", str(seconds)] + (["-d"] if "durable" in kind else [])
    common = ["./amqpbench", "-s", str(size), "-x", str(pairs), "-y", str(pairs), "-q", str(pairs), "-a", "10", "-P", "100"]
    if kind == "backlog":
        # con: piles so many up, then drains them.
        return kind, ["./amqpbench", "-s", str(min(size, 1024)), "-M", "con", "-n", "200000", "-d", "-m", "-c", "1000", "-a", "100", "-P", "1000"]
    more = {
        "durable": ["-d", "-m", "-c", "100"],
        "transient": [],
        "fanout": ["-f"],
        "ttl": ["--ttl", "600000"],
        "priorities": ["--priorities", "5"],
    }[kind]
    if kind == "fanout":
        common = ["./amqpbench", "-s", str(min(size, 1024)), "-q", "4", "-y", "4", "-P", "100", "-a", "10"]
    return kind, common + more + ["-z", str(seconds)]


def run(command, port, pid, copies):
    command = command + ["-p", str(port), "--pid", str(pid), "--prefix", "soak", "-T", "120"]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}")
    result = json.loads(done.stdout)
    if result["received"] != result["sent"] * copies or result.get("nacked", 0) != 0:
        sys.exit(f"{' '.join(command)}: not whole\n{done.stdout}")
    return result


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("port", type=int)
    arguments.add_argument("pid", type=int)
    arguments.add_argument("data")
    arguments.add_argument("--messages", type=int, default=200_000_000)
    arguments.add_argument("--seconds", type=float, default=4)
    arguments.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    options = arguments.parse_args()
    dice = random.Random(options.seed)
    print(f"seed {options.seed}", flush=True)
    seen = []
    messages = 0
    received = 0
    begun = time.monotonic()
    while messages < options.messages:
        if len(seen) % 2 == 0:
            kind, command = "bulk", bulk(options.seconds)
        else:
            kind, command = varied(dice, options.seconds / 2)
        result = run(command, options.port, options.pid, 4 if kind == "fanout" else 1)
        messages += result["sent"]
        received += result["received"]
        now = look(options.pid, options.data)
        seen.append(now)
        if len(seen) % 20 == 1:
            print(
                f"{time.monotonic() - begun:7.0f} s  {messages:>11,} sent  {received:>11,} received  {now['resident'] / 1e6:6.0f} MB  "
                f"{now['handles']:4} handles  {now['threads']:3} threads  {now['disk'] / 1e6:7.0f} MB on the disk  ({kind})",
                flush=True,
            )
    quarter = len(seen) // 4
    early, late = seen[quarter : 2 * quarter], seen[3 * quarter :]
    failed = False
    for name in seen[0]:
        before, after = max(one[name] for one in early), max(one[name] for one in late)
        grew = after > before * 1.1 + 16
        failed |= grew
        print(f"{name:9}  second quarter at most {before:>13,}  last quarter at most {after:>13,}{'  GREW' if grew else ''}")
    print(f"{messages:,} messages sent, {received:,} received in {len(seen)} runs, {time.monotonic() - begun:.0f} s, seed {options.seed}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
