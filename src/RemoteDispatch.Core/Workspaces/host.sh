# shellcheck shell=sh
# host.sh: the functions that each channel's resident shell is taught, once. A request calls one of them; what it
# prints is the reply. process.sh stands above it; RD_PROCESS and RD_WRAPPER hold the two texts of a task's wrapper.
# None of them may end this shell: a redirection that can fail belongs to a command in braces, never to a special
# built-in. Free text (a reason, a path) is always last on its line. One that cannot even look says 'refused REASON'
# and returns 9.
# shellcheck disable=SC2153,SC2154 # RD_PID and its like come from process.sh; rd_command, rd_task and rd_tool from the request

# What is remembered between requests begins empty, whatever the login's environment holds.
unset RD_OWNED RD_SETSID RD_HEAR
RD_NL='
'

# rd_root ROOT: RD_ROOT is the folder of the workspaces: empty for the default, ~/… or absolute.
rd_root() {
  # shellcheck disable=SC2088 # the tilde is the user's, and is expanded here
  case $1 in
    '') RD_ROOT=${HOME-}/.remote-dispatch/tasks ;;
    '~/'*) RD_ROOT=${HOME-}/${1#??} ;;
    *) RD_ROOT=$1 ;;
  esac
  case $1 in
    /*) : ;;
    *)
      [ -n "${HOME-}" ] && return
      echo 'refused HOME is not set on the host: name an absolute workspace root'
      return 1
      ;;
  esac
}

# rd_owned: RD_ROOT is there, is ours, and nobody else can write to it. Asked once per channel and root.
rd_owned() {
  [ "${RD_OWNED-}" != "$RD_ROOT" ] || [ ! -d "$RD_ROOT" ] || return 0
  RD_SAID=$( (umask 077 && mkdir -p -- "$RD_ROOT") 2>&1) || { rd_unwritten "$RD_SAID"; return 1; }
  # shellcheck disable=SC3067 # -O is in dash, bash, ksh and busybox
  if [ -h "$RD_ROOT" ] || [ ! -O "$RD_ROOT" ]; then
    printf 'refused %s is a link or belongs to somebody else\n' "$RD_ROOT"
    return 1
  fi
  case $(ls -ldn -- "$RD_ROOT") in
    d????-??-*) RD_OWNED=$RD_ROOT ;;
    *)
      printf 'refused others can write to %s: chmod go-w it\n' "$RD_ROOT"
      return 1
      ;;
  esac
}

# rd_detacher: RD_SETSID is the way to a session of its own here, and RD_HEAR whether env can give a task the signals back
# that it would be deaf to: sh makes whatever it starts with & ignore INT and QUIT, and a .NET program on this machine
# lets its children ignore PIPE. Where there is neither 'setsid -f' nor such an env (busybox), a task stays deaf to them.
rd_detacher() {
  [ -z "${RD_SETSID-}" ] || return 0
  RD_HEAR=0
  ! env --default-signal=PIPE true 2>/dev/null || RD_HEAR=1
  if setsid -f true 2>/dev/null; then
    RD_SETSID=fork
  elif setsid true 2>/dev/null; then
    RD_SETSID=plain
  elif perl -e 1 2>/dev/null; then
    RD_SETSID=perl
  else
    echo 'refused the host has neither setsid nor perl: a task could not outlive its connection'
    return 1
  fi
}

# rd_launch ROOT ID DIGEST MARK LIMIT GRACE LOGIN INTERPRETER DIRECTORY RUNNER WITH ARGUMENT...: starts a task once. The
# request that calls it sets rd_command, rd_task and rd_tool (what becomes command, task.json and bin/rd), rd_more (what more the wrapper is to
# know, as sandbox.sh; it is not resident), and rd_env, a function that exports the
# task's environment, and where it brings files (the word 'files') rd_lay, which lays them into a folder; they are used in the last moment and in a subshell only, so that no other process is born with them.
# Answers one of: started PID PGID START BOOT EPOCH · taken STATUS · conflict DIGEST · refused REASON ·
# full WHY<tab>DF<tab>DF-OF-INODES (rd_unwritten) · unfit REASON<tab>REMEDY (this host could not keep the task; the id is free again).
rd_launch() {
  rd_root "$1" && rd_owned && rd_detacher || return 0
  rd_id=$2 rd_digest=$3 rd_mark=$4 rd_limit=$5 rd_grace=$6 rd_login=$7 rd_interpreter=$8 rd_cwd=$9
  shift 9
  rd_runner=$1 rd_with=$2
  shift 2
  RD_DIR=$RD_ROOT/$rd_id
  rd_boot
  RD_NOW=$(date +%s)
  RD_SAID=$( (umask 077 && mkdir -p -- "$RD_DIR/$rd_mark/bin") 2>&1) || { rd_unwritten "$RD_SAID"; return 0; }
  rd_claim || return 0
  if [ "$RD_CLAIM" != "$rd_digest" ]; then
    rd_withdraw
    printf 'conflict %s\n' "$RD_CLAIM"
    return 0
  fi
  if [ -e "$RD_DIR/process" ] || [ -e "$RD_DIR/exit" ]; then
    rd_taken
    return 0
  fi
  if ! rd_fit || { rd_has agent && ! rd_agent_fit; }; then
    rd_unclaim
    return 0
  fi
  set -- sh "$RD_DIR/$rd_mark/wrapper" "$RD_DIR" "$rd_mark" "$RD_NOW" "$RD_HEAR" \
    "$rd_limit" "$rd_grace" "$rd_login" "$rd_interpreter" "$rd_cwd" "$rd_runner" "$rd_with" "$@"
  # Each attempt has files of its own, since a launch whose caller died may still be under way.
  if ! {
    printf '%s' "$rd_command" >"$RD_DIR/$rd_mark/command" && printf '%s\n' "$rd_task" >"$RD_DIR/$rd_mark/task.json" &&
      printf '%s\n%s\n%s\n' "$RD_PROCESS" "$rd_more" "$RD_WRAPPER" >"$RD_DIR/$rd_mark/wrapper" && printf '%s' "$rd_tool" >"$RD_DIR/$rd_mark/bin/rd" &&
      { ! rd_has files || { (umask 077 && mkdir "$RD_DIR/$rd_mark/files") && rd_lay "$RD_DIR/$rd_mark/files"; }; } &&
      { [ -z "$RD_TMUX" ] || { rd_quote "$@" && printf 'exec%s\n' "$RD_QUOTED" >"$RD_DIR/$rd_mark/start"; }; }
  } 2>/dev/null; then
    rd_unclaim
    rd_unwritten
    return 0
  fi
  RD_ACK=$(
    exec 2>&1
    REMOTE_DISPATCH_ID=$rd_id REMOTE_DISPATCH_WORKSPACE=$RD_DIR REMOTE_DISPATCH_MARK=$rd_mark
    export REMOTE_DISPATCH_ID REMOTE_DISPATCH_WORKSPACE REMOTE_DISPATCH_MARK
    # The agent of the login, or of whoever connected, is nobody's who was not given it; a request may name another.
    unset SSH_AUTH_SOCK SSH_AGENT_PID
    ! rd_has agent || { SSH_AUTH_SOCK=$RD_DIR/agent.sock && export SSH_AUTH_SOCK; }
    rd_env
    rd_start "$@"
  ) && [ -n "$RD_TMUX" ] && rd_await
  # The last line is the answer. What stands before it is noise: a loader or a locale that complains of a variable.
  case ${RD_ACK##*"$RD_NL"} in
    'refused the workspace cannot be written'* | 'refused '*'cannot be copied into the sandbox')
      RD_SAID=${RD_ACK##*"$RD_NL"}
      RD_SAID=$(rd_unwritten "${RD_SAID#refused }")
      # Nothing was started under the id: it waits for room, and for nothing else.
      case $RD_SAID in full*) rd_clear 0 2>/dev/null ;; esac
      [ -e "$RD_DIR/exit" ] || rd_unclaim
      printf '%s\n' "$RD_SAID"
      ;;
    started* | 'refused '*) printf '%s\n' "${RD_ACK##*"$RD_NL"}" ;;
    taken) rd_taken ;;
    *)
      if [ -s "$RD_DIR/process" ]; then
        rd_taken
        return 0
      fi
      rd_unclaim
      printf 'refused the wrapper did not start: %s\n' "$RD_ACK" | tr '\n' ' '
      echo
      ;;
  esac
}

# rd_claim: RD_CLAIM is the digest that owns the id: ours, or that of whoever came first.
rd_claim() {
  RD_CLAIM=
  if rd_create "$RD_DIR/claim"; then
    RD_CLAIM=$rd_digest
    { printf '%s %s %s\n' "$rd_digest" "$RD_BOOT" "$RD_NOW" >>"$RD_DIR/claim"; } 2>/dev/null && return 0
    rd_unclaim
    rd_unwritten
    return 1
  fi
  # Whoever came first may not have written it yet.
  RD_TRIES=0
  until { read -r RD_CLAIM _ <"$RD_DIR/claim"; } 2>/dev/null && [ -n "$RD_CLAIM" ]; do
    RD_TRIES=$((RD_TRIES + 1))
    if [ "$RD_TRIES" -gt 40 ]; then
      rd_withdraw
      echo 'refused the claim in the workspace cannot be read: did its launch die with the host? Remove the workspace'
      return 1
    fi
    sleep 0.05 2>/dev/null || sleep 1
  done
}

# rd_unwritten [SAID]: a launch could not write. One more try, with room for the command, says why: dd has the system's own words,
# which not every shell's redirection gives. Answers 'full WHY<tab>DF<tab>DF-OF-INODES' or 'refused REASON'.
rd_unwritten() {
  case $RD_ROOT in /*) RD_PATH=$RD_ROOT ;; *) RD_PATH=./$RD_ROOT ;; esac
  until [ -d "$RD_PATH/" ]; do RD_PATH=${RD_PATH%/*}; done
  RD_TRY=$RD_PATH/.try-$$
  RD_WHY=$(LC_ALL=C dd if=/dev/zero of="$RD_TRY" bs=65536 count=$((2 + ${#rd_command} / 65536)) 2>&1) && RD_WHY=
  rm -f -- "$RD_TRY"
  RD_WHY=${RD_WHY%%"$RD_NL"*}
  case $RD_WHY in
    *'No space left'* | *[Qq]uota*)
      printf 'full %s\t%s\t%s\n' "${RD_WHY##*: }" "$(df -Pk "$RD_PATH/" 2>/dev/null | tail -n 1)" "$(df -Pi "$RD_PATH/" 2>/dev/null | tail -n 1)"
      return
      ;;
  esac
  RD_WHY=${RD_WHY##*: }
  set -- "${1:-the workspace cannot be written}"
  case $1 in *"$RD_WHY"*) ;; *) set -- "$1: $RD_WHY" ;; esac
  printf 'refused %s\n' "$(printf '%s' "$1" | tr '\n' ' ')"
}

# rd_taken: another attempt has started the task, or did long ago.
rd_taken() {
  rd_withdraw
  rd_state "$RD_DIR"
  printf 'taken %s\n' "$RD_STATE"
}

# rd_withdraw: removes what this attempt laid out.
rd_withdraw() {
  rm -rf -- "${RD_DIR:?}/${rd_mark:?}"
}

# rd_unclaim: the same, and the claim with it where nothing was ever started under it: the id is free again.
rd_unclaim() {
  rd_withdraw
  [ -e "$RD_DIR/process" ] || rm -f -- "$RD_DIR/claim"
  rmdir -- "$RD_DIR" 2>/dev/null
  return 0
}

# rd_state DIR: RD_STATE is one of
#   absent · claimed BOOT-IS-THIS EPOCH · running PID PGID START BOOT EPOCH · lost EPOCH
#   ended KIND CODE STARTED FINISHED REASON
# where the last three say behind a '+' what sandbox the task is in: running+bwrap PID …
rd_state() {
  rd_process "$1"
  rd_inside "$1"
  rd_ended "$1" && return
  if [ -n "$RD_MARK" ]; then
    if rd_alive; then
      RD_STATE="running$RD_INSIDE $RD_PID $RD_PGID $RD_START $RD_BORN $RD_AT"
    else
      # It may have ended between the two looks; the record is written before the process goes.
      rd_ended "$1" || RD_STATE="lost$RD_INSIDE $RD_AT"
    fi
  elif [ -d "$1" ]; then
    RD_BORN='' RD_AT=''
    { read -r _ RD_BORN RD_AT <"$1/claim"; } 2>/dev/null
    rd_boot
    if [ -z "$RD_BORN" ] || [ "$RD_BORN" = "$RD_BOOT" ]; then
      RD_STATE="claimed yes ${RD_AT:-0}"
    elif [ -e "$1/process" ]; then
      # The host died while the gate was passed: whether the command began is not known.
      RD_STATE="lost $RD_AT"
    else
      RD_STATE="claimed no $RD_AT"
    fi
  else
    RD_STATE=absent
  fi
}

# rd_inside DIR: RD_INSIDE is what the wrapper wrote of the task's sandbox, with a '+'; empty where it has none.
rd_inside() {
  RD_INSIDE=
  { read -r RD_INSIDE <"$1/sandbox"; } 2>/dev/null
  RD_INSIDE=${RD_INSIDE:+"+${RD_INSIDE%% *}"}
}

rd_ended() {
  RD_KIND=
  { read -r RD_KIND RD_CODE RD_DONE RD_WHY <"$1/exit"; } 2>/dev/null
  [ -n "$RD_KIND" ] || return 1
  RD_STATE="ended$RD_INSIDE $RD_KIND $RD_CODE ${RD_AT:-$RD_DONE} $RD_DONE $RD_WHY"
}

# rd_status ROOT ID...: a line 'ID STATE' for each. Forks nothing on Linux.
rd_status() {
  rd_root "$1" || return 9
  shift
  for RD_ID in "$@"; do
    rd_state "$RD_ROOT/$RD_ID"
    printf '%s %s\n' "$RD_ID" "$RD_STATE"
  done
}

# rd_list ROOT: for each workspace a line 'ID STATE' and a line with its task.json (empty where it has none).
rd_list() {
  rd_root "$1" || return 9
  for RD_PATH in "$RD_ROOT"/*/; do
    [ -d "$RD_PATH" ] || continue
    RD_PATH=${RD_PATH%/}
    # What is no id is no workspace, whatever else lies here.
    case ${RD_PATH##*/} in *[!A-Za-z0-9._-]*) continue ;; esac
    rd_state "$RD_PATH"
    RD_LINE=
    { IFS= read -r RD_LINE <"$RD_PATH/task.json"; } 2>/dev/null
    printf '%s %s\n%s\n' "${RD_PATH##*/}" "$RD_STATE" "$RD_LINE"
  done
}

