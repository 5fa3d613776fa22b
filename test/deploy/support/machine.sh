#!/bin/sh
# Boots a tree with systemd as if it were a machine: `sh machine.sh ROOT CGROUP PIDFILE`. It has the network in common
# with this one, all else is its own. A root by pivot_root, since within a chroot systemd could make no user namespaces.
set -eu
root=$1 cgroup=$2 pidfile=$3

if [ "${4-}" != inside ]; then
  echo $$ > "$cgroup/cgroup.procs"
  exec unshare --mount --pid --uts --ipc --cgroup --fork --kill-child sh "$0" "$root" "$cgroup" "$pidfile" inside
fi

mount --make-rprivate /
mount --bind "$root" "$root"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
for device in null zero full random urandom tty; do
  touch "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
read -r pid _ < /proc/self/stat
echo "$pid" > "$pidfile"
mount -t proc proc "$root/proc"
cd "$root"
pivot_root . before
umount -l /before
exec env -i container=other PATH=/usr/sbin:/usr/bin /lib/systemd/systemd --unit=basic.target --log-target=console
