#include "app/settings.h"

#include <ini.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "watch/frame.h"

enum setting_type { SETTING_TEXT, SETTING_ADDRESS, SETTING_NUMBER, SETTING_YES_NO, SETTING_CHOICE };

enum { SETTING_LIMIT = 1u << 0 /* counted by the metric kinward_limit_<name>_total */ };

struct setting {
	const char *name;
	const char *standard; /* the default */
	enum setting_type type;
	size_t offset;
	uint32_t min, max; /* of a number; of a text min is its least length */
	const char *unit;  /* or "" */
	uint32_t flags;
	const char *const *choices; /* NULL-ended; the value is the position */
	const char *help;
};

static const char *const log_levels[] = {"error", "warn", "info", "debug", NULL};
static const char *const second_factors[] = {"optional", "required", NULL};
static const char *const map_kinds[] = {"builtin", "tiles", "pmtiles", NULL};

/* clang-format off */
static const struct setting table[] = {
	/* name, default, type, place, least, most, unit, flags, choices, help */
	{"data_dir", "./data", SETTING_TEXT, offsetof(struct settings, data_dir),
		1, 0, "", 0, NULL,
		"folder of the database; made with mode 0700"},
	{"key_dir", "", SETTING_TEXT, offsetof(struct settings, key_dir),
		0, 0, "", 0, NULL,
		"folder of the keys, outside the data folder; empty: data_dir with -keys behind it"},
	{"watch_listen", "0.0.0.0:8001", SETTING_ADDRESS, offsetof(struct settings, watch_listen),
		0, 0, "", 0, NULL,
		"where watches connect; [::]:8001 takes IPv4 and IPv6"},
	{"watch_tls_listen", "", SETTING_TEXT, offsetof(struct settings, watch_tls_listen),
		0, 0, "", 0, NULL,
		"where watches with a key of their own connect by TLS, such as 0.0.0.0:8002; "
		"empty: nowhere"},
	{"watch_tls_cert", "", SETTING_TEXT, offsetof(struct settings, watch_tls_cert),
		0, 0, "", 0, NULL,
		"certificate file (PEM) that is shown to these watches; empty: one is made at the "
		"first start and kept in key_dir"},
	{"watch_tls_key", "", SETTING_TEXT, offsetof(struct settings, watch_tls_key),
		0, 0, "", 0, NULL,
		"its private key file (PEM)"},
	{"web_listen", "0.0.0.0:8080", SETTING_ADDRESS, offsetof(struct settings, web_listen),
		0, 0, "", 0, NULL,
		"where the app and the API are served"},
	{"public_host", "", SETTING_TEXT, offsetof(struct settings, public_host),
		0, 0, "", 0, NULL,
		"host name or address that watches connect to; empty: the host's own name"},
	{"backup_dir", "", SETTING_TEXT, offsetof(struct settings, backup_dir),
		0, 0, "", 0, NULL,
		"folder that scheduled backups are written to; empty: none are made"},
	{"backup_every_h", "24", SETTING_NUMBER, offsetof(struct settings, backup_every_h),
		1, 720, "h", 0, NULL,
		"time between scheduled backups"},
	{"backup_keep", "7", SETTING_NUMBER, offsetof(struct settings, backup_keep),
		1, 1000, "", 0, NULL,
		"backups of data that stay in backup_dir; older ones are removed"},
	{"backup_recipient", "", SETTING_TEXT, offsetof(struct settings, backup_recipient),
		0, 0, "", 0, NULL,
		"public key (age1…) that backups are encrypted to; its private half is kept elsewhere"},
	{"public_url", "", SETTING_TEXT, offsetof(struct settings, public_url),
		0, 0, "", 0, NULL,
		"address of the app as people type it; https:// here means that a proxy "
		"adds TLS; empty: made from public_host and web_listen"},
	{"security_contact", "", SETTING_TEXT, offsetof(struct settings, security_contact),
		0, 0, "", 0, NULL,
		"who takes reports of security holes: mailto:… or https://…; shown at "
		"/.well-known/security.txt; empty: nothing is shown there"},
	{"security_policy_url", "", SETTING_TEXT, offsetof(struct settings, security_policy_url),
		0, 0, "", 0, NULL,
		"https:// address of the page that says how reports are dealt with"},
	{"security_key_url", "", SETTING_TEXT, offsetof(struct settings, security_key_url),
		0, 0, "", 0, NULL,
		"https:// address of the key that reports may be encrypted to"},
	{"security_languages", "en", SETTING_TEXT, offsetof(struct settings, security_languages),
		0, 0, "", 0, NULL,
		"languages that reports may be written in: en, de"},
	{"user", "", SETTING_TEXT, offsetof(struct settings, user),
		0, 0, "", 0, NULL,
		"account of the gateways when started as root; empty: kinward, else "
		"nobody"},
	{"log_level", "info", SETTING_CHOICE, offsetof(struct settings, log_level),
		0, 0, "", 0, log_levels,
		"least important level that is logged"},
	{"metrics_from", "127.0.0.1,::1", SETTING_TEXT, offsetof(struct settings, metrics_from),
		0, 0, "", 0, NULL,
		"addresses that may read /metrics, comma separated"},
	{"demo_watch", "yes", SETTING_YES_NO, offsetof(struct settings, demo_watch),
		0, 0, "", 0, NULL,
		"lets people add one simulated watch to try the app"},
	{"photos", "yes", SETTING_YES_NO, offsetof(struct settings, photos),
		0, 0, "", 0, NULL,
		"groups may turn on photos on request; no: nobody on this server can"},
	{"thread_max_mb", "200", SETTING_NUMBER, offsetof(struct settings, thread_max_mb),
		1, 1048576, "MB", 0, NULL,
		"room of one group for texts, voices and photos; the oldest that were heard or "
		"seen give way, what nobody has heard yet stays and new things are refused"},
	{"wearer_notice", "yes", SETTING_YES_NO, offsetof(struct settings, wearer_notice),
		0, 0, "", 0, NULL,
		"tells children every week, on the watch, who can see them; adults always are told"},
	{"web_dir", "", SETTING_TEXT, offsetof(struct settings, web_dir),
		0, 0, "", 0, NULL,
		"folder of the built app; empty: found beside the program"},
	{"map_kind", "builtin", SETTING_CHOICE, offsetof(struct settings, map_kind),
		0, 0, "", 0, map_kinds,
		"background of the map"},
	{"map_url", "", SETTING_TEXT, offsetof(struct settings, map_url),
		0, 0, "", 0, NULL,
		"tile address with {z}/{x}/{y}, or of a .pmtiles file"},
	{"map_attribution", "", SETTING_TEXT, offsetof(struct settings, map_attribution),
		0, 0, "", 0, NULL,
		"text that the map's owner wants shown"},
	{"gateways", "0", SETTING_NUMBER, offsetof(struct settings, gateways),
		0, 64, "", 0, NULL,
		"gateway processes; 0: one a processor core"},
	{"connections_max", "19000", SETTING_NUMBER, offsetof(struct settings, connections_max),
		1, 1000000, "", SETTING_LIMIT, NULL,
		"connections of one gateway; more are closed at once"},
	{"watch_tls_connections_max", "10000", SETTING_NUMBER,
		offsetof(struct settings, watch_tls_connections_max),
		1, 1000000, "", SETTING_LIMIT, NULL,
		"connections with TLS of one gateway; more are closed at once"},
	{"connections_per_address_max", "20000", SETTING_NUMBER,
		offsetof(struct settings, connections_per_address_max),
		1, 1000000, "", SETTING_LIMIT, NULL,
		"connections from one IPv4 address or IPv6 /64, in one gateway; mobile "
		"operators hide thousands of watches behind one address"},
	{"accepts_per_s", "20000", SETTING_NUMBER, offsetof(struct settings, accepts_per_s),
		0, 1000000, "1/s", SETTING_LIMIT, NULL,
		"new connections of one gateway, 0: no limit; the rest waits, so that heartbeats of "
		"connected watches are answered first"},
	{"first_frame_s", "30", SETTING_NUMBER, offsetof(struct settings, first_frame_s),
		1, 3600, "s", SETTING_LIMIT, NULL,
		"time from connecting to the first valid frame"},
	{"header_s", "10", SETTING_NUMBER, offsetof(struct settings, header_s),
		1, 3600, "s", SETTING_LIMIT, NULL,
		"time from the first byte of a frame to the end of its header"},
	{"frame_s", "30", SETTING_NUMBER, offsetof(struct settings, frame_s),
		1, 3600, "s", SETTING_LIMIT, NULL,
		"time from the first byte of a frame to its last; media frames may go on "
		"while bytes_per_s_min is kept"},
	{"idle_s", "1800", SETTING_NUMBER, offsetof(struct settings, idle_s),
		10, 86400, "s", SETTING_LIMIT, NULL,
		"a connection on which nothing came for so long is closed"},
	{"bytes_per_s_min", "64", SETTING_NUMBER, offsetof(struct settings, bytes_per_s_min),
		1, 100000, "byte/s", SETTING_LIMIT, NULL,
		"least speed of an unfinished media frame after frame_s"},
	{"frame_text_max", "4000", SETTING_NUMBER, offsetof(struct settings, frame_text_max),
		256, FRAME_TEXT_MAX, "byte", SETTING_LIMIT, NULL,
		"content of a text frame"},
	{"frame_media_max", "67584", SETTING_NUMBER, offsetof(struct settings, frame_media_max),
		256, FRAME_MEDIA_MAX, "byte", SETTING_LIMIT, NULL,
		"content of a voice or picture frame"},
	{"junk_max", "1024", SETTING_NUMBER, offsetof(struct settings, junk_max),
		0, FRAME_JUNK_MAX, "byte", SETTING_LIMIT, NULL,
		"bytes in a row that belong to no frame before the connection is closed"},
	{"read_buffers_max", "67108864", SETTING_NUMBER,
		offsetof(struct settings, read_buffers_max),
		131072, 2147483648, "byte", SETTING_LIMIT, NULL,
		"memory for unfinished frames of one gateway"},
	{"send_buffer_max", "24576", SETTING_NUMBER, offsetof(struct settings, send_buffer_max),
		2048, 1048576, "byte", SETTING_LIMIT, NULL,
		"bytes that wait for one watch; a watch that does not read is closed"},
	{"reports_per_device_burst", "20", SETTING_NUMBER,
		offsetof(struct settings, reports_per_device_burst),
		1, 60000, "", 0, NULL,
		"reports of one watch at once; alarms are never dropped"},
	{"reports_per_device_interval_s", "5", SETTING_NUMBER,
		offsetof(struct settings, reports_per_device_interval_s),
		0, 3600, "s", 0, NULL,
		"after the burst, one report in so many seconds; 0: no limit"},
	{"frames_per_s_max", "200", SETTING_NUMBER, offsetof(struct settings, frames_per_s_max),
		5, 60000, "1/s", SETTING_LIMIT, NULL,
		"frames of one connection; above it the connection is read again a second "
		"later"},
	{"replays_per_device_burst", "200", SETTING_NUMBER,
		offsetof(struct settings, replays_per_device_burst),
		1, 60000, "", 0, NULL,
		"stored reports (UD2) of one watch at once"},
	{"link_queue_max", "4194304", SETTING_NUMBER, offsetof(struct settings, link_queue_max),
		65536, 1073741824, "byte", SETTING_LIMIT, NULL,
		"bytes that wait for the server before a gateway stops reading reports"},
	{"batch_wait_ms", "4", SETTING_NUMBER, offsetof(struct settings, batch_wait_ms),
		0, 10, "ms", 0, NULL,
		"pause of a gateway under moderate load, which halves its work; up to four "
		"times as long when little comes"},
	{"unknown_ids_max", "10000", SETTING_NUMBER, offsetof(struct settings, unknown_ids_max),
		0, 10000000, "", SETTING_LIMIT, NULL,
		"watches that nobody has claimed, remembered at once"},
	{"unknown_ids_per_address_max", "200", SETTING_NUMBER,
		offsetof(struct settings, unknown_ids_per_address_max),
		0, 1000000, "", SETTING_LIMIT, NULL,
		"the same from one address"},
	{"writer_queue_max", "65536", SETTING_NUMBER, offsetof(struct settings, writer_queue_max),
		64, 10000000, "", SETTING_LIMIT, NULL,
		"changes that wait for the database"},
	{"claim_code_s", "300", SETTING_NUMBER, offsetof(struct settings, claim_code_s),
		1, 3600, "s", 0, NULL,
		"how long a code on the watch is valid"},
	{"claim_life_s", "86400", SETTING_NUMBER, offsetof(struct settings, claim_life_s),
		1, 604800, "s", 0, NULL,
		"how long a watch may take to be claimed"},
	{"command_unanswered_s", "600", SETTING_NUMBER, offsetof(struct settings, command_unanswered_s),
		1, 86400, "s", 0, NULL,
		"a sent command without answer becomes unknown after this time"},
	{"locate_life_s", "300", SETTING_NUMBER, offsetof(struct settings, locate_life_s),
		1, 86400, "s", 0, NULL,
		"how long a locate command waits for its watch"},
	{"find_life_s", "120", SETTING_NUMBER, offsetof(struct settings, find_life_s),
		1, 86400, "s", 0, NULL,
		"how long a ring command waits for its watch"},
	{"message_life_s", "259200", SETTING_NUMBER, offsetof(struct settings, message_life_s),
		1, 2592000, "s", 0, NULL,
		"how long a message waits for its watch"},
	{"settings_life_s", "604800", SETTING_NUMBER, offsetof(struct settings, settings_life_s),
		1, 2592000, "s", 0, NULL,
		"how long a changed setting waits for its watch"},
	{"commit_linger_ms", "100", SETTING_NUMBER, offsetof(struct settings, commit_linger_ms),
		0, 1000, "ms", 0, NULL,
		"how long plain positions wait for others before they are written together"},
	{"audit_keep_days", "1095", SETTING_NUMBER, offsetof(struct settings, audit_keep_days),
		0, 36500, "d", 0, NULL,
		"how long entries of the audit log are kept; 0: for ever"},
	{"command_keep_days", "90", SETTING_NUMBER, offsetof(struct settings, command_keep_days),
		0, 36500, "d", 0, NULL,
		"how long finished commands are kept; 0: for ever"},
	{"sse_streams_max", "20000", SETTING_NUMBER, offsetof(struct settings, sse_streams_max),
		1, 1000000, "", SETTING_LIMIT, NULL,
		"open streams of live events"},
	{"sse_per_account_max", "50", SETTING_NUMBER,
		offsetof(struct settings, sse_per_account_max),
		1, 1000000, "", SETTING_LIMIT, NULL,
		"the same of one account; the oldest is closed"},
	{"http_connections_max", "19000", SETTING_NUMBER,
		offsetof(struct settings, http_connections_max),
		16, 1000000, "", SETTING_LIMIT, NULL,
		"connections of browsers"},
	{"http_body_max", "65536", SETTING_NUMBER, offsetof(struct settings, http_body_max),
		1024, 1048576, "byte", SETTING_LIMIT, NULL,
		"body of a request; pictures may have 200 KB"},
	{"http_threads", "1", SETTING_NUMBER, offsetof(struct settings, http_threads),
		1, 16, "", 0, NULL,
		"threads that serve the app and the API"},
	{"http_idle_s", "60", SETTING_NUMBER, offsetof(struct settings, http_idle_s),
		5, 600, "s", SETTING_LIMIT, NULL,
		"a browser's connection without a request is closed after this time"},
	{"http_header_s", "10", SETTING_NUMBER, offsetof(struct settings, http_header_s),
		1, 600, "s", SETTING_LIMIT, NULL,
		"time for the head of a request"},
	{"http_body_s", "30", SETTING_NUMBER, offsetof(struct settings, http_body_s),
		1, 600, "s", SETTING_LIMIT, NULL,
		"time for the body of a request"},
	{"http_connections_per_address_max", "1000", SETTING_NUMBER,
		offsetof(struct settings, http_connections_per_address_max),
		0, 100000, "", SETTING_LIMIT, NULL,
		"browsers' connections from one address; 0: no limit"},
	{"http_requests_per_s", "20", SETTING_NUMBER,
		offsetof(struct settings, http_requests_per_s),
		1, 10000000, "1/s", SETTING_LIMIT, NULL,
		"reading requests of one account; other kinds of requests are fractions of it"},
	{"http_check_host", "no", SETTING_YES_NO, offsetof(struct settings, http_check_host),
		0, 0, "", 0, NULL,
		"answers only requests whose Host is that of public_url"},
	{"trusted_proxy", "", SETTING_TEXT, offsetof(struct settings, trusted_proxy),
		0, 0, "", 0, NULL,
		"addresses of proxies whose X-Forwarded-For is believed, comma separated"},
	{"partner_certificate_header", "", SETTING_TEXT,
		offsetof(struct settings, partner_certificate_header),
		0, 0, "", 0, NULL,
		"header in which trusted_proxy gives the client's certificate (and which it takes "
		"out of what clients send); empty: none"},
	{"tls_client_certificates", "no", SETTING_YES_NO,
		offsetof(struct settings, tls_client_certificates),
		0, 0, "", 0, NULL,
		"asks clients for a certificate when HTTPS is served without a proxy, for partners "
		"whose tokens are bound to theirs"},
	{"tls_cert", "", SETTING_TEXT, offsetof(struct settings, tls_cert),
		0, 0, "", 0, NULL,
		"certificate file (PEM) when HTTPS is served without a proxy"},
	{"tls_key", "", SETTING_TEXT, offsetof(struct settings, tls_key),
		0, 0, "", 0, NULL,
		"its private key file (PEM)"},
	{"sign_in_per_account_max", "10", SETTING_NUMBER,
		offsetof(struct settings, sign_in_per_account_max),
		1, 1000000, "", SETTING_LIMIT, NULL,
		"failed sign-ins of one account in sign_in_window_s before they are "
		"slowed"},
	{"sign_in_per_address_max", "30", SETTING_NUMBER,
		offsetof(struct settings, sign_in_per_address_max),
		1, 1000000, "", SETTING_LIMIT, NULL,
		"failed sign-ins from one address in sign_in_window_s"},
	{"sign_in_total_max", "1000", SETTING_NUMBER,
		offsetof(struct settings, sign_in_total_max),
		1, 1000000, "", SETTING_LIMIT, NULL,
		"failed sign-ins in sign_in_window_s of all people from networks that are new for "
		"their account; then one a second. Passkeys and known networks are not held back"},
	{"sign_in_window_s", "900", SETTING_NUMBER, offsetof(struct settings, sign_in_window_s),
		1, 86400, "s", 0, NULL,
		"time over which failed sign-ins are counted"},
	{"sign_in_queue_max", "64", SETTING_NUMBER, offsetof(struct settings, sign_in_queue_max),
		1, 10000, "", SETTING_LIMIT, NULL,
		"passwords that wait to be checked"},
	{"second_factor", "optional", SETTING_CHOICE, offsetof(struct settings, second_factor),
		0, 0, "", 0, second_factors,
		"whether accounts must have a passkey or an authenticator app"},
	{"recovery_wait_h", "72", SETTING_NUMBER, offsetof(struct settings, recovery_wait_h),
		1, 720, "h", 0, NULL,
		"from opening a recovery link to a new password; the groups are told and can "
		"react"},
	{"weather_url", "", SETTING_TEXT, offsetof(struct settings, weather_url),
		0, 0, "", 0, NULL,
		"service (as Open-Meteo's forecast, https, with {lat} and {lon} in it) that is asked "
		"for the weather when a watch wants it; it gets a place rounded to a tenth of a degree "
		"(about 10 km), nothing else; empty: watches get no weather"},
	{"radio_url", "", SETTING_TEXT, offsetof(struct settings, radio_url),
		0, 0, "", 0, NULL,
		"geolocate service (https) that is asked for the place of unknown cells and access "
		"points; it gets their numbers and strengths, never a name or a place; empty: "
		"never"},
	{"radio_per_hour", "600", SETTING_NUMBER, offsetof(struct settings, radio_per_hour),
		1, 1000000, "1/h", SETTING_LIMIT, NULL,
		"questions to radio_url in an hour; more reports stay without its answer"},
	{"locate_lessons_per_s", "8", SETTING_NUMBER,
		offsetof(struct settings, locate_lessons_per_s),
		0, 200, "1/s", 0, NULL,
		"good GPS fixes of all watches together from which places of cells and access points "
		"are learned; more are not waited for, each costs about 0.3 ms; 0: nothing is learned"},
	{"courier_allow", "", SETTING_TEXT, offsetof(struct settings, courier_allow),
		0, 0, "", 0, NULL,
		"prefixes that webhooks may go to although they are not public, comma separated, such "
		"as 10.1.0.0/16; empty: none"},
	{"courier_ca_file", "", SETTING_TEXT, offsetof(struct settings, courier_ca_file),
		0, 0, "", 0, NULL,
		"certificates (PEM) that receivers of webhooks and the mail server are checked "
		"with; empty: the system's"},
	{"courier_hosts_file", "", SETTING_TEXT, offsetof(struct settings, courier_hosts_file),
		0, 0, "", 0, NULL,
		"names for the courier in the form of /etc/hosts, asked before the system; looked "
		"into for each delivery; empty: none"},
	{"webhook_timeout_s", "15", SETTING_NUMBER, offsetof(struct settings, webhook_timeout_s),
		1, 60, "s", 0, NULL,
		"time that a receiver of a webhook has for its answer"},
	{"smtp_url", "", SETTING_TEXT, offsetof(struct settings, smtp_url),
		0, 0, "", 0, NULL,
		"mail server, smtp://host:587 (STARTTLS) or smtps://host:465, always with TLS; empty: "
		"no mail"},
	{"smtp_user", "", SETTING_TEXT, offsetof(struct settings, smtp_user),
		0, 0, "", 0, NULL,
		"name for the mail server; of an account that can only send"},
	{"smtp_password_file", "", SETTING_TEXT, offsetof(struct settings, smtp_password_file),
		0, 0, "", 0, NULL,
		"file with its password, that others cannot read; the password never stands here"},
	{"mail_from", "", SETTING_TEXT, offsetof(struct settings, mail_from),
		0, 0, "", 0, NULL,
		"address that mails come from"},
	{"mail_per_hour", "200", SETTING_NUMBER, offsetof(struct settings, mail_per_hour),
		1, 100000, "1/h", 0, NULL,
		"mails in an hour; more wait"},
};
/* clang-format on */

