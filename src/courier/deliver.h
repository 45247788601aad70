/* One try to hand over a webhook or a mail, or to ask a service, by libcurl. Webhooks and
 * questions: HTTPS only, the addresses of the name are found once, judged (callable.h) and pinned,
 * and each socket is judged again when it is made; no redirects, no proxy, no cookies, no
 * connection is used twice; answers are counted and thrown away. Mail: the operator's server, TLS
 * always. Blocks; for the courier's worker threads.
 */
#pragma once

#include <stdatomic.h>

#include "base/address.h"
#include "link/message.h"

enum {
	DELIVER_HEAD_MAX = 16384, /* bytes of an answer's head */
	DELIVER_BODY_MAX = 65536, /* … of its body; the rest is not waited for */
	DELIVER_CONNECT_MS = 10000,
	DELIVER_MAIL_MS = 60000,
};

/* Texts are kept by the caller; "" where there is none. */
struct deliver_config {
	struct prefixes allowed; /* courier_allow */
	int hosts_fd;            /* courier_hosts_file; -1: none */
	struct view ca_pem;      /* instead of the system's certificates; empty: these */
	const char *smtp_url, *smtp_user, *smtp_password, *mail_from;
	const char *weather_url; /* with {lat} and {lon} */
	const char *radio_url;
	uint32_t webhook_timeout_ms;
	const _Atomic(bool) *is_stopping; /* ends what is under way */
};

struct delivered {
	enum courier_outcome outcome;
	uint16_t code;
};

/* Of the process, before threads start. */
MUST_CHECK enum rc deliver_set_up(struct err *e);

struct delivered deliver_webhook(const struct deliver_config *c, const struct message_webhook *w);
struct delivered deliver_mail(
	const struct deliver_config *c, const struct message_mail *m, int64_t now_ms);
/* Asks a service over HTTPS: GET, or POST of JSON when post.p is set. An answer of 200..299 with at
 * most `size` bytes is COURIER_DONE, and *ret_n is its length; a longer one is COURIER_BROKEN. */
struct delivered deliver_fetch(const struct deliver_config *c, struct view url, struct view post,
	char *ret, size_t size, size_t *ret_n);
