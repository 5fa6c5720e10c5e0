# shellcheck shell=sh
# ssh-front.sh: a task's ssh, WORKSPACE/bin/ssh, first on its PATH. It is the host's own ssh, but for one thing: it asks the
# task's SSH agent first, within a bound. Where none answers, ssh goes on without it, since the host may have other keys for
# it; only when it then fails a plain line says what is missing. ssh-agent.sh stands above it.

rd_bin=${0%/*}
rd_dir=${rd_bin%/*}
# The first ssh behind this one on the PATH: a task that another task started may have two of these.
rd_ssh='' rd_before=''
rd_rest=$PATH:
while [ -n "$rd_rest" ]; do
  rd_place=${rd_rest%%:*}
  rd_rest=${rd_rest#*:}
  if [ "$rd_place" = "$rd_bin" ]; then
    rd_before=$rd_ssh rd_ssh=''
  elif [ -z "$rd_ssh" ] && [ -f "${rd_place:-.}/ssh" ] && [ -x "${rd_place:-.}/ssh" ]; then
    rd_ssh=${rd_place:-.}/ssh
  fi
done
rd_ssh=${rd_ssh:-$rd_before}
if [ -z "$rd_ssh" ]; then
  echo 'ssh: not found on this host' >&2
  exit 127
fi

# Another agent than the one that was given, or nothing that would use one.
[ "${SSH_AUTH_SOCK-}" = "$rd_dir/agent.sock" ] || exec "$rd_ssh" "$@"
case ${1-} in -V | -G | -Q*) exec "$rd_ssh" "$@" ;; esac

rd_ask_agent 3
rd_id=${rd_dir##*/}
case $RD_SAYS in
  keys) exec "$rd_ssh" "$@" ;;
  empty) rd_lack="the SSH agent that is connected for task $rd_id has no key. Give it one (ssh-add), or connect another" ;;
  silent) rd_lack="the SSH agent of task $rd_id does not answer, its connection hangs. To connect anew" ;;
  *) rd_lack="no SSH agent is connected for task $rd_id. To connect one" ;;
esac
# ssh itself would wait for a silent one for ever.
[ "$RD_SAYS" = empty ] || unset SSH_AUTH_SOCK
"$rd_ssh" "$@"
rd_code=$?
[ "$rd_code" != 255 ] ||
  echo "RemoteDispatch: $rd_lack: 'rdispatch wait $rd_id --keep-agent', or 'Wait-RemoteTask $rd_id -KeepAgent'." >&2
exit "$rd_code"
