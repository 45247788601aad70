#include "app/role_server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/admin.h"
#include "app/control.h"
#include "app/rotate.h"
#include "app/sandbox.h"
#include "app/server_courier.h"
#include "app/server_links.h"
#include "app/server_media.h"
#include "app/watch_tls.h"
#include "base/clock.h"
#include "base/log.h"
#include "crypto/keyring.h"
#include "crypto/sign.h"
#include "crypto/token.h"
#include "domain/account.h"
#include "domain/approval.h"
#include "domain/audit.h"
#include "domain/ban.h"
#include "domain/bus.h"
#include "domain/claims.h"
#include "domain/command_clean.h"
#include "domain/days.h"
#include "domain/demo_watch.h"
#include "domain/erase_keyless.h"
#include "domain/friends.h"
#include "domain/health.h"
#include "domain/ingest.h"
#include "domain/live_table.h"
#include "domain/locate.h"
#include "domain/media.h"
#include "domain/media_parts.h"
#include "domain/metrics.h"
#include "domain/outbox.h"
#include "domain/partner_meter.h"
#include "domain/passkey.h"
#include "domain/pool.h"
#include "domain/quarantine.h"
#include "domain/radio_job.h"
#include "domain/reapply.h"
#include "domain/roles.h"
#include "domain/sign_in_limits.h"
#include "domain/tracking.h"
#include "domain/voice_in.h"
#include "domain/voice_out.h"
#include "domain/watch_guard.h"
#include "domain/watch_keys.h"
#include "domain/wearer_notice.h"
#include "domain/weather.h"
#include "domain/web_session.h"
#include "domain/zone_clock.h"
#include "http/server.h"

enum {
	PATH_TEXT = SETTING_TEXT_MAX + 32,
	URL_TEXT = SETTING_TEXT_MAX + 64,
	PASSWORD_THREADS = 2, /* Argon2id takes 64 MiB each */
	TICK_MS = 1000,
	DRAIN_MS = 2000,
};

struct role_server {
	const struct role *role;
	struct domain domain;
	struct http_settings http_settings;
	struct http_server *http;
	struct server_links *links;
	struct admin *admin;
	struct server_courier *courier;
	struct server_media *media;
	struct sign_key *webhook_key;
	struct db *writer_db; /* until the writer takes it */
	struct db *reader;    /* of the main thread */
	struct loop_fd control;
	struct timer tick;
	char db_path[PATH_TEXT];
	char key_dir[SETTINGS_KEY_DIR_MAX];
	char public_host[SETTING_TEXT_MAX];
	char public_url[URL_TEXT];
	char watch_fingerprint[WATCH_TLS_FINGERPRINT_TEXT]; /* "" without TLS for watches */
};

static void on_control(void *owner, uint32_t epoll_events)
{
	struct role_server *r = owner;
	struct control m;
	struct err e;

	(void)epoll_events;
	enum rc rc = control_receive(r->role->control_fd, &m, &e);
	if (rc == RC_MORE)
		return;
	if (rc == RC_OK && m.type == CONTROL_DEMO_FAILED)
		log_event(LOG_WARN, "demo.failed", "the simulated watch did not start");
	if (rc == RC_OK && m.type == CONTROL_BACKUP &&
		!backup_state_note(&r->domain.backups, view_of(m.text)))
		log_event(LOG_WARN, "server.bad_word", "type=%u", (unsigned)m.type);
	if (rc == RC_OK && m.type == CONTROL_ROLE && !roles_note(r->domain.roles, view_of(m.text)))
		log_event(LOG_WARN, "server.bad_role", "the supervisor names no role");
	if (rc == RC_OK && m.type != CONTROL_STOP)
		return;
	/* Also when the supervisor is gone or talks nonsense: nobody would look after us. */
	loop_forget(r->domain.loop, &r->control);
	loop_stop(r->domain.loop);
}

/* In the thread that destroyed it. The file of the keys in backup_dir must not keep it. */
static void tell_key_gone(void *owner)
{
	const struct role_server *r = owner;
	struct err e;

	if (control_send(r->role->control_fd, CONTROL_KEY_GONE, (struct view){0}, &e) != RC_OK)
		log_event(LOG_WARN, "server.not_told", "reason=\"%s\"", e.msg);
}

static bool start_demo_watch(void *owner, const char *wire_id)
{
	const struct role_server *r = owner;

	return control_send(r->role->control_fd, CONTROL_DEMO, view_of(wire_id), NULL) == RC_OK;
}

