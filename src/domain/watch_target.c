#include "domain/watch_target.h"

#include <assert.h>
#include <stdlib.h>

#include "base/log.h"
#include "domain/outbox.h"
#include "store/query.h"

enum rc watch_target_read(struct db *db, const struct uid *wearer, struct watch_target *ret,
	struct problem *p, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(db,
		"SELECT w.care_group, w.number, d.vendor, d.language, d.book_size"
		" FROM device d JOIN wearer w ON w.id = d.wearer WHERE d.wearer = ?1",
		wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	if (!has_row)
		return refuse(p, RC_CONFLICT, "no_device", NULL, "this wearer has no watch");
	*ret = (struct watch_target){.wearer = *wearer,
		.group = stmt_uid(s, 0),
		.number = (uint32_t)stmt_int(s, 1),
		.book_size = stmt_is_null(s, 4) ? BOOK_SIZE_UNKNOWN : (int)stmt_int(s, 4)};
	stmt_copy_text(s, 2, ret->vendor, sizeof ret->vendor);
	stmt_copy_text(s, 3, ret->language, sizeof ret->language);
	stmt_reset(s);
	ret->is_yisai = command_is_yisai(view_of(ret->vendor));
	return RC_OK;
}

struct command_rows *command_rows_new(void)
{
	return calloc(1, sizeof(struct command_rows));
}

struct command_row *command_rows_add(struct command_rows *rows, const struct domain *d,
	const struct watch_target *to, const struct uid *by, enum command_kind kind)
{
	assert(rows->n < TARGET_ROWS_MAX);
	struct command_row *row = &rows->items[rows->n];

	command_row_init(row, d, kind);
	row->wearer = to->wearer;
	row->group = to->group;
	row->number = to->number;
	row->created_ms += rows->n++;
	if (by != NULL)
		row->by = *by;
	return row;
}

enum rc command_rows_insert(struct db *db, const struct command_rows *rows, struct err *e)
{
	enum rc rc = RC_OK;

	for (unsigned i = 0; i < rows->n && rc == RC_OK; i++)
		rc = command_row_insert(db, &rows->items[i], e);
	return rc;
}

void command_rows_post(struct domain *d, const struct command_rows *rows)
{
	struct err e;

	for (unsigned i = 0; i < rows->n; i++) {
		if (outbox_post(d, &rows->items[i], &e) != RC_OK)
			log_event(LOG_ERROR, "command.not_queued",
				"why=\"%s\" it goes out after the next start", e.msg);
	}
}
