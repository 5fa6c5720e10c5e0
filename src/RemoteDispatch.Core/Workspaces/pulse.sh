# shellcheck shell=sh
# pulse.sh: how much tasks have done so far, for whoever wants to know whether they do anything. It is not resident: it goes with the
# requests that need it, and runs in a subshell. It only looks. process.sh and host.sh stand above it.
# shellcheck disable=SC2153,SC2154 # RD_ROOT and its like come from host.sh

# rd_pulse ROOT ID...: for each task that runs a line
#   ID UPTIME LOGBYTES CPU COUNT FAMILY
# LOGBYTES is of stderr too, where that is kept apart. UPTIME and CPU are hundredths of seconds: how long the host has been up, and the processor time of all processes of the task,
# of their ended children too. COUNT is how many processes it has. FAMILY is another when one was born or has died, also when
# that was between two pulses (the faults of ended children tell). For a task that does not run: ID and a '-'.
rd_pulse() {
  rd_root "$1" || return 9
  shift
  RD_TICKS=$(getconf CLK_TCK 2>/dev/null) || RD_TICKS=100
  for RD_ID in "$@"; do
    if rd_process "$RD_ROOT/$RD_ID" && rd_alive; then
      rd_uptime
      rd_size "$RD_ROOT/$RD_ID/log"
      RD_LOGGED=$RD_SIZE
      rd_size "$RD_ROOT/$RD_ID/error"
      RD_LOGGED=$((RD_LOGGED + RD_SIZE))
      rd_members
      # The wrapper's own watcher sleeps in pieces, and is nothing that the task does.
      RD_WATCHER=-
      { read -r RD_WATCHER <"$RD_ROOT/$RD_ID/watch"; } 2>/dev/null
      rd_spent
      printf '%s %s %s %s %s %s\n' "$RD_ID" "$RD_UP" "$RD_LOGGED" "$RD_CPU" "$RD_COUNT" "$RD_FAMILY"
    else
      printf '%s -\n' "$RD_ID"
    fi
  done
}

# rd_uptime: RD_UP is for how long the host has been up. No clock that somebody can set.
rd_uptime() {
  if { read -r RD_UP _ </proc/uptime; } 2>/dev/null; then
    # With two decimals always; a leading zero would make it octal.
    RD_UP=${RD_UP%.*}${RD_UP#*.}
    RD_UP=${RD_UP#0}
    return
  fi
  RD_UP=$(sysctl -n kern.boottime 2>/dev/null | sed 's/.*sec = \([0-9]*\),.*/\1/')
  RD_UP=$((($(date +%s) - ${RD_UP:-0}) * 100))
}

# rd_spent: of all in RD_MEMBERS: RD_CPU, RD_COUNT, RD_FAMILY.
rd_spent() {
  RD_CPU=0 RD_COUNT=0 RD_KIN=
  # shellcheck disable=SC2086 # a list of numbers
  set -- $RD_MEMBERS
  if [ -r /proc/self/stat ]; then
    for RD_ONE in "$@"; do
      RD_LINE=
      { IFS= read -r RD_LINE <"/proc/$RD_ONE/stat"; } 2>/dev/null || continue
      # shellcheck disable=SC2086 # split on purpose: the fields of proc(5), state first
      rd_spent_one "$RD_ONE" ${RD_LINE##*") "}
    done
    RD_CPU=$((RD_CPU * 100 / RD_TICKS))
  else
    for RD_ONE in "$@"; do
      case $RD_WATCHER in "$RD_ONE" | "$(ps -o ppid= -p "$RD_ONE" 2>/dev/null | tr -d ' ')") continue ;; esac
      RD_LINE=$(LC_ALL=C ps -o time= -p "$RD_ONE" 2>/dev/null) || continue
      RD_CPU=$((RD_CPU + $(printf '%s\n' "$RD_LINE" | awk -F'[-:]' '{ s = 0; for (i = 1; i <= NF; i++) s = s * (i == 2 && NF == 4 ? 24 : 60) + $i; printf "%d", s * 100 }')))
      RD_COUNT=$((RD_COUNT + 1))
      rd_birth "$RD_ONE"
      RD_KIN="$RD_KIN $RD_ONE:$RD_BIRTH"
    done
  fi
  RD_FAMILY=$(printf '%s' "$RD_KIN" | cksum)
  RD_FAMILY=${RD_FAMILY%% *}
}

# rd_spent_one PID STATE PPID PGRP SESSION TTY TPGID FLAGS MINFLT CMINFLT MAJFLT CMAJFLT UTIME STIME CUTIME CSTIME … START
rd_spent_one() {
  RD_PULSED=$1
  shift
  case $RD_WATCHER in "$RD_PULSED" | "$2") return ;; esac
  RD_COUNT=$((RD_COUNT + 1))
  RD_CPU=$((RD_CPU + ${12} + ${13} + ${14} + ${15}))
  RD_KIN="$RD_KIN $RD_PULSED:${20}:$9"
}
