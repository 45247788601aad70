#include "domain/locate.h"

#include "base/log.h"
#include "watch/report_pack.h"

enum { METRES_TO_DM = 10 };

/* A place from cells is vague: it is the newest place only when the one before is old, or lies
 * outside of it, so that the wearer has certainly gone elsewhere. */
static bool place_counts(const struct fix *last, const struct fix *f)
{
	if (f->source != FIX_CELL || last == NULL)
		return true;
	double apart_m = geo_distance_m(
		(struct geo){last->lat_e7, last->lon_e7}, (struct geo){f->lat_e7, f->lon_e7});

	return f->time_ms - last->time_ms > LOCATE_CELL_FRESH_MS ||
	       apart_m > (double)f->accuracy_dm / METRES_TO_DM;
}

static void make_report(const struct solved_place *s, struct report *ret)
{
	*ret = (struct report){
		.kind = REPORT_POSITION,
		.source = s->solved.by == SOLVED_WIFI ? REPORT_SOURCE_WIFI : REPORT_SOURCE_CELL,
		.has = s->has | REPORT_HAS_POINT | REPORT_HAS_ACCURACY,
		.flags = s->flags,
		.is_stored = s->is_stored,
		.status = s->status,
		.steps = s->steps,
		.battery_percent = s->battery_percent,
		.signal_percent = s->signal_percent,
		.lat_e7 = s->solved.at.lat_e7,
		.lon_e7 = s->solved.at.lon_e7,
		.accuracy_dm = (uint32_t)(s->solved.accuracy_m * METRES_TO_DM),
	};
}

static enum rc add(struct ingest *in, struct live_device *dev, const struct solved_place *s,
	const struct history_entry *entry, const struct fix *f, struct err *e)
{
	struct batch *b = NULL;
	struct news *news = NULL;
	enum rc rc = batch_for(in, false, &b, e);

	if (rc != RC_OK)
		return rc;
	size_t entries_n = b->entries.n;
	size_t news_n = b->news_n;
	rc = history_batch_add(&b->entries, entry, e);
	if (rc == RC_OK && entry->is_place)
		rc = batch_add_news(b, &news, e);
	if (news != NULL) {
		*news = (struct news){.place = dev->place,
			.number = dev->number,
			.has = NEWS_FIX,
			.received_s = (uint32_t)(s->received_ms / 1000),
			.fix = *f};
		dev->has_pending = true;
	}
	if (rc == RC_OK && s->has_alarm)
		rc = batch_add_place(b,
			&(struct place_work){.wearer = dev->wearer,
				.group = dev->group,
				.received_ms = s->received_ms,
				.is_better = s->is_better,
				.report_at = b->entries.n - entry->packed.n,
				.report_n = entry->packed.n},
			e);
	if (rc != RC_OK && b->entries.n != entries_n) {
		b->entries.n = entries_n;
		b->entries.count--;
		b->news_n = news_n;
	}
	return rc;
}

void solved_store(struct ingest *in, struct live_device *dev, const struct solved_place *s)
{
	struct report r;
	struct fix f;
	struct fix last;
	uint8_t packed[REPORT_PACK_MAX];
	struct history_entry entry = {.wearer = dev->number,
		.time_ms = s->time_ms,
		.received_ms = s->received_ms,
		.marks = s->marks};
	struct err e;

	make_report(s, &r);
	if (s->has_moving)
		entry.marks |= FIX_MARK_MOVING_AP;
	bool has_last = batch_last_place(in, dev, &last);
	if (!fix_from_report(&r, s->time_ms, s->received_ms, entry.marks, &f))
		return;
	if (judge_is_jump(has_last ? &last : NULL, &f))
		entry.marks |= FIX_MARK_JUMP;
	f.marks = entry.marks;
	entry.is_place =
		(entry.marks & FIX_MARK_JUMP) == 0 && place_counts(has_last ? &last : NULL, &f);
	enum rc rc = report_pack(&r, packed, sizeof packed, &entry.packed.n, &e);
	entry.packed.p = (const char *)packed;
	if (rc == RC_OK)
		rc = add(in, dev, s, &entry, &f, &e);
	if (rc != RC_OK)
		log_event(LOG_WARN, "locate.not_stored", "why=\"%s\"", e.msg);
}
