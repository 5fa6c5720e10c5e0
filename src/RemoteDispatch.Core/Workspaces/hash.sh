# shellcheck shell=sh
# hash.sh: travels with the request that calls it.
# shellcheck disable=SC2153,SC2154 # RD_ROOT comes from host.sh

# rd_hash ROOT ID FILE [OFFSET LENGTH]...: a line for each of these parts of FILE: its SHA-256, or 'none' where nothing here can tell.
rd_hash() {
  rd_root "$1" || return 9
  RD_FILE=$RD_ROOT/$2/$3
  shift 3
  while [ "$#" -gt 1 ]; do
    { { [ "$1" = 0 ] || dd bs=1 skip="$1" count=0 2>/dev/null; } && head -c "$2"; } <"$RD_FILE" | rd_sha256
    shift 2
  done
}

rd_sha256() {
  if sha256sum </dev/null >/dev/null 2>&1; then
    sha256sum
  elif shasum -a 256 </dev/null >/dev/null 2>&1; then
    shasum -a 256
  elif openssl dgst -sha256 -r </dev/null >/dev/null 2>&1; then
    openssl dgst -sha256 -r
  else
    cat >/dev/null
    echo none
  fi
}