static void *place_of(struct settings *s, const struct setting *row)
{
	return (char *)s + row->offset;
}

static const void *value_of(const struct settings *s, const struct setting *row)
{
	return (const char *)s + row->offset;
}

/* What stands between a number and its unit. */
static const char *unit_gap(const struct setting *row)
{
	return row->unit[0] == '\0' ? "" : " ";
}

/* ---- one value ---- */

static enum rc set_number(
	struct settings *s, const struct setting *row, struct view value, struct err *e)
{
	uint32_t n = 0;

	if (num_u32(value, UINT32_MAX, &n, NULL) != RC_OK)
		return fail(e, RC_SYNTAX, "%s: a whole number from %u to %u%s%s is wanted",
			row->name, row->min, row->max, unit_gap(row), row->unit);
	if (n < row->min || n > row->max)
		return fail(e, RC_LIMIT, "%s: %u is not from %u to %u%s%s", row->name, n, row->min,
			row->max, unit_gap(row), row->unit);
	memcpy(place_of(s, row), &n, sizeof n);
	return RC_OK;
}

static enum rc set_text(
	struct settings *s, const struct setting *row, struct view value, struct err *e)
{
	setting_text text = "";

	for (size_t i = 0; i < value.n; i++) {
		if ((unsigned char)value.p[i] < ' ' || value.p[i] == 0x7F)
			return fail(
				e, RC_SYNTAX, "%s: control characters are not allowed", row->name);
	}
	if (!view_to_text(value, text, sizeof text))
		return fail(e, RC_LIMIT, "%s: more than %d bytes", row->name, SETTING_TEXT_MAX - 1);
	if (value.n < row->min)
		return fail(e, RC_SYNTAX, "%s: must not be empty", row->name);
	if (row->type == SETTING_ADDRESS) {
		char host[SETTING_TEXT_MAX];
		uint16_t port = 0;
		struct err why;
		if (settings_split_address(text, host, sizeof host, &port, &why) != RC_OK)
			return fail(e, RC_SYNTAX, "%s: %s", row->name, why.msg);
	}
	memcpy(place_of(s, row), text, sizeof text);
	return RC_OK;
}

