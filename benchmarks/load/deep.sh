#!/bin/bash
# deep.sh [GB] [SIZE] : a durable queue much larger than memory: GB (20) of persistent messages of SIZE (4096) octets are published with confirms and then consumed
# with acknowledgements, while messages may take 400 MB before publishers wait, and half of that before they are left to the disk. Prints amqpbench's line (pub_rate
# and con_rate are those of filling and draining) and the most memory that the broker had resident.
# TRANSIENT=1 for messages that only the scratch files have. DATA names a folder on the disk to be used (a temporary one). Needs amqpbench and a published broker: see compare.sh.
set -euo pipefail
cd "$(dirname "$0")"
gigabytes=${1:-20} size=${2:-4096}
root=$(cd ../.. && pwd)
port=${PORT:-5792} data=${DATA:-$(mktemp -d)}
count=$((gigabytes * 1000000000 / size))
memory=$(awk '/MemTotal/ {print $2}' /proc/meminfo)
durability=(-d -m)
[[ -z ${TRANSIENT:-} ]] || durability=(-d)

"$root/artifacts/amqp-broker/amqp-broker" --port "$port" --data "$data" --log-level warning --memory-watermark "$(awk "BEGIN {printf \"%.6f\", 400000 / $memory}")" >/dev/null &
pid=$!
trap 'kill "$pid" 2>/dev/null; wait "$pid" 2>/dev/null || true; [[ -n ${DATA:-} ]] || rm -rf "$data"' EXIT
until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do sleep 0.1; done

./amqpbench -p "$port" --pid "$pid" --label "deep-$gigabytes-GB" --prefix deep -M con -n "$count" -s "$size" "${durability[@]}" -c 2000 -a 100 -P 1000 -T 3600
awk '/VmHWM/ {printf "at most %.0f MB resident\n", $2 / 1024}' "/proc/$pid/status"
