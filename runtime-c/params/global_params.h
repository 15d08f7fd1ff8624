/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Globals of the script as module parameters: staprun gives -G NAME=VALUE to the module as NAME=VALUE. */
#ifndef STAP_PARAMS_GLOBAL_PARAMS_H
#define STAP_PARAMS_GLOBAL_PARAMS_H

#include <linux/kernel.h>
#include <linux/moduleparam.h>

/* ctx: task; locks: the kernel's for parameters */
static int stp_param_set_long(const char *text, const struct kernel_param *param)
{
	long long value;
	int rc = kstrtoll(text, 0, &value);

	if (!rc)
		*(int64_t *)param->arg = value;
	return rc;
}

/* ctx: task; locks: the kernel's for parameters */
static int stp_param_set_string(const char *text, const struct kernel_param *param)
{
	if (strlen(text) >= MAXSTRINGLEN)
		return -E2BIG;
	stp_string_copy(param->arg, text);
	return 0;
}

static const struct kernel_param_ops stp_param_long __maybe_unused = { .set = stp_param_set_long };
static const struct kernel_param_ops stp_param_string __maybe_unused = { .set = stp_param_set_string };

#endif
