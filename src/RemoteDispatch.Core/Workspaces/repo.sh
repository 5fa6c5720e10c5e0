# shellcheck shell=sh
# repo.sh: a task that has a repository. It goes with the launch that asks for one (the word 'repo'), and stands in that task's wrapper
# between process.sh and wrapper.sh. The launch puts before it
#   rd_repo_text    what becomes bin/.checkout: checkout.sh, which clones and then runs the command
#   rd_repo_url rd_repo_branch rd_repo_folder   for sentences
# shellcheck disable=SC2154 # those, and rd_dir, rd_kind, rd_code from the wrapper

# rd_repo_open: the places that checkout.sh writes to; in a sandbox they are all that is shown of the workspace's own.
rd_repo_open() {
  { (umask 077 && mkdir "$rd_dir/repo" && true >"$rd_dir/checkout") && printf '%s' "$rd_repo_text" >"$rd_dir/bin/.checkout"; } 2>/dev/null ||
    rd_refuse 'the workspace cannot be written'
}

# rd_repo_why: rd_why is why there was no repository, and what to do; as it was where there was one. Only a word of that file counts:
# the task could write to it, but not say anything in our name that is not here. How it ended is never read from it.
rd_repo_why() {
  [ "$rd_kind" = exited ] && [ "$rd_code" = 128 ] || return 0
  rd_one=
  { read -r rd_one rd_said <"$rd_dir/checkout"; } 2>/dev/null
  [ "$rd_one" = failed ] || return 0
  case $rd_said in
    no-git) rd_why='git is not on the host: install it there' ;;
    denied) rd_why='the host was refused: give the task an SSH agent (-ForwardAgent, --forward-agent) or a token (-ScopedToken, --scoped-token), or the host a key of its own' ;;
    hostkey) rd_why="its server's host key is not the one that the host knows, or none is known: check it, and add it to known_hosts there (a sandbox sees that file where it is named as a path of it)" ;;
    missing) rd_why='it is not there, or is not shown to the task: check its address, and what the task signs in with' ;;
    network) rd_why="it cannot be reached from the host: check its address, and the host's network and proxy" ;;
    branch) rd_why="it has no branch or tag '$rd_repo_branch'" ;;
    empty) rd_why='it has no commit yet: push a first one' ;;
    folder) rd_why="it has no folder '$rd_repo_folder' to work in" ;;
    gone) rd_why='the workspace of the task that it goes on with has none any more' ;;
    space) rd_why='the disk of the host is full' ;;
    checkout) rd_why='its files could not be laid out: git says why in the log' ;;
    *) rd_why='git says why in the log' ;;
  esac
  rd_why="the command was not run: no clone of $rd_repo_url: $rd_why"
}
