# shellcheck shell=sh
# sandbox-engine.sh: the boundary of a sandbox, made by docker where bwrap cannot make one. It stands behind sandbox.sh. The
# container has an image with nothing in it and the host's own system, read-only: what bwrap would show is shown, and no more.
# A container's configuration is on the engine's disk and in its answers: no variable is in it. They go in over stdin, and the
# command writes the log itself, so that nothing of it passes through the engine.
# shellcheck disable=SC2154 # rd_dir, rd_mark, rd_runner, rd_home and their like come from the wrapper and sandbox.sh

# Never from the login's environment.
rd_docker='' rd_engine_at='' rd_engine_seen='' rd_engine_groups='' rd_engine_user='' rd_engine_name='' rd_engine_by='' rd_engine_used='' rd_engine_image=remote-dispatch-empty:1

# What runs inside, before the command: it takes the variables, becomes a shell whose environment carries the task's mark,
# and that stays, as the first process: it hears the TERM that the command may need time for, and its end is the end of all.
# Beside it somebody listens for the end of stdin, which comes when the wrapper dies, or docker's client: then all is ended.
# shellcheck disable=SC2016 # the shells inside expand these
rd_engine_first='unset HOSTNAME
eval "$(while IFS= read -r l; do case $l in +*) printf "%s\n" "${l#+}" ;; *) break ;; esac; done)"
exec sh -c "$@"'
# shellcheck disable=SC2016
rd_engine_second='umask 077
trap "" TERM INT QUIT
true >"$0/begun"
exec >>"$1" || exit
if [ -n "$2" ]; then exec 3>>"$2"; else exec 3>&1; fi
shift 2
exec 4<&0 </dev/null
{ while read -r _; do :; done; while kill -KILL -1; do sleep 1; done; } <&4 >/dev/null 2>&1 3>&- 4<&- &
trap : TERM INT QUIT
"$@" 2>&3 3>&- 4<&-
set -- "$?"
echo "$1" >"$0/code"
exit "$1"'

# rd_engine WORD...: becomes docker, until the second rd_engine_by where there is one. For a subshell: none may stand
# between the wrapper and docker that a TERM would end. Without the user's configuration: that
# can put a proxy's password into every container.
rd_engine() {
  set -- "$rd_docker" --config "$rd_dir/$rd_mark/docker" --host "$rd_engine_at" "$@"
  if [ -n "$rd_engine_by" ] && command -v timeout >/dev/null; then
    rd_rest=$((rd_engine_by - $(date +%s)))
    [ "$rd_rest" -gt 0 ] || rd_rest=1
    set -- timeout -s KILL "$rd_rest" "$@"
  fi
  unset DOCKER_CONTEXT DOCKER_CONTENT_TRUST DOCKER_DEFAULT_PLATFORM
  exec "$@"
}

# rd_engine_fit: can docker make the boundary, with all that it is to do? Else rd_engine_said says why not.
rd_engine_fit() {
  rd_engine_said='nor is docker'
  rd_docker=$(command -v docker) || return 1
  rd_engine_said='docker is podman there, which is not used'
  case $("$rd_docker" --version 2>/dev/null </dev/null) in *[Pp]odman*) return 1 ;; esac
  # Another machine's engine, or one in a virtual machine, would show another system.
  rd_engine_said='docker has no engine on this host'
  rd_engine_at=$("$rd_docker" context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null </dev/null)
  case $rd_engine_at in unix://*) ;; *) return 1 ;; esac
  # Under tmux a launch is given up after ten seconds.
  rd_engine_by=20
  [ "$rd_runner" != tmux ] || rd_engine_by=7
  rd_engine_by=$((rd_engine_by + $(date +%s)))
  if ! (rd_engine image inspect "$rd_engine_image") </dev/null >/dev/null 2>&1; then
    # An empty archive, as tar has it: no registry is asked.
    rd_engine_said=$(head -c 10240 /dev/zero | (rd_engine import - "$rd_engine_image") 2>&1) || return 1
  fi
  { (umask 077 && mkdir "$rd_dir/$rd_mark/box") && rd_engine_mounts >"$rd_dir/$rd_mark/mounts"; } 2>/dev/null ||
    rd_refuse 'the workspace cannot be written'
  # Of two for one place the later is meant.
  rd_engine_seen=$(awk 'NR % 2 { at = $0; next } !(at in what) { places[++n] = at } { what[at] = $0 }
    END { for (i = 1; i <= n; i++) print what[places[i]] }' "$rd_dir/$rd_mark/mounts")
  rd_engine_user=$(id -u):$(id -g) rd_engine_groups=$(id -G) rd_engine_name=$(uname -n)
  (umask 077 && mkfifo "$rd_dir/$rd_mark/tie") 2>/dev/null || rd_refuse 'the workspace cannot be written'
  rd_engine_used=yes
  rd_engine_said=$(rd_engine_try 2>&1) || { rd_engine_said=${rd_engine_said:-docker did not answer in time}; return 1; }
  rm -f "$rd_dir/$rd_mark/box/begun" "$rd_dir/$rd_mark/box/code" "$rd_dir/$rd_mark/box/tried"
  rd_engine_by=
}

# rd_engine_try: that a word in the new home can be read inside, and that the kernel is this one, proves that the engine is this
# very machine's, and its user this one. An engine elsewhere has other files, one in a container other paths.
rd_engine_try() {
  rd_word=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  (umask 077 && printf '%s\n' "$rd_word" >"$rd_home/tmp/word") || return 1
  rd_boot
  rd_engine_tie
  # shellcheck disable=SC2016 # the shell inside expands it
  rd_engine_box -try "$rd_dir/$rd_mark/box/tried" '' sh -c 'cat "$1/tmp/word" /proc/sys/kernel/random/boot_id' sh "$rd_home"
  rd_code=$?
  rm -f "$rd_home/tmp/word"
  [ "$rd_code" = 0 ] || return 1
  [ "$(cat "$rd_dir/$rd_mark/box/tried")" = "$rd_word$rd_nl$RD_BOOT" ] || { echo "the engine of docker is not this machine's"; return 1; }
}

# rd_engine_tie: as long as this shell lives, stdin has no end in the container that it starts; whoever kills it. Nobody else
# may hold this descriptor.
rd_engine_tie() {
  exec 6<>"$rd_dir/$rd_mark/tie"
  exec 5>"$rd_dir/$rd_mark/tie" 6<&-
}

# rd_engine_mount PLACE SOURCE MODE: two lines, the place and what docker is told. SOURCE may be empty: then an empty folder.
rd_engine_mount() {
  rd_spec=type=tmpfs
  if [ -n "$2" ]; then
    rd_spec=type=bind,$(rd_engine_field "src=$2")
    # Only newer engines keep to readonly for what is mounted further below; where there is such a thing, they have to.
    if [ "$3" = r ] && grep -qF -- " $(printf %s "$2" | sed 's/ /\\040/g')/" /proc/self/mountinfo; then
      rd_spec=$rd_spec,bind-recursive=readonly,bind-propagation=rprivate
    fi
  fi
  [ "$3" != r ] || rd_spec=$rd_spec,readonly
  printf '%s\n%s,%s\n' "$1" "$rd_spec" "$(rd_engine_field "dst=$1")"
}

# rd_engine_field TEXT: as a field between commas.
rd_engine_field() {
  case $1 in
    *[,\"]*) printf '"%s"' "$(printf %s "$1" | sed 's/"/""/g')" ;;
    *) printf %s "$1" ;;
  esac
}

# rd_engine_mounts: what is there inside; as rd_box_words has it. A link of the system becomes the folder that it leads to.
rd_engine_mounts() {
  for rd_one in usr bin sbin lib lib32 lib64 libx32 etc opt nix gnu; do
    [ ! -d "/$rd_one" ] || rd_engine_mount "/$rd_one" "/$rd_one" r
  done
  for rd_one in /var/lib/ca-certificates /run/current-system; do
    [ ! -e "$rd_one" ] || rd_engine_mount "$rd_one" "$rd_one" r
  done
  # Else docker puts its own there.
  for rd_one in /etc/hosts /etc/hostname /etc/resolv.conf; do
    [ ! -e "$rd_one" ] || rd_engine_mount "$rd_one" "$(readlink -f "$rd_one")" r
  done
  rd_box_secret | while IFS= read -r rd_one; do
    if [ -d "$rd_one" ]; then rd_engine_mount "$rd_one" '' r; elif [ -e "$rd_one" ]; then rd_engine_mount "$rd_one" /dev/null r; fi
  done
  rd_engine_mount /tmp "$rd_home/tmp" w
  rd_engine_mount /var/tmp "$rd_home/tmp" w
  rd_box_each rd_engine_path
  # Whatever was named: no record of any task.
  rd_engine_mount "${rd_dir%/*}" '' r
  for rd_one in home events inbox repo checkout log "$rd_mark/box"; do
    [ ! -e "$rd_dir/$rd_one" ] || rd_engine_mount "$rd_dir/$rd_one" "$rd_dir/$rd_one" w
  done
  ! rd_has stderr || rd_engine_mount "$rd_dir/error" "$rd_dir/error" w
  for rd_one in command bin claude-settings.json files run; do
    [ ! -e "$rd_dir/$rd_one" ] || rd_engine_mount "$rd_dir/$rd_one" "$rd_dir/$rd_one" r
  done
  if rd_has agent:asked && [ -S "$rd_dir/agent.sock" ]; then
    rd_engine_mount "$rd_dir/agent.sock" "$(readlink -f "$rd_dir/agent.sock")" w
  fi
}

# rd_engine_path MODE: for the path that rd_box_find has found.
rd_engine_path() {
  case $RD_TRUE in
    /dev/*) printf '%s\n%s\n' "$RD_SEEN" "device $RD_TRUE:$RD_SEEN" ;;
    *) rd_engine_mount "$RD_SEEN" "$RD_SEEN" "$1" ;;
  esac
  case $rd_box_hold in "$RD_TRUE"/*) rd_engine_mount "$RD_SEEN${rd_box_hold#"$RD_TRUE"}" '' r ;; esac
}

# rd_engine_give: the variables that are kept, as sh reads them back, with a + before each line; and a line that has none.
rd_engine_give() {
  for rd_one in $rd_box_names GIT_SSH TMPDIR XDG_CONFIG_HOME XDG_CACHE_HOME XDG_DATA_HOME XDG_STATE_HOME; do
    case $rd_one in [!A-Za-z_]* | *[!A-Za-z0-9_]*) continue ;; esac
    rd_box_keeps "$rd_one" || continue
    eval "[ -n \"\${$rd_one+set}\" ] && rd_rest=\$$rd_one" || continue
    printf "export %s='" "$rd_one"
    while :; do
      case $rd_rest in *\'*) ;; *) break ;; esac
      printf "%s'\\\\''" "${rd_rest%%\'*}"
      rd_rest=${rd_rest#*\'}
    done
    printf "%s'\n" "$rd_rest"
  done | LC_ALL=C sed 's/^/+/'
  echo .
}

# rd_engine_box SUFFIX LOG ERROR WORD...: runs the command in a container, as long as the tie holds. Fails as docker does.
rd_engine_box() {
  rd_suffix=$1
  shift
  set -- "$rd_engine_image" sh -c "$rd_engine_first" sh "$rd_engine_second" "$rd_dir/$rd_mark/box" "$@"
  rd_by_line
  for rd_line in $rd_engine_seen; do
    case $rd_line in
      'device '*) set -- --device "${rd_line#device }" "$@" ;;
      *) set -- --mount "$rd_line" "$@" ;;
    esac
  done
  rd_by_word
  for rd_one in $rd_engine_groups; do set -- --group-add "$rd_one" "$@"; done
  if rd_has sandbox:offline; then set -- --network=none --hostname="$rd_engine_name" "$@"; else set -- --network=host "$@"; fi
  # Not the label that chooses a container for tasks.
  exec 6<"$rd_dir/$rd_mark/tie"
  # With a reader of its own until it is opened: else it would wait for one that may never come.
  (exec 4>"$rd_dir/$rd_mark/tie" 5>&- 6<&-; rd_engine_give >&4) &
  (rd_engine run -i --rm --pull=never --log-driver=none --name "remote-dispatch-$rd_mark$rd_suffix" \
    --label "remote-dispatch-sandbox=${rd_dir##*/}" --read-only --cap-drop=ALL --security-opt=no-new-privileges \
    --security-opt label=disable --ipc=private --user "$rd_engine_user" --workdir "$PWD" "$@") <&6 5>&- 6<&-
  set -- "$?"
  exec 6<&-
  return "$1"
}

