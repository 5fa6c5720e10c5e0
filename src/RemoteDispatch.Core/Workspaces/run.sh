# shellcheck shell=sh
# run.sh: what runs as the task of an AI agent, as WORKSPACE/run. The task's command is the agent's prompt: it comes over stdin
# with the end of input behind it, so that no agent waits for a person, and it is no argument, which everybody could read.
#   run COUNT NAME=VALUE... PROGRAM WORD...
# with COUNT variables. {workspace} in a value or a word stands for the workspace, and {directory} for the folder it runs in: only the host
# knows them.

# rd_fill TEXT: RD_TEXT is the text with the workspace in place of {workspace}, and the folder in place of {directory}.
rd_fill() {
  RD_TEXT='' RD_REST=$1
  while :; do
    case $RD_REST in
      '{workspace}'*) RD_TEXT=$RD_TEXT$REMOTE_DISPATCH_WORKSPACE RD_REST=${RD_REST#'{workspace}'} ;;
      '{directory}'*) RD_TEXT=$RD_TEXT$PWD RD_REST=${RD_REST#'{directory}'} ;;
      '{'*) RD_TEXT=$RD_TEXT'{' RD_REST=${RD_REST#'{'} ;;
      *'{workspace}'* | *'{directory}'*) RD_TEXT=$RD_TEXT${RD_REST%%'{'*} RD_REST='{'${RD_REST#*'{'} ;;
      *)
        RD_TEXT=$RD_TEXT$RD_REST
        return
        ;;
    esac
  done
}

RD_COUNT=$1
shift
while [ "$RD_COUNT" -gt 0 ]; do
  rd_fill "${1#*=}"
  export "${1%%=*}=$RD_TEXT"
  shift
  RD_COUNT=$((RD_COUNT - 1))
done
RD_PROGRAM=$1
shift
if [ ! -x "$RD_PROGRAM" ]; then
  echo "The agent $RD_PROGRAM is not to be seen here. In a sandbox, let its folder be read (-SandboxPath, --sandbox-path)." >&2
  exit 127
fi
# What it is an interpreter's script of lies beside it where a version manager put it.
case ":$PATH:" in
  *":${RD_PROGRAM%/*}:"*) ;;
  *)
    PATH=${RD_PROGRAM%/*}:$PATH
    export PATH
    ;;
esac
RD_COUNT=$#
while [ "$RD_COUNT" -gt 0 ]; do
  rd_fill "$1"
  shift
  set -- "$@" "$RD_TEXT"
  RD_COUNT=$((RD_COUNT - 1))
done
unset RD_COUNT RD_TEXT RD_REST
exec "$RD_PROGRAM" "$@" <"$REMOTE_DISPATCH_WORKSPACE/command"
