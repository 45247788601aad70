#include "sim/simsettings.h"

#include <stdio.h>
#include <stdlib.h>

#include "sim/simanswer.h"
#include "sim/simhealth.h"
#include "sim/simmodel.h"
#include "sim/simtalk.h"
#include "sim/simvoice.h"
#include "watch/command_json.h"

enum { LIMITS_MAX = 16, LIMIT_TEXT = 25, FACTORY_MS = 1000, UPDATE_MS = 1500, ANSWER_TEXT = 64 };

struct limit {
	char keyword[LIMIT_TEXT];
	bool is_refused; /* else it is lacking */
};

struct sim_settings {
	char *content[COMMAND_KIND_COUNT]; /* as it came, from the keyword on; NULL: never */
	struct limit limits[LIMITS_MAX];
	size_t limits_n;
	unsigned rewards;
};

static struct sim_settings *settings_of(struct simwatch *w)
{
	if (w->settings == NULL)
		w->settings = calloc(1, sizeof *w->settings);
	if (w->settings == NULL)
		abort(); /* a simulator without memory shows nothing */
	return w->settings;
}

static void tell(struct simwatch *w, const char *event, const char *detail)
{
	transcript_event(w->world->transcript, w->id, event, detail);
}

/* ---- what is kept ---- */

static struct frame frame_of(const struct simwatch *w, struct view content)
{
	struct frame f = {.vendor = view_of(w->manners.vendor), .content = content};
	struct view fields = content;

	(void)!view_cut_field(&fields, ',', &f.keyword);
	f.params = fields;
	return f;
}

static void forget(struct sim_settings *s, enum command_kind kind)
{
	free(s->content[kind]);
	s->content[kind] = NULL;
}

static void keep(struct simwatch *w, enum command_kind kind, struct view content)
{
	struct sim_settings *s = settings_of(w);
	char *copy = strndup(content.p, content.n);

	if (copy == NULL)
		return;
	forget(s, kind);
	s->content[kind] = copy;
}

bool simsettings_have(struct simwatch *w, enum command_kind kind, struct command *ret)
{
	const char *content = w->settings == NULL ? NULL : w->settings->content[kind];

	if (content == NULL)
		return false;
	struct frame f = frame_of(w, view_of(content));
	return command_read(&f, ret, NULL) == RC_OK;
}

void simsettings_free(struct sim_settings *s)
{
	for (unsigned i = 0; s != NULL && i < COMMAND_KIND_COUNT; i++)
		free(s->content[i]);
	free(s);
}

void simsettings_wipe(struct simwatch *w)
{
	struct sim_settings *s = w->settings;

	for (unsigned i = 0; s != NULL && i < COMMAND_KIND_COUNT; i++)
		forget(s, (enum command_kind)i);
	free(w->memory);
	w->memory = NULL;
	free(w->shown);
	w->shown = NULL;
	w->upload_s = w->world->options.upload_s;
	w->zone_min = w->world->options.zone_min;
	w->is_config_answered = false;
	w->is_imei_answered = false;
	simhealth_wipe(w);
}

void simsettings_describe(struct simwatch *w, struct json_out *j)
{
	struct command c;

	for (unsigned i = 0; i < COMMAND_KIND_COUNT; i++) {
		enum command_kind kind = (enum command_kind)i;
		if (!simsettings_have(w, kind, &c))
			continue;
		json_object(j, command_name(kind));
		command_json_fields(j, &c);
		json_end(j);
	}
	json_int(j, "rewards", w->settings == NULL ? 0 : w->settings->rewards);
	json_int(j, "updates", w->updates_n);
}

/* ---- models that have less ---- */

static struct limit *limit_of(struct sim_settings *s, struct view keyword)
{
	for (size_t i = 0; s != NULL && i < s->limits_n; i++) {
		if (view_is_nocase(keyword, view_of(s->limits[i].keyword)))
			return &s->limits[i];
	}
	return NULL;
}

