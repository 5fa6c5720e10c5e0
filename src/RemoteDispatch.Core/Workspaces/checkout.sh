# shellcheck shell=sh
# checkout.sh: gives a task its repository, and then runs its command in it. It is WORKSPACE/bin/.checkout, and runs as
#   sh WORKSPACE/bin/.checkout COMMAND...
# in the task's own tree of processes and within its sandbox: the task's limits hold for it, and no git outside ever reads what
# the task could write. repo.sh, in the wrapper, lays it out. Above it stand, as assignments,
#   rd_url rd_branch rd_task_branch rd_depth   what is cloned, what of it (empty: the remote's default), the branch that is made, commits (0: all)
#   rd_folder   where in it the command runs (empty: at its top)
#   rd_token    the address that the token in GH_TOKEN is for; empty for none
#   rd_mirror   names the mirror of that address, beside the workspaces; empty for none
#   rd_of       the task whose clone is gone on with, as that left it; empty: one of the task's own is made
# What became of it goes into WORKSPACE/checkout, a line each: failed WHY · base NAME · before COMMIT · transferred OBJECTS, and when
# the command has ended: after COMMIT · branch NAME · commits COUNT · pushed yes|no · dirty yes|no.
# shellcheck disable=SC2154 # those assignments

rd_bin=${0%/*}
rd_dir=${rd_bin%/*}
# shellcheck disable=SC2154 # it is assigned above
rd_repo=${rd_of:+${rd_dir%/*}/$rd_of/}
rd_repo=${rd_repo:-$rd_dir/}repo
rd_objects=0
rd_nl='
'
# The command has the default actions all the same. Whoever is to end before it has begun does not begin it.
rd_stop=
trap 'rd_stop=yes' TERM INT QUIT
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_COMMON_DIR GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_NAMESPACE

rd_note() {
  printf '%s\n' "$*" >>"$rd_dir/checkout"
}

# rd_fail WHY: there is no repository, and so no command.
rd_fail() {
  [ -z "${rd_said-}" ] || printf '%s\n' "$rd_said" | tr '\r' '\n' |
    grep -Ev '^(remote: )?(Enumerating|Counting|Compressing|Receiving|Resolving|Unpacking|Updating|Total) ' >&2
  [ -n "$rd_stop" ] || rd_note "failed $1"
  exit 128
}

# rd_set KEY VALUE: a setting for every git of this task, in the environment: it is in no file.
rd_set() {
  case ${GIT_CONFIG_COUNT-} in '' | *[!0-9]*) GIT_CONFIG_COUNT=0 ;; esac
  eval "GIT_CONFIG_KEY_$GIT_CONFIG_COUNT=\$1 GIT_CONFIG_VALUE_$GIT_CONFIG_COUNT=\$2
    export GIT_CONFIG_KEY_$GIT_CONFIG_COUNT GIT_CONFIG_VALUE_$GIT_CONFIG_COUNT"
  GIT_CONFIG_COUNT=$((GIT_CONFIG_COUNT + 1))
  export GIT_CONFIG_COUNT
}

# rd_quiet: nobody is there to be asked: not here, and not when the command pushes.
rd_quiet() {
  GIT_TERMINAL_PROMPT=0 GIT_ASKPASS='' SSH_ASKPASS_REQUIRE=never GCM_INTERACTIVE=never
  export GIT_TERMINAL_PROMPT GIT_ASKPASS SSH_ASKPASS_REQUIRE GCM_INTERACTIVE
  if [ -n "$rd_token" ] && [ -n "${GH_TOKEN-}" ]; then
    # The first takes the user's own helpers away for that address: one that stores would write the token to a file.
    rd_set "credential.$rd_token.helper" ''
    # shellcheck disable=SC2016 # the helper's shell expands it
    rd_set "credential.$rd_token.helper" '!f() { [ "$1" != get ] || printf "username=x-access-token\npassword=%s\n" "$GH_TOKEN"; }; f'
  fi
  # An ssh that the user has chosen is left alone.
  [ -z "${GIT_SSH_COMMAND-}" ] && ! git config --get core.sshCommand >/dev/null || return 0
  case ${GIT_SSH-} in
    '' | "$rd_bin/ssh")
      # shellcheck disable=SC2016,SC2089,SC2090 # git's own shell expands it
      GIT_SSH_COMMAND='"${GIT_SSH:-ssh}" -o BatchMode=yes -o ConnectTimeout=30 -o ServerAliveInterval=20' GIT_SSH_VARIANT=ssh
      # shellcheck disable=SC2090
      export GIT_SSH_COMMAND GIT_SSH_VARIANT
      ;;
  esac
}

# rd_git WORD...: git, as it is used here: words that can be compared, no helper program as a transport, no endless silence.
rd_git() {
  LC_ALL=C GIT_ALLOW_PROTOCOL=https:http:ssh:file git -c gc.autoDetach=false -c maintenance.autoDetach=false \
    -c http.lowSpeedLimit=100 -c http.lowSpeedTime=120 -c fetch.unpackLimit=1 "$@" </dev/null
}

# rd_why: RD_WHY is what the words of git in rd_said mean.
rd_why() {
  case $rd_said in
    *'No space left'* | *[Qq]uota*) RD_WHY=space ;;
    *'ost key verification failed'* | *'HOST IDENTIFICATION HAS CHANGED'*) RD_WHY=hostkey ;;
    *'Permission denied ('* | *'Authentication failed'* | *'could not read Username'* | *'could not read Password'* | *'prompts disabled'*) RD_WHY=denied ;;
    *'error: 401'* | *'error: 403'* | *'Permission to '* | *'no SSH agent is connected'*) RD_WHY=denied ;;
    *'ot found'* | *'not appear to be a git repository'* | *'does not exist'* | *'error: 404'*) RD_WHY=missing ;;
    *'ould not resolve'* | *'onnection refused'* | *'imed out'* | *'nreachable'* | *'unable to access'* | *'No route to host'* | *'onnection closed'* | *'onnection reset'*) RD_WHY=network ;;
    *) RD_WHY=git ;;
  esac
}

# rd_find: rd_ref is the full name of what is wanted, rd_sha what it is now, rd_base how people call it. The remote is asked each
# time, with what this task may do: who may not read there gets nothing from a mirror either.
rd_find() {
  rd_said=$(rd_git ls-remote --symref -- "$rd_url" HEAD "refs/heads/${rd_branch:-HEAD}" "refs/tags/${rd_branch:-HEAD}" 2>&1) || { rd_why; rd_fail "$RD_WHY"; }
  rd_default='' rd_ref='' rd_sha='' rd_any=''
  rd_tab=$(printf '\t')
  while IFS=$rd_tab read -r rd_one rd_name; do
    case $rd_one:$rd_name in
      'ref: refs/heads/'*:HEAD) rd_default=${rd_one#ref: } ;;
      *[!0-9a-f]*:HEAD | :HEAD) ;;
      *:HEAD) rd_any=yes; [ -n "$rd_branch" ] || rd_ref=HEAD rd_sha=$rd_one ;;
      *:refs/heads/"$rd_branch") rd_ref=$rd_name rd_sha=$rd_one ;;
      *:refs/tags/"$rd_branch") [ -n "$rd_ref" ] || rd_ref=$rd_name rd_sha=$rd_one ;;
    esac
  done <<END
$rd_said
END
  if [ -z "$rd_ref" ]; then
    rd_said=
    if [ -n "$rd_branch" ] && [ -n "$rd_any" ]; then rd_fail branch; else rd_fail empty; fi
  fi
  case $rd_sha in *[!0-9a-f]*) rd_fail git ;; esac
  [ "$rd_ref" != HEAD ] || rd_ref=${rd_default:-HEAD}
  # Where it goes here, and in the mirror.
  case $rd_ref in
    refs/heads/*) rd_base=${rd_ref#refs/heads/} rd_to=refs/remotes/origin/${rd_ref#refs/heads/} rd_kept=$rd_ref ;;
    refs/tags/*) rd_base=${rd_ref#refs/tags/} rd_to=$rd_ref rd_kept=$rd_ref ;;
    *) rd_base=HEAD rd_to=refs/remotes/origin/HEAD rd_kept=refs/mirrored/HEAD ;;
  esac
}

# rd_new FOLDER OPTION...: an empty repository, with the kind of names that the remote has.
rd_new() {
  rd_one=$1
  shift
  [ "${#rd_sha}" != 64 ] || set -- --object-format=sha256 "$@"
  rd_said=$(rd_git init -q "$@" -- "$rd_one" 2>&1)
}

# rd_fetch REPOSITORY FROM NAME TO DEPTH: RD_COUNT is how many objects came.
rd_fetch() {
  # What was told to end is not tried another way.
  [ -z "$rd_stop" ] || rd_fail stopped
  rd_place=$1
  set -- "$2" "+$3:$4" "$5"
  if [ "$3" = 0 ]; then
    set -- "$1" "$2"
    [ ! -e "$rd_place/shallow" ] || set -- "$@" --unshallow
  else
    set -- "$1" "$2" --depth "$3"
  fi
  rd_one=$1 rd_name=$2
  shift 2
  rd_said=$(rd_git --git-dir="$rd_place" fetch --progress --no-tags "$@" -- "$rd_one" "$rd_name" 2>&1) || return
  RD_COUNT=$(printf '%s\n' "$rd_said" | tr '\r' '\n' | sed -n 's|^Receiving objects: 100% (\([0-9]*\)/.*|\1|p' | tail -n 1)
  RD_COUNT=${RD_COUNT:-0}
}

# rd_lock: an exclusive lock at what is open as 9, or none. It is the kernel's: it goes with the last process that has it open.
rd_lock() {
  if command -v flock >/dev/null; then
    flock -n 9
  else
    perl -e 'use Fcntl ":flock"; open(F, ">&=9") && flock(F, LOCK_EX | LOCK_NB) or exit 1'
  fi 2>/dev/null
}

# rd_hold: the mirror is ours alone, within ten minutes. Fails where it cannot be had: then there is none.
rd_hold() {
  command -v flock >/dev/null || command -v perl >/dev/null || return 1
  (umask 077 && mkdir -p -- "$rd_mirrors" && true >>"$rd_mirrors/$rd_mirror.lock") 2>/dev/null || return 1
  exec 9>>"$rd_mirrors/$rd_mirror.lock"
  rd_until=$(($(date +%s) + 600))
  until rd_lock; do
    if [ -n "$rd_stop" ] || [ "$(date +%s)" -ge "$rd_until" ]; then
      exec 9>&-
      return 1
    fi
    sleep 0.2 2>/dev/null || sleep 1
  done
}

# rd_mirrored: the repository gets what it needs from the mirror, and the mirror only what it does not have. A mirror that does not
# serve is thrown away and made again, once. Fails where that does not help: then it goes without.
rd_mirrored() {
  rd_bare=$rd_mirrors/$rd_mirror.git
  rd_hold || return 1
  # Whoever had the lock may have been killed with it.
  rm -rf -- "$rd_bare.new"
  for _ in 1 2; do
    rd_at=$rd_bare
    if [ -d "$rd_bare" ]; then
      find "$rd_bare" -type f \( -name '*.lock' -o -name 'tmp_*' \) -exec rm -f {} + 2>/dev/null
    else
      rd_at=$rd_bare.new
      rd_new "$rd_at" --bare --template= || break
    fi
    # One that is whole stays whole.
    rd_much=$rd_depth
    [ "$rd_at" != "$rd_bare" ] || [ -e "$rd_bare/shallow" ] || rd_much=0
    if rd_is_current; then
      RD_COUNT=0
    elif ! rd_fetch "$rd_at" "$rd_url" "$rd_ref" "$rd_kept" "$rd_much"; then
      rd_why
      # The remote's own refusal says nothing against the mirror.
      [ "$RD_WHY" = git ] || [ "$RD_WHY" = missing ] || break
      rm -rf -- "$rd_bare" "$rd_at"
      continue
    fi
    rd_objects=$((rd_objects + RD_COUNT))
    [ "$rd_at" = "$rd_bare" ] || mv -- "$rd_at" "$rd_bare" || break
    if rd_fetch "$rd_repo/.git" "$rd_bare" "$rd_kept" "$rd_to" "$rd_depth"; then
      touch -- "$rd_bare"
      rd_expire
      exec 9>&-
      return 0
    fi
    rm -rf -- "$rd_bare"
  done
  rm -rf -- "$rd_bare.new"
  exec 9>&-
  return 1
}

# rd_is_current: has the mirror what the remote says, and as much of it?
rd_is_current() {
  [ "$rd_at" = "$rd_bare" ] && { [ "$rd_depth" = 1 ] || [ ! -e "$rd_bare/shallow" ]; } &&
    [ "$(rd_git --git-dir="$rd_bare" rev-parse -q --verify "$rd_kept" 2>/dev/null)" = "$rd_sha" ]
}

# rd_expire: what nobody has used for 30 days goes.
rd_expire() {
  for rd_one in "$rd_mirrors"/*.git; do
    if [ "$rd_one" != "$rd_bare" ] && [ -n "$(find "$rd_one" -prune -mtime +30 2>/dev/null)" ]; then
      ({ exec 9>>"${rd_one%.git}.lock"; } 2>/dev/null && rd_lock && rm -rf -- "$rd_one")
    fi
  done
}

# rd_clone: the repository, on the task's own branch.
rd_clone() {
  printf '%s\n' "RemoteDispatch: cloning $rd_url${rd_branch:+ ($rd_branch)}" >&2
  rd_find
  rd_new "$rd_repo" || { rd_why; rd_fail "$RD_WHY"; }
  # The last so that a plain 'git push' pushes the task's branch.
  if ! { rd_git --git-dir="$rd_repo/.git" config remote.origin.url "$rd_url" &&
    rd_git --git-dir="$rd_repo/.git" config remote.origin.fetch '+refs/heads/*:refs/remotes/origin/*' &&
    rd_git --git-dir="$rd_repo/.git" config push.autoSetupRemote true; }; then
    rd_fail space
  fi
  rd_mirrors=${rd_dir%/*}/.mirrors
  if [ -z "$rd_mirror" ] || ! rd_mirrored; then
    rd_fetch "$rd_repo/.git" "$rd_url" "$rd_ref" "$rd_to" "$rd_depth" || { rd_why; rd_fail "$RD_WHY"; }
    rd_objects=$((rd_objects + RD_COUNT))
  fi
  [ "$rd_ref" != "$rd_default" ] || rd_git --git-dir="$rd_repo/.git" symbolic-ref refs/remotes/origin/HEAD "$rd_to"
  rd_said=$(rd_git -C "$rd_repo" checkout -q --no-track -B "$rd_task_branch" "$rd_to^{commit}" -- 2>&1) || { rd_why; [ "$RD_WHY" = space ] || RD_WHY=checkout; rd_fail "$RD_WHY"; }
}

# rd_continue: the clone of an earlier task.
rd_continue() {
  rd_said=
  [ -d "$rd_repo/.git" ] || rd_fail gone
  rd_base=$(rd_own symbolic-ref -q --short HEAD) || rd_base=HEAD
  rd_task_branch=$rd_base
}

rd_checkout() {
  command -v git >/dev/null || rd_fail no-git
  rd_quiet
  if [ -n "$rd_of" ]; then rd_continue; else rd_clone; fi
  rd_before=$(rd_own rev-parse -q --verify 'HEAD^{commit}') || rd_fail git
  rd_said=
  CDPATH='' cd -P -- "$rd_repo" || rd_fail git
  rd_top=$(pwd -P)
  CDPATH='' cd -P -- "./$rd_folder" 2>/dev/null || rd_fail folder
  # A link in the repository may lead anywhere.
  case $(pwd -P)/ in "$rd_top"/*) ;; *) rd_fail folder ;; esac
  rd_note "base $rd_base${rd_nl}transferred $rd_objects${rd_nl}before $rd_before" || rd_fail space
  printf '%s\n' "RemoteDispatch: $rd_base is at $rd_before; the task's branch is $rd_task_branch; objects transferred: $rd_objects" >&2
}

# rd_own WORD...: git, for a look at what the command has left: nothing there is run, as far as git lets that be said.
rd_own() {
  rd_git --git-dir="$rd_repo/.git" --work-tree="$rd_repo" --no-optional-locks -c core.fsmonitor=false -c core.hooksPath=/dev/null "$@" 2>/dev/null
}

# rd_record: what is quick comes first: whoever waits for the end may lose patience.
rd_record() {
  rd_after=$(rd_own rev-parse -q --verify 'HEAD^{commit}') || return 0
  rd_note "after $rd_after"
  rd_one=$(rd_own symbolic-ref -q --short HEAD) && rd_note "branch $rd_one"
  rd_one=$(rd_own rev-list --count "$rd_before..$rd_after") && rd_note "commits $rd_one"
  rd_one=$(rd_own rev-list -n 1 "$rd_after" --not --remotes) && if [ -z "$rd_one" ]; then rd_note pushed yes; else rd_note pushed no; fi
  # Of what may be a list of a million files one character.
  case $({ rd_own status --porcelain || echo '!'; } | head -c 1) in
    '') rd_note dirty no ;;
    '!') ;;
    *) rd_note dirty yes ;;
  esac
}

rd_checkout
[ -z "$rd_stop" ] || exit 143
# What this shell would say of a child that a signal ended is not the task's output.
exec 3>&2 2>/dev/null
"$@" 2>&3 3>&-
rd_code=$?
rd_record
exit "$rd_code"
