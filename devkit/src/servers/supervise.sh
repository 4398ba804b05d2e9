#!/bin/sh
# Owns one server and ends it once nobody has held its lease for GRACE seconds.
# Usage: supervise.sh DIR GRACE SIGNAL CONTAINER SCRATCH -- COMMAND...
#
#   DIR/launch.lock      held by whoever starts, joins or ends the server
#   DIR/supervisor.lock  held by this process for its life
#   DIR/lease            shared lock of every client process; the kernel drops it when the process ends, however it ends
#   DIR/address          where the server is; there once it answers
#   DIR/stop             asks this process to end now
dir=$1 grace=$2 signal=$3 container=$4 scratch=$5
shift 6

trap '' HUP INT
exec 8>>"$dir/supervisor.lock"
flock -n 8 || exit 1

discard() {
    [ -z "$1" ] || docker rm --force --volumes "$1"
    [ -z "$2" ] || rm -rf "$2"
}

# What a supervisor that was killed could not remove.
discard "$(cat "$dir/container" 2>/dev/null)" "$(cat "$dir/scratch" 2>/dev/null)"
rm -f "$dir/address" "$dir/stop"
echo "$container" >"$dir/container"
echo "$scratch" >"$dir/scratch"
echo $$ >"$dir/owner"

"$@" 8>&- </dev/null >"$dir/server.log" 2>&1 &
server=$!

ours() { [ "$(cat "$dir/owner" 2>/dev/null)" = $$ ]; }
unwanted() { flock -n -x "$dir/lease" true; }

finish() {
    trap '' TERM
    if ours; then rm -f "$dir/address" "$dir/owner" "$dir/stop" "$dir/container" "$dir/scratch"; fi
    kill "-$signal" "$server" 2>/dev/null
    tries=0
    while kill -0 "$server" 2>/dev/null && [ $tries -lt 50 ]; do
        sleep 0.2
        tries=$((tries + 1))
    done
    kill -KILL "$server" 2>/dev/null
    wait "$server"
    discard "$container" "$scratch"
    case $dir in */cekbrand-private-*) rm -rf "$dir" ;; esac
    exit 0
}
trap finish TERM

idle=0
while kill -0 "$server" 2>/dev/null && ours && [ ! -e "$dir/stop" ]; do
    if unwanted; then idle=$((idle + 1)); else idle=0; fi
    if [ "$idle" -gt "$grace" ]; then
        # Nobody can join while the launch lock is held, so the second look is the last word.
        exec 7>>"$dir/launch.lock"
        if flock -n 7 && unwanted; then break; fi
        exec 7>&-
        idle=0
    fi
    sleep 1
done
finish
