/* Reads a public table of cells or access points (plain or .gz) into radio.db: streamed, in
 * transactions of RADIO_CHUNK rows, each with its progress, so that an import that was cut off has
 * done all but the last; run again, it replaces rows by the same ones. One import at a time (a lock
 * beside the file, for all processes). Blocks: for a thread of its own, or the command line. */
#pragma once

#include "domain/radio_table.h"

enum {
	RADIO_CHUNK = 200000,
	RADIO_LINES_MAX =
		500 * 1000 * 1000, /* lines of one file: no bomb in a .gz goes on for ever */
	RADIO_IMPORTS_KEPT = 20,
};

enum radio_import_state { RADIO_RUNNING, RADIO_DONE, RADIO_FAILED, RADIO_STATE_COUNT };
const char *radio_import_state_name(enum radio_import_state s);

struct radio_bad {
	int64_t line;
	char why[RADIO_WHY_MAX];
};

struct radio_import {
	int64_t id;
	char name[RADIO_NAME_MAX];
	enum radio_import_state state;
	int64_t bytes, bytes_total; /* of the file as it is, compressed or not */
	int64_t lines, cells, points, skipped, bad;
	int64_t started_ms, ended_ms; /* 0: not ended */
	char message[RADIO_WHY_MAX];  /* why it failed */
	size_t shown;
	struct radio_bad first_bad[RADIO_BAD_SHOWN];
};

/* After each chunk. False: stop. */
typedef bool radio_progress_fn(void *ctx, const struct radio_import *now);

/* Takes over fd (a regular file). RC_CONFLICT: another import is running. RC_IO with a message when
 * the file cannot be read to its end, or was stopped; what was read before is kept. *ret is filled
 * in any case. */
MUST_CHECK enum rc radio_import_run(const char *data_dir, int take_fd, const char *name,
	radio_progress_fn *fn, void *ctx, struct radio_import *ret, struct err *e);

/* As counted when the last import ended. */
struct radio_counts {
	int64_t cells, points;
};
typedef void radio_import_fn(void *ctx, const struct radio_import *import);
/* All that is known of the table; nothing when there is none. Newest import first. */
MUST_CHECK enum rc radio_table_read(const char *data_dir, struct radio_counts *ret,
	radio_import_fn *fn, void *ctx, struct err *e);
/* Empties the table. */
MUST_CHECK enum rc radio_table_clear(const char *data_dir, struct err *e);
