# shellcheck shell=sh
# rd.sh: the command 'rd' of a task, as WORKSPACE/bin/rd on its PATH. It reports to whoever follows the task (one line of
# JSON in WORKSPACE/events), and reads what was sent to it (WORKSPACE/inbox). It uses no network, and may be run by any
# process of the task, many at once.
# Exit codes: 0 done · 1 there is no message · 2 wrong usage · 3 it could not be done; stderr says why.
#   events       {"time":EPOCH,"kind":"status|message|blocked|done","text":"…"}
#                {"time":EPOCH,"kind":"event","data":{"KEY":"VALUE",…}} · {"time":EPOCH,"kind":"dropped"}
#                where a text was cut: "cut":true. All of it is ASCII.
#   events.full  the limit of events was reached, and that was told
#   inbox/N.ID   a message that is to be read; inbox/read/ID: somebody has taken it

LC_ALL=C
export LC_ALL
umask 077
rd_place=${REMOTE_DISPATCH_WORKSPACE-}
# In bytes. No text is longer than the first, no value of an event than the second; 'events' takes no more beyond the third.
RD_TEXT=65536 RD_VALUE=4096 RD_MOST=33554432
# Characters that are in JSON what they are. One by one: what a range holds is the locale's affair in some shells.
RD_PLAIN='ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 .,:;/_@%+=()-'
RD_NL='
'
RD_TAB='	'

rd_usage() {
  printf '%s\n' \
    'rd status WORD           says what the task is doing: rd status in_progress' \
    'rd message TEXT          tells something; a text of - reads it from stdin' \
    'rd event KEY=VALUE ...   reports data: rd event tool=make summary="all tests"' \
    'rd blocked REASON        says that a person is needed, and for what' \
    'rd done [SUMMARY]        says that the work is done' \
    'rd inbox                 prints the oldest message that was not read yet; exit code 1: there is none' \
    '   --wait SECONDS        waits for one so long' \
    '   --all                 prints all of them' \
    'rd hook                  reports what a hook of Claude Code gets on stdin' \
    'rd claude-settings       prints the settings with which Claude Code calls that hook'
}

rd_wrong() {
  printf 'rd: %s\n' "$1" >&2
  rd_usage >&2
  exit 2
}

rd_fail() {
  printf 'rd: %s\n' "$1" >&2
  exit 3
}

# rd_task: is this a task that runs?
rd_task() {
  [ -n "$rd_place" ] || rd_fail 'this is no task of RemoteDispatch: REMOTE_DISPATCH_WORKSPACE is not set'
  [ -d "$rd_place" ] || rd_fail "the workspace of the task is gone: $rd_place"
  [ ! -e "$rd_place/exit" ] || rd_fail 'the task has ended: it takes and tells nothing any more'
}

