# shellcheck shell=sh
# runner.sh: what keeps a task alive when its connection ends, and whether this host would end it all the same. Each
# channel's resident shell is taught it, between process.sh and host.sh.
# shellcheck disable=SC2034,SC2154 # RD_ACK and RD_QUOTED go to rd_launch; rd_runner, rd_id and rd_mark come from there

# Never from the login's environment.
unset RD_KILLS

# rd_fit: how the task that rd_launch is about to start can be kept here. RD_TMUX is tmux's path where that is the runner,
# RD_SCOPE is 'yes' where the task has to leave the login's session for a scope of the user's own manager. Where it could not
# be kept it says 'unfit REASON<tab>REMEDY', and fails.
rd_fit() {
  RD_TMUX='' RD_SCOPE=''
  if [ "$rd_runner" = tmux ] && ! RD_TMUX=$(PATH=$PATH:/usr/local/bin:/opt/homebrew/bin && command -v tmux); then
    rd_unfit 'tmux is not on the host' 'Install tmux there, or dispatch the task under another runner.'
    return 1
  fi
  if [ "$rd_runner" != systemd ]; then
    rd_kills || return 1
    [ "$RD_KILLS" = yes ] || return 0
    RD_LACK="the host ends all processes of $RD_USER at logout (KillUserProcesses=yes), and"
    RD_CURE=", or set KillUserProcesses=no in its logind.conf, or take another host"
  elif [ -d /run/systemd/system ] && command -v systemd-run >/dev/null; then
    RD_USER=$(id -un)
    RD_LACK='' RD_CURE=', or dispatch the task under another runner'
  else
    rd_unfit 'the host does not run systemd' 'Dispatch the task under another runner, or to another host.'
    return 1
  fi
  # Asked each time: it is the remedy, and whoever has just followed it tries again on the same channel. A dispatch
  # changes nothing of the host by itself.
  if [ "$(loginctl show-user "$RD_USER" -p Linger 2>/dev/null)" != Linger=yes ]; then
    unset RD_KILLS
    rd_unfit "$RD_LACK the user manager of $RD_USER, which could keep the task, ends at logout too: lingering is off" \
      "On the host: sudo loginctl enable-linger $RD_USER$RD_CURE."
    return 1
  fi
  RD_RUNTIME=${XDG_RUNTIME_DIR:-/run/user/$(id -u)}
  if [ ! -S "$RD_RUNTIME/systemd/private" ]; then
    rd_unfit "$RD_LACK the user manager of $RD_USER, which could keep the task, does not run" \
      "On the host: sudo systemctl start user@$(id -u).service$RD_CURE."
    return 1
  fi
  RD_SCOPE=yes
}

rd_unfit() {
  printf 'unfit %s\t%s\n' "${1# }" "$2"
}

# rd_kills: RD_KILLS says whether the host would end what is left of this session at its logout. logind is asked, once per
# channel; nothing is forked where this shell is in no session of logind's.
rd_kills() {
  [ -z "${RD_KILLS-}" ] || return 0
  RD_KILLS=no
  [ -d /run/systemd/system ] && rd_in_session || return 0
  RD_USER=$(id -un)
  # Without a session's name: what the manager itself was told.
  if ! RD_SAID=$(loginctl show-session -p KillUserProcesses -p KillExcludeUsers -p KillOnlyUsers 2>&1); then
    unset RD_KILLS
    rd_unfit "whether the host ends the processes of $RD_USER at logout cannot be found out: ${RD_SAID%%"$RD_NL"*}" \
      "See there why 'loginctl show-session' fails."
    return 1
  fi
  # In logind's own order. Root is excluded where nobody is named.
  rd_property KillExcludeUsers
  case " $RD_VALUE " in
    *" $RD_USER "*) return 0 ;;
    '  ') [ "$RD_USER" != root ] || return 0 ;;
  esac
  rd_property KillOnlyUsers
  case " $RD_VALUE " in
    *" $RD_USER "*) RD_KILLS=yes ;;
    '  ')
      rd_property KillUserProcesses
      [ "$RD_VALUE" != yes ] || RD_KILLS=yes
      ;;
  esac
}

