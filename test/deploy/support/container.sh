#!/bin/sh
# A container without a container engine, in new namespaces for mounts and processes:
# unshare --mount --pid --fork --kill-child sh container.sh ROOT CONFIG PIDFILE COMMAND…
# It is process 1 of its own, on a root that nobody can write to, as user 1000, without capabilities and new privileges:
# what `docker run --read-only --cap-drop ALL --security-opt no-new-privileges -v CONFIG:/config:ro` gives.
set -eu
root=$1 config=$2 pidfile=$3
shift 3

mount --make-rprivate /
mount --bind "$root" "$root"
mkdir -p "$root/config"
for device in null zero random urandom; do
  touch "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mount --bind -o ro "$config" "$root/config"
mount -o remount,bind,ro "$root"
# The machine's /proc still shows our number outside; the container's own takes its place then.
read -r pid _ < /proc/self/stat
echo "$pid" > "$pidfile"
mount -t proc proc "$root/proc"
exec chroot "$root" "$@"
