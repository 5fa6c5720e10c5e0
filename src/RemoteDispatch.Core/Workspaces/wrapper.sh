# shellcheck shell=sh
# wrapper.sh: what lives as long as a task does. It is started once, detached, in a session of its own, as
#   sh WORKSPACE/MARK/wrapper WORKSPACE MARK EPOCH HEAR LIMIT GRACE LOGIN INTERPRETER DIRECTORY RUNNER WITH \
#     ARGUMENT...
# with the task's environment (secrets too: they are nowhere else). It takes the gate, proves that it runs with one
# line on stdout, runs the command with the log as its output, and writes the exit record. process.sh stands above it.
# Under tmux it is the process of the only pane: its proof is the records alone, and the pane shows the log.
#   MARK         names this attempt; its files wait in WORKSPACE/MARK
#   EPOCH        now, in seconds
#   HEAR         1: env can give the command the default signals back
#   LIMIT GRACE  in seconds; a LIMIT of 0 is none
#   LOGIN        1: through the user's login shell
#   INTERPRETER  what the first line of the command names after #!, or empty: then sh reads it
#   DIRECTORY    where the command runs; empty: at home
#   RUNNER       tmux: stdin and stdout are a pane's terminal
#   WITH         what else the task is given: words with a blank between them (rd_has looks for one):
#                sandbox, and what it is to be, as sandbox.sh says; agent, as forwarding.sh says; token: rd_guard revokes it;
#                tool-use: settings with which Claude Code reports its tools through rd;
#                stderr: kept apart from the log, in the file error; files: some came with it; run: rd_run is what runs, and the
#                command is what that reads; repo: a repository to work in, as repo.sh says
#   ARGUMENT     for the command

rd_dir=$1 rd_mark=$2 rd_epoch=$3 rd_hear=$4 rd_limit=$5 rd_grace=$6 rd_login=$7 rd_interpreter=$8 rd_cwd=$9
shift 9
# shellcheck disable=SC2034 # rd_has, in process.sh, reads rd_with
rd_runner=$1 rd_with=$2
shift 2
# A sandbox, which sandbox.sh makes: its home, what it is, whether the command was started in it.
rd_home='' rd_box='' rd_box_ran=''
trap '' HUP
# A script's 'kill 0' reaches the whole group: this shell has a record to write. ':' and not '', so that the command gets
# the default actions back.
trap : TERM INT QUIT

# rd_finish KIND CODE REASON: the exit record; its presence is what 'finished' means, so it appears whole or not at all. It
# is written over a block that was reserved before the command began (<> does not truncate), since a task may fill the disk.
# A line more in 'process' then wakes who waits for the end; it was opened before, since now the workspace may be removed.
rd_finish() {
  ! rd_has sandbox || rd_box_close
  rmdir "$rd_dir/$rd_mark" 2>/dev/null
  rm -f "$rd_dir/tmux" "$rd_dir/agent.sock" "$rd_dir/watch" "$rd_dir/exit.try"
  rd_note
  {
    printf '%s %s %s %s\n' "$1" "$2" "$(date +%s)" "$3" 1<>"$rd_dir/exit.new" && mv -f "$rd_dir/exit.new" "$rd_dir/exit" &&
      echo >&7
  } 7>>"$rd_dir/process" 2>/dev/null
}

# rd_refuse REASON: the command was not started, and never will be.
rd_refuse() {
  # Where not even that can be written, nothing stands in the way of another launch: the gate goes last.
  rd_finish launch-failed 0 "$1" 2>/dev/null || [ -e "$rd_dir/exit" ] ||
    rm -rf "${rd_dir:?}/bin" "$rd_dir/files" "$rd_dir/run" "$rd_dir/events" "$rd_dir/claude-settings.json" "$rd_dir/exit.new" "$rd_dir/log" "$rd_dir/error" "$rd_dir/repo" "$rd_dir/checkout" "$rd_dir/command" "$rd_dir/task.json" "$rd_dir/wrapper" "$rd_dir/process"
  printf 'refused %s\n' "$1"
  exit 0
}

rd_nap() {
  sleep "$1" &
  wait "$!"
}

