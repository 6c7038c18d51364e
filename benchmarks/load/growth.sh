#!/bin/bash
# growth.sh PORT PID : what a durable, confirmed message costs as things grow: 1 to 1,000 connections (publishers and consumers, a queue for each pair), 0 to 10,000
# durable queues that lie beside, 16 octets to 16 MiB a message. One line each: messages a second, octets a second, CPU and memory of the broker. SECONDS_A_RUN (3).
cd "$(dirname "$0")" || exit 1
export PYTHONDONTWRITEBYTECODE=1
port=${1:?port} pid=${2:?pid} seconds=${SECONDS_A_RUN:-3}

show() { # WHAT amqpbench-arguments...
  local what=$1; shift
  ./amqpbench -p "$port" --pid "$pid" --prefix growth -T 60 -z "$seconds" -d -m "$@" | python3 -c '
import json, sys
r = json.loads(sys.stdin.read())
whole = r["received"] == r["sent"] and r["nacked"] == 0
print("| %-24s | %9.0f/s | %7.1f MB/s | %8.2f us | %6.0f MB |%s" % (
    sys.argv[1], r["con_rate"], r["con_rate"] * r["size"] / 1e6, r["broker_us_per_msg"], r["broker_rss_mb"], "" if whole else " NOT WHOLE"))' "$what"
}

./amqpbench -p "$port" --prefix growth -T 60 -z "$seconds" -s 64 -d -m -c 1000 -a 100 -P 1000 >/dev/null # warm
echo '| | messages | octets | CPU a message | resident |'
echo '|---|--:|--:|--:|--:|'
for pairs in 1 5 50 500; do
  show "$((2 * pairs)) connections, 64 B" -s 64 -x "$pairs" -y "$pairs" -q "$pairs" -c 100 -a 10 -P 100
done
for queues in 0 100 1000 10000; do
  python3 - "127.0.0.1:$port" "$queues" <<'PY'
import struct, sys
from declare import Connection, method, pipeline, short
count = int(sys.argv[2])
if count:
    durable = b"\x02" + struct.pack(">I", 0)
    pipeline(Connection(sys.argv[1]), (method(1, 50, 10, b"\0\0" + short(f"beside.{i}") + durable) for i in range(count)), count)
PY
  show "$queues queues beside, 64 B" -s 64 -c 1000 -a 100 -P 1000
done
for size in 16 256 4096 65536 1048576 16777216; do
  window=$((size > 65536 ? 8 : 1000))
  show "$size B" -s "$size" -c "$window" -a $((window / 8)) -P "$window"
done
