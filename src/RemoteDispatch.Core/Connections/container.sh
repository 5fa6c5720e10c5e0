# shellcheck shell=sh
# container.sh: enters a container from the shell that a channel has reached, on the same connection. It is sent
# instead of the resident functions where the host's entry names a container; they follow once the last shell is reached.
# channel.sh stands above it.

# rd_enter NAME NONCE: NAME is a container, or empty for the only running one that carries the label remote-dispatch.
# The reply is one line: 'here' (no such container: the host itself), 'in ENGINE NAME', 'many NAMES' or 'refused REASON'.
# Where a container was entered, the reply's end is printed by the shell in it: when it comes, we are there.
rd_enter() {
  # What a login shell would have added on macOS, where the engines live.
  PATH=$PATH:/usr/local/bin:/opt/homebrew/bin:${HOME-}/.orbstack/bin:${HOME-}/.docker/bin
  rd_begin "$2"
  rd_names=
  rd_engines=
  for rd_engine in docker podman; do
    command -v "$rd_engine" >/dev/null 2>&1 || continue
    rd_engines="$rd_engines $rd_engine"
    if [ -n "$1" ]; then
      # Its complaints are asked for on their own: an engine may also warn where all is well.
      if ! rd_running=$("$rd_engine" container inspect --format '{{.State.Running}}' -- "$1" 2>/dev/null </dev/null); then
        rd_said=$("$rd_engine" container inspect -- "$1" 2>&1 >/dev/null </dev/null)
        continue
      fi
      if [ "$rd_running" != true ]; then
        printf 'refused the container %s is there but does not run\n' "$1"
        rd_end "$2" 0
        return
      fi
      rd_names=" $1" rd_found=$rd_engine
      break
    fi
    if rd_said=$("$rd_engine" ps --filter label=remote-dispatch --format '{{.Names}}' 2>/dev/null </dev/null); then
      for rd_name in $rd_said; do
        # docker may be podman under another name: one container is one.
        case " $rd_names " in *" $rd_name "*) ;; *) rd_names="$rd_names $rd_name" rd_found=$rd_engine ;; esac
      done
    else
      rd_said=$("$rd_engine" ps 2>&1 >/dev/null </dev/null)
      case $rd_said in
        # An engine without a daemon runs no container. Any other failure might hide one: then we do not guess.
        *'Cannot connect to the Docker daemon'* | *'failed to connect to the docker API'*) ;;
        *)
          printf 'refused %s does not answer: %s\n' "$rd_engine" "$rd_said" | tr '\n' ' '
          echo
          rd_end "$2" 0
          return
          ;;
      esac
    fi
  done
  rd_names=${rd_names# }
  case $rd_names in
    *' '*) printf 'many %s\n' "$rd_names" ;;
    '')
      if [ -z "$1" ]; then
        echo here
      elif [ -z "$rd_engines" ]; then
        echo 'refused there is neither docker nor podman'
      else
        printf 'refused%s: no container %s: %s\n' "$rd_engines" "$1" "$rd_said" | tr '\n' ' '
        echo
      fi
      ;;
    *)
      printf 'in %s %s\n' "$rd_found" "$rd_names"
      # shellcheck disable=SC2016 # the container's shell expands it
      exec "$rd_found" exec -i "$rd_names" sh -c 'printf "\036%s)0\n" "$1"; printf "\036%s)\n" "$1" >&2; exec sh' sh "$2"
      ;;
  esac
  rd_end "$2" 0
}
