#!/bin/bash
# run.sh REPS NAME:PORT:PID [NAME:PORT:PID ...] : the fixed broker scenarios, one JSON line a run in results/NAME.jsonl.
# PID is the process whose CPU time and memory are counted. The brokers take turns within each scenario (A B A B), so that a drift of the
# machine meets all of them. SCENARIOS='b01|b04' picks some; TLS_PORT adds b04 within TLS there; FILL and DRAIN set how many messages b02 and b03 pile up at most.
# Every run is bounded in time (-z publishes, -T ends) and cleans its queues up.
cd "$(dirname "$0")" || exit 1
reps=${1:?repetitions} ; shift
brokers=("$@"); ((${#brokers[@]})) || { echo "usage: run.sh REPS NAME:PORT:PID ..." >&2; exit 2; }
mkdir -p results
for broker in "${brokers[@]}"; do : >"results/${broker%%:*}.jsonl"; done

b() { # LABEL amqpbench-arguments...
  local label=$1 broker name port pid; shift
  [[ $label =~ ${SCENARIOS:-.} ]] || return 0
  for _ in $(seq "$reps"); do
    for broker in "${brokers[@]}"; do
      IFS=: read -r name port pid <<<"$broker"
      ./amqpbench -p "$port" --pid "$pid" --label "$label" --prefix "$label" -T 30 "$@" >>"results/$name.jsonl" ||
        echo "{\"label\":\"$label\",\"failed\":$?}" >>"results/$name.jsonl"
      sleep 0.3
    done
  done
}

b b01-1to1-16B         -z 3 -s 16
b b02-publish-16B      -z 2 -n "${FILL:-10000000}" -s 16 -M pub
b b03-drain-16B        -n "${DRAIN:-2000000}" -s 16 -M con
b b04-1to1-1KiB        -z 3 -s 1024
[[ ${TLS_PORT:-} ]] && b b04-tls-1KiB     -z 3 -s 1024 --tls-port "$TLS_PORT"
b b05-durable-conf-16B  -z 3 -s 16   -d -m -c 1000 -a 100 -P 1000
b b05-durable-conf-1KiB -z 3 -s 1024 -d -m -c 1000 -a 100 -P 1000
b b06-sync-conf-1KiB   -z 3 -n 50000 -s 1024 -d -m -c 1 -a 1 -P 10
b b07-fanout4-64B      -z 3 -s 64 -f -q 4 -y 4
b b08-10x10x10-256B    -z 3 -s 256 -x 10 -y 10 -q 10 -d -m -c 100 -a 10 -P 100
b b09-1to1-1MiB        -z 3 -s 1048576 -a 1 -P 20
b b10-latency-1k       -z 4 -s 64 -r 1000 -d -a 1 -P 100
b b10-latency-10k      -z 4 -s 64 -r 10000 -d -a 10 -P 100
b b01-topic1-16B       -z 3 -s 16 --topic 1
b b01-topic100-16B     -z 3 -s 16 --topic 100
b b12-ttl-64B          -z 3 -s 64 --ttl 600000
b b12-ttl-drain-64B    -n "${DRAIN:-2000000}" -s 64 --ttl 600000 -M con
b b13-dead-expired-64B -z 3 -s 64 --dead expired
b b13-dead-maxlen-64B  -z 3 -s 64 --dead maxlen
b b14-priority10-64B   -z 3 -s 64 --priorities 10
b b14-priority10-drain -n "${DRAIN:-2000000}" -s 64 --priorities 10 -M con
b b11-idle-1000        --idle 1000
