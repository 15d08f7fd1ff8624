#!/bin/sh
# tools/install-privileges.sh DESTDIR STAPRUN: makes staprun set-uid for the group stapusr. Only on the live system and as
# root: a package sets this in its own scripts.
set -eu
if [ -n "$1" ] || [ "$(id -u)" != 0 ]; then
	echo "install: staprun is not set-uid; for use by stapusr run: chown root:stapusr $2 && chmod 4110 $2"
	exit 0
fi
for group in stapusr stapsys stapdev; do
	getent group $group >/dev/null || groupadd --system $group
done
chown root:stapusr "$2"
chmod 4110 "$2"
