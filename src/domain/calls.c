#include "domain/calls.h"

#include <stdlib.h>

#include "domain/contacts.h"
#include "domain/fixed.h"
#include "store/query.h"
#include "store/sealed.h"

#define LABEL_CALL "call_log.body"
#define YEAR_2015_MS INT64_C(1420070400000)

enum {
	BODY_VERSION = 1,
	BODY_MAX = 8 + CALL_NUMBER_TEXT + CALL_NAME_TEXT,
	FLAG_OUT = 1u << 0,
	FLAG_CONNECTED = 1u << 1,
	FLAGS_ALL = (1u << 2) - 1,
	DIGITS_MIN = 6, /* fewer must be the same: extensions, emergency calls */
	DIGITS_MAX = 20,
	AHEAD_MAX_MS = 24 * 3600 * 1000,
};

/* ---- the row ---- */

static void put_text(struct fixed_out *o, const char *text)
{
	size_t n = strlen(text);

	fixed_put(o, n, 1);
	fixed_put_bytes(o, text, n);
}

static void get_text(struct fixed_in *in, char *dst, size_t dst_size)
{
	size_t n = fixed_get(in, 1);

	if (n >= dst_size) {
		in->is_bad = true;
		return;
	}
	fixed_get_bytes(in, dst, n);
	dst[in->is_bad ? 0 : n] = '\0';
}

static size_t write_body(const struct call_entry *c, uint8_t ret[BODY_MAX])
{
	struct fixed_out o = {.p = ret, .size = BODY_MAX};

	fixed_put(&o, BODY_VERSION, 1);
	fixed_put(&o, (c->is_out ? FLAG_OUT : 0u) | (c->is_connected ? FLAG_CONNECTED : 0u), 1);
	fixed_put(&o, c->seconds, 4);
	put_text(&o, c->number);
	put_text(&o, c->name);
	return o.n;
}

static bool read_body(struct view body, struct call_entry *ret)
{
	struct fixed_in in = {.rest = body};
	uint64_t version = fixed_get(&in, 1);
	uint64_t flags = fixed_get(&in, 1);

	ret->is_out = (flags & FLAG_OUT) != 0;
	ret->is_connected = (flags & FLAG_CONNECTED) != 0;
	ret->seconds = (uint32_t)fixed_get(&in, 4);
	get_text(&in, ret->number, sizeof ret->number);
	get_text(&in, ret->name, sizeof ret->name);
	return fixed_is_done(&in) && version == BODY_VERSION && flags <= FLAGS_ALL;
}

/* ---- into the store ---- */

static enum rc make_room(struct db *db, const struct uid *wearer, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"DELETE FROM call_log WHERE wearer = ?1 AND started_ms <= (SELECT started_ms"
		" FROM call_log WHERE wearer = ?1 ORDER BY started_ms DESC LIMIT 1 OFFSET ?2)",
		wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, CALLS_MAX - 1);
	return stmt_run(s, NULL, e);
}

static enum rc insert(struct db *db, const struct uid *wearer, int64_t started_ms,
	int64_t received_ms, struct view body, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"INSERT INTO call_log (wearer, started_ms, body_hash, received_ms, body)"
		" SELECT ?1, ?2, ?3, ?4, ?5 WHERE EXISTS (SELECT 1 FROM wearer WHERE id = ?1)"
		" ON CONFLICT (wearer, started_ms, body_hash) DO NOTHING",
		wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, started_ms);
	stmt_bind_lookup(s, 3, LABEL_CALL, body);
	stmt_bind_int(s, 4, received_ms);
	stmt_bind_sealed(s, 5, wearer, LABEL_CALL, body);
	return stmt_run(s, NULL, e);
}