static void on_tick(struct timer *t, void *context)
{
	struct role_server *r = CONTAINER_OF(t, struct role_server, tick);
	struct domain *d = &r->domain;

	(void)context;
	history_tick(d->history, d->writer, d->wall_ms());
	audit_tick(d);
	timer_set(loop_wheel(d->loop), &r->tick, loop_now_ms(d->loop) + TICK_MS);
}

static void on_turn_end(void *arg)
{
	struct role_server *r = arg;

	ingest_flush(&r->domain);
	server_links_turn_end(r->links);
	server_courier_turn_end(r->courier);
	server_media_turn_end(r->media);
}

/* Where people reach the app, and where watches connect to. */
static enum rc find_addresses(struct role_server *r, struct err *e)
{
	const struct settings *s = r->role->settings;
	char host[SETTING_TEXT_MAX];
	uint16_t web_port = 0;
	enum rc rc = settings_split_address(
		s->watch_listen, host, sizeof host, &r->domain.settings.watch_port, e);

	if (rc == RC_OK)
		rc = settings_split_address(s->web_listen, host, sizeof host, &web_port, e);
	if (rc != RC_OK)
		return rc;
	if (s->watch_tls_listen[0] != '\0') {
		rc = settings_split_address(s->watch_tls_listen, host, sizeof host,
			&r->domain.settings.watch_tls_port, e);
		if (rc == RC_OK)
			rc = watch_tls_fingerprint(s->watch_tls_cert, r->watch_fingerprint, e);
		if (rc != RC_OK)
			return rc;
	}
	if (!view_to_text(view_of(s->public_host), r->public_host, sizeof r->public_host))
		return fail(e, RC_LIMIT, "public_host is too long");
	if (r->public_host[0] == '\0' &&
		gethostname(r->public_host, sizeof r->public_host - 1) != 0)
		return fail_sys(e, "no host name: set public_host");
	if (s->public_url[0] != '\0') {
		size_t n = strlen(s->public_url);
		while (n > 0 && s->public_url[n - 1] == '/')
			n--;
		memcpy(r->public_url, s->public_url, n);
		r->public_url[n] = '\0';
	} else {
		(void)snprintf(
			r->public_url, sizeof r->public_url, "http://localhost:%u", web_port);
	}
	return RC_OK;
}

static struct domain_settings domain_settings_of(const struct role_server *r)
{
	const struct settings *s = r->role->settings;

	return (struct domain_settings){
		.data_dir = s->data_dir,
		.public_host = r->public_host,
		.public_url = s->public_url,
		.app_url = r->public_url,
		.watch_port = r->domain.settings.watch_port,
		.watch_tls_port = r->domain.settings.watch_tls_port,
		.watch_tls_fingerprint = r->watch_fingerprint,
		.is_demo_watch_on = s->demo_watch,
		.are_photos_forbidden = !s->photos,
		.is_weather_on = s->weather_url[0] != '\0',
		.has_mail = s->smtp_url[0] != '\0',
		.mail_from = s->mail_from,
		.is_radio_service_on = s->radio_url[0] != '\0',
		.radio_per_hour = s->radio_per_hour,
		.locate_lessons_per_s = s->locate_lessons_per_s,
		.is_wearer_notice_on = s->wearer_notice,
		.unknown_ids_max = s->unknown_ids_max,
		.unknown_ids_per_address_max = s->unknown_ids_per_address_max,
		.sign_in_account_max = s->sign_in_per_account_max,
		.sign_in_address_max = s->sign_in_per_address_max,
		.sign_in_total_max = s->sign_in_total_max,
		.sign_in_window_s = s->sign_in_window_s,
		.is_second_factor_required = s->second_factor == 1,
		.recovery_wait_h = s->recovery_wait_h,
		.audit_keep_days = s->audit_keep_days,
		.command_keep_days = s->command_keep_days,
		.commit_linger_ms = s->commit_linger_ms,
		.claim_code_s = s->claim_code_s,
		.claim_life_s = s->claim_life_s,
		.command_unanswered_s = s->command_unanswered_s,
		.thread_max_bytes = (int64_t)s->thread_max_mb << 20,
		.locate_life_s = s->locate_life_s,
		.find_life_s = s->find_life_s,
		.message_life_s = s->message_life_s,
		.settings_life_s = s->settings_life_s,
	};
}

static const char *map_kind_name(enum map_kind kind)
{
	return kind == MAP_TILES ? "tiles" : kind == MAP_PMTILES ? "pmtiles" : "builtin";
}