bool simsettings_limit(struct simwatch *w, struct view what, struct view keyword)
{
	struct sim_settings *s = settings_of(w);
	struct limit *l = limit_of(s, keyword);

	if (keyword.n == 0 || keyword.n >= LIMIT_TEXT)
		return false;
	if (view_is(what, VIEW("has"))) {
		if (l != NULL)
			*l = s->limits[--s->limits_n];
		return true;
	}
	bool is_refused = view_is(what, VIEW("refuse"));
	if (!is_refused && !view_is(what, VIEW("lack")))
		return false;
	if (l == NULL && s->limits_n == LIMITS_MAX)
		return false;
	if (l == NULL)
		l = &s->limits[s->limits_n++];
	l->is_refused = is_refused;
	return view_to_text(keyword, l->keyword, sizeof l->keyword);
}

/* The keyword of the answer: DPHBX is answered as PHBX. */
static void say_no(struct simwatch *w, struct view keyword)
{
	char content[ANSWER_TEXT];
	bool is_remove = view_is_nocase(keyword, VIEW("DPHBX"));

	(void)snprintf(content, sizeof content, "%.*s,0", is_remove ? 4 : (int)keyword.n,
		is_remove ? "PHBX" : keyword.p);
	simanswer_say(w, content);
}

bool simsettings_refuses(struct simwatch *w, const struct downlink *d)
{
	const struct limit *l = limit_of(w->settings, d->keyword);

	if (l == NULL && simmodel_lacks(w->manners.model, d->keyword)) {
		tell(w, "not understood", w->manners.model->name);
		return true;
	}
	if (l == NULL)
		return false;
	tell(w, l->is_refused ? "refused" : "not understood", l->keyword);
	if (l->is_refused)
		say_no(w, d->keyword);
	return true;
}

/* ---- acts ---- */

static void restart(struct simwatch *w, const char *why, int64_t after_ms)
{
	tell(w, "reboot", why);
	simwatch_set_due(w, DUE_RESTART, loop_now_ms(w->world->loop) + after_ms);
}

static void on_factory(struct simwatch *w)
{
	simsettings_wipe(w);
	tell(w, "factory", "everything is as it came");
	restart(w, "factory settings", FACTORY_MS);
}

static void on_update(struct simwatch *w)
{
	w->updates_n++;
	restart(w, "new firmware", UPDATE_MS);
}

static void on_reward(struct simwatch *w, const struct command *c)
{
	char text[ANSWER_TEXT];

	settings_of(w)->rewards += (unsigned)c->values[0];
	(void)snprintf(text, sizeof text, "%d", (int)c->values[0]);
	tell(w, "reward", text);
}

