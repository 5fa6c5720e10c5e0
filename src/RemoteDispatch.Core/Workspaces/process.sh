# shellcheck shell=sh
# process.sh: who is a process, and who belongs to a task. The resident shell (host.sh) and each task's wrapper
# (wrapper.sh) share it. Only sh and POSIX utilities; /proc where there is one (Linux), ps and sysctl elsewhere.
# Functions answer in RD_ variables, because a subshell for every answer would be a fork for every answer.

# Never from the login's environment.
unset RD_BOOT

# rd_has WORD: is it one of the words in rd_with, which say what else a task is given?
# shellcheck disable=SC2154 # the launch sets it, and the wrapper's arguments
rd_has() {
  case " $rd_with " in *" $1 "*) return 0 ;; esac
  return 1
}

# RD_BOOT: names this boot of the host. A pid from another boot is another process.
rd_boot() {
  [ -z "${RD_BOOT-}" ] || return 0
  if [ -r /proc/sys/kernel/random/boot_id ]; then
    IFS= read -r RD_BOOT </proc/sys/kernel/random/boot_id
  else
    RD_BOOT=$(sysctl -n kern.boottime 2>/dev/null | tr -cd '0-9')
  fi
  [ -n "$RD_BOOT" ] || RD_BOOT=unknown
}

# rd_birth PID: RD_BIRTH is the start time of a living process. Fails where there is none; a zombie is none.
rd_birth() {
  if [ -r /proc/self/stat ]; then
    RD_LINE=
    { IFS= read -r RD_LINE <"/proc/$1/stat"; } 2>/dev/null || return 1
    # The name stands in parentheses and may hold anything, blanks and parentheses too: what follows the last one counts.
    RD_LINE=${RD_LINE##*") "}
    # shellcheck disable=SC2086 # split on purpose: the fields of proc(5), state first
    set -- $RD_LINE
    case $1 in Z | X) return 1 ;; esac
    RD_BIRTH=${20}
  else
    RD_BIRTH=$(LC_ALL=C ps -o lstart= -p "$1" 2>/dev/null | tr -s ' ' '_')
  fi
  [ -n "$RD_BIRTH" ]
}

# rd_process DIR: reads the record that the wrapper wrote: RD_PID RD_PGID RD_START RD_BORN RD_AT RD_MARK.
# shellcheck disable=SC2034 # some are read in host.sh
rd_process() {
  RD_PID='' RD_PGID='' RD_START='' RD_BORN='' RD_AT='' RD_MARK=''
  { read -r RD_PID RD_PGID RD_START RD_BORN RD_AT RD_MARK <"$1/process"; } 2>/dev/null
  [ -n "$RD_MARK" ]
}

# rd_alive: is the process that rd_process read still that process?
rd_alive() {
  rd_boot
  [ "$RD_BORN" = "$RD_BOOT" ] && rd_birth "$RD_PID" && [ "$RD_BIRTH" = "$RD_START" ]
}

# rd_create FILE: creates a file with O_EXCL, which is what noclobber does. Of two who try, one succeeds.
# true and not ':', since a special built-in whose redirection fails would end this shell.
rd_create() {
  set -C
  # shellcheck disable=SC2188
  if { true >"$1"; } 2>/dev/null; then
    set +C
  else
    set +C
    return 1
  fi
}

# rd_table: RD_TABLE holds "pid ppid pgid session" of every process that is not a zombie, a line each.
rd_table() {
  RD_TABLE=
  if [ ! -r /proc/self/stat ]; then
    RD_TABLE=$(ps -A -o pid=,ppid=,pgid=,sess= 2>/dev/null)
    return
  fi
  RD_RAW=$(cat /proc/[0-9]*/stat 2>/dev/null)
  rd_by_line
  for RD_LINE in $RD_RAW; do
    IFS=$RD_IFS
    RD_ONE=${RD_LINE%% *}
    # shellcheck disable=SC2086 # split on purpose
    set -- ${RD_LINE##*") "}
    case $1 in Z | X) continue ;; esac
    RD_TABLE="$RD_TABLE$RD_ONE $2 $3 $4
"
  done
  rd_by_word
}