static enum rc set_yes_no(
	struct settings *s, const struct setting *row, struct view value, struct err *e)
{
	bool is_yes = view_is(value, VIEW("yes"));

	if (!is_yes && !view_is(value, VIEW("no")))
		return fail(e, RC_SYNTAX, "%s: yes or no is wanted", row->name);
	memcpy(place_of(s, row), &is_yes, sizeof is_yes);
	return RC_OK;
}

static enum rc set_choice(
	struct settings *s, const struct setting *row, struct view value, struct err *e)
{
	char all[ERR_MSG_MAX / 2] = "";

	for (size_t i = 0; row->choices[i] != NULL; i++) {
		if (view_is(value, view_of(row->choices[i]))) {
			unsigned n = (unsigned)i;
			memcpy(place_of(s, row), &n, sizeof n);
			return RC_OK;
		}
		size_t used = strlen(all);
		(void)snprintf(
			all + used, sizeof all - used, "%s%s", i == 0 ? "" : ", ", row->choices[i]);
	}
	return fail(e, RC_SYNTAX, "%s: one of %s is wanted", row->name, all);
}

static enum rc set_row(
	struct settings *s, const struct setting *row, struct view value, struct err *e)
{
	switch (row->type) {
	case SETTING_TEXT:
	case SETTING_ADDRESS:
		return set_text(s, row, value, e);
	case SETTING_NUMBER:
		return set_number(s, row, value, e);
	case SETTING_YES_NO:
		return set_yes_no(s, row, value, e);
	case SETTING_CHOICE:
		return set_choice(s, row, value, e);
	}
	return fail(e, RC_BUG, "%s: no type", row->name);
}

