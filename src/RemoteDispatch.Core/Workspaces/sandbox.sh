# shellcheck shell=sh
# sandbox.sh: a home of the task's own, an environment of few variables, and a boundary where the host can make one. It goes
# with the launch that asks for it, and stands in that task's wrapper between process.sh and wrapper.sh. The launch puts before it
#   rd_box_keep   the names of the request's own variables, between blanks
#   rd_box_paths  what is to be seen inside, a line each: r PATH or w PATH
# and asks by words: sandbox, sandbox:git, sandbox:settings, sandbox:login (what crosses), sandbox:offline, sandbox:boundary.
# shellcheck disable=SC2154 # rd_dir, rd_mark, rd_runner and their like come from the wrapper, rd_box_keep from the launch, rd_engine_… from sandbox-engine.sh

rd_nl='
'

# rd_box_open: the home, with what may cross into it.
rd_box_open() {
  rd_real=${HOME:-/}
  rd_home=$rd_dir/home
  (umask 077 && cd -- "$rd_dir" && mkdir home home/tmp home/.config home/.cache home/.local home/.local/share home/.local/state) 2>/dev/null ||
    rd_refuse 'the workspace cannot be written: the home of the sandbox cannot be made'
  # Two values and not the file: it may name programs, other files, and where passwords are.
  if rd_has sandbox:git && command -v git >/dev/null; then
    for rd_one in user.name user.email; do
      rd_said=$(git config --global --no-includes --get "$rd_one" 2>/dev/null) || continue
      (umask 077 && git config --file "$rd_home/.gitconfig" "$rd_one" "$rd_said") 2>/dev/null
    done
  fi
  ! rd_has sandbox:settings || rd_box_copy .claude/settings.json .claude/CLAUDE.md .codex/config.toml .codex/AGENTS.md \
    .gemini/settings.json .gemini/GEMINI.md .config/opencode/opencode.json .config/opencode/opencode.jsonc .config/opencode/AGENTS.md
  ! rd_has sandbox:login || rd_box_copy .claude/.credentials.json .codex/auth.json .gemini/oauth_creds.json .local/share/opencode/auth.json
}

# rd_box_copy FILE...: copies what is there of the real home.
rd_box_copy() {
  for rd_one in "$@"; do
    [ -f "$rd_real/$rd_one" ] || continue
    (umask 077 && mkdir -p -- "$rd_home/${rd_one%/*}" && cat <"$rd_real/$rd_one" >"$rd_home/$rd_one") 2>/dev/null ||
      rd_refuse "'$rd_real/$rd_one' cannot be copied into the sandbox"
  done
}