# rd_log ROOT ID OFFSET COUNT FILE: a line with the state, then at most COUNT bytes of FILE (log, error, events) from OFFSET on. The
# state is looked at first: 'ended' with no byte behind it means that no byte will come. Returns 8 where it cannot be read.
rd_log() {
  rd_root "$1" || return 9
  rd_state "$RD_ROOT/$2"
  printf '%s\n' "$RD_STATE"
  RD_LOG=$RD_ROOT/$2/$5
  [ -e "$RD_LOG" ] || return 0
  # dd seeks (it reads nothing), and head goes on from where the shared offset then stands.
  { { [ "$3" = 0 ] || dd bs=1 skip="$3" count=0 2>/dev/null; } && head -c "$4"; } <"$RD_LOG" || return 8
}

# rd_tail ROOT ID LINES FILE: the offset at which the last LINES lines of FILE begin.
rd_tail() {
  rd_root "$1" || return 9
  RD_LOG=$RD_ROOT/$2/$4
  [ -e "$RD_LOG" ] || { echo 0; return 0; }
  rd_size "$RD_LOG"
  # From the end, in larger and larger pieces, until so many lines are in one: no log is read from its beginning. A log that
  # grows meanwhile: the size is taken first, and what came behind it is not looked at.
  RD_LAST=0 RD_BACK=65536
  while :; do
    [ "$RD_BACK" -lt "$RD_SIZE" ] || RD_BACK=$RD_SIZE
    RD_LAST=$(($({ dd bs=1 skip=$((RD_SIZE - RD_BACK)) count=0 2>/dev/null; head -c "$RD_BACK"; } <"$RD_LOG" | tail -n "$3" | wc -c)))
    if [ "$RD_LAST" -lt "$RD_BACK" ] || [ "$RD_BACK" -ge "$RD_SIZE" ]; then break; fi
    RD_BACK=$((RD_BACK * 8))
  done
  echo $((RD_SIZE - RD_LAST))
}