/* Length of the common beginning. */
static size_t common(struct view a, const char *b)
{
	size_t n = 0;

	while (n < a.n && b[n] != '\0' && a.p[n] == b[n])
		n++;
	return n;
}

static enum rc fail_unknown(struct view name, struct err *e)
{
	char quoted[LOG_TEXT_MAX];
	const char *near = table[0].name;
	size_t best = 0;

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		size_t n = common(name, table[i].name);
		if (n > best) {
			best = n;
			near = table[i].name;
		}
	}
	(void)log_quote(name, quoted);
	if (best >= 3)
		return fail(
			e, RC_NOT_FOUND, "no setting is named %.40s; is %s meant?", quoted, near);
	return fail(
		e, RC_NOT_FOUND, "no setting is named %.40s; `kinward settings` lists all", quoted);
}

enum rc settings_set(struct settings *s, struct view name, struct view value, struct err *e)
{
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		if (view_is(name, view_of(table[i].name)))
			return set_row(s, &table[i], value, e);
	}
	return fail_unknown(name, e);
}

void settings_init(struct settings *s)
{
	*s = (struct settings){0};
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		enum rc rc = set_row(s, &table[i], view_of(table[i].standard), NULL);
		(void)rc; /* settings_test.c proves every default; a text that may not be empty
			     has one */
	}
}

