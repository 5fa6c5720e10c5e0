# shellcheck shell=sh
# guard.sh: rd_guard starts what revokes a task's token at the task's end. It comes with the launch of a task that has one, and
# stands in that task's wrapper; above it stand RD_REVOKE, the text of revoke.sh, and RD_LIFE, the seconds that the token has.
# What it starts is no part of the task: a session of its own, an environment without mark and secrets, no parent. So a stop
# neither ends nor awaits it, and it goes on when this shell is killed.
# shellcheck disable=SC2154 # rd_dir is the wrapper's

rd_guard() (
  # shellcheck disable=SC2153 # the task's own variable
  RD_TOKEN=$GH_TOKEN
  cd /
  exec </dev/null >/dev/null 2>&1 8>&-
  # A value of several lines gives names that are none: they are unset for nothing.
  for RD_NAME in $(env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/\1/p'); do
    case $RD_NAME in
      PATH | LANG | *_proxy | *_PROXY | SSL_CERT_FILE | SSL_CERT_DIR | CURL_CA_BUNDLE) ;;
      # What some shells let nobody unset, and what is still needed below.
      SHELLOPTS | BASHOPTS | UID | EUID | PPID | RD_*) ;;
      *) unset "$RD_NAME" ;;
    esac
  done
  trap '' HUP INT QUIT TERM
  set -- sh -c "$RD_REVOKE" revoke "$rd_dir" "$$" "$RD_LIFE"
  if setsid true; then
    set -- setsid "$@"
  else
    # shellcheck disable=SC2016 # perl's own
    set -- perl -e 'use POSIX; setsid(); exec { $ARGV[0] } @ARGV' "$@"
  fi
  # Over its stdin: the value is no argument and no variable of a process. A pipe in the background, and no shell around it,
  # which would carry the task's mark.
  printf '%s\n' "$RD_TOKEN" | "$@" &
)
