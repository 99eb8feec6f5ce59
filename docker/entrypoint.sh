#!/bin/sh
# Fetches the weights that the volume lacks, then becomes the server, so that it gets the signals.
set -eu
tongchuan models fetch --profile "$TONGCHUAN_PROFILE"
exec tongchuan serve "$@"
