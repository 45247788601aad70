/* A report as compact bytes: links between roles, the journal and history chunks use the same ones.
 * Versioned; unpack treats its input as hostile: bounded, every value checked, left-over bytes
 * rejected. A position with four cells takes about 90 bytes. Pure. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/view.h"
#include "watch/report.h"

/* Enough for every report: fixed values, cells, Wi-Fi names, keyword and text at their limits. */
enum { REPORT_PACK_MAX = 2048, REPORT_PACK_VERSION = 1 };

/* *ret_n is the number of bytes. RC_LIMIT when buf is too small; REPORT_PACK_MAX always suffices.
 */
MUST_CHECK enum rc report_pack(
	const struct report *r, uint8_t *buf, size_t buf_size, size_t *ret_n, struct err *e);

/* `in` is exactly one packed report. ret->text borrows from it. */
MUST_CHECK enum rc report_unpack(struct view in, struct report *ret, struct err *e);