/* ---- files ---- */

struct reading {
	struct settings *s;
	struct err *e;
	bool has_failed;
};

static int on_line(void *user, const char *section, const char *name, const char *value)
{
	struct reading *r = user;

	if (r->has_failed)
		return 0;
	if (section[0] != '\0') {
		r->has_failed = true;
		(void)fail(r->e, RC_SYNTAX, "sections such as [%.40s] are not used", section);
		return 0;
	}
	if (settings_set(r->s, view_of(name), view_of(value), r->e) == RC_OK)
		return 1;
	r->has_failed = true;
	return 0;
}

/* The end of a long path tells more than its beginning. */
static const char *tail_of(const char *path)
{
	enum { SHOWN = 60 };
	size_t n = strlen(path);

	return n > SHOWN ? path + n - SHOWN : path;
}

/* `result` is what inih returned: 0, the number of the first bad line, -1 or -2. */
static enum rc tell_result(const struct reading *r, int result, const char *source,
	const struct err *why, struct err *e)
{
	if (result == 0)
		return RC_OK;
	if (result < 0)
		return fail_sys(e, "%s: cannot be read", tail_of(source));
	if (r->has_failed)
		return fail(e, why->rc, "%s line %d: %s", tail_of(source), result, why->msg);
	return fail(e, RC_SYNTAX, "%s line %d: NAME = VALUE is wanted", tail_of(source), result);
}

