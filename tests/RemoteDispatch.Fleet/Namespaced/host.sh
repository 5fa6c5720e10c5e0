#!/bin/sh
# host DIRECTORY NAME: the boot of one host. It is the first process in namespaces of its own, and becomes the host's sshd,
# which reaps orphans as an init does.
set -e
hostname "$2"
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -m 755 /run/sshd /run/etc
for file in key authorized_keys sshd_config session; do cp -p "$1/$file" /run/etc/; done

# A namespace shares the kernel's boot id; a reboot has to show all the same.
cat /proc/sys/kernel/random/uuid > /run/etc/boot_id
mount --bind /run/etc/boot_id /proc/sys/kernel/random/boot_id

# The disk goes through a third place, because DIRECTORY may itself lie under /root or /tmp.
mkdir /run/disk
mount --bind "$1" /run/disk
mkdir -p /run/disk/tmp
chmod 1777 /run/disk/tmp
chmod 700 /run/disk/home
mount --bind /run/disk/home /root
mount --bind /run/disk/tmp /tmp
umount /run/disk
cd /
exec "$3" -D -e -f /run/etc/sshd_config
