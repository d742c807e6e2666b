#!/bin/sh
# Runs every test: first all but whole gateways, then these. "$1" is pytest, the rest its arguments.
#
# Some tests of whole gateways watch the clock of what may be a busy machine. What fails there is tried once more, by itself, and
# said so; what fails twice has failed.
#
# As many processes as there are cores, up to four, each with servers of its own. Compiled modules are kept, whatever the
# environment says: hundreds of gateways start.
set -u
unset PYTHONDONTWRITEBYTECODE
SIDE_BY_SIDE="-n auto --maxprocesses 4 --dist worksteal"
NOTHING_SELECTED=5 # pytest's exit status where the arguments leave no test of a kind

run() {
    "$@"
    status=$?
    [ "$status" -eq "$NOTHING_SELECTED" ] && status=0
    return "$status"
}

# shellcheck disable=SC2086 # options, not one word
run "$@" $SIDE_BY_SIDE -m "not whole" || exit
# shellcheck disable=SC2086
run "$@" $SIDE_BY_SIDE -m whole && exit
echo "Once more, by itself, what failed with whole gateways:"
exec "$@" -m whole --last-failed --last-failed-no-failures none