static struct http_settings http_settings_of(const struct role_server *r)
{
	const struct settings *s = r->role->settings;

	return (struct http_settings){
		.web_dir = s->web_dir,
		.public_host = r->public_host,
		.public_url = s->public_url,
		.metrics_from = s->metrics_from,
		.trusted_proxy = s->trusted_proxy,
		.base_url = r->public_url,
		.partner_certificate_header = s->partner_certificate_header,
		.are_certificates_asked = s->tls_client_certificates,
		.tls_cert = s->tls_cert,
		.tls_key = s->tls_key,
		.map_kind = map_kind_name(s->map_kind),
		.map_url = s->map_url,
		.map_attribution = s->map_attribution,
		.security_contact = s->security_contact,
		.security_policy_url = s->security_policy_url,
		.security_key_url = s->security_key_url,
		.security_languages = s->security_languages,
		.watch_port = r->domain.settings.watch_port,
		.is_host_checked = s->http_check_host,
		.threads = s->http_threads,
		.connections_max = s->http_connections_max,
		.connections_per_address_max = s->http_connections_per_address_max,
		.idle_s = s->http_idle_s,
		.header_s = s->http_header_s,
		.body_s = s->http_body_s,
		.body_max = s->http_body_max,
		.requests_per_s = s->http_requests_per_s,
		.streams_max = s->sse_streams_max,
		.streams_per_account_max = s->sse_per_account_max,
	};
}

static enum rc make_data_dir(const char *data_dir, char path[PATH_TEXT], struct err *e)
{
	if (mkdir(data_dir, 0700) != 0 && errno != EEXIST)
		return fail_sys(e, "cannot make the data folder %s", data_dir);
	(void)snprintf(path, PATH_TEXT, "%s/kinward.db", data_dir);
	return RC_OK;
}

/* Fresh keys only for a fresh database: what an old one holds, they could not open. */
static enum rc open_keys(struct role_server *r, struct err *e)
{
	bool is_fresh = access(r->db_path, F_OK) != 0;
	enum rc rc = settings_key_dir(r->role->settings, r->key_dir, e);

	if (rc == RC_OK)
		rc = keyring_open(r->key_dir, is_fresh, &r->domain.keyring, e);
	return rc == RC_OK ? rotate_check_ended(r->domain.keyring, e) : rc;
}

/* What an erasure that was cut off, or a restored backup, has left. */
static enum rc finish_erasures(struct db *db, struct err *e)
{
	struct keyless n;
	enum rc rc = erase_keyless(db, &n, e);

	if (n.wearers + n.groups + n.accounts > 0)
		log_event(LOG_INFO, "server.erased", "wearers=%u groups=%u accounts=%u", n.wearers,
			n.groups, n.accounts);
	return rc;
}

static enum rc open_audit(struct role_server *r, struct err *e)
{
	struct sign_key *key = NULL;
	enum rc rc = sign_open(r->key_dir, "audit", true, &key, e);

	return rc == RC_OK ? audit_new(r->key_dir, key, &r->domain.audit, e) : rc;
}

/* Everything that needs files outside the data folder, or no thread yet. */
static enum rc open_store(struct role_server *r, struct err *e)
{
	struct domain *d = &r->domain;
	enum rc rc = crypto_start(e);

	if (rc == RC_OK)
		rc = make_data_dir(r->role->settings->data_dir, r->db_path, e);
	if (rc == RC_OK)
		rc = open_keys(r, e);
	if (rc == RC_OK)
		rc = open_audit(r, e);
	if (rc == RC_OK)
		rc = admin_open(d, r->role->settings->data_dir, &r->admin, e);
	if (rc == RC_OK)
		rc = sign_open(r->key_dir, "webhook", true, &r->webhook_key, e);
	if (rc == RC_OK)
		rc = db_open(r->db_path, DB_WRITER, d->keyring, &r->writer_db, e);
	if (rc == RC_OK)
		rc = db_open(r->db_path, DB_READER, d->keyring, &r->reader, e);
	if (rc == RC_OK)
		rc = finish_erasures(r->writer_db, e);
	if (rc == RC_OK)
		rc = history_open(r->writer_db, &d->history, e);
	if (rc == RC_OK)
		rc = live_new(&d->live, e);
	if (rc == RC_OK)
		rc = live_load(d->live, r->reader, d->history, e);
	if (rc == RC_OK)
		rc = watch_keys_load(r->reader, &d->watch_keys, e);
	return rc;
}

