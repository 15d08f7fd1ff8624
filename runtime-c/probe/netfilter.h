/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netfilter.hook().pf(), in every network namespace.  The unit has declared stap_netfilter_probes[].
 */
#ifndef STAP_PROBE_NETFILTER_H
#define STAP_PROBE_NETFILTER_H

#include <net/net_namespace.h>

/* What the kernel is told of each probe that it has a hook for. */
static struct nf_hook_ops stap_netfilter_ops[ARRAY_SIZE(stap_netfilter_probes)];
static size_t stap_netfilter_count;

/*
 * What netfilter is told of a script's verdict.  It knows no NF_STOP and no NF_REPEAT any more and would lose the
 * packet; whoever says NF_STOLEN must see to the packet, which a script cannot.
 * ctx: task or softirq; locks: rcu_read_lock
 */
static unsigned int stap_netfilter_told(int verdict, struct sk_buff *skb, const struct nf_hook_state *state)
{
	switch (verdict & NF_VERDICT_MASK) {
	case NF_ACCEPT:
	case NF_DROP:
	case NF_QUEUE:
		return verdict;
	case NF_STOLEN:
		consume_skb(skb);
		return NF_STOLEN;
	case NF_STOP:
		state->okfn(state->net, state->sk, skb);
		return NF_STOLEN;
	}
	return NF_ACCEPT;
}

/* ctx: task or softirq; locks: rcu_read_lock */
static notrace unsigned int enter_netfilter_probe(void *data, struct sk_buff *skb, const struct nf_hook_state *state)
{
	const struct stap_netfilter_probe *snp = data;
	struct stap_probe *p = snp->probe;
	struct stp_hit hit;
	struct context *c = stp_probe_enter(&hit, p, STAP_SESSION_RUNNING, stp_probe_type_netfilter, NULL);
	int verdict = NF_ACCEPT;

	if (c) {
		c->ips.netfilter.skb = skb;
		c->ips.netfilter.state = state;
		c->ips.netfilter.verdict = NF_ACCEPT;
		p->ph(c);
		verdict = c->ips.netfilter.verdict;
		stp_probe_leave(&hit, p, c);
	}
	return verdict == NF_ACCEPT ? NF_ACCEPT : stap_netfilter_told(verdict, skb, state);
}
NOKPROBE_SYMBOL(enter_netfilter_probe);

/* Whether there is such a hook: the kernel warns with a stack trace when it is asked for another.  ctx: task */
static bool stap_netfilter_exists(const struct stap_netfilter_probe *snp)
{
	switch (snp->pf) {
	case NFPROTO_INET:
	case NFPROTO_IPV4:
	case NFPROTO_IPV6:
		return snp->hook >= 0 && snp->hook < NF_INET_NUMHOOKS;
	case NFPROTO_ARP:
		return IS_ENABLED(CONFIG_NETFILTER_FAMILY_ARP) && snp->hook >= 0 && snp->hook < NF_ARP_NUMHOOKS;
	case NFPROTO_BRIDGE:
		return IS_ENABLED(CONFIG_NETFILTER_FAMILY_BRIDGE) && snp->hook >= 0 && snp->hook < NF_INET_NUMHOOKS;
	}
	return false;
}

/* ctx: task, may sleep; locks: pernet_ops_rwsem */
static int stap_netfilter_enter(struct net *net)
{
	return nf_register_net_hooks(net, stap_netfilter_ops, stap_netfilter_count);
}

/* ctx: task, may sleep; locks: pernet_ops_rwsem */
static void stap_netfilter_leave(struct net *net)
{
	nf_unregister_net_hooks(net, stap_netfilter_ops, stap_netfilter_count);
}

static struct pernet_operations stap_netfilter_namespaces = {
	.init = stap_netfilter_enter,
	.exit = stap_netfilter_leave,
};

/* ctx: task, may sleep; locks: none */
static int stap_netfilter_register(void)
{
	size_t i;
	int rc;

	stap_netfilter_count = 0;
	for (i = 0; i < ARRAY_SIZE(stap_netfilter_probes); i++) {
		struct stap_netfilter_probe *snp = &stap_netfilter_probes[i];
		struct nf_hook_ops *ops = &stap_netfilter_ops[stap_netfilter_count];

		if (!stap_netfilter_exists(snp)) {
			if (!snp->optional_p)
				_stp_warn("probe %s is left out: the kernel has no such hook", snp->probe->pp);
			continue;
		}
		ops->hook = enter_netfilter_probe;
		ops->priv = snp;
		ops->pf = snp->pf;
		ops->hooknum = snp->hook;
		ops->priority = snp->priority;
		stap_netfilter_count++;
	}
	rc = register_pernet_subsys(&stap_netfilter_namespaces);
	if (rc)
		_stp_error("cannot register the netfilter hooks: error %d", rc);
	return rc;
}

/* The session waits for a grace period afterwards, so no hook runs any more then.  ctx: task, may sleep; locks: none */
static void stap_netfilter_unregister(void)
{
	unregister_pernet_subsys(&stap_netfilter_namespaces);
}

#endif
