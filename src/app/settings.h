/* The settings: plain values, filled from the defaults, then a file (INI), then --set. One table of
 * rows (settings.c) gives name, type, range, default, unit and help of each; it makes `kinward
 * settings`, the messages of a refused value, and the manual. Read once by the supervisor, which
 * hands the effective values to each role; never changed afterwards. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/log.h"
#include "base/view.h"

enum { SETTING_TEXT_MAX = 256, SETTINGS_FILE_MAX = 65536 };

enum map_kind { MAP_BUILTIN, MAP_TILES, MAP_PMTILES };

typedef char setting_text[SETTING_TEXT_MAX];

struct settings {
	setting_text data_dir;
	setting_text key_dir;          /* empty: data_dir with "-keys" behind it */
	setting_text watch_listen;     /* host:port */
	setting_text watch_tls_listen; /* empty: no TLS for watches */
	setting_text watch_tls_cert;   /* empty: one made at the first start */
	setting_text watch_tls_key;
	setting_text web_listen;
	setting_text public_host;      /* empty: the host name */
	setting_text backup_dir;       /* empty: no scheduled backups */
	setting_text backup_recipient; /* age public key; empty: no backups */
	setting_text public_url;       /* empty: http://public_host:port of web_listen */
	setting_text user;             /* empty: `kinward` if it exists, else `nobody` */
	setting_text metrics_from;
	setting_text web_dir; /* the built app; empty: beside the program */
	setting_text trusted_proxy;
	setting_text partner_certificate_header;
	setting_text tls_cert;
	setting_text tls_key;
	setting_text map_url;
	setting_text map_attribution;
	setting_text weather_url;        /* empty: nobody is asked */
	setting_text radio_url;          /* empty: nothing about places leaves the house */
	setting_text courier_allow;      /* prefixes that webhooks may go to besides public ones */
	setting_text courier_ca_file;    /* empty: the system's certificates */
	setting_text courier_hosts_file; /* empty: none besides the system's */
	setting_text smtp_url;           /* empty: no mail */
	setting_text smtp_user;
	setting_text smtp_password_file;
	setting_text mail_from;
	setting_text security_contact; /* of security.txt; empty: there is none */
	setting_text security_policy_url;
	setting_text security_key_url;
	setting_text security_languages;
	enum log_level log_level;
	enum map_kind map_kind;
	bool demo_watch;
	bool photos;
	uint32_t thread_max_mb;
	bool wearer_notice;
	bool http_check_host;
	bool tls_client_certificates;

	uint32_t backup_every_h;
	uint32_t backup_keep;
	uint32_t gateways; /* 0: one a core */
	/* limits of a gateway */
	uint32_t connections_max;
	uint32_t watch_tls_connections_max;
	uint32_t connections_per_address_max;
	uint32_t accepts_per_s; /* 0: no limit */
	uint32_t first_frame_s;
	uint32_t header_s;
	uint32_t frame_s;
	uint32_t idle_s;
	uint32_t bytes_per_s_min;
	uint32_t frame_text_max;
	uint32_t frame_media_max;
	uint32_t junk_max;
	uint32_t read_buffers_max; /* bytes, all unfinished frames of a gateway */
	uint32_t send_buffer_max;  /* bytes a connection */
	uint32_t reports_per_device_burst;
	uint32_t reports_per_device_interval_s; /* 0: no limit */
	uint32_t frames_per_s_max;
	uint32_t replays_per_device_burst; /* UD2 */
	uint32_t link_queue_max;           /* bytes */
	uint32_t batch_wait_ms;
	/* limits of the server */
	uint32_t unknown_ids_max;
	uint32_t unknown_ids_per_address_max;
	uint32_t writer_queue_max;
	uint32_t claim_code_s;
	uint32_t claim_life_s;
	uint32_t command_unanswered_s;
	uint32_t locate_life_s;
	uint32_t find_life_s;
	uint32_t message_life_s;
	uint32_t settings_life_s;
	uint32_t commit_linger_ms;
	uint32_t audit_keep_days;   /* 0: for ever */
	uint32_t command_keep_days; /* the same */
	uint32_t sse_streams_max;
	uint32_t sse_per_account_max;
	uint32_t http_connections_max;
	uint32_t http_body_max;
	uint32_t http_threads;
	uint32_t http_idle_s;
	uint32_t http_header_s;
	uint32_t http_body_s;
	uint32_t http_connections_per_address_max; /* 0: no limit */
	uint32_t http_requests_per_s;
	uint32_t sign_in_per_account_max;
	uint32_t sign_in_per_address_max;
	uint32_t sign_in_total_max;
	uint32_t sign_in_window_s;
	uint32_t sign_in_queue_max;
	unsigned second_factor; /* 0 optional, 1 required */
	uint32_t recovery_wait_h;
	/* limits of the courier */
	uint32_t webhook_timeout_s;
	uint32_t mail_per_hour;
	uint32_t radio_per_hour;
	uint32_t locate_lessons_per_s;
};

/* All defaults. */
void settings_init(struct settings *s);

/* Sets one value by its name. RC_NOT_FOUND for an unknown name (the message names near ones),
 * RC_SYNTAX or RC_LIMIT when the value is not allowed (the message says what is). *s is unchanged
 * on failure. */
MUST_CHECK enum rc settings_set(
	struct settings *s, struct view name, struct view value, struct err *e);

/* Reads an INI file ("name = value", # and ; comments, no sections). The message names file and
 * line. */
MUST_CHECK enum rc settings_read_file(struct settings *s, const char *path, struct err *e);

/* The same from an open descriptor: how a role gets the supervisor's effective values. */
MUST_CHECK enum rc settings_read_fd(struct settings *s, int fd, struct err *e);

/* Reads --config FILE and --set NAME=VALUE from a command line. The first argument that is neither
 * is refused. */
MUST_CHECK enum rc settings_read_args(struct settings *s, int argc, char **argv, struct err *e);

/* The folder of the keys that is in force. RC_LIMIT when its path is too long, RC_DENIED when it is
 * inside of the data folder. */
enum { SETTINGS_KEY_DIR_MAX = SETTING_TEXT_MAX + 8 };
MUST_CHECK enum rc settings_key_dir(
	const struct settings *s, char ret_path[SETTINGS_KEY_DIR_MAX], struct err *e);

/* Every value as "name = value" lines. */
MUST_CHECK enum rc settings_write(const struct settings *s, FILE *out, struct err *e);

/* `kinward settings`: the whole table with help, as a commented file with the values of s. */
MUST_CHECK enum rc settings_print_table(const struct settings *s, FILE *out, struct err *e);

/* "0.0.0.0:8001", "[::]:8001": host and port. Host is copied without brackets. */
MUST_CHECK enum rc settings_split_address(
	const char *address, char *ret_host, size_t host_size, uint16_t *ret_port, struct err *e);

/* Names of limits are also names of metrics: kinward_limit_<name>_total. Calls fn for each limit
 * row. */
void settings_each_limit(void (*fn)(void *arg, const char *name), void *arg);
