#!/bin/sh
# An independent witness of hook events: copies stdin to a file and does nothing else.
#   recorder.sh DIRECTORY Event < event.json     writes DIRECTORY/<start>-<end>-<pid>-<Event>.json, times in ns since 1970
# A file has that name only once it is whole; until then it begins with a dot.
start=$(date +%s%N)
part=$1/.$start-$$
cat >"$part" && mv "$part" "$1/$start-$(date +%s%N)-$$-$2.json"
