#include "domain/partner_event.h"

#include <stdio.h>

#include "base/log.h"
#include "base/time_text.h"
#include "domain/alarm.h"
#include "domain/consent.h"
#include "domain/courier_outbox.h"
#include "store/query.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

enum { LISTENERS_MAX = 32 /* partners told of one alarm */, READ_MAX = 100, ALARM_BITS = 16 };

/* A living consent of the right "alarms" for the wearer ?1 at ?2. */
#define HEARS                                                                                      \
	" FROM consent_wearer cw JOIN consent c ON c.id = cw.consent"                              \
	" JOIN wearer w ON w.id = cw.wearer AND w.care_group = c.care_group"                       \
	" JOIN partner p ON p.id = c.partner"                                                      \
	" WHERE c.withdrawn_ms = 0 AND p.state = 0 AND (c.rights & ?3) <> 0"

const char *partner_event_type_name(enum partner_event_type t)
{
	static const char *const names[PARTNER_EVENT_TYPE_COUNT] = {
		[PARTNER_ALARM_RAISED] = "alarm.raised",
		[PARTNER_ALARM_TAKEN] = "alarm.taken",
		[PARTNER_ALARM_CLOSED] = "alarm.closed",
	};

	return t < PARTNER_EVENT_TYPE_COUNT ? names[t] : "unknown";
}

void partner_event_json(const struct partner_event *event, char ret[PARTNER_EVENT_JSON])
{
	char id[UID_TEXT];
	char wearer[UID_TEXT];
	char alarm[UID_TEXT];
	char time[TIME_TEXT];
	char kinds[PARTNER_EVENT_JSON / 2] = "";
	size_t n = 0;

	uid_to_text(&event->id, id);
	uid_to_text(&event->wearer, wearer);
	uid_to_text(&event->alarm, alarm);
	time_to_text(event->time_ms, time);
	for (unsigned i = 0; i < ALARM_BITS; i++) {
		if ((event->kinds & 1u << i) == 0)
			continue;
		int more = snprintf(kinds + n, sizeof kinds - n, "%s\"%s\"", n == 0 ? "" : ",",
			alarm_kind_name(1u << i));
		if (more < 0 || (size_t)more >= sizeof kinds - n)
			break; /* all names together are shorter */
		n += (size_t)more;
	}
	(void)snprintf(ret, PARTNER_EVENT_JSON,
		"{\"id\":\"%s\",\"type\":\"%s\",\"time\":\"%s\",\"wearer\":\"%s\","
		"\"alarm\":\"%s\",\"kinds\":[%s]}",
		id, partner_event_type_name(event->type), time, wearer, alarm, kinds);
}

struct heard {
	struct uid partner;
	bool has_webhook;
};

static enum rc find_listeners(struct db *db, const struct uid *wearer, int64_t now_ms,
	struct heard ret[LISTENERS_MAX], size_t *ret_n, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(db,
		"SELECT DISTINCT c.partner, p.has_webhook" HEARS
		" AND cw.wearer = ?1 AND c.until_ms > ?2 LIMIT 32",
		wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, now_ms);
	stmt_bind_int(s, 3, RIGHT_BIT(RIGHT_ALARMS));
	*ret_n = 0;
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row && *ret_n < LISTENERS_MAX) {
		ret[*ret_n] = (struct heard){
			.partner = stmt_uid(s, 0), .has_webhook = stmt_int(s, 1) != 0};
		(*ret_n)++;
	}
	stmt_reset(s);
	return rc;
}

/* The newest row stays in any case, so that no seq is given twice. */
static enum rc forget_old(
	struct db *db, const struct uid *partner, int64_t newest, int64_t now_ms, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"DELETE FROM partner_event WHERE partner = ?1 AND seq < ?2"
		" AND (seq <= ?3 OR created_ms < ?4)",
		partner, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, newest);
	stmt_bind_int(s, 3, newest - PARTNER_EVENTS_KEPT);
	stmt_bind_int(s, 4, now_ms - PARTNER_EVENT_DAYS * DAY_MS);
	return stmt_run(s, NULL, e);
}

