# shellcheck shell=sh
# facts.sh: what a check asks of a host. It is sent with the one request that needs it and runs in a subshell of its own, so
# that nothing of it stays in the resident shell, whose functions (host.sh, process.sh) it uses. All questions are asked side by
# side; each prints lines 'NAME.WHAT VALUE', every line by one printf, so that no two are mixed. What they mean is decided here
# nowhere: HostFacts.cs reads them. A program that is asked gets no input, RD_LIMIT seconds, and RD_SHARE bytes of attention.
# shellcheck disable=SC2034,SC2153,SC2154 # variables of the resident functions, and of the request

# rd_facts NONCE LIMIT ROOT QUESTION...: asks; a question is the name of a function below.
rd_facts() {
  exec 2>/dev/null
  LC_ALL=C
  export LC_ALL
  RD_NONCE=$1 RD_LIMIT=$2 RD_SHARE=2000 RD_PLACES='' RD_FOUND=' ' RD_SET=' '
  printf 'clock.before %s\n' "$(rd_now)"
  RD_REFUSED=$(rd_root "$3") || printf 'workspace.refused %s\n' "${RD_REFUSED#refused }"
  rd_root "$3" >/dev/null || RD_ROOT=
  rd_boot
  shift 3
  # One pipe of our own in between: what is written to it in one piece stays in one piece.
  RD_ALL=$(
    for RD_ONE in "$@"; do
      "$RD_ONE" &
    done
    wait
  )
  printf '%s\n' "$RD_ALL"
  printf 'clock.after %s\n' "$(rd_now)"
}

# rd_now: the clock; where date knows no nanoseconds, what stands behind the dot is no number.
rd_now() {
  date +%s.%N
}

# rd_ask NAME COMMAND...: asks a program. 'NAME.says' for each line of its output, 'NAME.code' with its exit code and
# 'NAME.took' with two clocks; 'NAME.silent' where the time was over. What it started is found by a mark in the environment and
# ended, as a task is.
rd_ask() {
  RD_NAME=$1
  shift
  REMOTE_DISPATCH_MARK=$RD_NONCE.$RD_NAME
  export REMOTE_DISPATCH_MARK
  RD_FROM=$(rd_now)
  rd_watch &
  RD_WATCH=$!
  # Its exit code comes last, whatever it printed before, and however much: dd takes its share to the byte, which the blanks
  # fill up, and tail finds the end.
  # shellcheck disable=SC2059 # the width of the blanks
  RD_SAID=$(
    {
      "$@" </dev/null 2>&1
      RD_CODE=$?
      printf "%${RD_SHARE}s\\ncode %s\\n" '' "$RD_CODE"
    } | {
      dd bs=1 count="$RD_SHARE"
      echo
      tail -n 1
    } | tr -d '\000-\010\013-\037\177'
  )
  kill "$RD_WATCH"
  RD_CODE=${RD_SAID##*"${RD_NL}code "}
  RD_SAID=${RD_SAID%"${RD_NL}code "*}
  printf '%s.took %s %s\n' "$RD_NAME" "$RD_FROM" "$(rd_now)"
  rd_by_line
  for RD_LINE in $RD_SAID; do
    case $RD_LINE in *[!\ ]*) printf '%s.says %.400s\n' "$RD_NAME" "$RD_LINE" ;; esac
  done
  rd_by_word
  printf '%s.code %.20s\n' "$RD_NAME" "$RD_CODE"
}

# rd_watch: ends what the question started once its time is over. Whoever has the answer ends the watch.
rd_watch() {
  RD_NAP=
  trap '[ -z "$RD_NAP" ] || kill "$RD_NAP"; exit 0' TERM
  sleep "$RD_LIMIT" >/dev/null &
  RD_NAP=$!
  wait "$RD_NAP"
  trap - TERM
  printf '%s.silent %s\n' "$RD_NAME" "$RD_LIMIT"
  # No wrapper and no session to find them by: the mark and who is whose child.
  RD_PID=1 RD_START=- RD_BORN=$RD_BOOT RD_MARK=$REMOTE_DISPATCH_MARK
  rd_members
  rd_signal KILL
}

# rd_quiet COMMAND...: without its complaints, for a program whose answer is on stdout alone.
rd_quiet() {
  "$@" 2>/dev/null
}

# rd_program NAME PROGRAM ARGUMENT...: asks a program where it is, else says nothing.
rd_program() {
  RD_PATH=$(command -v "$2") || return 0
  printf '%s.path %.400s\n' "$1" "$RD_PATH"
  rd_ask "$@"
}

rd_about_host() {
  printf 'host.system %.400s\n' "$(uname -srm)"
  printf 'host.user %.400s\n' "$(id -un)"
}