# The bytes of a text, as numbers, to the inside of a JSON string; a TAB at its end says that it was cut. UTF-8 becomes
# the characters that it is; a byte that is no UTF-8 becomes the character of its number (Latin-1), so that none is lost.
# With hook=1 the bytes are the JSON that a hook of Claude Code gets, and what comes out is KIND, a TAB, and the JSON to
# report: of the tool's input the one string that says most. (Its own escapes are copied as they are.)
# shellcheck disable=SC2016 # awk expands it
RD_AWK='
function unit(n) {
  if (n > 65535) return sprintf("\\u%04x\\u%04x", 55296 + int((n - 65536) / 1024), 56320 + n % 1024)
  if (n == 34 || n == 92) return "\\" C[n]
  return n in C ? C[n] : sprintf("\\u%04x", n)
}
function give(text) {
  if (!hook) printf "%s", text
  else if (size < 300) { value = value text; size++ }
  else over = 1
}
function flush(i) {
  for (i = 1; i <= have; i++) give(unit(held[i]))
  have = need = 0
}
function begin(byte, bits, more, least, most) {
  held[have = 1] = byte; code = bits; need = more; low = least; high = most
}
function put(byte) {
  if (need && byte >= low && byte <= high) {
    held[++have] = byte; code = code * 64 + byte - 128; low = 128; high = 191
    if (!--need) { give(unit(code)); have = 0 }
    return
  }
  flush()
  if (byte >= 194 && byte <= 223) begin(byte, byte - 192, 1, 128, 191)
  else if (byte >= 224 && byte <= 239) begin(byte, byte - 224, 2, byte == 224 ? 160 : 128, byte == 237 ? 159 : 191)
  else if (byte >= 240 && byte <= 244) begin(byte, byte - 240, 3, byte == 240 ? 144 : 128, byte == 244 ? 143 : 191)
  else give(unit(byte))
}
function scan(byte) {
  if (!quoted) {
    if (byte == 34) { quoted = 1; value = ""; size = over = 0; named = want[depth] }
    else if (byte == 123) want[++depth] = 1
    else if (byte == 91) want[++depth] = 0
    else if (byte == 125 || byte == 93) depth--
    else if (byte == 58) want[depth] = 0
    else if (byte == 44) want[depth] = depth in name
    return
  }
  if (hex) {
    digits = digits C[byte]
    if (!--hex) give(digits ~ /^[0-9A-Fa-f]+$/ && digits !~ /^[dD][89a-fA-F]/ && length(digits) == 4 ? "\\u" digits : "\\ufffd")
  }
  else if (escaped) {
    escaped = 0
    if (byte == 117) { hex = 4; digits = "" }
    else if (byte in E) give("\\" C[byte])
  }
  else if (byte == 92) { flush(); escaped = 1 }
  else if (byte == 34) { flush(); quoted = 0; took() }
  else put(byte)
}
function took(rank) {
  if (named) { name[depth] = value; for (rank in name) if (rank > depth) delete name[rank]; return }
  if (over) value = value "..."
  if (depth == 1) top[name[1]] = value
  if (depth != 2 || name[1] != "tool_input") return
  rank = index(" command file_path notebook_path pattern url query description prompt ", " " name[2] " ")
  if (!rank) rank = 999
  if (!best || rank < best) { best = rank; summary = value }
}
BEGIN {
  for (i = 32; i < 127; i++) C[i] = sprintf("%c", i)
  for (i = split("34 47 92 98 102 110 114 116", list, " "); i; i--) E[list[i] + 0]
}
{
  for (i = 1; i <= NF; i++) {
    if (hook) { scan($i + 0); continue }
    if (++count > limit && !need) { cut = 1; exit }
    put($i + 0)
  }
}
END {
  if (!hook) { flush(); if (cut) printf "\t"; exit }
  if (top["tool_name"] != "") printf "event\t\"data\":{\"tool\":\"%s\",\"summary\":\"%s\"}", top["tool_name"], summary
  else if (top["message"] != "") printf "message\t\"text\":\"%s\"", top["message"]
  else if (top["hook_event_name"] != "") printf "event\t\"data\":{\"hook\":\"%s\"}", top["hook_event_name"]
}'

# rd_json LIMIT [TEXT]: RD_JSON is a text (without one, stdin) as the inside of a JSON string; RD_CUT says whether it was
# longer. What is plain costs no process.
rd_json() {
  RD_CUT=
  if [ $# -gt 1 ] && [ "${#2}" -le "$1" ]; then
    case $2 in
      *[!"$RD_PLAIN"]*) ;;
      *)
        RD_JSON=$2
        return
        ;;
    esac
  fi
  if [ $# -gt 1 ]; then
    RD_JSON=$({ printf '%s' "$2" | od -An -v -tu1; } 2>/dev/null | awk -v limit="$1" "$RD_AWK") || rd_fail 'awk failed'
  else
    RD_JSON=$({ od -An -v -tu1; } 2>/dev/null | awk -v limit="$1" "$RD_AWK") || rd_fail 'awk failed'
  fi
  case $RD_JSON in *"$RD_TAB") RD_JSON=${RD_JSON%?} RD_CUT=',"cut":true' ;; esac
}

# rd_tell KIND MEMBERS: appends one line to 'events', whole or not at all: one write of an O_APPEND file. A shell's printf
# may make several of a longer one, and dd makes one of any.
rd_tell() {
  rd_kind=$1 rd_members=$2 rd_events=$rd_place/events
  # shellcheck disable=SC2012,SC2046 # one path of our own; the time, and behind it the size as the fifth field of ls
  set -- $(date +%s; ls -ln "$rd_events" 2>/dev/null)
  if [ "${6:-0}" -ge "$RD_MOST" ]; then
    rd_take "$rd_place/events.full" && rd_append "{\"time\":$1,\"kind\":\"dropped\"}"
    rd_fail "too much was reported: 'events' in the workspace has reached its limit of $((RD_MOST >> 20)) MiB"
  fi
  rd_append "{\"time\":$1,\"kind\":\"$rd_kind\"$rd_members}" || rd_fail 'it could not be written to the workspace: is the disk full?'
}

rd_append() {
  if [ "${#1}" -lt 1000 ]; then
    { printf '%s' "$1$RD_NL" >>"$rd_events"; } 2>/dev/null
  else
    { printf '%s' "$1$RD_NL" | dd ibs=65536 obs=1048576 >>"$rd_events"; } 2>/dev/null
  fi
}

# rd_take FILE: creates it; of several who try, one succeeds.
rd_take() {
  set -C
  # shellcheck disable=SC2188
  if { true >"$1"; } 2>/dev/null; then
    set +C
  else
    set +C
    return 1
  fi
}

