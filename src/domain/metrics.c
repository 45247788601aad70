#include "domain/metrics.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "domain/audit.h"
#include "domain/ban.h"
#include "domain/claims.h"
#include "domain/courier_dispatch.h"
#include "domain/ingest.h"
#include "domain/live_table.h"
#include "domain/locate.h"
#include "domain/media.h"
#include "domain/outbox.h"
#include "domain/pool.h"
#include "domain/quarantine.h"
#include "domain/sign_in_limits.h"
#include "domain/voice_in.h"
#include "domain/voice_out.h"
#include "link/counters.h"

enum { GATEWAYS = 256, NAME_MAX_CHARS = 96 };

struct gateway_metrics {
	pthread_mutex_t lock;           /* guards what follows */
	uint64_t (*now)[COUNTER_COUNT]; /* GATEWAYS rows: of the running process */
	uint64_t ended[COUNTER_COUNT];  /* of all that ended */
};

enum rc gateway_metrics_new(struct gateway_metrics **ret_owned, struct err *e)
{
	struct gateway_metrics *g = calloc(1, sizeof *g);

	if (g == NULL)
		return fail(e, RC_NOMEM, "metrics: out of memory");
	g->now = calloc(GATEWAYS, sizeof *g->now);
	if (g->now == NULL) {
		free(g);
		return fail(e, RC_NOMEM, "metrics: out of memory");
	}
	(void)pthread_mutex_init(&g->lock, NULL); /* cannot fail with default attributes */
	*ret_owned = g;
	return RC_OK;
}

void gateway_metrics_free(struct gateway_metrics *g)
{
	if (g == NULL)
		return;
	(void)pthread_mutex_destroy(&g->lock);
	free(g->now);
	free(g);
}

void gateway_metrics_set(struct gateway_metrics *g, uint8_t gateway, const struct message_stats *s)
{
	(void)pthread_mutex_lock(&g->lock); /* the default mutex does not fail here */
	for (size_t i = 0; i < COUNTER_COUNT && i < s->n; i++)
		g->now[gateway][i] = s->counters[i];
	(void)pthread_mutex_unlock(&g->lock);
}

void gateway_metrics_lost(struct gateway_metrics *g, uint8_t gateway)
{
	(void)pthread_mutex_lock(&g->lock);
	for (unsigned i = 0; i < COUNTER_COUNT; i++) {
		if (!counter_is_gauge((enum counter)i))
			g->ended[i] += g->now[gateway][i];
		g->now[gateway][i] = 0;
	}
	(void)pthread_mutex_unlock(&g->lock);
}

static uint64_t gateway_sum(struct gateway_metrics *g, enum counter c)
{
	uint64_t sum = g->ended[c];

	for (unsigned i = 0; i < GATEWAYS; i++)
		sum += g->now[i][c];
	return sum;
}

struct sink {
	metric_fn *fn;
	void *ctx;
};

static void put(const struct sink *to, const char *name, const char *help, bool is_gauge,
	const char *label, double value)
{
	struct metric m = {.name = name, .help = help, .is_gauge = is_gauge, .value = value};

	(void)snprintf(m.label, sizeof m.label, "%s", label); /* cut on purpose */
	to->fn(to->ctx, &m);
}

static void count(const struct sink *to, const char *name, const char *help, uint64_t value)
{
	put(to, name, help, false, "", (double)value);
}

static void gauge(const struct sink *to, const char *name, const char *help, uint64_t value)
{
	put(to, name, help, true, "", (double)value);
}

static void put_gateways(struct gateway_metrics *g, const struct sink *to)
{
	char name[NAME_MAX_CHARS];

	(void)pthread_mutex_lock(&g->lock);
	for (unsigned i = 0; i < COUNTER_COUNT; i++) {
		enum counter c = (enum counter)i;
		(void)snprintf(name, sizeof name, "kinward_%s%s",
			counter_is_limit(c) ? "" : "watch_", counter_name(c));
		put(to, name, counter_help(c), counter_is_gauge(c), "", (double)gateway_sum(g, c));
	}
	(void)pthread_mutex_unlock(&g->lock);
}

