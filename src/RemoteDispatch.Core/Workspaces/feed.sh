# shellcheck shell=sh
# feed.sh: what a channel that follows is taught beside host.sh. One request streams what grows until all of it has ended,
# or until the caller writes to the channel's stdin; the channel's end is the end of it too, and of all that it started.
# A hint (a byte in the pipe 4) carries no meaning but 'look again': what is told is always what a look has found.
# shellcheck disable=SC2153,SC2154 # RD_ROOT and its like come from host.sh

# Requests run with an empty stdin: this is the channel's own.
exec 3<&0
trap 'RD_LEAVE=1' USR1
trap 'rd_unwatch; exit 1' PIPE HUP
RD_HELPERS='' RD_LEAVE='' RD_TAILS=''

# rd_feed ROOT MOST [NUMBER ID WHAT OFFSET]...: streams records 'NUMBER OFFSET LENGTH SIZE STATE' with LENGTH bytes behind
# each, where WHAT is a file of the workspace (log, error, events) or 'state', which has no bytes. There is one record for
# every change of state and for every piece of at most MOST bytes, the tasks in turn. The state is looked at before SIZE: an
# end with OFFSET + LENGTH = SIZE is the last record. A file that cannot be read has the state 'unreadable'.
rd_feed() {
  rd_root "$1" || return 9
  RD_FED=$1 RD_MOST=$2
  shift 2
  CDPATH='' cd -- "$RD_ROOT" 2>/dev/null || RD_ROOT=/dev/null/none
  RD_SUBS=''
  while [ $# -ge 4 ]; do
    RD_SUBS="$RD_SUBS$1 $2 $3 $4 0 -$RD_NL"
    shift 4
  done
  # A tail that reads what came before would read all of it again for each hint, and one that only looks each second is no hint.
  if [ -z "$RD_TAILS" ]; then
    case $(tail --help 2>&1) in *BusyBox*) RD_TAILS=no ;; *) RD_TAILS=yes ;; esac
  fi
  RD_LEAVE='' RD_STALE=1 RD_WATCHED=' ' RD_HINT=0
  while rd_feed_look && [ -n "$RD_SUBS" ] && [ -z "$RD_LEAVE" ]; do
    [ -z "$RD_MORE" ] || continue
    # What a tail still has to say is old news, where there is much of it.
    [ -n "$RD_NEWS" ] || [ "$RD_HINT" -lt 1024 ] || RD_STALE=1
    if [ -n "$RD_STALE" ]; then
      # What came between the look and the watch is found by a second look.
      rd_watch
      RD_HINT=0
      continue
    fi
    # A trickle is told fifty times a second and not for each byte.
    [ -z "$RD_NEWS" ] || sleep 0.02
    RD_HINT=$(($(dd bs=65536 count=1 <&4 | wc -c)))
    # Without a pipe (a full disk) there is still a look each second.
    [ "$RD_HINT" -gt 0 ] || sleep 1
  done 2>/dev/null
  rd_unwatch 2>/dev/null
  return 0
}

# rd_feed_look: tells what is new. RD_SUBS holds what is left to follow: NUMBER ID WHAT OFFSET NEW STATE, a line each.
rd_feed_look() {
  # The link to a forwarded agent is looked after as often: forwarding.sh, where this channel forwards one.
  [ -z "${RD_AGENT-}" ] || rd_agent "$RD_FED"
  RD_NEWS='' RD_MORE='' RD_FILES='' RD_NEXT='' RD_LAST='' RD_STATE='' RD_DOUBT=0
  rd_by_line
  for RD_ROW in $RD_SUBS; do
    IFS=$RD_IFS
    # shellcheck disable=SC2086 # split on purpose
    set -- $RD_ROW
    if [ "$2" != "$RD_LAST" ]; then
      RD_LAST=$2
      rd_state "$RD_ROOT/$2"
      # Whoever stops it has killed the wrapper, and is about to write the record for it.
      while [ "${RD_STATE%% *}" = lost ] && [ -e "$2/stop" ] && [ "$RD_DOUBT" -lt 4 ]; do
        RD_DOUBT=$((RD_DOUBT + 1))
        sleep 0.5 || sleep 1
        rd_state "$RD_ROOT/$2"
      done
    fi
    RD_LINE="$1 $2 $3 $4"
    [ "$3" = state ] || [ "$RD_STATE" = absent ] || RD_FILES="$RD_FILES $2/$3"
    shift 5
    RD_WAS=$*
    # shellcheck disable=SC2086 # as RD_WAS: one blank between the words
    set -- $RD_STATE
    if [ "$*" = "$RD_WAS" ]; then RD_LINE="$RD_LINE 0"; else RD_LINE="$RD_LINE 1"; fi
    RD_NEXT="$RD_NEXT$RD_LINE $*$RD_NL"
  done
  RD_SUBS=$RD_NEXT
  rd_feed_sizes
  RD_NEXT=''
  IFS=$RD_NL
  for RD_ROW in $RD_SUBS; do
    IFS=$RD_IFS
    # shellcheck disable=SC2086 # split on purpose
    set -- $RD_ROW
    rd_feed_tell "$@" || { rd_by_word; return 1; }
  done
  rd_by_word
  RD_SUBS=$RD_NEXT
}

