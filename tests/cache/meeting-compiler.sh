#!/usr/bin/env bash
# Stands in for a compiler. With MEETING=2 a compilation goes on only once two are there at the same time, and fails
# where nobody comes; with MEETING=1 it fails where another one is there. "Objects" are copies of their sources.
[ "$1" = --version ] && { echo "meeting compiler 1"; exit 0; }
source="" output=""
while [ $# -gt 0 ]; do
  case $1 in
    -c) source=$2; shift ;;
    -o) output=$2; shift ;;
  esac
  shift
done
[ -z "$source" ] && exit 0
mkdir "$ROOM/$$"
sleep 0.2
if [ "$MEETING" = 2 ]; then
  for ((i = 0; ; i++)); do
    [ -e "$ROOM/met" ] && break
    [ "$(find "$ROOM" -mindepth 1 -type d | wc -l)" -ge 2 ] && touch "$ROOM/met"
    [ $i -ge 600 ] && { echo "nobody else came"; exit 1; }
    sleep 0.05
  done
else
  [ "$(find "$ROOM" -mindepth 1 -type d | wc -l)" -ge 2 ] && { echo "somebody else is here"; exit 1; }
fi
cp "$source" "$output"
rmdir "$ROOM/$$"