# rd_property NAME: RD_VALUE is what stands behind NAME= in RD_SAID.
rd_property() {
  RD_VALUE=$RD_NL$RD_SAID$RD_NL
  RD_VALUE=${RD_VALUE#*"$RD_NL$1="}
  RD_VALUE=${RD_VALUE%%"$RD_NL"*}
}

# rd_in_session: is this shell in the scope of a login's session, by the name of its control group?
rd_in_session() {
  {
    while IFS= read -r RD_LINE; do
      case $RD_LINE in */session-*.scope | */session-*.scope/*) return 0 ;; esac
    done </proc/self/cgroup
  } 2>/dev/null
  return 1
}

# rd_start WORD...: becomes the wrapper's command line, detached, as the runner does it. For a subshell that has the task's
# environment: a scope and a tmux server inherit that from it, so that no value is ever an argument or a unit's property.
rd_start() {
  if [ -n "$RD_TMUX" ]; then
    # A server of the task's own, for its environment is the task's; without the user's configuration, which could end it
    # when nobody is attached. No word of the request is in this line: tmux takes a ; at a word's end for its own. The
    # sockets' paths are short ones, since the kernel's are.
    cd -- "$RD_DIR" || return
    set -- "$RD_TMUX" -S "$rd_mark/tmux" -f /dev/null new-session -d -s task -n "$rd_id" -x 160 -y 48 sh "$rd_mark/start" \
      ';' set-option -g status-right ' Ctrl-b d leaves, the task goes on '
  fi
  if [ -n "$RD_SCOPE" ]; then
    XDG_RUNTIME_DIR=$RD_RUNTIME
    export XDG_RUNTIME_DIR
    set -- systemd-run --user --scope --quiet --collect --unit="remote-dispatch-$rd_id-$rd_mark" \
      --description="RemoteDispatch task $rd_id" -- "$@"
  fi
  case ${RD_TMUX:+tmux}${RD_SETSID} in
    tmux*) exec "$@" ;;
    fork) exec setsid -f "$@" ;;
    plain) setsid "$@" & ;;
    perl) perl -e 'use POSIX; fork and exit; setsid(); exec { $ARGV[0] } @ARGV' "$@" ;;
  esac
}

# rd_tmux WORD...: tmux, at the socket of this attempt.
rd_tmux() {
  (cd -- "$RD_DIR" && "$RD_TMUX" -S "$rd_mark/tmux" "$@") >/dev/null 2>&1
}

# rd_await: a wrapper in tmux has no way to answer but its records. RD_ACK is what it would have said; empty where it said
# nothing within ten seconds: then it never will.
rd_await() {
  RD_ACK='' RD_TRIES=0
  while [ "$RD_TRIES" -lt 200 ]; do
    rd_process "$RD_DIR"
    if [ "$RD_MARK" = "$rd_mark" ]; then
      # The gate is passed. The block of the exit record is reserved last, when nothing can be refused any more: of blanks.
      # One with words in it is the record, about to be moved into place.
      if rd_ended "$RD_DIR" && [ "$RD_KIND" = launch-failed ]; then
        RD_ACK="refused $RD_WHY"
        return
      elif [ -n "$RD_KIND" ] || { RD_KIND=x && read -r RD_KIND _ <"$RD_DIR/exit.new" && [ -z "$RD_KIND" ]; } 2>/dev/null; then
        rd_inside "$RD_DIR"
        RD_ACK="started$RD_INSIDE $RD_PID $RD_PGID $RD_START $RD_BORN $RD_AT"
        return
      fi
    elif [ -n "$RD_MARK" ]; then
      RD_ACK=taken
      return
    elif ! rd_tmux has-session && [ ! -e "$RD_DIR/process" ]; then
      # Not by the record's content: who has taken the gate may not have written it yet.
      return
    fi
    RD_TRIES=$((RD_TRIES + 1))
    sleep 0.05 2>/dev/null || { sleep 1; RD_TRIES=$((RD_TRIES + 19)); }
  done
  rd_tmux kill-server
}

# rd_quote WORD...: RD_QUOTED is the words as sh reads them back.
rd_quote() {
  RD_QUOTED=
  for RD_REST in "$@"; do
    RD_WORD=
    while :; do
      case $RD_REST in
        *\'*)
          RD_WORD="$RD_WORD${RD_REST%%\'*}'\\''"
          RD_REST=${RD_REST#*\'}
          ;;
        *) break ;;
      esac
    done
    RD_QUOTED="$RD_QUOTED '$RD_WORD$RD_REST'"
  done
}
