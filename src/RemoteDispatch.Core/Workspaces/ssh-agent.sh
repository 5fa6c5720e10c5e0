# shellcheck shell=sh
# ssh-agent.sh: does an SSH agent answer? forwarding.sh and a task's ssh (ssh-front.sh) share it.

# rd_ask_agent SECONDS: RD_SAYS is what the agent at SSH_AUTH_SOCK says of itself: keys · empty · none (nobody is there) ·
# silent (somebody is, and does not answer: the connection behind the socket hangs). A host without ssh-add asks nothing.
# shellcheck disable=SC2034 # it is read behind this file
rd_ask_agent() {
  # What is not ours is none: a socket's place in /tmp is anybody's, once its connection has ended.
  # shellcheck disable=SC3067 # -O is in dash, bash, ksh and busybox
  if [ ! -S "$SSH_AUTH_SOCK" ] || [ ! -O "$SSH_AUTH_SOCK" ]; then
    RD_SAYS=none
    return
  fi
  if ! command -v ssh-add >/dev/null; then
    RD_SAYS=keys
    return
  fi
  ssh-add -l </dev/null >/dev/null 2>&1 &
  RD_ASKED=$!
  # Not timeout(1): macOS has none. In a trap $! is what was started last, whether it could be assigned yet or not.
  (
    trap 'kill -s KILL "$!" 2>/dev/null; exit 0' TERM
    sleep "$1" &
    wait "$!"
    kill -s KILL "$RD_ASKED"
  ) >/dev/null 2>&1 &
  RD_BOUND=$!
  wait "$RD_ASKED" 2>/dev/null
  case $? in
    0) RD_SAYS=keys ;;
    1) RD_SAYS=empty ;;
    2) RD_SAYS=none ;;
    *) RD_SAYS=silent ;;
  esac
  kill -s TERM "$RD_BOUND" 2>/dev/null
  wait "$RD_BOUND" 2>/dev/null
}
