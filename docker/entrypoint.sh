#!/bin/sh
# Fetches the weights that the volume lacks, then becomes the server, so that it gets the signals.
set -eu
stopped=
stop() {
    kill "$fetch" && wait "$fetch" || true
    exit 143
}
# As the first process of a container a shell ignores SIGTERM unless told otherwise. A signal that
# comes before it is known what to stop is kept until it is.
trap 'stopped=yes' INT TERM
tongchuan models fetch --profile "$TONGCHUAN_PROFILE" &
fetch=$!
trap stop INT TERM
[ -z "$stopped" ] || stop
wait "$fetch"
trap - INT TERM
exec tongchuan serve "$@"
