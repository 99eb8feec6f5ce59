#!/bin/sh
# Fetches the weights that the volume lacks, then becomes the server, so that it gets the signals.
set -eu
fetch=
stop() {
    [ -z "$fetch" ] || { kill "$fetch" && wait "$fetch" || true; }
    exit 143
}
# As the first process of a container a shell ignores SIGTERM unless told otherwise.
trap stop INT TERM
tongchuan models fetch --profile "$TONGCHUAN_PROFILE" &
fetch=$!
wait "$fetch"
trap - INT TERM
exec tongchuan serve "$@"
