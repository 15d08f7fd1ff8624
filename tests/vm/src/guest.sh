# Second half of the guest's first process: runs the command and reports. See boot.rs for the other end.
b=/vm/busybox
. /vm/config

$b mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
$b mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
$b mount -t securityfs securityfs /sys/kernel/security 2>/dev/null
$b mkdir -p /dev/pts /dev/shm
$b mount -t devpts devpts /dev/pts
$b mount -t tmpfs shm /dev/shm
$b ifconfig lo 127.0.0.1 up
ulimit -c 0

# The host names the ports; devtmpfs shows them a moment after the driver.
port() {
	while :; do
		for name in /sys/class/virtio-ports/*/name; do
			if [ "$($b cat "$name" 2>/dev/null)" = "$1" ]; then
				device=${name%/name}
				echo "/dev/${device##*/}"
				return
			fi
		done
		$b usleep 5000
	done
}
exec 7>"$(port stdout)"
exec 8>"$(port stderr)"
exec 9<>"$(port control)"

# A program may open /dev/stdout again, which a port refuses: so pipes lie between.
$b mkfifo /vm/out /vm/err
($b cat /vm/out >&7; : >/vm/out.done) &
($b cat /vm/err >&8; : >/vm/err.done) &

# Each line from the host is an interrupt for the command and all its children, as from a terminal.
(
	while read -r word <&9; do
		$b kill -"$word" "-$($b cat /vm/pid)"
	done
) &

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LANG=C.UTF-8
cd /tmp || cd /
$b setsid $b sh -c 'echo $$ >/vm/pid; exec '$b' sh /vm/command' </dev/null >/vm/out 2>/vm/err 7>&- 8>&- 9>&-
status=$?
cd /

# A left-over process that still holds a pipe does not keep the guest alive.
waited=0
while [ $waited -lt 100 ] && ! { [ -e /vm/out.done ] && [ -e /vm/err.done ]; }; do
	$b usleep 10000
	waited=$((waited + 1))
done
left=$($b sed -n 's/^\(stap_[^ ]*\) .*/\1/p' /proc/modules)
[ -n "$left" ] && echo left $left >&9
if [ -e /sys/kernel/debug/kmemleak ]; then
	# An object counts as leaked when it is older than five seconds, and two scans agree.
	$b sleep 6
	echo scan >/sys/kernel/debug/kmemleak
	echo scan >/sys/kernel/debug/kmemleak
	$b head -n 40 /sys/kernel/debug/kmemleak >/dev/console
fi
# The mark tells the host that it has read all.
$b printf '\0vm-end\0' >&7
$b printf '\0vm-end\0' >&8
echo "status $status" >&9
# The host ends the guest once it has read everything.
$b sleep 3600
