# shellcheck shell=sh
# workers.sh: is there room for one more worker? It goes with the launches to a host whose entry limits its workers, and is
# forgotten behind them. A worker is a task below the root that runs, whoever sent it and from wherever.
# shellcheck disable=SC2034,SC2154 # variables of the resident functions (host.sh, process.sh)

# rd_paced MOST MEMORY RESERVE INTERVAL rd_launch ROOT ID DIGEST ...: launches where there is room; 0 is no limit, memory is in KiB,
# INTERVAL in seconds. One launch at a time looks and starts, so that two clients at once never both take the last place. The lock
# is the kernel's, on an open file: it goes with the process that holds it, whatever ends that.
# Answers what rd_launch does, or (the id stays free; SECONDS is when it is worth asking again, 0 for: when a worker has ended)
#   busy SECONDS workers RUNNING · busy SECONDS fit RUNNING TOTAL · busy SECONDS memory FREE · busy SECONDS interval · busy SECONDS turn
rd_paced() {
  RD_MOST=$1 RD_EACH=$2 RD_RESERVE=$3 RD_PAUSE=$4
  shift 4
  rd_root "$2" && rd_owned || return 0
  RD_DIR=$RD_ROOT/$3 RD_CLAIM=
  { read -r RD_CLAIM _ <"$RD_DIR/claim"; } 2>/dev/null
  # What has begun, or belongs to another request, takes no place: rd_launch says what it is.
  if [ -e "$RD_DIR/process" ] || [ -e "$RD_DIR/exit" ] || [ "${RD_CLAIM:-$4}" != "$4" ]; then
    "$@"
    return 0
  fi
  RD_OPEN=
  {
    RD_OPEN=yes
    if rd_turn && rd_vacant; then
      "$@"
      [ ! -e "$RD_ROOT/$3/process" ] || { printf '%s\n' "$RD_NOW" >"$RD_ROOT/.starts"; }
    fi
  } 9>>"$RD_ROOT/.starts"
  [ -n "$RD_OPEN" ] || rd_unwritten
}

# rd_turn: this shell alone looks and starts, until descriptor 9 is closed. The task itself never has it: rd_env closes it.
rd_turn() {
  if command -v flock >/dev/null; then
    set -- flock -n 9
  elif command -v perl >/dev/null; then
    # shellcheck disable=SC2016 # perl's own
    set -- perl -e 'open(my $f, ">>&=", 9) or exit 2; exit(flock($f, 6) ? 0 : 1)'
  else
    printf 'unfit %s\t%s\n' 'the host has neither flock nor perl, so that no limit of its workers could be kept' \
      'Install util-linux or perl there, or take the limit out of its entry.'
    return 1
  fi
  RD_TRIES=0
  until "$@"; do
    RD_TRIES=$((RD_TRIES + 1))
    # Whoever waits here holds up all that its client asks of this host.
    [ "$RD_TRIES" -le 40 ] || { echo 'busy 1 turn'; return 1; }
    sleep 0.05 || { sleep 1; RD_TRIES=$((RD_TRIES + 19)); }
  done
}

# rd_vacant: is there room? Says what is in the way.
rd_vacant() {
  RD_RUNNING=0 RD_LAST=
  { read -r RD_LAST _ <"$RD_ROOT/.starts"; }
  case $RD_LAST in '' | *[!0-9]* | 0* | ???????????*) RD_LAST=0 ;; esac
  for RD_PATH in "$RD_ROOT"/*/process; do
    RD_PATH=${RD_PATH%/process}
    if [ -e "$RD_PATH/exit" ] || ! rd_process "$RD_PATH" || ! rd_alive; then continue; fi
    RD_RUNNING=$((RD_RUNNING + 1))
    # A start of somebody who has no limit counts too.
    case $RD_AT in '' | *[!0-9]* | 0* | ???????????*) continue ;; esac
    [ "$RD_AT" -le "$RD_LAST" ] || RD_LAST=$RD_AT
  done
  RD_NOW=$(date +%s)
  # A clock that was set back makes nobody wait for ever.
  if [ "$RD_NOW" -ge "$RD_LAST" ] && [ $((RD_NOW - RD_LAST)) -lt "$RD_PAUSE" ]; then
    printf 'busy %s interval\n' $((RD_PAUSE - RD_NOW + RD_LAST))
    return 1
  elif [ "$RD_MOST" != 0 ] && [ "$RD_RUNNING" -ge "$RD_MOST" ]; then
    printf 'busy 0 workers %s\n' "$RD_RUNNING"
    return 1
  elif [ "$RD_EACH$RD_RESERVE" != 00 ]; then
    rd_spacious
  fi
}

# rd_spacious: is there memory for one more? What has just begun does not have what it will need yet: all of them must fit into the
# memory too, and not only the next one into what is free now.
rd_spacious() {
  RD_TOTAL='' RD_FREE=''
  if [ -r /proc/meminfo ]; then
    while read -r RD_NAME RD_LINE _; do
      case $RD_NAME in MemTotal:) RD_TOTAL=$RD_LINE ;; MemAvailable:) RD_FREE=$RD_LINE ;; esac
    done </proc/meminfo
  else
    RD_TOTAL=$(($(sysctl -n hw.memsize) / 1024))
    RD_FREE=$(vm_stat | rd_pages)
  fi
  case $RD_TOTAL:$RD_FREE in
    *[!0-9:]* | :* | *:)
      printf 'unfit %s\t%s\n' 'how much memory the host has free cannot be found out' 'Take what it says of memory out of its entry: a number of workers can be limited there.'
      return 1
      ;;
  esac
  if [ $((RD_EACH + RD_RESERVE)) -gt "$RD_TOTAL" ]; then
    printf 'unfit %s\t%s\n' "the memory of the host ($((RD_TOTAL / 1024)) MiB) does not hold one worker and the reserve that its entry asks for ($(((RD_EACH + RD_RESERVE) / 1024)) MiB)" \
      'Change the limit in its entry: Set-DispatchHost -MemoryPerWorker, -MemoryReserve.'
  elif [ $(((RD_RUNNING + 1) * RD_EACH + RD_RESERVE)) -gt "$RD_TOTAL" ]; then
    printf 'busy 0 fit %s %s\n' "$RD_RUNNING" "$RD_TOTAL"
  elif [ "$RD_FREE" -lt $((RD_EACH + RD_RESERVE)) ]; then
    printf 'busy 5 memory %s\n' "$RD_FREE"
  else
    return 0
  fi
  return 1
}

# rd_pages: from what vm_stat prints (macOS) to the KiB that can be had at once.
rd_pages() {
  RD_SIZE=4096 RD_PAGES=0
  while read -r RD_NAME RD_WHAT RD_LINE; do
    case "$RD_NAME $RD_WHAT" in
      'Mach Virtual')
        RD_LINE=${RD_LINE##*'page size of '}
        RD_SIZE=${RD_LINE%% *}
        ;;
      'Pages free:' | 'Pages inactive:' | 'Pages speculative:' | 'Pages purgeable:') RD_PAGES=$((RD_PAGES + ${RD_LINE%.})) ;;
    esac
  done
  echo $((RD_PAGES * (RD_SIZE / 1024)))
}
