/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arithmetic on longs. It wraps (the kernel compiles with -fno-strict-overflow); what C leaves undefined is settled
 * here. Generated code has refused a divisor of 0 before it comes here.
 */
#ifndef STAP_PURE_ARITH_H
#define STAP_PURE_ARITH_H

/* The smallest number divided by -1 traps on x86, so -1 negates. ctx: any; locks: none */
static inline int64_t stp_div(int64_t left, int64_t right)
{
	if (right == -1)
		return (int64_t)(0 - (uint64_t)left);
	return left / right;
}

/* ctx: any; locks: none */
static inline int64_t stp_mod(int64_t left, int64_t right)
{
	if (right == -1)
		return 0;
	return left % right;
}

/* Shift counts are taken modulo 64. ctx: any; locks: none */
static inline int64_t stp_shl(int64_t left, int64_t count)
{
	return (int64_t)((uint64_t)left << (count & 63));
}

/* ctx: any; locks: none */
static inline int64_t stp_shr(int64_t left, int64_t count)
{
	return left >> (count & 63);
}

/* ctx: any; locks: none */
static inline int64_t stp_ushr(int64_t left, int64_t count)
{
	return (int64_t)((uint64_t)left >> (count & 63));
}

#endif