static enum rc insert(
	struct db *db, const struct uid *partner, struct partner_event *event, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = partner_event_newest(db, partner, &event->seq, e);

	event->seq++;
	event->id = uid_new();
	if (rc == RC_OK)
		rc = query_prepare(db,
			"INSERT INTO partner_event (partner, seq, id, wearer, type, alarm, kinds,"
			" created_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
			partner, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, event->seq);
	stmt_bind_uid(s, 3, &event->id);
	stmt_bind_uid(s, 4, &event->wearer);
	stmt_bind_int(s, 5, event->type);
	stmt_bind_uid(s, 6, &event->alarm);
	stmt_bind_int(s, 7, event->kinds);
	stmt_bind_int(s, 8, event->time_ms);
	rc = stmt_run(s, NULL, e);
	return rc == RC_OK ? forget_old(db, partner, event->seq, event->time_ms, e) : rc;
}

/* A full queue of the courier never stops an alarm: courier_webhook drops and counts then. */
static enum rc send_webhook(
	struct db *db, const struct uid *partner, const struct partner_event *event, struct err *e)
{
	char body[PARTNER_EVENT_JSON];

	partner_event_json(event, body);
	enum rc rc = consent_count(db,
		&(struct consent_count){.partner = *partner,
			.wearer = event->wearer,
			.right = RIGHT_ALARMS,
			.action = "webhook",
			.is_change = true,
			.now_ms = event->time_ms},
		e);
	if (rc != RC_OK)
		return rc;
	return courier_webhook(db,
		&(struct webhook){.partner = *partner, .event = event->id, .body = view_of(body)},
		event->time_ms, e);
}

static enum rc add(struct db *db, const struct partner_event *cause, struct err *e)
{
	struct heard heard[LISTENERS_MAX];
	size_t n = 0;
	enum rc rc = find_listeners(db, &cause->wearer, cause->time_ms, heard, &n, e);

	for (size_t i = 0; i < n && rc == RC_OK; i++) {
		struct partner_event event = *cause;
		rc = insert(db, &heard[i].partner, &event, e);
		if (rc == RC_OK && heard[i].has_webhook)
			rc = send_webhook(db, &heard[i].partner, &event, e);
	}
	return rc;
}

void partner_event_tell(struct db *db, const struct uid *wearer, const struct uid *alarm,
	uint32_t kinds, enum partner_event_type type, int64_t now_ms)
{
	struct partner_event cause = {.wearer = *wearer,
		.alarm = *alarm,
		.type = type,
		.kinds = kinds,
		.time_ms = now_ms};
	struct err e = {.rc = RC_OK};

	if (add(db, &cause, &e) != RC_OK)
		log_event(LOG_ERROR, "partner.not_told", "why=\"%s\"", e.msg);
}

enum rc partner_event_newest(
	struct db *reader, const struct uid *partner, int64_t *ret, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(reader,
		"SELECT COALESCE(MAX(seq), 0) FROM partner_event WHERE partner = ?1", partner, &s,
		e);

	if (rc != RC_OK)
		return rc;
	*ret = stmt_int(s, 0);
	stmt_reset(s);
	return RC_OK;
}

enum rc partner_event_read(struct db *reader, const struct uid *partner, int64_t after,
	int64_t now_ms, partner_event_fn *fn, void *ctx, int64_t *ret_last, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(reader,
		"SELECT v.seq, v.id, v.wearer, v.type, v.alarm, v.kinds, v.created_ms,"
		" EXISTS (SELECT 1" HEARS
		" AND c.partner = ?1 AND cw.wearer = v.wearer AND c.until_ms > ?2)"
		" FROM partner_event v WHERE v.partner = ?1 AND v.seq > ?4 ORDER BY v.seq LIMIT ?5",
		partner, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, now_ms);
	stmt_bind_int(s, 3, RIGHT_BIT(RIGHT_ALARMS));
	stmt_bind_int(s, 4, after);
	stmt_bind_int(s, 5, READ_MAX);
	*ret_last = after;
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct partner_event event = {.seq = stmt_int(s, 0),
			.id = stmt_uid(s, 1),
			.wearer = stmt_uid(s, 2),
			.type = (enum partner_event_type)stmt_int(s, 3),
			.alarm = stmt_uid(s, 4),
			.kinds = (uint32_t)stmt_int(s, 5),
			.time_ms = stmt_int(s, 6)};
		bool is_covered = stmt_int(s, 7) != 0;
		*ret_last = event.seq;
		if (is_covered)
			fn(ctx, &event);
	}
	return rc;
}