enum rc settings_read_file(struct settings *s, const char *path, struct err *e)
{
	struct settings read = *s;
	struct err why = {0};
	struct reading r = {.s = &read, .e = &why};
	enum rc rc = tell_result(&r, ini_parse(path, on_line, &r), path, &why, e);

	if (rc == RC_OK)
		*s = read;
	return rc;
}

enum rc settings_read_fd(struct settings *s, int fd, struct err *e)
{
	static const char source[] = "settings of the supervisor";
	struct settings read = *s;
	struct err why = {0};
	struct reading r = {.s = &read, .e = &why};
	char *text = malloc(SETTINGS_FILE_MAX + 1);

	if (text == NULL)
		return fail(e, RC_NOMEM, "settings: out of memory");
	ssize_t n = pread(fd, text, SETTINGS_FILE_MAX, 0);
	if (n < 0) {
		free(text);
		return fail_sys(e, "%s", source);
	}
	text[n] = '\0';
	enum rc rc = tell_result(&r, ini_parse_string(text, on_line, &r), source, &why, e);
	free(text);
	if (rc == RC_OK)
		*s = read;
	return rc;
}

static enum rc set_pair(struct settings *s, const char *pair, struct err *e)
{
	struct view rest = view_of(pair);
	struct view name;
	struct err why;

