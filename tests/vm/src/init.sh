#!/vm/busybox sh
# First process of the guest: loads what the mounts need, makes the root and hands over to guest.sh.
# /vm/config (written by initramfs.rs) sets VM_INSERT, VM_ROOT and VM_SHARE.
b=/vm/busybox
. /vm/config

$b mkdir -p /proc /sys /dev
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
$b mount -t devtmpfs dev /dev
for module in $VM_INSERT; do
	$b insmod "/vm/modules/$module" || echo "vm: cannot insert $module" >/dev/console
done

if [ "$VM_ROOT" = own ]; then
	$b mkdir -p /tmp /run /bin /root
	$b --install -s /bin
	exec $b sh /vm/guest.sh
fi

$b mkdir -p /lower /upper /newroot
$b mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=loose,ro hostroot /lower ||
	echo "vm: cannot mount the host's root" >/dev/console
$b mount -t tmpfs -o size=75% tmp /upper
$b mkdir /upper/changes /upper/work
$b mount -t overlay -o lowerdir=/lower,upperdir=/upper/changes,workdir=/upper/work overlay /newroot
$b mkdir -p /newroot/vm
$b cp -a /vm/busybox /vm/guest.sh /vm/config /vm/command /newroot/vm/
[ -d /put ] && $b cp -a /put/. /newroot/
for fs in proc sys dev; do
	$b mount -o move /$fs /newroot/$fs
done
$b mount -t tmpfs run /newroot/run
if [ -n "$VM_SHARE" ]; then
	$b mkdir -p "/newroot/$VM_SHARE"
	$b mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=none share "/newroot/$VM_SHARE" ||
		echo "vm: cannot mount the share" >/dev/console
fi
exec $b switch_root /newroot /vm/busybox sh /vm/guest.sh
