/* Imports that the operator starts in the app: a file that lies in <data_dir>/radio-import, so that
 * whoever has only the web cannot make the server read anything else; in a thread of its own, one
 * at a time. Any thread. */
#pragma once

#include "domain/domain.h"
#include "domain/radio_import.h"

struct radio_job;

enum { RADIO_FILES_MAX = 100 /* shown */ };

/* Makes the folder when it is not there. */
MUST_CHECK enum rc radio_job_new(const char *data_dir, struct radio_job **ret_owned, struct err *e);
/* Ends an import that is under way after its chunk. NULL is allowed, in both. */
void radio_job_stop(struct radio_job *j);
void radio_job_free(struct radio_job *j);

typedef void radio_file_fn(void *ctx, const char *name, int64_t bytes);
/* Files that can be imported. */
void radio_job_files(struct radio_job *j, radio_file_fn *fn, void *ctx);

/* Codes: file_unknown (RC_NOT_FOUND), import_running (RC_CONFLICT). Returns when it has begun. */
MUST_CHECK enum rc radio_job_start(
	struct radio_job *j, struct view file, struct problem *p, struct err *e);