# rd_note: a line 'EPOCH SIZE' in 'times' where the log has grown: all before SIZE was printed before EPOCH was over. It is
# what finds the log since a time (since.sh).
rd_noted=0 rd_look=1
rd_note() {
  # A file's time may be in seconds: one look more after each line. true where a shell cannot compare them.
  # shellcheck disable=SC3013 # -nt is in dash, bash, ksh and busybox
  [ "$rd_look" = 1 ] || [ "$rd_dir/log" -nt "$rd_dir/times" ] 2>/dev/null || return 0
  rd_look=0
  # shellcheck disable=SC2012,SC2046 # one path of our own; the size is the fifth field
  set -- $(ls -ldn -- "$rd_dir/log" 2>/dev/null)
  [ "${5:-0}" != "$rd_noted" ] || return 0
  rd_look=1
  { printf '%s %s\n' "$(date +%s)" "$5" >>"$rd_dir/times" && rd_noted=$5; } 2>/dev/null
}

# rd_mind: beside the command, in the background: the log's growth is noted every ten seconds, and the time limit is kept. When
# that is over, all of the task gets TERM, and what is left after the grace KILL.
rd_mind() {
  # USR1 is the wrapper's 'no longer needed'. $! and no variable: a trap may run right behind the '&', before anything could
  # be assigned. KILL: between its fork and its exec the child still has this shell's handler, and would lose any other.
  trap 'kill -s KILL "$!" 2>/dev/null; exit 0' USR1
  [ "$rd_limit" = 0 ] || rd_until=$(($(date +%s) + rd_limit))
  rd_rest=$rd_limit
  until [ "$rd_limit" != 0 ] && [ "$rd_rest" -le 0 ]; do
    rd_step=10
    [ "$rd_limit" = 0 ] || [ "$rd_rest" -ge 10 ] || rd_step=$rd_rest
    if rd_nap "$rd_step"; then
      rd_rest=$((rd_rest - rd_step))
    else
      # A sleep that somebody ended ('pkill sleep', 'kill 0') is no limit that was reached.
      kill -s KILL "$!" 2>/dev/null
      [ "$rd_limit" = 0 ] || rd_rest=$((rd_until - $(date +%s)))
    fi
    rd_note
    # Where the wrapper was killed, or the workspace is gone, there is nothing left to note.
    [ "$rd_limit" != 0 ] || { rd_process "$rd_dir" && rd_alive; } || exit 0
  done
  { true >"$rd_dir/timeout"; } 2>/dev/null
  rd_process "$rd_dir"
  rd_left=$((rd_grace * 10))
  rd_sign=TERM
  while :; do
    # Spared: the wrapper, which writes the record, and this very process. ($$ is the wrapper in a subshell too.)
    rd_members "$$" "$rd_self"
    [ "$RD_MEMBERS" != ' ' ] || break
    if [ "$rd_left" -le 0 ]; then
      rd_signal KILL
    elif [ -n "$rd_sign" ]; then
      rd_signal TERM
      rd_signal CONT
    fi
    [ "$rd_left" -gt -50 ] || break
    rd_sign='' rd_left=$((rd_left - 1))
    sleep 0.1 2>/dev/null || { sleep 1; rd_left=$((rd_left - 9)); }
  done
}

if [ "$rd_runner" = tmux ]; then
  # 8 is the pane. What the task starts is no part of this server: a tmux in the task is one of its own.
  exec 8>&1 >/dev/null 2>&1
  unset TMUX TMUX_PANE
fi

rd_boot
rd_birth "$$" || { echo 'refused the wrapper cannot read its own start time'; exit 0; }
# The gate: of two wrappers one goes on, whatever happened to the launches that started them.
rd_create "$rd_dir/process" || { echo taken; exit 0; }
if ! { printf '%s %s %s %s %s %s\n' "$$" "$$" "$RD_BIRTH" "$RD_BOOT" "$rd_epoch" "$rd_mark" >>"$rd_dir/process"; } 2>/dev/null; then
  rm -f "$rd_dir/process"
  echo 'refused the workspace cannot be written'
  exit 0
