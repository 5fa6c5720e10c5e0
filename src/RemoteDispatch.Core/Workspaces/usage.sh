# shellcheck shell=sh
# usage.sh: what the workspaces of a host take. It goes with the requests that need it and runs in a subshell of its own, so
# that nothing of it stays in the resident shell, whose functions (host.sh, process.sh) it uses.
# shellcheck disable=SC2034,SC2153,SC2154 # variables of the resident functions

# rd_usage ROOT LIMIT: what is left below ROOT. Answers lines, free text last:
#   now EPOCH · root PATH · foreign COUNT (entries that are no workspace: whoever put them there keeps them)
#   task ID STATE, and behind it a line with its task.json (empty where it has none)
#   at EPOCH ./ID (or ./ID/log): when it last changed, of those whose end is not on record
#   KIB<tab>./ID, and KIB<tab>. for all: du's own lines, blocks that are used · slow LIMIT: du was ended after LIMIT seconds
rd_usage() {
  exec 2>/dev/null
  LC_ALL=C
  export LC_ALL
  rd_root "$1" || return 9
  RD_LIMIT=$2 RD_FOREIGN=0 RD_OPEN=
  if [ -h "$RD_ROOT" ]; then
    printf 'refused %s is a link\n' "$RD_ROOT"
    return 9
  fi
  printf 'now %s\nroot %s\n' "$(date +%s)" "$RD_ROOT"
  [ -d "$RD_ROOT" ] || return 0
  cd -- "$RD_ROOT" || { printf 'refused %s cannot be entered\n' "$RD_ROOT"; return 9; }
  for RD_ID in *; do
    if ! rd_ours; then
      [ "$RD_ID" = '*' ] || RD_FOREIGN=$((RD_FOREIGN + 1))
      continue
    fi
    rd_state "./$RD_ID"
    case $RD_STATE in
      ended*) ;;
      *) RD_OPEN="$RD_OPEN./$RD_ID$RD_NL./$RD_ID/log$RD_NL" ;;
    esac
    RD_LINE=
    { IFS= read -r RD_LINE <"./$RD_ID/task.json"; }
    printf 'task %s %s\n%s\n' "$RD_ID" "$RD_STATE" "$RD_LINE"
  done
  printf 'foreign %s\n' "$RD_FOREIGN"
  rd_changed
  if du -kxd 0 /dev/null >/dev/null; then rd_du -d 1; else rd_du; fi
}

# rd_ours: is RD_ID a workspace, or what a launch that died has left of one: nothing, or folders named by marks?
rd_ours() {
  case $RD_ID in [!A-Za-z0-9]* | *[!A-Za-z0-9._-]*) return 1 ;; esac
  [ -d "./$RD_ID" ] && [ ! -h "./$RD_ID" ] || return 1
  [ ! -e "./$RD_ID/claim" ] && [ ! -e "./$RD_ID/process" ] && [ ! -e "./$RD_ID/exit" ] || return 0
  # What cannot be looked into cannot be said to be empty.
  [ -r "./$RD_ID" ] && [ -x "./$RD_ID" ] || return 1
  for RD_PATH in "./$RD_ID"/* "./$RD_ID"/.[!.]* "./$RD_ID"/..?*; do
    [ -e "$RD_PATH" ] || [ -h "$RD_PATH" ] || continue
    [ -d "$RD_PATH" ] && [ ! -h "$RD_PATH" ] || return 1
    RD_MARK=${RD_PATH##*/}
    case $RD_MARK in *[!0-9a-f]*) return 1 ;; esac
    [ "${#RD_MARK}" = 24 ] || return 1
  done
}

# rd_changed: when the workspaces in RD_OPEN last changed. There is no way of POSIX's own: GNU and busybox, then macOS and the BSDs.
rd_changed() {
  [ -n "$RD_OPEN" ] || return 0
  if stat -c %Y . >/dev/null; then
    printf '%s' "$RD_OPEN" | xargs stat -c 'at %Y %n'
  elif stat -f %m . >/dev/null; then
    printf '%s' "$RD_OPEN" | xargs stat -f 'at %m %N'
  fi
}

# rd_du OPTION...: du of this folder, for RD_LIMIT seconds. Not on other file systems: what is mounted there is not the task's to keep.
rd_du() {
  du -kx "$@" . &
  RD_DU=$!
  {
    # $! and no variable: the trap may run right behind the '&'. KILL: before its exec the child still has this trap.
    trap 'kill -s KILL "$!"; exit 0' TERM
    sleep "$RD_LIMIT" &
    wait "$!"
    kill -s KILL "$RD_DU"
  } >/dev/null &
  RD_WATCH=$!
  wait "$RD_DU"
  RD_CODE=$?
  kill -s TERM "$RD_WATCH"
  [ "$RD_CODE" -lt 128 ] || printf 'slow %s\n' "$RD_LIMIT"
}

# rd_room ROOT ID KIB LIMIT: says 'over USED KIB' where the workspaces take KIB or more, and nothing where ID may be launched. It is
# measured at most every ten minutes, for all who launch here, as long as it was less: '.usage' holds EPOCH and KIB.
rd_room() {
  exec 2>/dev/null
  rd_root "$1" >/dev/null && [ -d "$RD_ROOT" ] && [ ! -h "$RD_ROOT" ] || return 0
  # What is there already takes no more, whatever is asked again.
  [ ! -e "$RD_ROOT/$2/claim" ] && cd -- "$RD_ROOT" || return 0
  RD_MOST=$3 RD_LIMIT=$4 RD_AT='' RD_USED=''
  { read -r RD_AT RD_USED <.usage; }
  RD_NOW=$(date +%s)
  case $RD_AT:$RD_USED in
    *[!0-9:]* | :* | *: | 0?*:* | *:0?*) ;;
    # A clock that was set back makes no measure last for ever.
    *) [ "$RD_USED" -ge "$RD_MOST" ] || [ "$RD_NOW" -lt "$RD_AT" ] || [ "$RD_NOW" -ge $((RD_AT + 600)) ] || return 0 ;;
  esac
  RD_USED=$(rd_du -s)
  RD_USED=${RD_USED%%[!0-9]*}
  # du that did not come to an end: nothing is known, and nobody waits for it again so soon.
  { printf '%s %s\n' "$RD_NOW" "${RD_USED:-0}" >".usage.$$" && mv -f ".usage.$$" .usage; } || rm -f ".usage.$$"
  [ "${RD_USED:-0}" -lt "$RD_MOST" ] || printf 'over %s %s\n' "$RD_USED" "$RD_MOST"
}