enum rc call_take_in(struct db *db, const struct uid *wearer, const struct call_entry *call,
	int64_t received_ms, struct err *e)
{
	uint8_t bytes[BODY_MAX];
	struct view body = {.p = (const char *)bytes, .n = write_body(call, bytes)};
	bool is_possible =
		call->started_ms >= YEAR_2015_MS && call->started_ms <= received_ms + AHEAD_MAX_MS;
	enum rc rc = make_room(db, wearer, e);

	if (rc == RC_OK)
		rc = insert(db, wearer, is_possible ? call->started_ms : received_ms, received_ms,
			body, e);
	return rc == RC_NOT_FOUND ? RC_OK : rc; /* its key was destroyed meanwhile */
}

/* ---- out of it ---- */

static size_t digits_of(struct view number, char ret[DIGITS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < number.n && n < DIGITS_MAX; i++) {
		if (ascii_is_digit(number.p[i]))
			ret[n++] = number.p[i];
	}
	return n;
}

/* Without the zeros of a trunk or international prefix. */
static struct view without_zeros(const char *digits, size_t n)
{
	size_t zeros = 0;

	while (zeros < n && zeros < 2 && digits[zeros] == '0')
		zeros++;
	return (struct view){.p = digits + zeros, .n = n - zeros};
}

bool call_numbers_match(struct view a, struct view b)
{
	char digits_a[DIGITS_MAX];
	char digits_b[DIGITS_MAX];
	size_t a_n = digits_of(a, digits_a);
	size_t b_n = digits_of(b, digits_b);

	if (a_n < DIGITS_MIN || b_n < DIGITS_MIN)
		return a_n > 0 && a_n == b_n && memcmp(digits_a, digits_b, a_n) == 0;
	struct view x = without_zeros(digits_a, a_n);
	struct view y = without_zeros(digits_b, b_n);
	size_t n = x.n < y.n ? x.n : y.n;
	return n >= DIGITS_MIN && memcmp(x.p + x.n - n, y.p + y.n - n, n) == 0;
}

struct known {
	struct contacts contacts;
	struct sos_numbers sos;
};

/* Without a watch nobody is approved. */
static enum rc read_known(
	struct db *reader, const struct uid *wearer, struct known *ret, struct err *e)
{
	struct problem p;

	*ret = (struct known){.contacts = {.n = 0}};
	enum rc rc = contacts_get(reader, wearer, &ret->contacts, &p, e);
	if (rc == RC_OK)
		rc = sos_numbers_get(reader, wearer, &ret->sos, &p, e);
	return rc == RC_CONFLICT ? RC_OK : rc;
}

static void recognise(const struct known *known, struct call_info *call)
{
	struct view number = view_of(call->call.number);

	for (unsigned i = 0; i < known->contacts.n; i++) {
		const struct contact *c = &known->contacts.items[i];
		if (!call_numbers_match(number, view_of(c->number)))
			continue;
		call->is_approved = true;
		call->contact = c->id;
		memcpy(call->contact_name, c->name, strlen(c->name) + 1);
		return;
	}
	for (unsigned i = 0; i < known->sos.n && !call->is_approved; i++)
		call->is_approved = call_numbers_match(number, view_of(known->sos.items[i]));
}

static bool read_row(struct stmt *s, const struct uid *wearer, struct call_info *ret)
{
	uint8_t *body = NULL;
	size_t n = 0;

	*ret = (struct call_info){.call = {.started_ms = stmt_int(s, 0)}};
	if (stmt_take_sealed(s, 1, wearer, LABEL_CALL, &body, &n, NULL) != RC_OK)
		return false;
	bool is_good = read_body((struct view){.p = (const char *)body, .n = n}, &ret->call);
	free(body);
	return is_good;
}

enum rc call_list(
	struct db *reader, const struct uid *wearer, call_fn *fn, void *ctx, struct err *e)
{
	struct known known;
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = read_known(reader, wearer, &known, e);

	if (rc == RC_OK)
		rc = query_prepare(reader,
			"SELECT started_ms, body FROM call_log WHERE wearer = ?1"
			" ORDER BY started_ms DESC LIMIT ?2",
			wearer, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, CALLS_MAX);
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct call_info call;
		if (!read_row(s, wearer, &call))
			continue;
		recognise(&known, &call);
		fn(ctx, &call);
	}
	return rc;
}
