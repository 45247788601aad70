/* The public table of cells and access points that the operator imported: a database file of its
 * own beside the main one (radio.db), which holds nothing personal and is in no backup. Written by
 * `kinward radio import` and the operator's page, read by the solver. A connection is used by one
 * thread. Inside of domain/ and for app/radio_cli.c. */
#pragma once

#include "locate/radio_row.h"
#include "store/db.h"

enum { RADIO_PATH_MAX = 320, RADIO_NAME_MAX = 200, RADIO_BAD_SHOWN = 5, RADIO_WHY_MAX = 160 };

void radio_table_path(const char *data_dir, char ret[RADIO_PATH_MAX]);
/* Makes the file, or its tables, when there are none. */
MUST_CHECK enum rc radio_table_create(const char *data_dir, struct db **ret_owned, struct err *e);

/* For look-ups: opens the file when it is there, and again when it was replaced. */
struct radio_reader;
MUST_CHECK enum rc radio_reader_new(
	const char *data_dir, struct radio_reader **ret_owned, struct err *e);
void radio_reader_free(struct radio_reader *r);
/* A station by its key (locate/radio_row.h). RC_NOT_FOUND: not in the table, or there is none. */
MUST_CHECK enum rc radio_reader_find(struct radio_reader *r, bool is_cell, uint64_t key,
	struct geo *ret_at, uint32_t *ret_range_m, struct err *e);

/* Many rows in one transaction; rows with the same key replace each other. Sorts `rows`. */
MUST_CHECK enum rc radio_table_put(
	struct db *db, int64_t import, struct radio_row *rows, size_t n, struct err *e);
