#!/bin/bash
# systemd DIRECTORY SSHD: one host whose first process is a real systemd, with logind and a user who is not root. This script is
# the first process in network, mount and process namespaces of its own: when it ends, however it ends, the kernel ends
# everything in them.
#   stdin: one command a line     stdout: one line for each, 'ok' or 'fail'     end of stdin: everything is taken down
#   boot | wait | do COMMAND: as root at the host, in no session of logind's; what it prints is in DIRECTORY/said
set -u
directory=$1 sshd=$2
host=$directory/h1
root=$host/merged
address=10.231.78
user=walter
cgroups=()
exec 2>> "$directory/log"

lay_network() {
  mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns && ip link set lo up &&
    ip netns add h1 && ip link add v1 type veth peer name eth0 netns h1 && ip addr add $address.1/24 dev v1 && ip link set v1 up &&
    # Without quickack each handshake waits for three delayed ACKs, 100 ms in all.
    ip route change $address.0/24 dev v1 proto kernel scope link src $address.1 quickack 1 &&
    ip -n h1 -b - << COMMANDS
link set lo up
addr add $address.11/24 dev eth0
link set eth0 up
route change $address.0/24 dev eth0 proto kernel scope link src $address.11 quickack 1
COMMANDS
}

# This machine's own disk, and what the host writes in memory.
lay_disk() {
  local unit
  mkdir -p "$host/disk" && mount -t tmpfs tmpfs "$host/disk" && mkdir "$host/disk/upper" "$host/disk/work" "$root" &&
    mount -t overlay overlay -o "lowerdir=/,upperdir=$host/disk/upper,workdir=$host/disk/work" "$root" || return
  # Nothing starts that this machine would start.
  rm -rf "$root"/etc/systemd/system "$root"/etc/rc?.d "$root"/etc/fstab "$root"/etc/systemd/logind.conf.d
  mkdir -p "$root/etc/systemd/system/multi-user.target.wants" "$root/etc/systemd/logind.conf.d" "$root/etc/fleet"
  for unit in getty.target console-getty.service systemd-tmpfiles-clean.timer systemd-firstboot.service systemd-resolved.service \
    systemd-networkd.service systemd-timesyncd.service; do
    ln -s /dev/null "$root/etc/systemd/system/$unit"
  done
  tr -d - < /proc/sys/kernel/random/uuid > "$root/etc/machine-id"
  cp -p "$host/key" "$host/sshd_config" "$host/authorized_keys" "$root/etc/fleet/"
  cat > "$root/etc/systemd/system/fleet-sshd.service" << UNIT
[Service]
RuntimeDirectory=sshd
ExecStart=$sshd -D -e -f /etc/fleet/sshd_config
StandardError=append:/etc/fleet/log
UNIT
  ln -s ../fleet-sshd.service "$root/etc/systemd/system/multi-user.target.wants/"
  chroot "$root" useradd --create-home --shell /bin/bash --password '*' "$user" && chmod 700 "$root/home/$user"
}

# Control groups of the host's own, so that they can be taken away again.
lay_cgroups() {
  local kinds path mount
  while IFS=: read -r _ kinds path; do
    case $kinds in
      '') if [ -e /sys/fs/cgroup/cgroup.procs ]; then mount=/sys/fs/cgroup; else mount=/sys/fs/cgroup/unified; fi ;;
      name=systemd) mount=/sys/fs/cgroup/systemd ;;
      *) continue ;;
    esac
    [ -d "$mount" ] || continue
    mkdir "$mount${path%/}/${directory##*/}" && cgroups+=("$mount${path%/}/${directory##*/}") || return
  done < /proc/self/cgroup
}

boot() {
  lay_disk && lay_cgroups || return
  (
    for group in "${cgroups[@]}"; do echo "$BASHPID" > "$group/cgroup.procs"; done
    exec systemd-nspawn --quiet -D "$root" --register=no --keep-unit --machine=h1 --hostname=h1 \
      --network-namespace-path=/run/netns/h1 -b systemd.unit=multi-user.target < /dev/null > "$host/console" 2>&1
  ) &
  nspawn=$!
}

greets() {
  local line
  # The connection is closed with the subshell, before the function returns.
  (exec 3<> "/dev/tcp/$address.11/22" && read -r -t 2 -u 3 line && [[ $line == SSH-* ]]) 2> /dev/null
}

await() {
  local deadline=$((SECONDS + 15))
  # logind has to be there too, or the first login would be no session of its.
  until greets && inside 'systemctl is-active systemd-logind.service systemd-user-sessions.service'; do
    if ! kill -0 "$nspawn" || [ "$SECONDS" -ge "$deadline" ]; then cat "$host/console" >&2; return 1; fi
    sleep 0.05
  done
}

# The host's first process, as this script sees it.
leader() { pgrep -P "$nspawn" -o; }

inside() {
  local first
  first=$(leader) && nsenter -t "$first" --mount --uts --ipc --net --pid --cgroup -- sh -c "$1" < /dev/null > "$directory/said" 2>&1
}

reply() { if "$@"; then echo ok; else echo fail; fi; }

nspawn=
reply lay_network
while read -r command rest; do
  case $command in
    boot) reply boot ;;
    wait) reply await ;;
    do) reply inside "$rest" ;;
    *) reply false ;;
  esac
done

# The host's first process takes all others of it along.
if [ -n "$nspawn" ]; then
  if first=$(leader); then kill -KILL "$first"; fi
  kill -KILL "$nspawn"
  wait
fi
tries=0
for group in "${cgroups[@]}"; do
  # Those who were killed may not quite have left.
  until find "$group" -depth -type d -exec rmdir {} + 2> /dev/null || [ ! -e "$group" ] || [ "$tries" -ge 200 ]; do
    tries=$((tries + 1))
    sleep 0.01
  done
done
umount "$root" "$host/disk"
rm -rf --one-file-system -- "$directory"
