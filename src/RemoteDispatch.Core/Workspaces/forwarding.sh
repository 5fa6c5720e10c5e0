# shellcheck shell=sh
# forwarding.sh: the SSH agent that came with a connection, for the tasks of this host. Only a channel that forwards one is
# taught it, behind host.sh. ROOT/.agent leads to the newest socket, for all workspaces of that root; a task's agent.sock
# leads to ROOT/.agent, and never changes. So a connection renews all of them by one link. ssh-agent.sh stands above it;
# RD_FRONT holds the text of a task's ssh.
# shellcheck disable=SC2154,SC2034 # rd_mark, rd_with, RD_DIR come from rd_launch; RD_SAYS from ssh-agent.sh

RD_AGENT=${SSH_AUTH_SOCK-}
unset RD_AGENT_ROOT
trap rd_agent_leave EXIT

# rd_agent ROOT: stands before each request. The first of this channel puts its own socket in place, since it is the newest; a
# later one does where the link leads nowhere any more, because whoever came after us has left. Forks nothing otherwise.
rd_agent() {
  [ -n "$RD_AGENT" ] && rd_root "$1" >/dev/null && [ -h "$RD_ROOT/.agent" ] || return 0
  if [ "${RD_AGENT_ROOT-}" != "$RD_ROOT" ] || [ ! -S "$RD_ROOT/.agent" ]; then
    rd_agent_link "$RD_AGENT"
  fi
}

# rd_agent_link SOCKET: by a rename, so that there is never no link.
rd_agent_link() {
  RD_AGENT_ROOT=$RD_ROOT
  # A socket that is gone renews nothing: sshd takes it away where the connection is about to end.
  if [ -S "$1" ] || [ "$1" = /dev/null ]; then
    { ln -sf -- "$1" "$RD_ROOT/.agent.$$" && mv -f -- "$RD_ROOT/.agent.$$" "$RD_ROOT/.agent"; } 2>/dev/null
  fi
  return 0
}

# rd_agent_leave: the connection ends. Where the link leads here it is to lead nowhere: somebody else could put a socket of
# theirs at the old place. /dev/null is none, and refuses at once.
rd_agent_leave() {
  [ -n "$RD_AGENT" ] && [ -n "${RD_AGENT_ROOT-}" ] && [ "$(readlink "$RD_AGENT_ROOT/.agent" 2>/dev/null)" = "$RD_AGENT" ] || return 0
  RD_ROOT=$RD_AGENT_ROOT
  rd_agent_link /dev/null
}

# rd_agent_of ROOT ID: yes · no (the task was given none) · none (no agent came with this connection).
rd_agent_of() {
  rd_root "$1" || return 9
  if [ -z "$RD_AGENT" ]; then
    echo none
  elif [ -h "$RD_ROOT/$2/agent.sock" ]; then
    echo yes
  else
    echo no
  fi
}

# rd_agent_fit: lays out what a task with an agent has, in the attempt's own folder. Where it cannot be had and was asked for:
# 'unfit REASON<tab>REMEDY'. agent:asked says so; without
# it the host's entry gives its agent to every task.
rd_agent_fit() {
  # The kernel's limit for a socket's path is 103 bytes on macOS, 107 on Linux.
  if [ "$(printf %s "$RD_DIR/agent.sock" | wc -c)" -gt 103 ]; then
    if rd_has agent:asked; then
      rd_unfit "the path of the task's agent.sock would be longer than a socket's path may be (103 bytes): $RD_DIR" \
        'Take a shorter id, or a workspace root with a shorter path.'
      return 1
    fi
    # The words end with it.
    rd_with=${rd_with%agent}
    return 0
  fi
  if rd_has agent:required; then
    if [ -z "$RD_AGENT" ]; then
      rd_unfit 'the task requires an SSH agent, and the host forwards none: its SSH server does not allow it' \
        "Allow it there: AllowAgentForwarding yes in sshd_config, and neither restrict nor no-agent-forwarding before the key in authorized_keys."
      return 1
    fi
    rd_ask_agent 5
    case $RD_SAYS in
      empty) rd_unfit 'the task requires an SSH agent, and the one that is forwarded has no key' 'Give it one: ssh-add.' ;;
      none | silent) rd_unfit 'the task requires an SSH agent, and the one that is forwarded does not answer' \
        "See whether 'ssh-add -l' answers on the machine that it is forwarded from." ;;
    esac
    [ "$RD_SAYS" = keys ] || return 1
  fi
  if ! { ln -s ../.agent "$RD_DIR/$rd_mark/agent.sock" && printf '#!/bin/sh\n%s' "$RD_FRONT" >"$RD_DIR/$rd_mark/bin/ssh" &&
    chmod 700 "$RD_DIR/$rd_mark/bin/ssh"; } 2>/dev/null; then
    rd_unwritten
    return 1
  fi
  if [ -n "$RD_AGENT" ]; then
    rd_agent_link "$RD_AGENT"
  elif [ ! -h "$RD_ROOT/.agent" ]; then
    # So that a later connection has something to renew.
    rd_agent_link /dev/null
  fi
}