fi
# shellcheck disable=SC2154 # rd_run came with the launch
{ mv -f "$rd_dir/$rd_mark/command" "$rd_dir/$rd_mark/task.json" "$rd_dir/$rd_mark/wrapper" "$rd_dir/$rd_mark/bin" "$rd_dir/" &&
  { ! rd_has files || mv -f "$rd_dir/$rd_mark/files" "$rd_dir/"; } && { ! rd_has run || printf %s "$rd_run" >"$rd_dir/run"; } &&
  chmod 700 "$rd_dir/bin/rd"; } 2>/dev/null || rd_refuse 'the workspace cannot be written'
if rd_has tool-use; then
  REMOTE_DISPATCH_CLAUDE_SETTINGS=$rd_dir/claude-settings.json
  export REMOTE_DISPATCH_CLAUDE_SETTINGS
  { sh "$rd_dir/bin/rd" claude-settings >"$REMOTE_DISPATCH_CLAUDE_SETTINGS"; } 2>/dev/null ||
    rd_refuse 'the workspace cannot be written'
fi
if [ "$rd_runner" = tmux ]; then
  mv -f "$rd_dir/$rd_mark/tmux" "$rd_dir/tmux" || rd_refuse 'the workspace cannot be written'
  rm -f "$rd_dir/$rd_mark/start"
fi
if rd_has agent; then
  mv -f "$rd_dir/$rd_mark/agent.sock" "$rd_dir/" || rd_refuse 'the workspace cannot be written'
fi

! rd_has sandbox || rd_box_open
# shellcheck disable=SC2034 # sandbox.sh reads it
rd_box_cwd=$rd_cwd
# shellcheck disable=SC2088 # the tilde is the user's, and is expanded here
case $rd_cwd in
  '') rd_cwd=${rd_home:-${HOME:-/}} ;;
  '~') rd_cwd=$HOME ;;
  '~/'*) rd_cwd=$HOME/${rd_cwd#??} ;;
  /*) ;;
  *) rd_cwd=${HOME:-/}/$rd_cwd ;;
esac
CDPATH='' cd -- "$rd_cwd" 2>/dev/null || rd_refuse "the working directory '$rd_cwd' cannot be entered"

if rd_has run; then
  set -- sh "$rd_dir/run" "$@"
elif [ -n "$rd_interpreter" ]; then
  [ -x "$rd_interpreter" ] || rd_refuse "the interpreter '$rd_interpreter' that the script names is not there"
  chmod 700 "$rd_dir/command"
  set -- "$rd_dir/command" "$@"
else
  set -- sh "$rd_dir/command" "$@"
fi
! rd_has repo || { rd_repo_open; set -- sh "$rd_dir/bin/.checkout" "$@"; }
if [ "$rd_login" = 1 ]; then
  # A profile may set PATH anew: rd is found all the same.
  # shellcheck disable=SC2016 # the shell behind the login shell expands it
  set -- sh -c 'case ":$PATH:" in *":$0/bin:"*) ;; *) PATH=$0/bin${PATH:+:$PATH} && export PATH ;; esac; exec "$@"' "$rd_dir" "$@"
  # As words and not as a line: what -c takes is the login shell's own language.
  # shellcheck disable=SC2016 # the login shell expands it
  case ${SHELL-} in
    */fish) set -- "$SHELL" -l -c 'exec $argv' "$@" ;;
    *) set -- "${SHELL:-sh}" -l -c 'exec "$@"' sh "$@" ;;
  esac
fi
[ "$rd_hear" = 0 ] || set -- env --default-signal=INT,QUIT,PIPE "$@"
{ true >>"$rd_dir/log" && true >>"$rd_dir/events" && { ! rd_has stderr || true >>"$rd_dir/error"; }; } 2>/dev/null ||
  rd_refuse 'the workspace cannot be written'
! rd_has sandbox || rd_box_fit
{ printf '%1024s\n' '' >"$rd_dir/exit.new"; } 2>/dev/null || rd_refuse 'the workspace cannot be written'

printf 'started%s %s %s %s %s %s\n' "${rd_box:+"+$rd_box"}" "$$" "$$" "$RD_BIRTH" "$RD_BOOT" "$rd_epoch"
# From here on nothing of the task holds the channel open. What this shell itself would say of a child that a signal
# ended is not the task's output: it goes nowhere.
exec >>"$rd_dir/log" 2>/dev/null