static enum rc make_account_parts(struct role_server *r, struct err *e)
{
	static const struct sign_in_rules codes = {.account_max = CODE_ACCOUNT_MAX,
		.address_max = CODE_ADDRESS_MAX,
		.total_max = CODE_TOTAL_MAX,
		.window_s = CODE_WINDOW_S,
		.delay_max_s = CODE_DELAY_MAX_S};
	struct domain *d = &r->domain;
	const struct sign_in_rules passwords = {.account_max = d->settings.sign_in_account_max,
		.address_max = d->settings.sign_in_address_max,
		.total_max = d->settings.sign_in_total_max,
		.window_s = d->settings.sign_in_window_s,
		.delay_max_s = SIGN_IN_DELAY_MAX_S};
	enum rc rc = web_sessions_new(r->reader, d->wall_ms(), &d->web_sessions, e);

	if (rc == RC_OK)
		rc = sign_in_limits_new(&passwords, &d->sign_in_limits, e);
	if (rc == RC_OK)
		rc = sign_in_limits_new(&codes, &d->code_limits, e);
	return rc == RC_OK ? passkeys_new(d->settings.public_url, &d->passkeys, e) : rc;
}

static enum rc make_parts(struct role_server *r, struct err *e)
{
	struct domain *d = &r->domain;
	enum rc rc = loop_new(&d->loop, e);

	if (rc == RC_OK)
		rc = days_new(d, &d->days, e);
	if (rc == RC_OK)
		rc = days_load(d->days, r->reader, e);
	if (rc == RC_OK)
		rc = roles_new(&d->roles, e);
	if (rc == RC_OK)
		rc = bus_new(&d->bus, e);
	if (rc == RC_OK)
		rc = bans_new(r->reader, d->wall_ms(), &d->bans, e);
	if (rc == RC_OK)
		rc = partner_meter_new(&d->partner_meter, e);
	if (rc == RC_OK)
		rc = make_account_parts(r, e);
	if (rc == RC_OK)
		rc = gateway_metrics_new(&d->gateway_metrics, e);
	if (rc == RC_OK)
		rc = quarantine_new(&d->settings, &d->quarantine, e);
	if (rc == RC_OK)
		rc = claims_new(d, &d->claims, e);
	if (rc == RC_OK)
		rc = outbox_new(d, &d->outbox, e);
	if (rc == RC_OK)
		rc = ingest_new(d, &d->ingest, e);
	if (rc == RC_OK)
		rc = http_server_new(&r->http_settings, d, r->db_path, &r->http, e);
	return rc;
}

static enum rc enter_sandbox(const struct role_server *r, struct err *e)
{
	struct sandbox_layers layers;
	char text[SANDBOX_TEXT];
	enum rc rc = sandbox_enter_server(r->role->settings->data_dir, r->key_dir, &layers, e);

	if (rc != RC_OK)
		return rc;
	sandbox_to_text(&layers, text);
	log_event(LOG_INFO, "server.sandbox", "%s", text);
	return RC_OK;
}

static enum rc start_threads(struct role_server *r, struct err *e)
{
	struct domain *d = &r->domain;
	const struct settings *s = r->role->settings;
	enum rc rc = writer_start(STEAL(r->writer_db), d->loop, s->writer_queue_max, &d->writer, e);

	if (rc == RC_OK)
		rc = pool_start(r->reader, PASSWORD_THREADS, s->sign_in_queue_max, &d->pool, e);
	if (rc == RC_OK)
		rc = locate_new(d, r->reader, &d->locate, e);
	if (rc == RC_OK)
		rc = radio_job_new(d->settings.data_dir, &d->radio_job, e);
	if (rc == RC_OK)
		audit_check_start(d, r->reader);
	if (rc == RC_OK)
		rc = admin_start(r->admin, r->reader, e);
	if (rc == RC_OK)
		rc = outbox_load(d, r->reader, e);
	if (rc == RC_OK)
		rc = claims_load(d, r->reader, e);
	if (rc == RC_OK)
		rc = zone_clock_new(d, &d->zone_clock, e);
	if (rc == RC_OK)
		rc = tracking_new(d, &d->tracking, e);
	if (rc == RC_OK)
		rc = tracking_load(d, r->reader, e);
	if (rc == RC_OK)
		rc = reapply_new(d, &d->reapply, e);
	if (rc == RC_OK)
		rc = command_clean_new(d, &d->command_clean, e);
	if (rc == RC_OK)
		rc = watch_guard_new(d, &d->watch_guard, e);
	if (rc == RC_OK)
		rc = approvals_new(d, &d->approvals, e);
	if (rc == RC_OK)
		rc = wearer_notices_new(d, &d->wearer_notices, e);
	if (rc == RC_OK)
		rc = health_sweep_new(d, &d->health_sweep, e);
	if (rc == RC_OK)
		rc = weather_new(d, &d->weather, e);
	if (rc == RC_OK)
		rc = friends_new(d, &d->friends, e);
	if (rc == RC_OK)
		rc = media_parts_new(d, &d->media_parts, e);
	if (rc == RC_OK)
		rc = voices_in_new(d, &d->voices_in, e);
	if (rc == RC_OK)
		rc = voices_out_new(d, &d->voices_out, e);
	if (rc == RC_OK)
		rc = voices_out_load(d, r->reader, e);
	if (rc == RC_OK)
		rc = server_links_new(r->role, d, &r->links, e);
	if (rc == RC_OK)
		rc = server_courier_new(r->role, d, r->reader, r->webhook_key, &r->courier, e);
	if (rc == RC_OK)
		rc = server_media_new(r->role, d, &r->media, e);
	return rc;
}

