#!/bin/sh
# watchdog DIRECTORY: waits for the end of its stdin, which comes when the owner of the fleet closes it or dies, however it
# dies; then kills every process of the fleet in DIRECTORY, detached ones included, and removes DIRECTORY.

# Ctrl-C reaches the whole group of the terminal; only the owner may answer it.
trap '' HUP INT TERM
directory=$1
while read -r _; do :; done

# The listeners, which have the name of their configuration on their command line, and whatever calls a folder of the fleet its home.
# (Not what merely works in such a folder: that may be the shell of somebody who looks around.)
members() {
  for process in /proc/[0-9]*; do
    { read -r name < "$process/comm"; } 2> /dev/null || continue
    case $name in
      sshd*) if grep -qsF -e "$directory/" "$process/cmdline"; then echo "${process#/proc/}"; fi ;;
    esac
  done
  grep -lsF -e "HOME=$directory/h" /proc/[0-9]*/environ | cut -d/ -f3
}

# The given processes and all their descendants.
with_descendants() {
  grep -s '^PPid:' /proc/[0-9]*/status | awk -v given="$*" '
    { split($1, part, "/"); parent[part[3]] = $2 }
    END {
      count = split(given, ids, " ")
      for (i = 1; i <= count; i++) member[ids[i]] = 1
      do {
        grew = 0
        for (id in parent) if (!(id in member) && (parent[id] in member)) { member[id] = 1; grew = 1 }
      } while (grew)
      for (id in member) print id
    }'
}

rounds=0
while [ "$rounds" -lt 100 ]; do
  rounds=$((rounds + 1))
  # shellcheck disable=SC2046 # process ids, one word each
  set -- $(members)
  [ $# -gt 0 ] || break
  # A stopped listener cannot fork a connection between the look and the kill.
  kill -STOP "$@" 2> /dev/null
  # shellcheck disable=SC2046
  kill -KILL $(with_descendants "$@") 2> /dev/null
done
rm -rf -- "$directory"
