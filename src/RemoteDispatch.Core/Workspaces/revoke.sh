# shellcheck shell=sh
# revoke.sh: waits until a task has ended, or its token's time is over, and revokes the token at GitHub. guard.sh starts it as
#   sh -c TEXT revoke WORKSPACE WRAPPER SECONDS
# with the token on stdin. RD_URL, above it, is where a DELETE revokes. It says nothing to anybody, and its time is bounded.

IFS= read -r RD_TOKEN
RD_UNTIL=$(($(date +%s) + $3))
# Any of the three is an end: the record, a workspace that is gone, a wrapper that was killed. (Its zombie is a process where
# nobody collects it: then the record is what counts.)
while [ -e "$1/process" ] && [ ! -e "$1/exit" ] && kill -0 "$2" 2>/dev/null && [ "$(date +%s)" -lt "$RD_UNTIL" ]; do
  sleep 1
done

# Nobody's configuration (-q): it may name a file for traces. The header comes over stdin.
printf 'header = "Authorization: Bearer %s"\n' "$RD_TOKEN" |
  curl -q --silent --output /dev/null --request DELETE --connect-timeout 10 --max-time 20 --retry 3 --retry-delay 2 --config - -- "$RD_URL"
