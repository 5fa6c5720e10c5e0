# shellcheck shell=sh
# pack.sh: travels with the request that calls it.
# shellcheck disable=SC2153,SC2154 # RD_ROOT, RD_STATE and RD_SIZE come from host.sh

# rd_packed ROOT ID OFFSET COUNT FILE: as rd_log, for a line that is worth it: the state, then 'gzip N' or 'plain N', then the N bytes, at
# most COUNT, that FILE has from OFFSET on, compressed where it says so. N is told before, so that the end of what follows is known.
rd_packed() {
  rd_root "$1" || return 9
  rd_state "$RD_ROOT/$2"
  printf '%s\n' "$RD_STATE"
  RD_LOG=$RD_ROOT/$2/$5
  RD_SIZE=0
  [ ! -e "$RD_LOG" ] || rd_size "$RD_LOG"
  RD_LEFT=$((RD_SIZE - $3))
  [ "$RD_LEFT" -le "$4" ] || RD_LEFT=$4
  [ "$RD_LEFT" -gt 0 ] || { echo plain 0; return 0; }
  if gzip -1 -c </dev/null >/dev/null 2>&1; then
    echo gzip "$RD_LEFT"
    rd_piece "$3" | gzip -1 -c || return 8
  else
    echo plain "$RD_LEFT"
    rd_piece "$3" || return 8
  fi
}

rd_piece() {
  { { [ "$1" = 0 ] || dd bs=1 skip="$1" count=0 2>/dev/null; } && head -c "$RD_LEFT"; } <"$RD_LOG"
}