static void put_keyword(void *ctx, const char *keyword, uint64_t n)
{
	const struct sink *to = ctx;
	char label[48];

	(void)snprintf(label, sizeof label, "keyword=\"%s\"", keyword);
	put(to, "kinward_unhandled_keyword_total", "frames whose keyword has no use here yet",
		false, label, (double)n);
}

static void put_ingest(struct domain *d, struct sink *to)
{
	struct ingest_stats s;

	ingest_read_stats(d->ingest, &s);
	count(to, "kinward_reports_received_total", "reports that came from the gateways",
		s.reports);
	count(to, "kinward_reports_stored_total", "reports that are on disk", s.stored);
	count(to, "kinward_reports_duplicate_total", "exact repeats that were folded",
		s.duplicates);
	count(to, "kinward_reports_not_bound_total", "reports of watches without an owner",
		s.not_bound);
	count(to, "kinward_reports_unreadable_total", "reports without readable content",
		s.unreadable);
	count(to, "kinward_alarms_total", "alarm reports stored", s.alarms);
	count(to, "kinward_alarms_new_total", "alarms that were new", s.alarms_new);
	count(to, "kinward_batches_total", "batches of reports committed", s.batches);
	count(to, "kinward_batches_failed_total", "batches whose commit failed and was tried again",
		s.batches_failed);
	count(to, "kinward_reports_lost_total", "reports given up after failed commits",
		s.commits_lost);
	count(to, "kinward_second_sessions_total", "connections with the id of a connected watch",
		s.second_sessions);
	count(to, "kinward_unproved_total",
		"connections refused: the watch has a key, and this was not it", s.unproved);
	count(to, "kinward_takeovers_total", "of these, those that took over", s.takeovers);
	count(to, "kinward_conflicts_total", "of these, those where both kept talking",
		s.conflicts);
	gauge(to, "kinward_ingest_waiting_bytes", "reports not durable yet", s.waiting_bytes);
	count(to, "kinward_limit_ingest_waiting_total",
		"times that the links were not read: disk too slow", s.limit_full);
	ingest_each_keyword(d->ingest, put_keyword, to);
}

static void put_strangers(struct domain *d, const struct sink *to)
{
	struct quarantine_stats s;
	char label[48];

	quarantine_read_stats(d->quarantine, &s);
	gauge(to, "kinward_unknown_ids", "watches without an owner that are remembered", s.ids);
	gauge(to, "kinward_unknown_connected", "of these, connected now", s.connected);
	count(to, "kinward_limit_unknown_ids_max_total", "unknown ids that pushed out another",
		s.limit_ids);
	count(to, "kinward_limit_unknown_ids_per_address_max_total",
		"unknown ids refused: too many from one address", s.limit_per_address);
	for (unsigned i = FOREIGN_NONE + 1; i < FOREIGN_COUNT; i++) {
		(void)snprintf(
			label, sizeof label, "protocol=\"%s\"", foreign_name((enum foreign)i));
		put(to, "kinward_foreign_total", "connections of another protocol", false, label,
			(double)s.foreign[i]);
	}
}

static void put_commands(struct domain *d, const struct sink *to)
{
	struct outbox_stats s;
	char label[48];

	outbox_read_stats(d->outbox, &s);
	gauge(to, "kinward_commands_waiting", "commands without an end yet", s.waiting);
	for (unsigned i = COMMAND_CONFIRMED; i < COMMAND_STATE_COUNT; i++) {
		(void)snprintf(label, sizeof label, "state=\"%s\"",
			command_state_name((enum command_state)i));
		put(to, "kinward_commands_finished_total", "commands by how they ended", false,
			label, (double)s.finished[i]);
	}
}

static void put_claims(struct domain *d, const struct sink *to)
{
	struct claims_stats s;

	claims_read_stats(d->claims, &s);
	gauge(to, "kinward_claims_open", "claims under way", s.open);
	count(to, "kinward_claims_bound_total", "watches bound", s.bound);
	count(to, "kinward_claims_locked_total", "claims ended by wrong codes", s.locked);
	count(to, "kinward_claim_codes_wrong_total", "wrong codes typed", s.codes_wrong);
	count(to, "kinward_claim_codes_sent_total", "codes shown on watches", s.codes_sent);
}