static enum rc setup_text(struct role_server *r, char *ret, size_t size, struct err *e)
{
	char token[TOKEN_TEXT];
	bool is_needed = false;
	enum rc rc = account_is_setup_needed(r->reader, &is_needed, e);

	ret[0] = '\0';
	if (rc != RC_OK || !is_needed)
		return rc;
	/* Before the writer's thread owns the connection. */
	rc = account_new_setup_token(r->writer_db, r->domain.wall_ms(), token, e);
	if (rc == RC_OK)
		(void)snprintf(ret, size, "set-up link: %s/#/setup?token=%s", r->public_url, token);
	secret_forget(token, sizeof token);
	return rc;
}

static enum rc set_up(struct role_server *r, struct err *e)
{
	struct domain *d = &r->domain;
	char ready[CONTROL_TEXT_MAX];

	d->wall_ms = clock_wall_ms;
	enum rc rc = find_addresses(r, e);
	if (rc == RC_OK) {
		d->settings = domain_settings_of(r);
		r->http_settings = http_settings_of(r);
		rc = open_store(r, e);
	}
	if (rc == RC_OK)
		rc = make_parts(r, e);
	if (rc == RC_OK)
		rc = setup_text(r, ready, sizeof ready, e);
	if (rc == RC_OK)
		rc = enter_sandbox(r, e);
	if (rc == RC_OK)
		rc = start_threads(r, e);
	if (rc != RC_OK)
		return rc;
	d->out = server_links_out(r->links);
	d->out.start_demo_watch = start_demo_watch;
	d->out.demo_owner = r;
	keyring_on_destroy(d->keyring, tell_key_gone, r);
	zone_clock_start(d->zone_clock);
	reapply_start(d->reapply);
	command_clean_start(d->command_clean);
	watch_guard_start(d->watch_guard);
	approvals_wake(d);
	wearer_notices_wake(d);
	days_start(d->days);
	health_sweep_start(d->health_sweep);
	voices_in_start(d);
	timer_init(&r->tick, on_tick);
	timer_set(loop_wheel(d->loop), &r->tick, loop_now_ms(d->loop) + TICK_MS);
	loop_on_turn_end(d->loop, on_turn_end, r);
	r->control = (struct loop_fd){
		.fd = r->role->control_fd, .events = EPOLLIN, .fn = on_control, .owner = r};
	rc = loop_watch(d->loop, &r->control, e);
	if (rc == RC_OK)
		rc = http_server_start(r->http, r->role->listen_fd, e);
	if (rc == RC_OK && demo_watch_resume(d, r->reader, e) != RC_OK)
		log_event(LOG_WARN, "demo.failed", "why=\"%s\"", e->msg);
	if (rc == RC_OK) {
		rc = control_send(r->role->control_fd, CONTROL_READY, view_of(ready), e);
		log_event(LOG_INFO, "server.ready", "gateways=%u", r->role->links_n);
	}
	secret_forget(ready, sizeof ready);
	return rc;
}

