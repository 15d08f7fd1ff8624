/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers as text. The callers have made sure of the room; nothing is terminated. */
#ifndef STAP_PURE_NUMBER_H
#define STAP_PURE_NUMBER_H

/* Digits of the longest decimal number, its sign included. */
#define STP_DECIMAL_MAX 20
/* Digits of the longest octal number. */
#define STP_DIGITS_MAX 22

/* Writes backwards from `end` and gives the first digit. `base` is 8, 10 or 16. ctx: any; locks: none */
static inline char *stp_digits_back(char *end, uint64_t value, unsigned int base, const char *digits)
{
	do {
		*--end = digits[value % base];
		value /= base;
	} while (value);
	return end;
}

/* Writes a decimal number and gives the end of it. ctx: any; locks: none */
static inline char *stp_decimal(char *at, uint64_t value)
{
	uint64_t rest;
	char *end = at + 1;

	for (rest = value; rest >= 10; rest /= 10)
		end++;
	at = end;
	do {
		*--at = '0' + value % 10;
		value /= 10;
	} while (value);
	return end;
}

/* Writes a signed decimal number and gives the end of it. ctx: any; locks: none */
static inline char *stp_decimal_signed(char *at, int64_t value)
{
	if (value >= 0)
		return stp_decimal(at, value);
	*at = '-';
	return stp_decimal(at + 1, 0 - (uint64_t)value);
}

#endif