# rd_by_line: a 'for' that follows goes through lines, as they are. Not a here-document: some shells need a file for one,
# and a full disk must not hide a process from a stop. rd_by_word: as before.
rd_by_line() {
  RD_IFS=$IFS
  IFS='
'
  set -f
}
rd_by_word() {
  IFS=$RD_IFS
  set +f
}

# rd_members SPARE...: RD_MEMBERS holds the pids of every process of the task that rd_process read, but those in
# SPARE. A process belongs to it when it is in the wrapper's session or process group, when its environment carries
# the task's mark (a daemon that forked twice and made a session of its own still carries it), or when its parent
# belongs. Where the wrapper is gone its number may be somebody else's, so that then only the mark counts.
rd_members() {
  RD_SPARED=" $* "
  RD_FAMILY=' '
  RD_MEMBERS=' '
  rd_boot
  [ "$RD_BORN" = "$RD_BOOT" ] || return 0
  RD_SESSION=-
  if rd_alive; then
    RD_SESSION=$RD_PID
    rd_join "$RD_PID"
  fi
  for RD_ONE in $(rd_marked); do
    rd_join "$RD_ONE"
  done
  rd_table
  RD_GREW=yes
  while [ -n "$RD_GREW" ]; do
    RD_GREW=
    rd_by_line
    for RD_ROW in $RD_TABLE; do
      IFS=$RD_IFS
      # shellcheck disable=SC2086 # split on purpose: pid, parent, group, session
      set -- $RD_ROW
      [ "$4" = "$RD_SESSION" ] || [ "$3" = "$RD_SESSION" ] ||
        case $RD_FAMILY in *" $2 "*) : ;; *) false ;; esac || continue
      rd_join "$1"
    done
    rd_by_word
  done
}

# rd_join PID: into the family, and into RD_MEMBERS unless it is spared. What a spared process starts is a member, but
# for what is gone by now: the processes that made the table are in it too.
rd_join() {
  case $RD_FAMILY in *" $1 "*) return ;; esac
  rd_birth "$1" || return 0
  RD_FAMILY="$RD_FAMILY$1 "
  RD_GREW=yes
  case $RD_SPARED in *" $1 "*) ;; *) RD_MEMBERS="$RD_MEMBERS$1 " ;; esac
}

# rd_marked: prints the pid of every living process whose environment carries the task's mark.
rd_marked() {
  if [ -r /proc/self/environ ]; then
    # -z: an environment's entries end with NUL. -x: the whole entry.
    if printf 'a\0b\0' | grep -qzxF b 2>/dev/null; then
      grep -lszxF -- "REMOTE_DISPATCH_MARK=$RD_MARK" /proc/[0-9]*/environ 2>/dev/null | while IFS=/ read -r _ _ RD_ONE _; do
        echo "$RD_ONE"
      done
      return
    fi
    # A grep without -z (Alpine's): two processes for each one that is looked at.
    for RD_ONE in /proc/[0-9]*; do
      { tr '\0' '\n' <"$RD_ONE/environ"; } 2>/dev/null | grep -qxF -- "REMOTE_DISPATCH_MARK=$RD_MARK" && echo "${RD_ONE##*/}"
    done
  else
    ps -A -E -ww -o pid=,command= 2>/dev/null | while read -r RD_ONE RD_LINE; do
      case $RD_LINE in *"REMOTE_DISPATCH_MARK=$RD_MARK"*) echo "$RD_ONE" ;; esac
    done
  fi
}

# rd_signal NAME: sends one signal to all of RD_MEMBERS. CONT follows TERM, since a stopped process hears nothing.
rd_signal() {
  # shellcheck disable=SC2086 # a list of numbers
  [ "$RD_MEMBERS" = ' ' ] || kill -s "$1" $RD_MEMBERS 2>/dev/null
}
