# shellcheck shell=sh
# since.sh: travels with the request that calls it.
# shellcheck disable=SC2153 # RD_ROOT and RD_SIZE come from host.sh

# rd_since ROOT ID WORD SECONDS: the offset in the log before which everything was printed before a time: SECONDS since 1970
# ('at'), or before now by this host's clock ('ago'). 0 where nothing tells. A clock that was set back ends the search: rather
# too much than a byte too few.
rd_since() {
  rd_root "$1" || return 9
  rd_size "$RD_ROOT/$2/log"
  RD_TIME=$4
  [ "$3" = at ] || RD_TIME=$(($(date +%s) - $4))
  RD_OFFSET=$(awk -v time="$RD_TIME" '$1 + 0 >= time + 0 { exit } NF == 2 && $2 ~ /^[0-9]+$/ { size = $2 } END { print size == "" ? "0" : size }' \
    "$RD_ROOT/$2/times" 2>/dev/null)
  # A line of the index that cannot be is no line of ours.
  case ${#RD_OFFSET} in [1-9] | 1[0-8]) [ "$RD_OFFSET" -le "$RD_SIZE" ] || RD_OFFSET=0 ;; *) RD_OFFSET=0 ;; esac
  echo "$RD_OFFSET"
}
