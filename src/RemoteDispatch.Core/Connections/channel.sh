# shellcheck shell=sh
# channel.sh: the frame of a reply, taught to a channel's resident shell before anything else.

# rd_begin NONCE, rd_end NONCE CODE: what stands before and after a reply, on stdout and stderr alike, so that the two
# stay apart and both are known to be complete. The nonce is the request's own: nothing written before can hold it.
rd_begin() {
  printf '\036%s(\n' "$1"
  printf '\036%s(\n' "$1" >&2
}
rd_end() {
  printf '\036%s)%s\n' "$1" "$2"
  printf '\036%s)\n' "$1" >&2
}