static void put_sign_in(struct domain *d, const struct sink *to)
{
	struct sign_in_stats s;

	sign_in_limits_read_stats(d->sign_in_limits, &s);
	count(to, "kinward_limit_sign_in_per_account_max_total",
		"sign-ins held back: too many for one login", s.limit_account);
	count(to, "kinward_limit_sign_in_per_address_max_total",
		"sign-ins held back: too many from one network", s.limit_address);
	count(to, "kinward_limit_sign_in_total_max_total", "sign-ins held back: too many strangers",
		s.limit_total);
	count(to, "kinward_password_hashes_total", "passwords hashed at sign-ins", s.hashes);
	count(to, "kinward_limit_sign_in_queue_max_total",
		"sign-ins put off: too many passwords wait to be checked", pool_refused(d->pool));
}

static void put_locate(struct domain *d, const struct sink *to)
{
	struct locate_stats s;

	locate_read_stats(d, &s);
	count(to, "kinward_locate_wifi_total", "reports solved from access points", s.wifi);
	count(to, "kinward_locate_cell_total", "reports solved from cells", s.cell);
	count(to, "kinward_locate_unknown_total", "reports without GPS that stay without a place",
		s.unknown);
	count(to, "kinward_locate_again_total", "of them those solved as the one before", s.again);
	count(to, "kinward_locate_dropped_total", "reports not solved: too many wait", s.dropped);
	count(to, "kinward_locate_asked_total", "questions to the service of radio_url", s.asked);
	count(to, "kinward_limit_radio_per_hour_total",
		"questions not asked: too many in this hour", s.asked_full);
	count(to, "kinward_locate_answered_total", "of them those with an answer", s.answered);
	count(to, "kinward_locate_lessons_total", "good fixes that were learned from", s.lessons);
	count(to, "kinward_locate_lessons_dropped_total", "the same, left out: too many at once",
		s.lessons_dropped);
}

static void put_courier(struct domain *d, const struct sink *to)
{
	struct courier_stats s;
	char label[48];

	if (d->courier == NULL)
		return;
	courier_dispatch_read_stats(d->courier, &s);
	gauge(to, "kinward_courier_connected", "the courier is there", s.is_connected);
	gauge(to, "kinward_courier_waiting", "mails and webhooks that wait or are on the way",
		(uint64_t)s.waiting);
	gauge(to, "kinward_courier_dead", "mails and webhooks that were given up",
		(uint64_t)s.dead);
	count(to, "kinward_limit_courier_waiting_total", "events dropped: too many wait",
		s.dropped);
	for (unsigned i = COURIER_DONE; i < COURIER_OUTCOME_COUNT; i++) {
		(void)snprintf(label, sizeof label, "outcome=\"%s\"",
			courier_outcome_name((enum courier_outcome)i));
		put(to, "kinward_courier_tries_total", "tries to deliver by how they ended", false,
			label, (double)s.outcomes[i]);
	}
}

static void put_media(struct domain *d, const struct sink *to)
{
	struct media_stats s;
	char label[48];

	media_read_stats(d, &s);
	gauge(to, "kinward_media_waiting", "sounds and pictures that wait for the media role",
		s.waiting);
	gauge(to, "kinward_media_with_role", "1 while the media role has one", s.has_current);
	count(to, "kinward_limit_media_lane_max_total", "of these, refused: too many waited",
		s.refused);
	count(to, "kinward_media_lost_total", "jobs that the media role ended with", s.lost);
	count(to, "kinward_media_lied_total", "results that were not what the job makes", s.lied);
	for (unsigned i = 0; i < MEDIA_OUTCOME_COUNT; i++) {
		(void)snprintf(label, sizeof label, "outcome=\"%s\"",
			media_outcome_name((enum media_outcome)i));
		put(to, "kinward_media_jobs_total", "sounds and pictures by how it ended", false,
			label, (double)s.ended[i]);
	}
}

