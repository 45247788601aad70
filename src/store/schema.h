/* The tables, as numbered migrations. Every table about a wearer or a device has its id first in
 * the primary key, and no unique key lacks it, so that the schema can be distributed by that id. */
#pragma once

#include "store/db.h"

/* The number of the newest migration. */
int schema_newest(void);
/* Brings the database to the newest number, each step in its own transaction. RC_CONFLICT when the
 * database is newer than this program. Called by db_open of the writer. */
MUST_CHECK enum rc schema_migrate(struct db *db, struct err *e);
