#!/bin/sh
# A stand-in for nvidia-smi. It accepts the one query that it knows, in the real one's grammar, and refuses everything else with
# the real one's words. GPUS holds what it answers: a line for each GPU, as 'NVIDIA A100-SXM4-80GB, 81920, 81037'.
query= format=
for option in "$@"; do
  case $option in
    --query-gpu=*) query=${option#*=} ;;
    --format=*) format=${option#*=} ;;
    *)
      echo "Invalid combination of input arguments. Please run 'nvidia-smi -h' for help."
      exit 1
      ;;
  esac
done
if [ "$query" != name,memory.total,memory.free ]; then
  echo "Field \"$query\" is not a valid field to query."
  exit 2
fi
if [ "$format" != csv,noheader,nounits ]; then
  echo "Option '--format=' is missing or not known: $format"
  exit 1
fi
[ -n "$GPUS" ] || { echo 'No devices were found'; exit 6; }
printf '%s\n' "$GPUS"
