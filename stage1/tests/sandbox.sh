#!/bin/sh -e
# A root of its own for a stage 1 under test, run in new mount, pid and other namespaces: sandbox.sh ROOT INIT [WORD…].
# ROOT/lib and ROOT/etc are LIB and ETC, ROOT/results is where the fake scanner leaves what it saw.
# DAMAGE is a script that makes the new root worse before init is executed in it.
# CONSOLE is a terminal to be /dev/console, in place of ROOT/results/console.
source=$1
init=$2
shift 2
root=$source/root
mkdir -p "$root"
mount -t tmpfs -o mode=0755 tmpfs "$root"
cd "$root"
mkdir proc sys dev run tmp usr etc sunup results old
mount --rbind /usr usr
for name in bin sbin lib lib64; do ln -s usr/$name $name; done
echo 'root:$6$nobody$knows:1::::::' >etc/shadow
mount --bind "$source" sunup
mount --bind "$source/results" results
: >dev/console
mount --bind "${CONSOLE:-$source/results/console}" dev/console
for node in null zero full random urandom tty; do
    : >dev/$node
    mount --bind /dev/$node dev/$node
done
cp "$init" init
echo "$(ulimit -Sn):$(ulimit -Hn)" >"$source/results/first-limits"
cat /proc/self/oom_score_adj >"$source/results/first-oom-score"
flags=nosuid,nodev,noexec
mount -t proc -o $flags proc proc
mount -t sysfs -o $flags,ro sysfs sys
pivot_root . old
# A user namespace may mount these only while they are visible: there they stay. (umount(8) looks at /proc.)
again= bare= closed=
[ -n "$KEEP" ] || again='umount /sys; umount /proc'
# A kernel that finds no console, and a root without devices.
[ -z "$BARE" ] || bare='umount /dev/*; rm /dev/*' closed='<&- >&- 2>&-'
export again bare closed DAMAGE SUNUP_LIB=/sunup/lib SUNUP_ETC=/sunup/etc
exec /bin/sh -ec 'umount -l /old
    eval "$DAMAGE"; eval "$bare"; eval "$again"
    start="exec /init \"\$@\" $closed"
    unset again bare closed DAMAGE KEEP BARE CONSOLE
    eval "$start"' sh "$@"
