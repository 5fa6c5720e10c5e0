# shellcheck shell=sh
# inbox.sh: how a message gets into a task's inbox. The request that sends one brings it along; host.sh stands above it, and
# rd.sh is who reads.
# shellcheck disable=SC2154 # RD_ROOT and RD_STATE come from host.sh

# rd_send ROOT ID MESSAGE TEXT: delivers TEXT under the name MESSAGE, once: one that is there, or was read, is not delivered
# again. Answers: delivered · full · STATE (of a task that does not run) · refused REASON.
# Messages are read in the order of their numbers. Two attempts at one message may both come through, under two numbers: the
# reader takes it by its name, once.
rd_send() {
  rd_root "$1" || return 9
  RD_BOX=$RD_ROOT/$2/inbox
  for RD_PATH in "$RD_BOX/read/$3" "$RD_BOX"/*."$3"; do
    [ ! -e "$RD_PATH" ] || { echo delivered; return 0; }
  done
  rd_state "$RD_ROOT/$2"
  case $RD_STATE in
    running*) ;;
    *)
      printf '%s\n' "$RD_STATE"
      return 0
      ;;
  esac
  RD_SAID=$( (umask 077 && mkdir -p -- "$RD_BOX/read") 2>&1) || { rd_unwritten "$RD_SAID"; return 9; }
  RD_LAST=1000000000 RD_COUNT=0
  for RD_PATH in "$RD_BOX"/*.*; do
    RD_PATH=${RD_PATH##*/}
    RD_PATH=${RD_PATH%%.*}
    # What the task itself put there is no number.
    case $RD_PATH in *[!0-9]*) continue ;; [1-8]?????????) RD_COUNT=$((RD_COUNT + 1)) RD_LAST=$RD_PATH ;; esac
  done
  [ "$RD_COUNT" -lt 256 ] || { echo full; return 0; }
  # Whole or not at all: a name that begins with a dot is no message yet.
  if (umask 077 && printf '%s' "$4" >"$RD_BOX/.$3.$$" && mv -f "$RD_BOX/.$3.$$" "$RD_BOX/$((RD_LAST + 1)).$3") 2>/dev/null; then
    echo delivered
  else
    rm -f -- "$RD_BOX/.$3.$$"
    rd_unwritten
    return 9
  fi
}