# rd_box_find PATH: RD_SEEN is the path as it is bound, RD_TRUE the same without links. Refused: what is not there, what would
# bring in the home that is to stay out, and the records of tasks.
rd_box_find() {
  # shellcheck disable=SC2088 # the tilde is the user's, and is expanded here
  case $1 in
    '~') RD_SEEN=$rd_real ;;
    '~/'*) RD_SEEN=$rd_real/${1#??} ;;
    /*) RD_SEEN=$1 ;;
    *) RD_SEEN=$rd_real/$1 ;;
  esac
  if [ -d "$RD_SEEN" ]; then
    RD_TRUE=$(CDPATH='' cd -P -- "$RD_SEEN" 2>/dev/null && pwd -P)
  elif [ -e "$RD_SEEN" ]; then
    RD_TRUE=$(CDPATH='' cd -P -- "${RD_SEEN%/*}/" 2>/dev/null && pwd -P)/${RD_SEEN##*/}
  else
    rd_refuse "the path '$RD_SEEN' that the sandbox is to have is not there"
  fi
  [ -n "$RD_TRUE" ] || rd_refuse "the path '$RD_SEEN' that the sandbox is to have cannot be entered"
  rd_box_hold=$(CDPATH='' cd -P -- "${rd_dir%/*}" && pwd -P)
  case $(CDPATH='' cd -P -- "$rd_real" 2>/dev/null && pwd -P)/ in
    "${RD_TRUE%/}/"*) rd_refuse "'$RD_SEEN' is the home that the sandbox keeps out, or holds it: name a folder below it" ;;
  esac
  case $RD_TRUE/ in
    "$rd_box_hold"/*) rd_refuse "'$RD_SEEN' is a place of the workspaces, which no sandbox gets" ;;
  esac
}

# rd_box_each FUNCTION: calls it for each path that the sandbox is to have, with its mode. The working directory is one.
rd_box_each() {
  rd_by_line
  for rd_line in ${rd_box_cwd:+"w $rd_box_cwd"} $rd_box_paths; do
    rd_by_word
    rd_box_find "${rd_line#??}"
    "$1" "${rd_line%% *}"
    rd_by_line
  done
  rd_by_word
}

# rd_box_fit: what the sandbox is here: 'bwrap' or 'docker', tried out, or 'environment'; with ':offline' behind it where there
# is no network inside. The workspace's file 'sandbox' says it from now on.
rd_box_fit() {
  # Names alone, exactly: from what env prints, a line of a secret could be taken for one.
  rd_box_names=$(awk 'BEGIN { for (name in ENVIRON) print name }' 2>/dev/null)
  [ -n "$rd_box_names" ] || rd_refuse 'the environment cannot be cleared: awk is not on the host'
  rd_box_each :
  [ ! -e "$rd_dir/bin/rd" ] || (umask 077 && mkdir -p "$rd_dir/inbox/read") 2>/dev/null
  rd_box=environment
  if ! rd_bwrap=$(command -v bwrap); then
    rd_said='bwrap is not on the host: install bubblewrap there'
  elif ! { rd_box_words >"$rd_dir/$rd_mark/bwrap"; } 2>/dev/null; then
    rd_refuse 'the workspace cannot be written'
  elif rd_said=$(rd_box_try 2>&1); then
    rd_box=bwrap
  fi
  if [ "$rd_box" = environment ]; then
    rd_said=${rd_said%%"$rd_nl"*}
    if rd_engine_fit; then rd_box=docker; else rd_said="$rd_said; ${rd_engine_said%%"$rd_nl"*}"; fi
  fi
  if [ "$rd_box" = environment ] && rd_has sandbox:boundary; then
    rd_refuse "no boundary can be made: ${rd_said%%"$rd_nl"*}"
  fi
  ! rd_has sandbox:offline || rd_box=$rd_box:offline
  { printf '%s\n' "$rd_box" >"$rd_dir/sandbox"; } 2>/dev/null || rd_refuse 'the workspace cannot be written'
}

# rd_box_try: does bwrap work here, with all that it is to do? Where namespaces are forbidden, it is there and does not.
rd_box_try() {
  set -- "$rd_bwrap" --args 9 -- sh -c :
  ! command -v timeout >/dev/null || set -- timeout -s KILL 10 "$@"
  "$@" 9<"$rd_dir/$rd_mark/bwrap" </dev/null >/dev/null
}

# rd_box_words: bwrap's words, a NUL behind each. The system is seen and cannot be written; of the rest there is only what
# is named. What not everybody on the host may read in /etc is hidden too: the task's user may be root.
rd_box_words() {
  # As root bwrap keeps all capabilities unless told. All ends with the command: the home does.
  printf '%s\0' --unshare-pid --unshare-ipc --unshare-cgroup-try --cap-drop ALL --die-with-parent
  # Under tmux the pane is the command's terminal, and nobody else reads it.
  [ "$rd_runner" = tmux ] || printf '%s\0' --new-session
  ! rd_has sandbox:offline || printf '%s\0' --unshare-net
  for rd_one in usr bin sbin lib lib32 lib64 libx32 etc opt nix gnu; do
    if [ -h "/$rd_one" ]; then
      printf '%s\0' --symlink "$(readlink "/$rd_one")" "/$rd_one"
    elif [ -d "/$rd_one" ]; then
      printf '%s\0' --ro-bind "/$rd_one" "/$rd_one"
    fi
  done
  for rd_one in /var/lib/ca-certificates /run/current-system; do
    [ ! -e "$rd_one" ] || printf '%s\0' --ro-bind "$rd_one" "$rd_one"
  done
  rd_one=$(readlink -f /etc/resolv.conf 2>/dev/null)
  case $rd_one in /run/*) printf '%s\0' --ro-bind "$rd_one" "$rd_one" ;; esac
  rd_box_secret | while IFS= read -r rd_one; do
    if [ -d "$rd_one" ]; then printf '%s\0' --tmpfs "$rd_one"; else printf '%s\0' --ro-bind /dev/null "$rd_one"; fi
  done
  printf '%s\0' --proc /proc --dev /dev
  # To these root could write without any capability.
  for rd_one in /proc/sys /proc/sysrq-trigger; do
    [ "$(id -u)" != 0 ] || [ ! -e "$rd_one" ] || printf '%s\0' --ro-bind "$rd_one" "$rd_one"
  done
  printf '%s\0' --bind "$rd_home/tmp" /tmp --bind "$rd_home/tmp" /var/tmp --dir "$rd_real"
  rd_box_each rd_box_bind
  # Whatever was named: no record of any task.
  printf '%s\0' --tmpfs "${rd_dir%/*}" --bind "$rd_home" "$rd_home" --ro-bind "$rd_dir/command" "$rd_dir/command"
  # What else a task may find in its workspace, where it was given that: its own rd with events and inbox, and an agent that was asked for.
  for rd_one in bin claude-settings.json files run; do
    [ ! -e "$rd_dir/$rd_one" ] || printf '%s\0' --ro-bind "$rd_dir/$rd_one" "$rd_dir/$rd_one"
  done
  for rd_one in events inbox repo checkout; do
    [ ! -e "$rd_dir/$rd_one" ] || printf '%s\0' --bind "$rd_dir/$rd_one" "$rd_dir/$rd_one"
  done
  if rd_has agent:asked && [ -S "$rd_dir/agent.sock" ]; then
    printf '%s\0' --bind "$rd_dir/agent.sock" "$rd_dir/agent.sock"
  fi
  printf '%s\0' --remount-ro "${rd_dir%/*}" --remount-ro / --chdir "$PWD"
}

# rd_box_secret: what of the system not everybody on the host may read. Of /opt the upper levels alone: it can be large.
rd_box_secret() {
  {
    find /etc /usr/local/etc -xdev \( -type d ! -perm -0005 -prune -o -type f ! -perm -0004 \) -print
    find /opt -maxdepth 2 \( -type d ! -perm -0005 -prune -o -type f ! -perm -0004 \) -print
  } 2>/dev/null
}

# rd_box_bind MODE: the words for the path that rd_box_find has found.
rd_box_bind() {
  case $1$RD_TRUE in
    ?/dev/*) printf '%s\0' --dev-bind "$RD_SEEN" "$RD_SEEN" ;;
    r*) printf '%s\0' --ro-bind "$RD_SEEN" "$RD_SEEN" ;;
    *) printf '%s\0' --bind "$RD_SEEN" "$RD_SEEN" ;;
  esac
  case $rd_box_hold in "$RD_TRUE"/*) printf '%s\0' --tmpfs "$RD_SEEN${rd_box_hold#"$RD_TRUE"}" ;; esac
}

# rd_box_run WORD...: becomes the command. What is not to be seen is taken away by its name: a value would be an argument.
rd_box_run() {
  umask 077
  exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
  HOME=$rd_home TMPDIR=$rd_home/tmp
  XDG_CONFIG_HOME=$HOME/.config XDG_CACHE_HOME=$HOME/.cache XDG_DATA_HOME=$HOME/.local/share XDG_STATE_HOME=$HOME/.local/state
  export HOME TMPDIR XDG_CONFIG_HOME XDG_CACHE_HOME XDG_DATA_HOME XDG_STATE_HOME
  case $rd_box in
    bwrap*)
      # bwrap itself is to outlive the TERM that the command may need time for. Where it cannot be undone inside, it is not done.
      [ "$rd_hear" = 0 ] || { trap '' TERM INT QUIT; set -- env --default-signal=TERM "$@"; }
      set -- "$rd_bwrap" --args 9 -- "$@"
      exec 9<"$rd_dir/$rd_mark/bwrap"
      ;;
    docker*) rd_engine_run "$@" ;;
  esac
  rd_by_line
  for rd_one in $rd_box_names; do
    rd_box_keeps "$rd_one" || set -- -u "$rd_one" "$@"
  done
  rd_by_word
  exec env "$@"
}

# rd_box_keeps NAME: is this variable there inside?
rd_box_keeps() {
  case $1 in
    PATH | LANG | LANGUAGE | LC_* | TERM | TZ | USER | LOGNAME | SHELL) ;;
    REMOTE_DISPATCH_ID | REMOTE_DISPATCH_WORKSPACE | REMOTE_DISPATCH_MARK | REMOTE_DISPATCH_CLAUDE_SETTINGS) ;;
    HOME | TMPDIR | XDG_CONFIG_HOME | XDG_CACHE_HOME | XDG_DATA_HOME | XDG_STATE_HOME) ;;
    SSH_AUTH_SOCK | GIT_SSH) rd_has agent:asked || rd_box_asked "$1" ;;
    *) rd_box_asked "$1" ;;
  esac
}

rd_box_asked() {
  case $rd_box_keep in *" $1 "*) return 0 ;; esac
  return 1
}

# rd_box_close: nothing of it is left. What the command left running would have no home: it is ended (a boundary has ended it).
rd_box_close() {
  [ -n "$rd_home" ] || return 0
  if [ -n "$rd_box_ran" ]; then
    rd_process "$rd_dir"
    rd_left=50
    while rd_members "$$" && [ "$RD_MEMBERS" != ' ' ] && [ "$rd_left" -gt 0 ]; do
      rd_signal KILL
      rd_left=$((rd_left - 1))
      sleep 0.1 2>/dev/null || { sleep 1; rd_left=$((rd_left - 9)); }
    done
  fi
  rd_engine_close
  rm -rf -- "$rd_dir/$rd_mark/bwrap" "$rd_dir/$rd_mark/box" "$rd_dir/$rd_mark/mounts" "$rd_dir/$rd_mark/said" "$rd_dir/$rd_mark/tie" "$rd_dir/$rd_mark/docker"
  # Some caches are written so that they cannot be removed.
  rm -rf -- "$rd_home" 2>/dev/null || { chmod -R u+rwx "$rd_home"; rm -rf -- "$rd_home"; } 2>/dev/null
}