# rd_feed_sizes: RD_SIZES holds ' FILE=SIZE ' for all of RD_FILES that are there: one process for any number of them.
rd_feed_sizes() {
  RD_SIZES=' '
  [ -n "$RD_FILES" ] || return 0
  IFS=$RD_IFS
  # shellcheck disable=SC2012,SC2086 # names of our own, which hold no blank
  RD_ROWS=$(ls -ldn -- $RD_FILES)
  IFS=$RD_NL
  for RD_ROW in $RD_ROWS; do
    IFS=$RD_IFS
    # shellcheck disable=SC2086 # split on purpose: the size is the fifth field, the name the last
    set -- $RD_ROW
    RD_SIZES="$RD_SIZES${RD_ROW##* }=$5 "
  done
}

# rd_feed_tell NUMBER ID WHAT OFFSET NEW STATE...: one record, where there is something to tell. Fails where nobody hears it.
rd_feed_tell() {
  RD_N=$1 RD_ID=$2 RD_FILE=$2/$3 RD_OFFSET=$4 RD_NEW=$5
  shift 5
  RD_STATE=$*
  RD_SIZE=0
  case $RD_SIZES in
    *" $RD_FILE="*)
      RD_SIZE=${RD_SIZES#*" $RD_FILE="}
      RD_SIZE=${RD_SIZE%% *}
      # A pipe, a folder, or what belongs to somebody else: nothing to wait for.
      if [ ! -f "$RD_FILE" ] || [ ! -r "$RD_FILE" ]; then
        printf '%s %s 0 0 unreadable\n' "$RD_N" "$RD_OFFSET"
        return
      fi
      ;;
    *)
      # Each task that was begun has a log: one that ended without was robbed of it.
      case ${RD_FILE##*/}+${RD_STATE} in
        log+ended*' exited '*)
          printf '%s %s 0 0 unreadable\n' "$RD_N" "$RD_OFFSET"
          return
          ;;
      esac
      ;;
  esac
  RD_LENGTH=$((RD_SIZE - RD_OFFSET))
  if [ "$RD_LENGTH" -lt 0 ]; then
    RD_LENGTH=0
  elif [ "$RD_LENGTH" -gt "$RD_MOST" ]; then
    RD_LENGTH=$RD_MOST RD_MORE=1
  fi
  if [ "$RD_LENGTH" -gt 0 ]; then
    RD_NEWS=1
    # dd seeks (it reads nothing), and head goes on from where the shared offset then stands.
    {
      printf '%s %s %s %s %s\n' "$RD_N" "$RD_OFFSET" "$RD_LENGTH" "$RD_SIZE" "$RD_STATE" &&
        { [ "$RD_OFFSET" = 0 ] || dd bs=1 skip="$RD_OFFSET" count=0; } && head -c "$RD_LENGTH"
    } <"$RD_FILE" || return 1
  elif [ "$RD_NEW" = 1 ]; then
    RD_NEWS=1
    printf '%s %s 0 %s %s\n' "$RD_N" "$RD_OFFSET" "$RD_SIZE" "$RD_STATE" || return 1
  elif [ "$RD_SIZE" -lt "$RD_OFFSET" ]; then
    # Shorter than what was read: told at each look, since only the caller knows whether it read so much or began there.
    printf '%s %s 0 %s %s\n' "$RD_N" "$RD_OFFSET" "$RD_SIZE" "$RD_STATE" || return 1
  fi
  RD_OFFSET=$((RD_OFFSET + RD_LENGTH))
  case $RD_STATE in
    ended* | lost* | absent | 'claimed no'*) [ "$RD_OFFSET" -lt "$RD_SIZE" ] || return 0 ;;
    *)
      [ "$RD_TAILS" = no ] || for RD_PATH in "$RD_ID/process" "$RD_FILE"; do
        case $RD_WATCHED in *" $RD_PATH "*) ;; *) [ ! -e "$RD_PATH" ] || RD_STALE=1 ;; esac
      done
      ;;
  esac
  RD_NEXT="$RD_NEXT$RD_N $RD_ID ${RD_FILE##*/} $RD_OFFSET 0 $RD_STATE$RD_NL"
}

