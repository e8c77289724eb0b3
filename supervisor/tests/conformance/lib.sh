# What the cases share. Sourced before each, in an empty directory, in a pid namespace of its own: what a case starts ends
# with it, whoever's programs they are.

# service NAME: makes NAME/run of standard input, which begins after the interpreter's line.
service() { mkdir -p "$1"; { echo '#!/bin/sh'; cat; } >"$1/run"; chmod 755 "$1/run"; }
# program FILE: the same for any program.
program() { mkdir -p "$(dirname "$1")"; { echo '#!/bin/sh'; cat; } >"$1"; chmod 755 "$1"; }
# idle NAME: a service that does nothing until it is told to end.
idle() { echo 'exec sleep 1000' | service "$1"; }
# begin COMMAND...: starts something that stays; its messages go to `messages`.
begin() { "$@" >>messages 2>&1 </dev/null & begun=$!; }
# await COMMAND...: until it succeeds.
await() {
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1)); [ $tries -lt 3000 ] || { echo "never: $*"; exit 9; }
        sleep 0.02
    done
}
# supervised NAME: until NAME has a supervise that listens, and a record. The last FIFO that a supervise opens is `ok`, but
# s6's, which has none.
case $DIALECT in s6) last=control ;; *) last=ok ;; esac
listens() { test -p "$1" && dd if=/dev/null of="$1" oflag=nonblock conv=notrunc; }
supervised() { await test -s "$1/supervise/status"; await listens "$1/supervise/$last"; }
# says WORD COMMAND...: COMMAND prints WORD somewhere.
says() { word=$1; shift; "$@" 2>&1 | grep -q -e "$word"; }
# settled PID: until it has taken its signals, and sleeps.
settled() { await sh -c "grep -q '^ShdPnd:[[:space:]]*0*$' /proc/$1/status && grep -q '^State:[[:space:]]S' /proc/$1/status"; }
# code COMMAND...: runs it, prints its exit code.
code() { set +e; "$@"; echo "exit code $?"; set -e; }
# plain: numbers of processes, seconds and labels taken out.
plain() {
    sed -E 's/pid [0-9]+/pid N/g; s/pgid [0-9]+/pgid N/g; s/[0-9]+ seconds/N seconds/g; s/\) [0-9]+s/) Ns/g; s/: [0-9]+s/: Ns/g;
        s/@[0-9a-f]{24}/@LABEL/g'
}
# nobody COMMAND...: as a user who owns nothing.
nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
set -eu
