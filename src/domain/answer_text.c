#include "domain/answer_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_out.h"
#include "watch/report_detail.h"

enum { STATUS_TEXT = 400, MAC_TEXT = 18 };

static void write_networks(struct json_out *j, const struct report *r)
{
	struct report_network networks[REPORT_NETWORKS_MAX];
	size_t n = report_networks(r, networks, REPORT_NETWORKS_MAX);

	json_array(j, "networks");
	for (size_t i = 0; i < n && i < REPORT_NETWORKS_MAX; i++) {
		const struct report_network *w = &networks[i];
		char mac[MAC_TEXT];
		json_object(j, NULL);
		if (w->id[0] != '\0')
			json_text(j, "id", view_of(w->id));
		json_text(j, "ssid", (struct view){.p = w->ssid, .n = w->ssid_n});
		(void)snprintf(mac, sizeof mac, "%02x:%02x:%02x:%02x:%02x:%02x", w->mac[0],
			w->mac[1], w->mac[2], w->mac[3], w->mac[4], w->mac[5]);
		if (w->has_mac)
			json_text(j, "bssid", view_of(mac));
		json_end(j);
	}
	json_end(j);
}

/* What people may read; passwords, numbers, addresses and ids of the watch are not among them. */
static void write_status(struct json_out *j, const struct report *r)
{
	static const char *const keys[] = {"ver", "upload", "lk", "batlevel", "bat level",
		"language", "zone", "profile", "GPS", "wifiOpen", "NET"};
	char text[STATUS_TEXT] = "";
	size_t n = 0;

	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		struct view v;
		if (!report_pair(r, keys[i], &v))
			continue;
		int more = snprintf(text + n, sizeof text - n, "%s%s: %.*s", n == 0 ? "" : "; ",
			keys[i], (int)v.n, v.p);
		if (more < 0 || (size_t)more >= sizeof text - n)
			break;
		n += (size_t)more;
	}
	json_text(j, "text", (struct view){.p = text, .n = n});
}

static bool write_answer(struct json_out *j, enum command_kind kind, const struct report *r)
{
	switch ((int)kind) {
	case COMMAND_WIFI_SEARCH:
	case COMMAND_WIFI_CURRENT:
		write_networks(j, r);
		return true;
	case COMMAND_STATUS:
		write_status(j, r);
		return true;
	case COMMAND_VERSION:
		json_text(j, "text", r->text);
		return true;
	default:
		return false;
	}
}

char *answer_text_new(enum command_kind kind, const struct report *r)
{
	struct json_out j;
	struct view text;
	char *copy = NULL;

	json_out_init(&j, (size_t)4 * ANSWER_TEXT_MAX);
	json_object(&j, NULL);
	bool has_answer = write_answer(&j, kind, r);
	json_end(&j);
	if (has_answer && json_out_finish(&j, &text, NULL) == RC_OK && text.n <= ANSWER_TEXT_MAX)
		copy = malloc(text.n + 1);
	if (copy != NULL) {
		memcpy(copy, text.p, text.n);
		copy[text.n] = '\0';
	}
	json_out_done(&j);
	return copy;
}
