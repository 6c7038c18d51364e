#!/bin/bash
# compare.sh [REPS] : amqp-broker against Debian's rabbitmq-server in turn, medians of REPS (5) runs, as markdown.
# Builds the load generator (gcc, librabbitmq-dev) and publishes the broker, starts both on ports and data folders of their own, runs every
# scenario of run.sh (SCENARIOS picks some), prints what the machine can do at best before and after, the tables and the ratios, stops all.
# Without rabbitmq-server, or with RABBIT=0, it measures amqp-broker alone. BROKER_ARGS are passed on to amqp-broker; it keeps nothing (--memory) without them.
set -euo pipefail
cd "$(dirname "$0")"
reps=${1:-5}
root=$(cd ../.. && pwd)
our_port=${PORT:-5772} rabbit_port=${RABBIT_PORT:-5674}
scratch=$(mktemp -d) our_pid='' rabbit_pid=''

finish() {
  [[ -z $our_pid ]] || kill "$our_pid" 2>/dev/null || true
  if [[ -n $rabbit_pid ]]; then
    kill "$rabbit_pid" 2>/dev/null || true
    wait 2>/dev/null || true
    ERL_EPMD_PORT=$((rabbit_port + 10000)) epmd -kill >/dev/null 2>&1 || true
  fi
  wait 2>/dev/null || true
  rm -rf "$scratch"
}
trap finish EXIT

wait_for_port() { # PORT SECONDS
  local end=$((SECONDS + $2))
  until (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; do
    ((SECONDS < end)) || { echo "nothing listens on port $1" >&2; return 1; }
    sleep 0.2
  done
}

build() {
  gcc -O2 -Wall -Wextra -o amqpbench amqpbench.c -lrabbitmq -lssl -lcrypto -lpthread
  gcc -O2 -Wall -Wextra -o limits limits.c -lpthread
  dotnet publish "$root/src/AmqpToolkit.Broker.Host" -c Release -r "linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')" \
    --self-contained false -p:PublishReadyToRun=true -o "$root/artifacts/amqp-broker" -v quiet --nologo
}

start_ours() {
  local from to line
  from=$(date +%s%N)
  # shellcheck disable=SC2086
  exec 4< <(exec "$root/artifacts/amqp-broker/amqp-broker" --port "$our_port" --log-level warning ${BROKER_ARGS:---memory})
  our_pid=$!
  read -r line <&4
  to=$(date +%s%N)
  wait_for_port "$our_port" 5
  sleep 1
  echo "$line"
  echo "start-up $(((to - from) / 1000000)) ms, idle $(awk '/VmRSS/ {printf "%.0f", $2 / 1024}' "/proc/$our_pid/status") MB resident"
}

# A node, a data folder and an epmd of its own: one that already runs on this machine is not touched.
start_rabbit() {
  echo '[].' >"$scratch/enabled_plugins"
  env HOME="$scratch" ERL_EPMD_PORT=$((rabbit_port + 10000)) ERL_EPMD_ADDRESS=127.0.0.1 \
    RABBITMQ_NODENAME=compare@localhost RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODE_PORT="$rabbit_port" RABBITMQ_DIST_PORT=$((rabbit_port + 20000)) \
    RABBITMQ_MNESIA_BASE="$scratch/mnesia" RABBITMQ_LOG_BASE="$scratch/log" RABBITMQ_ENABLED_PLUGINS_FILE="$scratch/enabled_plugins" \
    RABBITMQ_CONFIG_FILE="$scratch/none" RABBITMQ_CONF_ENV_FILE="$scratch/none" \
    /usr/lib/rabbitmq/bin/rabbitmq-server >"$scratch/rabbit.out" 2>&1 &
  local script=$!
  wait_for_port "$rabbit_port" 60 || { cat "$scratch/rabbit.out" >&2; return 1; }
  rabbit_pid=$(pgrep -P "$script" beam.smp || echo "$script")
  sleep 3
}

build
rm -rf results
mkdir -p results
echo "$(date -u +%F), $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) CPUs, $(dotnet --version), load $(cut -d' ' -f1-3 /proc/loadavg)"
start_ours
brokers=("amqp-broker:$our_port:$our_pid")
if [[ ${RABBIT:-1} != 0 && -x /usr/lib/rabbitmq/bin/rabbitmq-server ]]; then
  start_rabbit
  brokers+=("rabbitmq:$rabbit_port:$rabbit_pid")
fi
echo "limits before: $(./limits "$scratch" 1)"
./run.sh "$reps" "${brokers[@]}"
echo "limits after: $(./limits "$scratch" 1)"
echo "load $(cut -d' ' -f1-3 /proc/loadavg)"
files=(results/amqp-broker.jsonl)
[[ -z $rabbit_pid ]] || files+=(results/rabbitmq.jsonl)
./table.py "${files[@]}"
