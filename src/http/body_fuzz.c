/* Bodies and queries: the first byte picks a table, the rest is the text. What was taken must keep
 * the table's promises. */
#include "fuzz.h"

#include <assert.h>
#include <stddef.h>

#include "http/bodies.h"
#include "http/body.h"
#include "http/routes.h"

/* Each kind of field at least once, whatever the routes use just now. */
struct every_values {
	struct view text;
	struct field_int number;
	struct field_bool flag;
	struct field_words words;
	const struct json_t *nested;
};
static const char *const choices[] = {"a", "bb", NULL};
static const struct field every_fields[] = {
	{"t", FIELD_TEXT, false, offsetof(struct every_values, text), 1, 8, NULL, NULL},
	{"i", FIELD_INT, false, offsetof(struct every_values, number), 0, 9, NULL, NULL},
	{"b", FIELD_BOOL, false, offsetof(struct every_values, flag), 0, 0, NULL, NULL},
	{"w", FIELD_WORDS, false, offsetof(struct every_values, words), 1, 2, choices, NULL},
	{"j", FIELD_JSON, false, offsetof(struct every_values, nested), 0, 0, NULL, NULL},
};
static const struct field_table every_table = {
	"EveryBody", every_fields, COUNT_OF(every_fields), false};
union all_values {
	union body_values of_routes;
	struct every_values every;
};

static void check_words(const struct field *f, const struct field_words *w)
{
	assert(w->n <= FIELD_WORDS_MAX && (w->is_there || w->n == 0));
	assert(w->is_there || !f->is_required);
	for (size_t i = 0; i < w->n; i++) {
		size_t chars = field_count_chars(w->words[i]);
		assert(chars >= f->min && chars <= f->max && field_is_clean(w->words[i]));
	}
}

static void check_object(const struct json_t *v)
{
	struct every_values values = {0};
	struct problem p = {0};

	if (body_read_object(v, &every_table, &values, &p) == RC_OK)
		check_words(&every_fields[3], &values.words);
	else
		assert(p.code != NULL);
}

static void check_nested(const struct json_t *v)
{
	if (v == NULL)
		return;
	check_object(v);
	for (size_t i = 0; i < body_array_n(v); i++)
		check_object(body_array_at(v, i));
}

static const struct field_table *table_of(uint8_t byte)
{
	const struct field_table *tables[128] = {&every_table};
	size_t n = 1;

	for (size_t i = 0; i < routes_n && n < COUNT_OF(tables); i++) {
		if (routes[i].body != NULL)
			tables[n++] = routes[i].body;
	}
	assert(n > 0);
	return tables[byte % n];
}

static void check_promises(const struct field_table *t, const union all_values *values)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct field *f = &t->fields[i];
		const void *member = (const char *)values + f->offset;
		if (f->type == FIELD_WORDS)
			check_words(f, member);
		if (f->type == FIELD_JSON)
			check_nested(*(const struct json_t *const *)member);
		if (f->type != FIELD_TEXT && f->type != FIELD_SECRET)
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
	union all_values values = {0};
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
