# shellcheck shell=sh
# agents.sh: looks for the command lines of AI agents. It goes with facts.sh, which stands above it, where agents are asked for. RD_NAMES
# and RD_FOLDERS hold the names of variables that would prove a sign-in, and of those that say in which folder one is kept.
# shellcheck disable=SC2153,SC2154 # variables of facts.sh, and of the request

# rd_about_agents: the command lines of AI agents. The request defines rd_each, which calls what it is given once for
# each: NAME PROGRAM COUNT PROOF... ARGUMENT... COUNT proofs of a sign-in, then the arguments that make it print its version.
# Those that the PATH has are asked at once; the login shell's PATH may have others, and is asked meanwhile.
rd_about_agents() {
  RD_WAY=path
  rd_each rd_agent
  RD_WAY=login
  rd_login
  rd_each rd_agent
  RD_WAY=folder
  for RD_ONE in .local/bin .npm-global/bin .claude/local .opencode/bin .bun/bin bin; do
    PATH=$PATH:${HOME-}/$RD_ONE
  done
  for RD_ONE in "${HOME-}"/.nvm/versions/node/*/bin; do
    PATH=$PATH:$RD_ONE
  done
  PATH=$PATH:/usr/local/bin:/opt/homebrew/bin
  rd_each rd_agent
  rd_each rd_signed
  wait
}

# rd_about_places: where they are, and nothing more.
rd_about_places() {
  RD_PLACES=yes
  rd_about_agents
}

# rd_agent NAME PROGRAM COUNT PROOF... ARGUMENT...: asks an agent for its version where the PATH has it and none did before.
rd_agent() {
  case $RD_FOUND in *" $1 "*) return 0 ;; esac
  RD_PATH=$(command -v "$2") || return 0
  case $RD_PATH in /*) ;; *) return 0 ;; esac
  RD_FOUND="$RD_FOUND$1 "
  printf '%s.way %s\n' "$1" "$RD_WAY"
  printf '%s.path %.400s\n' "$1" "$RD_PATH"
  [ -z "${RD_PLACES-}" ] || return 0
  RD_NAME=$1 RD_COUNT=$3
  shift "$((3 + RD_COUNT))"
  # What it is an interpreter's script of lies beside it where a version manager put it.
  PATH=${RD_PATH%/*}:$PATH rd_ask "$RD_NAME" rd_quiet "$RD_PATH" "$@" &
}

# rd_login: learns what a login shell has that this one has not: folders of its PATH, which variables are set, and the values of
# those that are folders. An sh of its own tells them, whatever the login shell is; what its profile prints is passed over.
rd_login() {
  # shellcheck disable=SC2016,SC2089,SC2090 # for that sh
  RD_LOOK='
IFS=:
for one in $PATH; do printf "%s PATH %s\n" "$RD_NONCE" "$one"; done
IFS=" "
for one in $RD_NAMES; do eval "[ -z \"\${$one-}\" ] || echo $RD_NONCE SET $one"; done
for one in $RD_FOLDERS; do eval "[ -z \"\${$one-}\" ] || printf \"%s DIR %s %s\\n\" $RD_NONCE $one \"\$$one\""; done
'
  # shellcheck disable=SC2090
  export RD_LOOK RD_NONCE RD_NAMES RD_FOLDERS
  # shellcheck disable=SC2016,SC2034 # for the login shell; rd_ask reads the share
  RD_TOLD=$(RD_SHARE=20000 && rd_ask login rd_quiet "${SHELL:-sh}" -l -c 'exec sh -c "$RD_LOOK"')
  rd_by_line
  for RD_LINE in $RD_TOLD; do
    case $RD_LINE in
      "login.says $RD_NONCE PATH "*) PATH=$PATH:${RD_LINE#*" PATH "} ;;
      "login.says $RD_NONCE SET "*) RD_SET="$RD_SET${RD_LINE#*" SET "} " ;;
      "login.says $RD_NONCE DIR "*) rd_learn "${RD_LINE#*" DIR "}" ;;
      'login.silent '*) printf '%s\n' "$RD_LINE" ;;
    esac
  done
  rd_by_word
}

# rd_learn NAME VALUE, as one word: a variable that is a folder, where it is not known yet.
rd_learn() {
  RD_ONE=${1%% *} RD_VALUE=${1#* }
  case " $RD_FOLDERS " in *" $RD_ONE "*) eval "[ -n \"\${$RD_ONE-}\" ] || $RD_ONE=\$RD_VALUE" ;; esac
}

# rd_signed NAME PROGRAM COUNT PROOF...: says by which proof an agent looks signed in. A proof is 'home FILE' (below the home),
# 'below VARIABLE/FILE', 'set VARIABLE', or 'keychain SYSTEM': there it may be by what cannot be seen. Of a file only its size is
# looked at, never its content.
rd_signed() {
  case $RD_FOUND in *" $1 "*) ;; *) return 0 ;; esac
  RD_NAME=$1 RD_COUNT=$3 RD_PROOF=no
  shift 3
  while [ "$RD_COUNT" -gt 0 ]; do
    RD_COUNT=$((RD_COUNT - 1))
    RD_ONE=${1#* }
    case $1 in
      'home '*) rd_kept "${HOME-}/$RD_ONE" ;;
      'below '*)
        eval "RD_VALUE=\${${RD_ONE%%/*}-}"
        [ -z "$RD_VALUE" ] || rd_kept "$RD_VALUE/${RD_ONE#*/}"
        ;;
      'set '*)
        eval "RD_VALUE=\${$RD_ONE-}"
        case $RD_SET in *" $RD_ONE "*) RD_VALUE=$RD_ONE ;; esac
        [ -z "$RD_VALUE" ] || RD_PROOF=$RD_ONE
        ;;
      'keychain '*) [ "$(uname -s)" != "$RD_ONE" ] || RD_PROOF=unknown ;;
    esac
    shift
    case $RD_PROOF in no | unknown) ;; *) break ;; esac
  done
  printf '%s.signed %.400s\n' "$RD_NAME" "$RD_PROOF"
}

# rd_kept FILE: more than the '{}' that a sign-out may leave.
rd_kept() {
  [ -f "$1" ] || return 0
  rd_size "$1"
  [ "$RD_SIZE" -le 4 ] || RD_PROOF=$1
}
