# shellcheck shell=sh
# files.sh: lays files that came with a request into a workspace. It goes with the launch of a task that has some, which
# defines below it rd_lay, a call of rd_lay_one for each.

# rd_decode: stdin's base64 as bytes. Programs differ, and what an old one does with an option of the other may look like success.
rd_decode() {
  if [ "$(printf QQ== | base64 -d 2>/dev/null)" = A ]; then
    base64 -d
  elif [ "$(printf QQ== | base64 -D 2>/dev/null)" = A ]; then
    base64 -D
  else
    openssl base64 -d -A
  fi
}

# rd_lay_one FOLDER NAME BASE64
rd_lay_one() {
  printf %s "$3" | rd_decode >"$1/$2"
}