	if (!view_cut_until(&rest, '=', SETTING_TEXT_MAX, &name))
		return fail(e, RC_SYNTAX, "--set wants NAME=VALUE");
	if (settings_set(s, view_trim(name), view_trim(rest), &why) != RC_OK)
		return fail(e, why.rc, "--set %s", why.msg);
	return RC_OK;
}

enum rc settings_read_args(struct settings *s, int argc, char **argv, struct err *e)
{
	struct settings read = *s;

	/* The file first, wherever it stands: --set is the stronger one. */
	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < argc; i++) {
			bool is_config = strcmp(argv[i], "--config") == 0;
			if (!is_config && strcmp(argv[i], "--set") != 0)
				return fail(e, RC_SYNTAX,
					"%.40s: not an option; --config FILE and "
					"--set NAME=VALUE are",
					argv[i]);
			if (++i == argc)
				return fail(e, RC_SYNTAX, "%s wants a value", argv[i - 1]);
			enum rc rc = RC_OK;
			if (is_config && pass == 0)
				rc = settings_read_file(&read, argv[i], e);
			else if (!is_config && pass == 1)
				rc = set_pair(&read, argv[i], e);
			if (rc != RC_OK)
				return rc;
		}
	}
	*s = read;
	return RC_OK;
}

/* ---- outwards ---- */

static int print_value(const struct settings *s, const struct setting *row, FILE *out)
{
	const char *text = NULL;
	uint32_t n = 0;
	bool is_yes = false;

	switch (row->type) {
	case SETTING_TEXT:
	case SETTING_ADDRESS:
		text = value_of(s, row);
		return fprintf(out, "%s =%s%s\n", row->name, text[0] == '\0' ? "" : " ", text);
	case SETTING_NUMBER:
		memcpy(&n, value_of(s, row), sizeof n);
		return fprintf(out, "%s = %u\n", row->name, n);
	case SETTING_YES_NO:
		memcpy(&is_yes, value_of(s, row), sizeof is_yes);
		return fprintf(out, "%s = %s\n", row->name, is_yes ? "yes" : "no");
	case SETTING_CHOICE:
		memcpy(&n, value_of(s, row), sizeof n);
		return fprintf(out, "%s = %s\n", row->name, row->choices[n]);
	}
	return -1;
}

