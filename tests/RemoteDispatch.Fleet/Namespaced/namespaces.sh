#!/bin/bash
# namespaces DIRECTORY HOST_SCRIPT SSHD: the network of a fleet, and what happens to its hosts. It is the first process in
# network, mount and process namespaces of its own: when it ends, however it ends, the kernel ends everything in them.
#   stdin: one command a line     stdout: one line for each, 'ok' or 'fail'     end of stdin: everything is taken down
#   boot I | wait I | crash I | cut I | heal I | rate I RATE | unrate I
set -u
# Job control, for one of its effects: without it a background process starts with SIGINT ignored, and so would every session.
set -m
directory=$1 host_script=$2 sshd=$3
network=10.231.77
declare -A running=()
exec 2>> "$directory/log"

lay_network() {
  mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns && ip link set lo up &&
    ip link add fleet0 type bridge stp_state 0 forward_delay 0 && ip addr add $network.1/24 dev fleet0 && ip link set fleet0 up &&
    # Without quickack each handshake waits for three delayed ACKs, 100 ms in all.
    ip route change $network.0/24 dev fleet0 proto kernel scope link src $network.1 quickack 1 &&
    nft -f - << 'RULES'
table bridge fleet {
  set cut { type ifname; }
  chain in { type filter hook input priority 0; iifname @cut drop; }
  chain out { type filter hook output priority 0; oifname @cut drop; }
  chain through { type filter hook forward priority 0; iifname @cut drop; oifname @cut drop; }
}
RULES
}

cut() { nft add element bridge fleet cut "{ \"v$1\" }"; }

heal() { nft delete element bridge fleet cut "{ \"v$1\" }" 2> /dev/null || true; }

# A cable and a network stack as new: the old stack still holds the sockets of before the crash, and would end them with a
# FIN where a machine that was rebooted answers RST. The card keeps its address, or its neighbours would not find it at once.
plug_in() {
  local name=h$1 address=$network.$((10 + $1)) card
  printf -v card '02:00:0a:e7:4d:%02x' $((10 + $1))
  ip link del "v$1" 2> /dev/null
  ip netns del "$name" 2> /dev/null
  ip netns add "$name" && ip link add "v$1" type veth peer name eth0 address "$card" netns "$name" &&
    ip -n "$name" -b - << COMMANDS && ip link set "v$1" master fleet0 up
link set lo up
addr add $address/24 dev eth0
link set eth0 up
route change $network.0/24 dev eth0 proto kernel scope link src $address quickack 1
COMMANDS
}

boot() {
  if [ -n "${running[$1]-}" ]; then echo "h$1 is running" >&2; return 1; fi
  heal "$1" && plug_in "$1" || return
  nsenter --net="/run/netns/h$1" unshare --fork --pid --mount --uts --ipc --mount-proc --kill-child \
    sh "$host_script" "$directory/h$1" "h$1" "$sshd" < /dev/null >> "$directory/h$1/log" 2>&1 &
  running[$1]=$!
}

greets() {
  local line
  # The connection is closed with the subshell, before the function returns.
  (exec 3<> "/dev/tcp/$network.$((10 + $1))/22" && read -r -t 2 -u 3 line && [[ $line == SSH-* ]]) 2> /dev/null
}

await() {
  local deadline=$((SECONDS + 15))
  until greets "$1"; do
    kill -0 "${running[$1]}" && [ "$SECONDS" -lt "$deadline" ] || return
    sleep 0.01
  done
}

# Power loss: first nothing gets out any more, no FIN and no RST, then everything is gone.
crash() {
  if [ -z "${running[$1]-}" ]; then echo "h$1 is not running" >&2; return 1; fi
  cut "$1" || return
  kill -KILL "${running[$1]}"
  wait "${running[$1]}" 2> /dev/null
  unset "running[$1]"
}

rate() {
  ip netns exec "h$1" tc qdisc replace dev eth0 root tbf rate "$2" burst 32k latency 400ms &&
    tc qdisc replace dev "v$1" root tbf rate "$2" burst 32k latency 400ms
}

unrate() { ip netns exec "h$1" tc qdisc del dev eth0 root && tc qdisc del dev "v$1" root; }

reply() { if "$@"; then echo ok; else echo fail; fi; }

reply lay_network
while read -r command host argument; do
  case $command in
    boot | crash | cut | heal | unrate) reply "$command" "$host" ;;
    wait) reply await "$host" ;;
    rate) reply rate "$host" "$argument" ;;
    *) reply false ;;
  esac
done

for host in "${!running[@]}"; do kill -KILL "${running[$host]}"; done
wait
rm -rf -- "$directory"