# What revokes the task's token came with the request: guard.sh.
! rd_has token || rd_guard

# Somebody may have asked for its end before it began.
[ ! -e "$rd_dir/stop" ] || { rd_finish stopped 143 ''; exit 0; }

# The pane shows the log as it grows (both, where there are two), and the keys go to the command. HUP as the pane gave it: it
# ends with the terminal.
rd_view=
if [ "$rd_runner" = tmux ]; then
  if rd_has stderr; then
    (trap - HUP; exec tail -q -n +1 -f "$rd_dir/log" "$rd_dir/error") >&8 &
  else
    (trap - HUP; exec tail -n +1 -f "$rd_dir/log") >&8 &
  fi
  rd_view=$!
  rd_birth "$rd_view" && rd_view_born=$RD_BIRTH
  exec 8>&-
fi

# shellcheck disable=SC2034 # sandbox.sh reads it
rd_box_ran=$rd_box
# Born deaf to what a script sends to its group: with a trap of its own it could be hit before it has set it.
trap '' TERM INT QUIT
{
  if [ "$rd_limit" = 0 ]; then
    rd_self=
  elif [ -r /proc/self/stat ]; then
    read -r rd_self _ </proc/self/stat
  else
    rd_self=$(exec sh -c 'echo "$PPID"')
  fi
  rd_mind
} >/dev/null &
rd_watch=$!
# Where somebody ends it, its number may be another's by the time the command ends.
rd_birth "$rd_watch" && rd_watch_born=$RD_BIRTH
{ printf '%s\n' "$rd_watch" >"$rd_dir/watch"; } 2>/dev/null
trap : TERM INT QUIT
case $rd_box in docker*) rd_engine_tie ;; esac

# A PATH for the task is the task's alone, and rd in front of it: the wrapper goes on with the host's own.
(
  [ -z "${REMOTE_DISPATCH_PATH+set}" ] || PATH=$REMOTE_DISPATCH_PATH
  unset REMOTE_DISPATCH_PATH
  PATH=$rd_dir/bin${PATH:+:$PATH}
  export PATH
  # git finds it where the command puts a PATH of its own in place, too. -x: not where nothing in the workspace may be run.
  if rd_has agent && [ -x "$rd_dir/bin/ssh" ]; then
    GIT_SSH=${GIT_SSH:-$rd_dir/bin/ssh}
    export GIT_SSH
  fi
  # Here and not before: it is the command's, and nothing else speaks in it.
  if rd_has stderr; then exec 2>>"$rd_dir/error"; else exec 2>&1; fi
  ! rd_has sandbox || rd_box_run "$@"
  exec "$@"
)
rd_code=$?

rd_kind=exited
# A limit that has struck is waited for: it may still be after what the command left behind.
[ -e "$rd_dir/timeout" ] || { rd_birth "$rd_watch" && [ "$RD_BIRTH" = "${rd_watch_born-}" ] && kill -s USR1 "$rd_watch"; } 2>/dev/null
wait "$rd_watch" 2>/dev/null
[ ! -e "$rd_dir/timeout" ] || rd_kind=timed-out
rd_why=
case $rd_box in docker*) rd_engine_why ;; esac
! rd_has repo || rd_repo_why
[ ! -e "$rd_dir/stop" ] || { rd_kind=stopped; IFS= read -r rd_why <"$rd_dir/stop"; }
# Its number may be another's by now, where somebody has ended it.
if [ -n "$rd_view" ] && rd_birth "$rd_view" && [ "$RD_BIRTH" = "${rd_view_born-}" ]; then
  kill -s KILL "$rd_view" 2>/dev/null
  wait "$rd_view" 2>/dev/null
fi
# The record is last: once it is there, nothing in the workspace changes any more.
# A log on a disk that takes no more lacks its end, and says nothing of it. What can be known is whether the disk is full now.
if ! { printf '%4096s' '' >"$rd_dir/exit.try"; }; then
  case $(LC_ALL=C dd if=/dev/zero of="$rd_dir/exit.try" bs=4096 count=1 2>&1) in
    *'No space left'* | *[Qq]uota*) rd_why='the disk was full when it ended: its log may be cut short' ;;
  esac
fi
rd_finish "$rd_kind" "$rd_code" "$rd_why"
