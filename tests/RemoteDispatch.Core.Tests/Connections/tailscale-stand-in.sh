#!/bin/sh
# A stand-in for tailscale. It accepts the documented grammar and nothing else:
#   tailscale status --json
#   tailscale ssh [user@]host [args...]     (flags before the host are refused; args are ssh's own, the last its command line)
# The 'host' is this machine: ssh's options are read as ssh reads them, shown, and the command line is run.
case ${1-} in
  status)
    [ "$#" = 2 ] && [ "$2" = --json ] || { echo 'stand-in: usage: tailscale status --json' >&2; exit 2; }
    printf '{"Version":"1.0-stand-in","BackendState":"Running","Self":{"HostName":"here","DNSName":"here.tail1.ts.net.","OS":"linux"},"Peer":{"nodekey:1":{"HostName":"gpu1","DNSName":"gpu1.tail1.ts.net.","OS":"linux","Tags":["tag:gpu"],"TailscaleIPs":["100.64.0.7"],"sshHostKeys":["ssh-ed25519 AAAA"]}}}\n'
    exit
    ;;
  ssh) shift ;;
  *) echo 'stand-in: unknown subcommand' >&2; exit 2 ;;
esac
case ${1-} in
  '') echo 'stand-in: usage: ssh [user@]<host> [args...]' >&2; exit 2 ;;
  -*) echo "stand-in: flag provided but not defined: $1" >&2; exit 2 ;;
esac
printf 'target=%s\n' "$1" >&2
shift
while getopts 'Taxvo:F:i:' option; do
  case $option in
    o) printf 'option=%s\n' "$OPTARG" >&2 ;;
    '?') exit 255 ;;
  esac
done
shift $((OPTIND - 1))
exec sh -c "$*"
