/* Bodies and queries: the first byte picks a table, the rest is the text. What was taken must keep
 * the table's promises. */
#include "fuzz.h"

#include <assert.h>

#include "http/bodies.h"
#include "http/body.h"
#include "http/routes.h"

static const struct field_table *table_of(uint8_t byte)
{
	const struct field_table *tables[64];
	size_t n = 0;

	for (size_t i = 0; i < routes_n && n < COUNT_OF(tables); i++) {
		if (routes[i].body != NULL)
			tables[n++] = routes[i].body;
	}
	assert(n > 0);
	return tables[byte % n];
}

static void check_promises(const struct field_table *t, const union body_values *values)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct field *f = &t->fields[i];
		const void *member = (const char *)values + f->offset;
		if (f->type == FIELD_INT || f->type == FIELD_TIME || f->type == FIELD_ID)
			continue;
		const struct view *text = member;
		assert(text->p != NULL || !f->is_required);
		if (text->p == NULL)
			continue;
		size_t chars = field_count_chars(*text);
		assert(chars >= f->min && chars <= f->max);
		assert(f->type == FIELD_SECRET || field_is_clean(*text));
	}
}

static void try_query(struct view text)
{
	const struct field_table *tables[] = {
		&history_table, &alarms_table, &events_table, &picture_table};

	for (size_t i = 0; i < COUNT_OF(tables); i++) {
		for (size_t k = 0; k < tables[i]->n; k++) {
			union query_values values = {0};
			struct problem p = {0};
			enum rc rc = field_set_text(&tables[i]->fields[k], text, &values, &p);
			assert(rc == RC_OK || p.code != NULL);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	union body_values values = {0};
	struct body *body = NULL;
	struct problem p = {0};

	if (size == 0)
		return 0;
	const struct field_table *t = table_of(data[0]);
	struct view text = {.p = (const char *)data + 1, .n = size - 1};
	enum rc rc = body_read(text, t, &values, &body, &p);
	if (rc == RC_OK)
		check_promises(t, &values);
	else
		assert(p.code != NULL || rc == RC_NOMEM);
	assert((rc == RC_OK) == (body != NULL));
	body_free(body);
	try_query(text);
	return 0;
}
