/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What handlers of netfilter probes look into, and the names that their points may use.
 */
#ifndef STAP_CONTEXT_NETFILTER_H
#define STAP_CONTEXT_NETFILTER_H

#include <linux/netfilter.h>
#include <linux/netfilter_arp.h>
#include <linux/netfilter_bridge.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/skbuff.h>

#endif
