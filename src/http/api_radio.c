/* The public table of cells and access points: how it stands, and importing a file that the
 * operator has put into its folder. Uploads are not taken: a country's file is larger than any body
 * here. */
#include "http/api.h"

#include "domain/radio_job.h"
#include "http/inside.h"

static void write_file(void *ctx, const char *name, int64_t bytes)
{
	struct json_out *j = ctx;

	json_object(j, NULL);
	json_text(j, "name", view_of(name));
	json_int(j, "bytes", bytes);
	json_end(j);
}

static void write_import(void *ctx, const struct radio_import *i)
{
	struct json_out *j = ctx;

	json_object(j, NULL);
	json_int(j, "id", i->id);
	json_text(j, "name", view_of(i->name));
	json_text(j, "state", view_of(radio_import_state_name(i->state)));
	json_int(j, "bytes", i->bytes);
	json_int(j, "bytes_total", i->bytes_total);
	json_int(j, "lines", i->lines);
	json_int(j, "cells", i->cells);
	json_int(j, "access_points", i->points);
	json_int(j, "skipped", i->skipped);
	json_int(j, "bad", i->bad);
	json_array(j, "first_bad");
	for (size_t k = 0; k < i->shown; k++) {
		json_object(j, NULL);
		json_int(j, "line", i->first_bad[k].line);
		json_text(j, "why", view_of(i->first_bad[k].why));
		json_end(j);
	}
	json_end(j);
	json_time(j, "started", i->started_ms);
	if (i->ended_ms != 0)
		json_time(j, "ended", i->ended_ms);
	if (i->message[0] != '\0')
		json_text(j, "message", view_of(i->message));
	json_end(j);
}

enum rc api_operator_radio(struct exchange *x, struct db *reader)
{
	const struct domain_settings *s = &x->domain->settings;
	struct json_out *j = &x->out;
	struct radio_counts counts;

	(void)reader;
	json_object(j, NULL);
	json_array(j, "imports");
	enum rc rc = radio_table_read(s->data_dir, &counts, write_import, j, &x->err);
	if (rc != RC_OK)
		return refuse(&x->problem, RC_IO, "busy", NULL, NULL);
	json_end(j);
	json_int(j, "cells", counts.cells);
	json_int(j, "access_points", counts.points);
	json_array(j, "files");
	radio_job_files(x->domain->radio_job, write_file, j);
	json_end(j);
	json_bool(j, "is_service_set", s->is_radio_service_on);
	json_end(j);
	return RC_OK;
}

enum rc api_operator_radio_import(struct exchange *x, struct db *reader)
{
	enum rc rc =
		radio_job_start(x->domain->radio_job, x->body.radio.file, &x->problem, &x->err);

	if (rc != RC_OK)
		return rc;
	x->status = 202;
	return api_operator_radio(x, reader);
}