static void put_voices(struct domain *d, const struct sink *to)
{
	struct voices_in_stats in;
	struct voices_out_stats out;

	voices_in_read_stats(d->voices_in, &in);
	voices_out_read_stats(d->voices_out, &out);
	count(to, "kinward_voices_stored_total", "voices of watches that were stored", in.stored);
	count(to, "kinward_voices_again_total", "voices that were there already", in.again);
	count(to, "kinward_voices_unreadable_total", "voices that could not be decoded",
		in.unreadable);
	count(to, "kinward_limit_voices_refused_total",
		"voices of watches not stored: a quota, too many in a day, or no decoder",
		in.refused);
	count(to, "kinward_voice_parts_total", "parts of voices that were stored", in.chunks);
	count(to, "kinward_limit_voice_parts_refused_total",
		"parts that belong to no voice, come too late, or are too many", in.chunks_refused);
	gauge(to, "kinward_voices_waiting", "watches for which voices wait", out.lines);
	count(to, "kinward_voices_sent_total", "voices given to the connection of a watch",
		out.sent);
	count(to, "kinward_voices_delivered_total", "voices that a watch has taken", out.delivered);
	count(to, "kinward_voices_refused_total", "times that a watch refused one", out.refused);
	count(to, "kinward_voices_unanswered_total", "times that a watch said nothing", out.silent);
	count(to, "kinward_voices_expired_total", "voices whose life ended before", out.expired);
}

static void put_backups(struct domain *d, const struct sink *to)
{
	const struct backup_state *b = &d->backups;

	gauge(to, "kinward_backups_on", "scheduled backups are set up", atomic_load(&b->is_on));
	gauge(to, "kinward_backup_last_good_seconds", "time of the last good scheduled backup, UTC",
		(uint64_t)(atomic_load(&b->last_good_ms) / 1000));
	count(to, "kinward_backups_total", "scheduled backups written", atomic_load(&b->good));
	count(to, "kinward_backups_failed_total", "scheduled backups that failed",
		atomic_load(&b->bad));
}

static void put_store(struct domain *d, const struct sink *to)
{
	struct writer_stats w;
	struct history_stats h;
	struct live_stats l;

	writer_read_stats(d->writer, &w);
	count(to, "kinward_commits_total", "transactions of the writer", w.commits);
	count(to, "kinward_writer_jobs_total", "changes in these", w.jobs);
	count(to, "kinward_writer_jobs_failed_total", "changes that failed", w.failed);
	gauge(to, "kinward_writer_queue", "changes that wait", w.queued);
	count(to, "kinward_limit_writer_queue_max_total", "changes refused: the queue was full",
		w.queue_full);
	put(to, "kinward_commit_seconds_total", "time spent in commits", false, "",
		(double)w.commit_us_sum / 1e6);
	put(to, "kinward_commit_seconds_max", "the longest commit", true, "",
		(double)w.commit_us_max / 1e6);
	history_read_stats(d->history, &h);
	gauge(to, "kinward_history_head_entries", "reports in memory that are not in a chunk yet",
		h.entries_head);
	gauge(to, "kinward_history_head_bytes", "memory of these", h.bytes_head);
	gauge(to, "kinward_history_journal_rows", "journal rows on disk", h.journal_rows);
	count(to, "kinward_history_chunks_total", "chunks written", h.chunks_written);
	live_read_stats(d->live, &l);
	gauge(to, "kinward_devices", "watches with an owner", l.devices);
	gauge(to, "kinward_devices_connected", "of these, connected now", l.connected);
	gauge(to, "kinward_live_bytes", "memory of their latest values", l.bytes);
}

static void put_audit(struct domain *d, const struct sink *to)
{
	struct audit_stats s;

	if (d->audit == NULL)
		return;
	audit_read_stats(d->audit, &s);
	count(to, "kinward_audit_entries_total", "entries of the audit log", s.entries);
	count(to, "kinward_audit_folded_total", "refusals and looks that became no entry",
		s.folded);
	count(to, "kinward_audit_lost_total", "entries that could not be written", s.lost);
	count(to, "kinward_banned_requests_total", "requests from banned networks",
		bans_refused(d->bans));
}

void metrics_read(struct domain *d, metric_fn *fn, void *ctx)
{
	struct sink to = {.fn = fn, .ctx = ctx};

	put_gateways(d->gateway_metrics, &to);
	put_ingest(d, &to);
	put_strangers(d, &to);
	put_commands(d, &to);
	put_claims(d, &to);
	put_sign_in(d, &to);
	put_locate(d, &to);
	put_courier(d, &to);
	put_media(d, &to);
	put_voices(d, &to);
	put_store(d, &to);
	put_backups(d, &to);
	put_audit(d, &to);
}
