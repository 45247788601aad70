/* A thread as one file: a tar archive (POSIX ustar) with thread.json and the voices and photos that
 * it names. It is made while it is sent: one item is in memory at a time. */
#pragma once

#include "http/inside.h"

enum { EXPORT_ITEMS_MAX = 20000 /* the newest; thread.json says when there were more */ };

/* The answer of x: of the wearer in its path. */
MUST_CHECK enum rc thread_export(struct exchange *x, struct db *reader);