rd_size() {
  # shellcheck disable=SC2012,SC2046 # one path of our own; the size is the fifth field
  set -- $(ls -ldn -- "$1" 2>/dev/null)
  RD_SIZE=${5:-0}
}

# rd_stop ROOT ID SIGNAL WHY: one step of a stop: signals all that belongs to the task but its wrapper, which is to write
# the exit record. END signals the wrapper too, and writes the record for it. LOOK signals nothing. WHY, on one line, becomes
# the reason in the record; it may be empty.
# Answers 'LEFT STATE', LEFT being the number of processes that were still there.
rd_stop() {
  rd_root "$1" || return 9
  RD_DIR=$RD_ROOT/$2
  rd_state "$RD_DIR"
  case $RD_STATE in running* | claimed*) [ "$3" = LOOK ] || { printf %s "${4:+$4$RD_NL}" >>"$RD_DIR/stop"; } 2>/dev/null ;; esac
  RD_COUNT=0
  if rd_process "$RD_DIR"; then
    if [ "$3" = END ]; then rd_members; else rd_members "$RD_PID"; fi
    # shellcheck disable=SC2086 # counts the words
    rd_count $RD_MEMBERS
    case $3 in
      TERM)
        rd_signal TERM
        rd_signal CONT
        ;;
      KILL | END) rd_signal KILL ;;
    esac
    if [ "$3" = END ] && ! rd_ended "$RD_DIR"; then
      rd_unhouse
      rm -f "$RD_DIR/agent.sock" "$RD_DIR/watch"
      {
        printf 'stopped 137 %s \n' "$(date +%s)" >"$RD_DIR/exit.new" && mv -f "$RD_DIR/exit.new" "$RD_DIR/exit" && echo >&7
      } 7>>"$RD_DIR/process" 2>/dev/null
    fi
  fi
  rd_state "$RD_DIR"
  printf '%s %s\n' "$RD_COUNT" "$RD_STATE"
}