# rd_say KIND WORD...: a text, as status, message, blocked and done have one.
rd_say() {
  rd_kind=$1
  shift
  [ $# -gt 0 ] || [ "$rd_kind" = 'done' ] || rd_wrong "$rd_kind: say something"
  rd_task
  if [ "$*" = - ]; then rd_json "$RD_TEXT"; else rd_json "$RD_TEXT" "$*"; fi
  [ -n "$RD_JSON" ] || [ "$rd_kind" = 'done' ] || rd_wrong "$rd_kind: say something"
  rd_tell "$rd_kind" ",\"text\":\"$RD_JSON\"$RD_CUT"
}

# rd_event KEY=VALUE...: data of the task's own.
rd_event() {
  [ $# -gt 0 ] || rd_wrong 'event: say KEY=VALUE'
  [ $# -le 16 ] || rd_wrong 'event: at most 16 pairs of KEY=VALUE'
  rd_data='' rd_cut=''
  for rd_pair in "$@"; do
    rd_key=${rd_pair%%=*}
    case $rd_pair in *=*) ;; *) rd_wrong "event: '$rd_pair' is no KEY=VALUE" ;; esac
    case $rd_key in
      '' | [!A-Za-z]* | *[!A-Za-z0-9_.-]*) rd_wrong "event: '$rd_key' is no key: a letter, then letters, digits, '_', '.' and '-'" ;;
    esac
    [ "${#rd_key}" -le 64 ] || rd_wrong 'event: a key has at most 64 characters'
    rd_json "$RD_VALUE" "${rd_pair#*=}"
    rd_data="$rd_data,\"$rd_key\":\"$RD_JSON\"" rd_cut=$rd_cut$RD_CUT
  done
  rd_task
  rd_tell event ",\"data\":{${rd_data#,}}${rd_cut:+,\"cut\":true}"
}

# rd_hook: whatever happens, Claude Code is not held up: an exit code would be an objection against the tool.
rd_hook() {
  RD_JSON=$(head -c 1048576 | { od -An -v -tu1; } 2>/dev/null | awk -v hook=1 "$RD_AWK")
  [ -n "$RD_JSON" ] || rd_fail 'this is no input of a hook'
  rd_task
  rd_tell "${RD_JSON%%"$RD_TAB"*}" ",${RD_JSON#*"$RD_TAB"}"
}

rd_claude_settings() {
  # shellcheck disable=SC2016 # the hook's shell expands it
  rd_one='[{"hooks":[{"type":"command","command":"\"$REMOTE_DISPATCH_WORKSPACE/bin/rd\" hook","timeout":10}]}]'
  printf '{"hooks":{"PreToolUse":%s,"Notification":%s,"Stop":%s}}\n' "$rd_one" "$rd_one" "$rd_one"
}

# rd_inbox OPTION...: whoever creates inbox/read/ID has the message, and nobody else will ever print it.
rd_inbox() {
  rd_wait=0 rd_all='' rd_read=''
  while [ $# -gt 0 ]; do
    case $1 in
      --all) rd_all=yes ;;
      --wait)
        case ${2-} in '' | *[!0-9]* | ?????????*) rd_wrong 'inbox: --wait takes a number of seconds' ;; esac
        rd_wait=$2
        shift
        ;;
      *) rd_wrong "inbox: '$1' is no option" ;;
    esac
    shift
  done
  rd_task
  [ "$rd_wait" = 0 ] || rd_until=$(($(date +%s) + rd_wait))
  while :; do
    for rd_file in "$rd_place"/inbox/[0-9]*.*; do
      [ -f "$rd_file" ] || continue
      if rd_take "$rd_place/inbox/read/${rd_file##*.}"; then
        cat "$rd_file" || rd_fail "a message could not be printed, and is still in $rd_file"
        # The next begins on a line of its own.
        [ -z "$(tail -c 1 "$rd_file")" ] || echo
        rm -f "$rd_file"
        rd_read=yes
        [ -n "$rd_all" ] || exit 0
      elif [ ! -e "$rd_place/inbox/read/${rd_file##*.}" ]; then
        rd_fail 'a message could not be marked as read: is the disk full?'
      fi
    done
    [ -z "$rd_read" ] || exit 0
    [ "$rd_wait" != 0 ] && [ "$(date +%s)" -lt "$rd_until" ] || exit 1
    sleep 0.3 2>/dev/null || sleep 1
    rd_task
  done
}

case ${1-} in
  status | message | blocked | 'done') rd_say "$@" ;;
  event) shift; rd_event "$@" ;;
  inbox) shift; rd_inbox "$@" ;;
  hook) (rd_hook); exit 0 ;;
  claude-settings) rd_claude_settings ;;
  help | --help | -h) rd_usage ;;
  '') rd_wrong 'say what' ;;
  *) rd_wrong "'$1' is none of its commands" ;;
esac