enum rc settings_write(const struct settings *s, FILE *out, struct err *e)
{
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		if (print_value(s, &table[i], out) < 0)
			return fail_sys(e, "settings: cannot be written");
	}
	if (fflush(out) != 0)
		return fail_sys(e, "settings: cannot be written");
	return RC_OK;
}

static int print_range(const struct setting *row, FILE *out)
{
	int n = 0;

	switch (row->type) {
	case SETTING_TEXT:
		return fprintf(out, "text of at most %d bytes", SETTING_TEXT_MAX - 1);
	case SETTING_ADDRESS:
		return fprintf(out, "host:port");
	case SETTING_NUMBER:
		return fprintf(out, "%u to %u%s%s", row->min, row->max, unit_gap(row), row->unit);
	case SETTING_YES_NO:
		return fprintf(out, "yes or no");
	case SETTING_CHOICE:
		for (size_t i = 0; n >= 0 && row->choices[i] != NULL; i++)
			n = fprintf(out, "%s%s", i == 0 ? "" : ", ", row->choices[i]);
		return n;
	}
	return -1;
}

enum rc settings_print_table(const struct settings *s, FILE *out, struct err *e)
{
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		const struct setting *row = &table[i];
		bool is_ok = fprintf(out, "%s# %s\n# ", i == 0 ? "" : "\n", row->help) > 0 &&
			     print_range(row, out) > 0 &&
			     fprintf(out, "; default: %s\n",
				     row->standard[0] == '\0' ? "empty" : row->standard) > 0;
		if (is_ok && (row->flags & SETTING_LIMIT) != 0)
			is_ok = fprintf(out, "# counted by kinward_limit_%s_total\n", row->name) >
				0;
		if (!is_ok || print_value(s, row, out) < 0)
			return fail_sys(e, "settings: cannot be written");
	}
	if (fflush(out) != 0)
		return fail_sys(e, "settings: cannot be written");
	return RC_OK;
}

enum rc settings_split_address(
	const char *address, char *ret_host, size_t host_size, uint16_t *ret_port, struct err *e)
{
	const char *colon = strrchr(address, ':');
	uint32_t port = 0;

	if (colon == NULL || num_u32(view_of(colon + 1), UINT16_MAX, &port, NULL) != RC_OK)
		return fail(e, RC_SYNTAX, "HOST:PORT is wanted, with a port from 0 to 65535");
	struct view host = {.p = address, .n = (size_t)(colon - address)};
	if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = (struct view){.p = host.p + 1, .n = host.n - 2};
	else if (view_find(host, ':') != host.n)
		return fail(e, RC_SYNTAX, "an IPv6 address stands in brackets: [::]:8001");
	if (host.n == 0 || !view_to_text(host, ret_host, host_size))
		return fail(e, RC_SYNTAX, "HOST:PORT is wanted, such as 0.0.0.0:8001");
	*ret_port = (uint16_t)port;
	return RC_OK;
}

void settings_each_limit(void (*fn)(void *arg, const char *name), void *arg)
{
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		if ((table[i].flags & SETTING_LIMIT) != 0)
			fn(arg, table[i].name);
	}
}

static struct view without_slashes(struct view path)
{
	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	return path;
}

/* Data and keys in one folder would be stolen together. */
static bool is_inside(struct view inner, struct view outer)
{
	return inner.n >= outer.n && memcmp(inner.p, outer.p, outer.n) == 0 &&
	       (inner.n == outer.n || inner.p[outer.n] == '/' || outer.p[outer.n - 1] == '/');
}

enum rc settings_key_dir(
	const struct settings *s, char ret_path[SETTINGS_KEY_DIR_MAX], struct err *e)
{
	bool is_own = s->key_dir[0] != '\0';
	struct view data = without_slashes(view_of(s->data_dir));
	struct view keys = is_own ? without_slashes(view_of(s->key_dir)) : data;

	if (is_own && is_inside(keys, data))
		return fail(e, RC_DENIED, "key_dir: it must not be inside of data_dir");
	int n = snprintf(ret_path, SETTINGS_KEY_DIR_MAX, "%.*s%s", (int)keys.n, keys.p,
		is_own ? "" : "-keys");
	return n < 0 || n >= SETTINGS_KEY_DIR_MAX
		       ? fail(e, RC_LIMIT, "key_dir: the path is too long")
		       : RC_OK;
}
