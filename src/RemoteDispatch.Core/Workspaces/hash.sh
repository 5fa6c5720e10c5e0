# shellcheck shell=sh
# hash.sh: travels with the request that calls it.
# shellcheck disable=SC2153,SC2154 # RD_ROOT comes from host.sh

# rd_hash ROOT ID OFFSET LENGTH FILE: the SHA-256 of so many bytes of FILE (log, error), or 'none' where nothing here can tell.
rd_hash() {
  rd_root "$1" || return 9
  { { [ "$3" = 0 ] || dd bs=1 skip="$3" count=0 2>/dev/null; } && head -c "$4"; } <"$RD_ROOT/$2/$5" | rd_sha256
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