# rd_watch: starts what writes hints into the pipe 4: a tail for each file, one for the ends of all tasks (the wrapper adds a
# line to 'process' when 'exit' is there), one process that hears the channel's stdin, and one that counts seconds. They
# have the pipe (5) open for writing only, so that it breaks for them when this shell is gone.
rd_watch() {
  rd_unwatch
  RD_STALE='' RD_WATCHED=' ' RD_ENDS='' RD_PAUSE=5
  RD_PIPE=$RD_ROOT/.feed-$$
  rm -f -- "$RD_PIPE"
  # Is there room for a pipe? true and not exec, which would end this shell.
  # shellcheck disable=SC2094
  if (umask 077 && mkfifo -- "$RD_PIPE") && true 4<>"$RD_PIPE"; then
    exec 4<>"$RD_PIPE" 5>"$RD_PIPE"
  else
    exec 5>/dev/null
  fi
  rm -f -- "$RD_PIPE"
  rd_by_line
  for RD_ROW in $RD_SUBS; do
    IFS=$RD_IFS
    # shellcheck disable=SC2086 # split on purpose
    set -- $RD_ROW
    rd_watch_file "$2/process" 0
    [ "$3" = state ] || rd_watch_file "$2/$3" "$4"
  done
  rd_by_word
  # shellcheck disable=SC2086 # split on purpose
  case $RD_ENDS in
    '') ;;
    # The names of several would be hints.
    ' '*' '*) tail -q -n +2 -f $RD_ENDS >&5 3<&- 4<&- 5>&- & rd_helper ;;
    *) tail -n +2 -f $RD_ENDS >&5 3<&- 4<&- 5>&- & rd_helper ;;
  esac
  rd_hear &
  rd_helper
  rd_tick &
  rd_helper
  exec 5>&-
}

# rd_watch_file FILE OFFSET: what is not there yet is looked for each second.
rd_watch_file() {
  case $RD_WATCHED in *" $1 "*) return ;; esac
  if [ "$RD_TAILS" = no ] || [ ! -e "$1" ]; then
    RD_PAUSE=1
    return
  fi
  RD_WATCHED="$RD_WATCHED$1 "
  case $1 in
    */process) RD_ENDS="$RD_ENDS $1" ;;
    *)
      tail -c "+$(($2 + 1))" -f "$1" >&5 3<&- 4<&- 5>&- &
      rd_helper
      ;;
  esac
}

# rd_helper: remembers the process that was just started, and when, so that nothing else is ended under its number.
rd_helper() {
  ! rd_birth "$!" || RD_HELPERS="$RD_HELPERS $! $RD_BIRTH"
}

# rd_unwatch: ends all that rd_watch started, and has seen it go: what hears stdin must not take a byte of the next request.
rd_unwatch() {
  # shellcheck disable=SC2086 # split on purpose
  set -- $RD_HELPERS
  RD_HELPERS=''
  # First the pipe: one that is full would hold up who writes to it, whatever it is asked to do.
  exec 4<&-
  while [ $# -gt 1 ]; do
    # Again: a wait ends early when a signal comes meanwhile.
    while rd_birth "$1" && [ "$RD_BIRTH" = "$2" ]; do
      kill "$1"
      wait "$1"
    done
    shift 2
  done
}

# rd_hear: a byte on the channel's stdin, or its end, asks this channel's shell to leave off.
rd_hear() {
  rd_heed
  head -c 1 <&3 >/dev/null 3<&- &
  wait "$!"
  kill -s USR1 "$$"
  echo
}

# rd_tick: a hint each few seconds. It finds what no hint tells: a wrapper that was killed, a file that was not there.
rd_tick() {
  rd_heed
  while sleep "$RD_PAUSE" & wait "$!" && echo; do :; done
}

# rd_heed: a helper that is ended ends its own child first, if it has one by then, and sees it go. KILL: see rd_expire. Its
# streams are set by exec: a shell keeps a copy of those that it sets for one call, and would hold the pipe open to itself.
rd_heed() {
  exec >&5 4<&- 5>&-
  RD_OTHER=$!
  trap '[ "$!" = "$RD_OTHER" ] || while kill -s KILL "$!"; do wait "$!"; done; exit' TERM
}