rd_about_system() {
  printf 'host.shell %.400s\n' "${SHELL-}"
  if [ -r /etc/os-release ]; then
    while IFS='=' read -r RD_NAME RD_LINE; do
      [ "$RD_NAME" = PRETTY_NAME ] || continue
      RD_LINE=${RD_LINE#[\"\']}
      printf 'host.release %.400s\n' "${RD_LINE%[\"\']}"
    done </etc/os-release
  elif command -v sw_vers >/dev/null; then
    printf 'host.release %.400s\n' "$(sw_vers -productName) $(sw_vers -productVersion)"
  fi
}

rd_about_workspace() {
  [ -n "$RD_ROOT" ] || return 0
  printf 'workspace.root %.400s\n' "$RD_ROOT"
  if RD_SAID=$(rd_owned); then
    printf 'workspace.owned yes\n'
  else
    printf 'workspace.refused %.400s\n' "${RD_SAID#* }"
  fi
}

rd_about_detach() {
  rd_detacher >/dev/null && printf 'detach.way %s\n' "$RD_SETSID"
}

# rd_folder: RD_FOLDER is the workspaces' folder, or what is there of the way to it.
rd_folder() {
  RD_FOLDER=${RD_ROOT:-${HOME-}}
  case $RD_FOLDER in /*) ;; *) RD_FOLDER= ;; esac
  until [ -d "$RD_FOLDER/" ]; do
    RD_FOLDER=${RD_FOLDER%/*}
  done
}

rd_about_disk() {
  rd_folder
  rd_ask disk df -Pk "$RD_FOLDER/"
}

rd_about_inodes() {
  rd_folder
  rd_ask inodes df -Pi "$RD_FOLDER/"
}

rd_about_docker() {
  rd_engines
  rd_program docker docker version --format '{{.Server.Version}}'
}

rd_about_podman() {
  rd_engines
  rd_program podman podman info --format '{{.Version.Version}}'
}

rd_about_orbstack() {
  rd_engines
  rd_program orbstack orbctl status
}

# rd_engines: where the engines live on macOS, whose PATH for commands is short. As container.sh has it.
rd_engines() {
  PATH=$PATH:/usr/local/bin:/opt/homebrew/bin:${HOME-}/.orbstack/bin:${HOME-}/.docker/bin
}

rd_about_git() {
  rd_program git git --version
}

rd_about_tmux() {
  rd_program tmux tmux -V
}

rd_about_agent_forwarding() {
  [ -n "${SSH_AUTH_SOCK-}" ] || return 0
  printf 'agent-forwarding.path %.400s\n' "$SSH_AUTH_SOCK"
  rd_ask agent-forwarding ssh-add -l
}

rd_about_memory() {
  if [ -r /proc/meminfo ]; then
    while read -r RD_NAME RD_LINE _; do
      case $RD_NAME in
        MemTotal: | MemAvailable: | MemFree: | Buffers: | Cached:) printf 'memory.%s %s\n' "${RD_NAME%:}" "$RD_LINE" ;;
      esac
    done </proc/meminfo
  else
    printf 'memory.bytes %s\n' "$(sysctl -n hw.memsize)"
    rd_ask memory vm_stat
  fi
}

rd_about_load() {
  if [ -r /proc/loadavg ]; then
    read -r RD_LINE </proc/loadavg
  else
    RD_LINE=$(sysctl -n vm.loadavg)
  fi
  printf 'load.average %.100s\n' "$RD_LINE"
  printf 'load.processors %.20s\n' "$(getconf _NPROCESSORS_ONLN || nproc || sysctl -n hw.ncpu || grep -c '^processor' /proc/cpuinfo)"
}

rd_about_gpu() {
  rd_program gpu nvidia-smi --query-gpu=name,memory.total,memory.free --format=csv,noheader,nounits
}

# What a dispatch would find (runner.sh): would the host end what outlives its login, and can a task be kept all the same?
rd_about_survival() {
  rd_runner=auto
  rd_kills >/dev/null && printf 'survival.kills %s\n' "$RD_KILLS"
  if RD_SAID=$(rd_fit); then
    printf 'survival.fit yes\n'
  else
    RD_SAID=${RD_SAID#unfit }
    RD_TAB=$(printf '\t')
    printf 'survival.unfit %s\nsurvival.remedy %s\n' "${RD_SAID%%"$RD_TAB"*}" "${RD_SAID#*"$RD_TAB"}"
  fi
}

rd_about_tasks() {
  [ -n "$RD_ROOT" ] || return 0
  RD_RUNS=0 RD_LEFT=0
  for RD_PATH in "$RD_ROOT"/*/; do
    RD_PATH=${RD_PATH%/}
    [ -d "$RD_PATH" ] || continue
    case ${RD_PATH##*/} in *[!A-Za-z0-9._-]*) continue ;; esac
    rd_state "$RD_PATH"
    case $RD_STATE in
      running* | 'claimed yes'*) RD_RUNS=$((RD_RUNS + 1)) ;;
      *) RD_LEFT=$((RD_LEFT + 1)) ;;
    esac
  done
  printf 'tasks.running %s\n' "$RD_RUNS"
  printf 'tasks.left %s\n' "$RD_LEFT"
}
