#!/bin/sh
# Prints the newest kernel of this machine that has an image and headers.
for folder in /lib/modules/*; do
	release=${folder##*/}
	[ -e "$folder/build/Makefile" ] || continue
	if [ -e "/boot/vmlinuz-$release" ] || [ -e "$folder/vmlinuz" ]; then
		echo "$release"
	fi
done | sort -V | tail -n 1
