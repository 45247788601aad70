/* The bytes of one history entry, as they stand in journal blobs, heads and chunks: a fixed head
 * (wearer, length, marks, two times) and the packed report. Inside of history/ only. Pure. */
#pragma once

#include "history/history.h"

enum { ENTRY_HEAD = 23 };

/* Writes ENTRY_HEAD + e->packed.n bytes to dst, which has room for them. */
void entry_write(const struct history_entry *entry, char *dst);
/* Takes the next entry from the front of *in; ret->packed borrows. RC_SYNTAX for damaged bytes. */
MUST_CHECK enum rc entry_read(struct view *in, struct history_entry *ret, struct err *e);