static void add_mac(struct wire *t, const uint8_t mac[6])
{
	wire_add(
		t, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

/* count,(SSID,BSSID)… of what is heard here. */
static void say_networks(struct simwatch *w)
{
	char content[UPLINK_CONTENT_MAX];
	struct life_state s;
	struct radio radio;
	struct wire t;

	life_at(&w->person, simwatch_local_s(w), &s);
	radio_scan(w->person.town, s.where, manners_have(&w->manners, MANNER_ODD_NAMES), &radio);
	wire_init(&t, content, sizeof content);
	wire_add(&t, "WIFISEARCH,%zu", radio.points_n);
	for (size_t i = 0; i < radio.points_n; i++) {
		wire_add(&t, ",%s,", radio.points[i].ssid);
		add_mac(&t, radio.points[i].mac);
	}
	simanswer_say(w, content);
}

/* The network that was joined last; it gave no address. */
static void say_current(struct simwatch *w, const char *keyword)
{
	char content[UPLINK_CONTENT_MAX];
	struct command c;
	struct wire t;

	wire_init(&t, content, sizeof content);
	wire_add(&t, "%s", keyword);
	if (simsettings_have(w, COMMAND_WIFI_JOIN, &c))
		wire_add(&t, ",%s,%s", c.words[0], c.words[2]);
	else
		wire_add(&t, ",,");
	simanswer_say(w, content);
}

static void on_forget(struct simwatch *w, const struct command *c)
{
	struct command joined;

	if (simsettings_have(w, COMMAND_WIFI_JOIN, &joined) &&
		strcmp(joined.words[0], c->words[0]) == 0)
		forget(settings_of(w), COMMAND_WIFI_JOIN);
}

/* ---- answers of this family ---- */

static void acknowledge(struct simwatch *w, const struct downlink *d, const struct command *c)
{
	char content[ANSWER_TEXT];
	bool is_four_g = manners_have(&w->manners, MANNER_LTE);

	if (command_is_silent(c->kind, view_of(w->manners.vendor)))
		return;
	if (manners_have(&w->manners, MANNER_ECHO) && d->params.n > 0 && d->params.n < 200) {
		char whole[UPLINK_CONTENT_MAX];
		(void)snprintf(whole, sizeof whole, "%.*s", (int)d->content.n, d->content.p);
		simanswer_say(w, whole);
	} else if (command_definition(c->kind)->has_status) {
		(void)snprintf(content, sizeof content, "%s,1", command_keyword(c->kind));
		simanswer_say(w, content);
	} else if (c->kind == COMMAND_FALL_SENSITIVITY && !is_four_g) {
		(void)snprintf(content, sizeof content, "LSSET,%d", (int)c->values[0]);
		simanswer_say(w, content);
	} else if (c->kind == COMMAND_SLEEP_TIME && is_four_g) {
		simanswer_say(w, "WALKTIME"); /* V32's syntax line */
	} else {
		simanswer_acknowledge(w, d);
	}
}

/* What is asked, or done once. True: nothing is to be kept. */
static bool act(struct simwatch *w, const struct command *c)
{
	if (simhealth_act(w, c))
		return true;
	if (c->kind == COMMAND_FACTORY)
		on_factory(w);
	else if (c->kind == COMMAND_UPDATE)
		on_update(w);
	else if (c->kind == COMMAND_REWARD)
		on_reward(w, c);
	else if (c->kind == COMMAND_UNFRIEND)
		tell(w, "unfriended", c->words[0]);
	else if (c->kind == COMMAND_WIFI_FORGET)
		on_forget(w, c);
	else
		return false;
	return true;
}

/* Data instead of an acknowledgement. */
static bool answers_with_data(struct simwatch *w, const struct command *c)
{
	if (c->kind == COMMAND_WIFI_SEARCH)
		say_networks(w);
	else if (c->kind == COMMAND_WIFI_CURRENT)
		say_current(w, "WIFICUR");
	else if (c->kind == COMMAND_ASK_PULSE)
		simhealth_say_pulse(w);
	else if (c->kind == COMMAND_VOICE || c->kind == COMMAND_VOICE_GROUP)
		simvoice_receive(w, c);
	else
		return false;
	return true;
}

bool simsettings_receive(struct simwatch *w, const struct downlink *d)
{
	struct frame f = frame_of(w, d->content);
	struct command c;
	struct err e = {.msg = ""};
	enum rc rc = command_read(&f, &c, &e);

	if (rc == RC_NOT_FOUND)
		return false;
	w->world->counts.commands++;
	if (rc != RC_OK) { /* real firmware would do something strange */
		w->world->counts.bad++;
		tell(w, "malformed command", e.msg);
		return true;
	}
	if (answers_with_data(w, &c))
		return true;
	acknowledge(w, d, &c);
	tell(w, "setting", command_name(c.kind));
	if (w->io.fd < 0 || act(w, &c))
		return true;
	keep(w, c.kind, d->content);
	if (c.kind == COMMAND_TEMPERATURE_TIMES)
		simhealth_plan(w);
	return true;
}
