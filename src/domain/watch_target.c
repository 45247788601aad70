#include "domain/watch_target.h"

#include <assert.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/num.h"
#include "domain/config.h"
#include "domain/outbox.h"
#include "domain/wearer.h"
#include "store/query.h"
#include "store/sealed.h"

/* "1+8": the level that is set, and how many there are. */
static uint8_t levels_of(const char *config)
{
	struct view v;
	struct view level;
	uint32_t n = 0;

	if (!config_value(view_of(config), "LS", &v) || !view_cut_until(&v, '+', 2, &level) ||
		num_u32(v, FALL_LEVELS_MAX, &n, NULL) != RC_OK)
		return 0;
	return (uint8_t)n;
}

static enum rc read_manners(struct stmt *s, struct watch_target *ret, struct err *e)
{
	char version[MODEL_TEXT];
	char type[MODEL_TEXT];
	char config[CONFIG_TEXT];
	const struct uid *wearer = &ret->wearer;
	enum rc rc = stmt_copy_sealed(s, 7, wearer, "device.version", version, sizeof version, e);

	if (rc == RC_OK)
		rc = stmt_copy_sealed(s, 8, wearer, "device.model", type, sizeof type, e);
	if (rc == RC_OK)
		rc = stmt_copy_sealed(s, 9, wearer, "device.config", config, sizeof config, e);
	if (rc != RC_OK)
		return rc;
	ret->levels = levels_of(config);
	ret->model = model_find(view_of(ret->vendor), view_of(version), view_of(type));
	ret->has_fall_switch = ret->model != NULL && ret->model->has_fall_switch;
	return RC_OK;
}

enum rc watch_target_read(struct db *db, const struct uid *wearer, struct watch_target *ret,
	struct problem *p, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(db,
		"SELECT w.care_group, w.number, d.vendor, d.language, d.zone, d.book_size,"
		" d.is_lz_refused, d.version, d.model, d.config"
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
		.book_size = stmt_is_null(s, 5) ? BOOK_SIZE_UNKNOWN : (int)stmt_int(s, 5),
		.is_lz_refused = stmt_int(s, 6) != 0};
	stmt_copy_text(s, 2, ret->vendor, sizeof ret->vendor);
	stmt_copy_text(s, 3, ret->language, sizeof ret->language);
	stmt_copy_text(s, 4, ret->zone, sizeof ret->zone);
	rc = read_manners(s, ret, e);
	stmt_reset(s);
	ret->is_yisai = command_is_yisai(view_of(ret->vendor));
	return rc;
}

bool command_rows_have(
	const struct command_rows *rows, const struct watch_target *to, enum command_kind kind)
{
	for (unsigned i = 0; i < rows->n; i++) {
		if (rows->items[i].command.kind == kind && rows->items[i].number == to->number)
			return true;
	}
	return false;
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