# rd_unhouse: removes a sandbox's home, where its wrapper cannot any more. Some caches are written so that they cannot be removed.
rd_unhouse() {
  RD_PATH=$RD_DIR/home
  [ ! -d "$RD_PATH" ] || rm -rf -- "$RD_PATH" 2>/dev/null || { chmod -R u+rwx "$RD_PATH"; rm -rf -- "$RD_PATH"; } 2>/dev/null
}

rd_count() {
  RD_COUNT=$#
}

# rd_remove ROOT ID KEEP: removes the workspace of a task that does not run; with KEEP=1 all but the log (and error) and the
# records that say whose it is. Answers: removed · absent · running … · refused REASON.
rd_remove() {
  rd_root "$1" || return 9
  RD_DIR=$RD_ROOT/$2
  for RD_PATH in "$RD_ROOT" "$RD_DIR"; do
    [ ! -h "$RD_PATH" ] || { printf 'refused %s is a link\n' "$RD_PATH"; return 9; }
  done
  rd_state "$RD_DIR"
  case $RD_STATE in
    absent | running*)
      printf '%s\n' "$RD_STATE"
      return 0
      ;;
  esac
  rd_unhouse
  for _ in 1 2; do
    RD_SAID=$(rd_clear "$3" 2>&1) && { echo removed; return 0; }
    # A task may have taken its own permissions away. Folders only, and no link is followed.
    find "$RD_DIR" -type d ! -perm -700 -exec chmod u+rwx {} \; 2>/dev/null
  done
  printf 'refused %s\n' "$RD_SAID"
  return 9
}

# rd_clear KEEP: empties RD_DIR. The records go last, with the folder itself: what could not be removed is still somebody's.
rd_clear() {
  RD_KEEP=$1
  set --
  for RD_PATH in "$RD_DIR"/* "$RD_DIR"/.[!.]* "$RD_DIR"/..?*; do
    case ${RD_PATH##*/} in log | error | times | task.json | claim | process | exit | sandbox) continue ;; esac
    set -- "$@" "$RD_PATH"
  done
  rm -rf -- "$@" && { [ "$RD_KEEP" = 1 ] || rm -rf -- "$RD_DIR"; }
}