# rd_engine_run WORD...: ends as the command does. This shell outlives a TERM as the first process inside does.
rd_engine_run() {
  trap : TERM INT QUIT
  rd_error=
  ! rd_has stderr || rd_error=$rd_dir/error
  rd_engine_box '' "$rd_dir/log" "$rd_error" "$@" >"$rd_dir/$rd_mark/said" 2>&1
  rd_code=$?
  { read -r rd_code <"$rd_dir/$rd_mark/box/code"; } 2>/dev/null
  exit "$rd_code"
}

# rd_engine_why: rd_why is what docker said where it did not even begin the command, after it had been tried.
rd_engine_why() {
  [ ! -e "$rd_dir/$rd_mark/box/begun" ] || return 0
  { IFS= read -r rd_why <"$rd_dir/$rd_mark/said"; } 2>/dev/null
  rd_why="docker did not begin the command${rd_why:+": $rd_why"}"
}

# rd_engine_close: no container is left, whoever was killed.
rd_engine_close() {
  [ -n "$rd_engine_used" ] || return 0
  rd_engine_by=$(($(date +%s) + 10))
  while [ "$(date +%s)" -lt "$rd_engine_by" ] && [ -n "$(rd_engine ps -aq --filter "name=remote-dispatch-$rd_mark" </dev/null 2>/dev/null)" ]; do
    (rd_engine rm -f "remote-dispatch-$rd_mark" "remote-dispatch-$rd_mark-try") </dev/null >/dev/null 2>&1
    sleep 0.1 2>/dev/null || sleep 1
  done
}