/* Takes what the gateways have sent, commits it, answers it. */
static void drain(struct role_server *r)
{
	struct domain *d = &r->domain;

	media_stop(d); /* requests may wait for it */
	if (r->http != NULL)
		http_server_stop(r->http);
	pool_stop(d->pool);
	d->pool = NULL;
	if (r->links != NULL)
		server_links_receive_all(r->links);
	if (r->courier != NULL)
		server_courier_stop(r->courier);
	radio_job_stop(d->radio_job);
	locate_stop(d->locate);
	if (d->writer != NULL && d->ingest != NULL)
		ingest_flush_all(d);
	if (d->writer != NULL)
		days_flush_all(d->days);
	admin_stop(r->admin);
	audit_stop(d);
	writer_stop(d->writer); /* its completions send the answers */
	d->writer = NULL;
	if (r->links != NULL)
		server_links_drain(r->links, DRAIN_MS);
}

static void tear_down(struct role_server *r)
{
	struct domain *d = &r->domain;

	http_server_free(r->http);
	timer_cancel(&r->tick);
	media_parts_free(d->media_parts);
	voices_in_free(d->voices_in);
	voices_out_free(d->voices_out);
	watch_guard_free(d->watch_guard);
	zone_clock_free(d->zone_clock);
	tracking_free(d->tracking);
	reapply_free(d->reapply);
	command_clean_free(d->command_clean);
	approvals_free(d->approvals);
	wearer_notices_free(d->wearer_notices);
	radio_job_free(d->radio_job);
	locate_free(d->locate);
	health_sweep_free(d->health_sweep);
	weather_free(d->weather);
	friends_free(d->friends);
	ingest_free(d->ingest);
	outbox_free(d->outbox);
	claims_free(d->claims);
	quarantine_free(d->quarantine);
	gateway_metrics_free(d->gateway_metrics);
	sign_in_limits_free(d->sign_in_limits);
	sign_in_limits_free(d->code_limits);
	passkeys_free(d->passkeys);
	web_sessions_free(d->web_sessions);
	server_links_free(r->links);
	server_courier_free(r->courier);
	server_media_free(r->media);
	sign_free(r->webhook_key);
	admin_free(r->admin);
	audit_free(d->audit);
	bans_free(d->bans);
	roles_free(d->roles);
	bus_free(d->bus);
	partner_meter_free(d->partner_meter);
	days_free(d->days);
	watch_keys_free(d->watch_keys);
	live_free(d->live);
	history_free(d->history);
	db_close(r->reader);
	db_close(r->writer_db);
	keyring_free(d->keyring);
	loop_free(d->loop);
}

int role_server_main(const struct role *role)
{
	struct role_server *r = calloc(1, sizeof *r);
	struct err e = {.rc = RC_OK};

	if (r == NULL)
		return 1;
	r->role = role;
	timer_init(&r->tick, on_tick);
	enum rc rc = set_up(r, &e);
	if (rc == RC_OK)
		rc = loop_run(r->domain.loop, &r->domain, &e);
	if (rc != RC_OK)
		log_event(LOG_ERROR, "server.failed", "reason=\"%s\"", e.msg);
	drain(r);
	tear_down(r);
	free(r);
	if (rc == RC_OK)
		log_event(LOG_INFO, "server.stopped", "all that was taken is stored");
	return rc == RC_OK ? 0 : 1;
}

int setup_link_main(const struct settings *settings)
{
	struct settings copy = *settings;
	struct role role = {.settings = &copy};
	struct role_server r = {.role = &role};
	char text[CONTROL_TEXT_MAX];
	struct err e = {.rc = RC_OK};

	r.domain.wall_ms = clock_wall_ms;
	enum rc rc = crypto_start(&e);
	if (rc == RC_OK)
		rc = find_addresses(&r, &e);
	if (rc == RC_OK)
		rc = make_data_dir(copy.data_dir, r.db_path, &e);
	if (rc == RC_OK)
		rc = open_keys(&r, &e);
	if (rc == RC_OK)
		rc = db_open(r.db_path, DB_WRITER, r.domain.keyring, &r.writer_db, &e);
	if (rc == RC_OK)
		rc = db_open(r.db_path, DB_READER, r.domain.keyring, &r.reader, &e);
	if (rc == RC_OK)
		rc = setup_text(&r, text, sizeof text, &e);
	db_close(r.reader);
	db_close(r.writer_db);
	keyring_free(r.domain.keyring);
	if (rc != RC_OK) {
		(void)fprintf(stderr, "kinward setup-link: %s\n", e.msg);
		return 1;
	}
	if (text[0] == '\0') {
		(void)fputs("There is an account already: sign in with it.\n", stderr);
		return 1;
	}
	(void)printf("%s\n", text);
	secret_forget(text, sizeof text);
	return 0;
}
