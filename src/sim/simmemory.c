#include "sim/simmemory.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/time_text.h"
#include "sim/camera.h"
#include "sim/simanswer.h"

enum {
	PAGE = 5,
	PHOTO_MS = 400,
	POWER_OFF_MS = 3000,
	PICTURE_MAX = 70000,
	IMG_ASKED = 5,
	IMG_OWN = 6,
};

/* As it comes from the factory: somebody else's number may set it up, with a password that
 * everybody knows. */
static const char factory_number[] = "13800138000";
static const char factory_password[] = "123456";

static struct sim_memory *memory_of(struct simwatch *w)
{
	if (w->memory != NULL)
		return w->memory;
	w->memory = calloc(1, sizeof *w->memory);
	if (w->memory == NULL)
		abort(); /* a simulator without memory shows nothing */
	(void)snprintf(w->memory->center, SIM_NUMBER_TEXT, "%s", factory_number);
	(void)snprintf(w->memory->slave, SIM_NUMBER_TEXT, "%s", factory_number);
	(void)snprintf(w->memory->password, SIM_PASSWORD_TEXT, "%s", factory_password);
	return w->memory;
}

static bool is_yisai(const struct simwatch *w)
{
	return manners_have(&w->manners, MANNER_LOCAL_TIME);
}

static void tell(struct simwatch *w, const char *event, const char *detail)
{
	transcript_event(w->world->transcript, w->id, event, detail);
}

static void keep(struct view number, char *dst, size_t size)
{
	if (!view_to_text(number, dst, size))
		dst[0] = '\0';
}

/* ---- phone book ---- */

static bool keep_contact(struct view number, struct view name, struct sim_contact *c)
{
	char text[SIM_NAME_TEXT];

	if (!downlink_text(name, text, sizeof text))
		return false;
	keep(number, c->number, sizeof c->number);
	memcpy(c->name, text, sizeof c->name);
	return true;
}

static bool keep_pairs(struct sim_memory *m, unsigned first, unsigned max, struct view params)
{
	struct view number = {0};
	struct view name = {0};
	bool is_good = true;

	for (unsigned i = first; i < first + max && view_cut_field(&params, ',', &number); i++) {
		is_good = is_good && view_cut_field(&params, ',', &name) && i < SIM_BOOK_MAX &&
			  keep_contact(number, name, &m->book[i]);
	}
	return is_good && params.p == NULL;
}

static void erase_book(struct sim_memory *m)
{
	memset(m->book, 0, sizeof m->book);
}

static void on_page(struct simwatch *w, const struct downlink *d)
{
	struct sim_memory *m = memory_of(w);
	char last = d->keyword.p[d->keyword.n - 1];
	unsigned page = last >= '2' && last <= '3' ? (unsigned)(last - '1') : 0;

	if (page == 0 && is_yisai(w)) /* this family forgets the others first */
		erase_book(m);
	if (!keep_pairs(m, page * PAGE, PAGE, d->params))
		tell(w, "unreadable phone book", NULL);
	simanswer_acknowledge(w, d);
}

static void on_whole(struct simwatch *w, const struct downlink *d)
{
	struct sim_memory *m = memory_of(w);

	erase_book(m);
	if (!keep_pairs(m, 0, SIM_BOOK_MAX, d->params))
		tell(w, "unreadable phone book", NULL);
	simanswer_acknowledge(w, d);
}

/* slot,name,number,picture */
static void on_entry(struct simwatch *w, const struct downlink *d)
{
	struct sim_memory *m = memory_of(w);
	struct view rest = d->params;
	struct view fields[4] = {{0}};
	uint32_t slot = 0;
	size_t n = 0;

	while (n < COUNT_OF(fields) && view_cut_field(&rest, ',', &fields[n]))
		n++;
	bool is_good = n == COUNT_OF(fields) &&
		       num_u32(fields[0], SIM_BOOK_MAX, &slot, NULL) == RC_OK && slot > 0 &&
		       keep_contact(fields[2], fields[1], &m->book[slot - 1]);
	simanswer_say(w, is_good ? "PHBX,1" : "PHBX,0");
}

static void on_remove(struct simwatch *w, const struct downlink *d)
{
	uint32_t slot = 0;

	if (num_u32(d->params, SIM_BOOK_MAX, &slot, NULL) == RC_OK && slot > 0)
		memory_of(w)->book[slot - 1] = (struct sim_contact){.number = ""};
	simanswer_say(w, slot > 0 ? "PHBX,1" : "PHBX,0");
}

/* ---- numbers and switches ---- */

static void on_sos(struct simwatch *w, const struct downlink *d)
{
	struct sim_memory *m = memory_of(w);
	char last = d->keyword.p[d->keyword.n - 1];
	struct view rest = d->params;
	struct view number = {0};

	if (last >= '1' && last <= '3') {
		keep(d->params, m->sos[last - '1'], SIM_NUMBER_TEXT);
	} else {
		for (unsigned i = 0; i < SIM_SOS_MAX; i++) {
			if (!view_cut_field(&rest, ',', &number))
				number = (struct view){0};
			keep(number, m->sos[i], SIM_NUMBER_TEXT);
		}
	}
	simanswer_acknowledge(w, d);
}

static void on_center(struct simwatch *w, const struct downlink *d)
{
	keep(d->params, memory_of(w)->center, SIM_NUMBER_TEXT);
	simanswer_acknowledge(w, d);
}

static void on_slave(struct simwatch *w, const struct downlink *d)
{
	keep(d->params, memory_of(w)->slave, SIM_NUMBER_TEXT);
	simanswer_acknowledge(w, d);
}

static void on_password(struct simwatch *w, const struct downlink *d)
{
	keep(d->params, memory_of(w)->password, SIM_PASSWORD_TEXT);
	simanswer_acknowledge(w, d);
}

static bool is_on(const struct downlink *d)
{
	return view_is(d->params, VIEW("1"));
}

static void on_sos_sms(struct simwatch *w, const struct downlink *d)
{
	memory_of(w)->sos_sms = is_on(d);
	simanswer_acknowledge(w, d);
}

static void on_battery_sms(struct simwatch *w, const struct downlink *d)
{
	memory_of(w)->battery_sms = is_on(d);
	simanswer_acknowledge(w, d);
}

static void on_removed_sms(struct simwatch *w, const struct downlink *d)
{
	memory_of(w)->removed_sms = is_on(d);
	simanswer_acknowledge(w, d);
}

static void on_refuse(struct simwatch *w, const struct downlink *d)
{
	memory_of(w)->refuses_strangers = is_on(d);
	simanswer_acknowledge(w, d);
}

/* Firmware of this family does it and says nothing. */
static void on_reject(struct simwatch *w, const struct downlink *d)
{
	memory_of(w)->refuses_strangers = is_on(d);
}

/* ---- what the wearer sees ---- */

static void on_call(struct simwatch *w, const struct downlink *d)
{
	struct sim_memory *m = memory_of(w);
	char *number = m->calls[m->calls_n % SIM_CALLS_MAX];

	keep(d->params, number, SIM_NUMBER_TEXT);
	m->calls_n++;
	tell(w, "dials", number);
	simanswer_acknowledge(w, d);
}

static void on_photo(struct simwatch *w, const struct downlink *d)
{
	(void)d;
	if (!manners_have(&w->manners, MANNER_NO_CAMERA))
		simwatch_set_due(w, DUE_PHOTO, loop_now_ms(w->world->loop) + PHOTO_MS);
	simanswer_say(w, "rcapture");
}

static void on_power_off(struct simwatch *w, const struct downlink *d)
{
	if (is_yisai(w))
		simanswer_say(w, "CR");
	else
		simanswer_acknowledge(w, d);
	tell(w, "power off", "told by the server");
	simwatch_set_due(w, DUE_POWER_OFF, loop_now_ms(w->world->loop) + POWER_OFF_MS);
}

static void add_escaped(struct wire *t, const uint8_t *bytes, size_t n)
{
	static const char plain[] = {'}', '[', ']', ',', '*'};

	for (size_t i = 0; i < n; i++) {
		const char *hit = memchr(plain, bytes[i], sizeof plain);
		char pair[2] = {'}', 0};
		if (hit == NULL) {
			wire_add_bytes(t, (const char *)&bytes[i], 1);
			continue;
		}
		pair[1] = (char)(hit - plain + 1);
		wire_add_bytes(t, pair, sizeof pair);
	}
}

static void send_picture(struct simwatch *w, int origin)
{
	uint8_t *picture = malloc(PICTURE_MAX);
	char *content = malloc((size_t)PICTURE_MAX * 2);
	struct wire t;
	struct civil c;
	size_t n = 0;

	if (picture != NULL)
		n = camera_take(&w->manners, picture, PICTURE_MAX);
	if (content != NULL && n > 0) {
		civil_from_ms(clock_wall_ms() + (int64_t)w->zone_min * 60000, &c);
		wire_init(&t, content, (size_t)PICTURE_MAX * 2);
		wire_add(&t, "img,%d,%02d%02u%02u%02u%02u%02u,", origin, c.year % 100, c.month,
			c.day, c.hour, c.min, c.sec);
		add_escaped(&t, picture, n);
		memory_of(w)->photos_n++;
		tell(w, "picture", NULL);
		simwatch_send(w, (struct view){.p = t.p, .n = t.n});
	}
	free(picture);
	free(content);
}

void simmemory_send_photo(struct simwatch *w)
{
	send_picture(w, IMG_ASKED);
}

void simmemory_snap(struct simwatch *w)
{
	send_picture(w, IMG_OWN);
}

/* ---- the table ---- */

static const struct {
	const char *keyword;
	void (*run)(struct simwatch *w, const struct downlink *d);
} commands[] = {
	{"PHB", on_page},
	{"PHB1", on_page},
	{"PHB2", on_page},
	{"PHB3", on_page},
	{"PHL", on_whole},
	{"PHBX", on_entry},
	{"DPHBX", on_remove},
	{"SOS", on_sos},
	{"SOS1", on_sos},
	{"SOS2", on_sos},
	{"SOS3", on_sos},
	{"CENTER", on_center},
	{"SLAVE", on_slave},
	{"PW", on_password},
	{"SOSSMS", on_sos_sms},
	{"LOWBAT", on_battery_sms},
	{"REMOVESMS", on_removed_sms},
	{"DEVREFUSEPHONESWITCH", on_refuse},
	{"REJECT", on_reject},
	{"CALL", on_call},
	{"rcapture", on_photo},
	{"POWEROFF", on_power_off},
};

bool simmemory_receive(struct simwatch *w, const struct downlink *d)
{
	for (size_t i = 0; i < COUNT_OF(commands); i++) {
		if (!view_is_nocase(d->keyword, view_of(commands[i].keyword)))
			continue;
		w->world->counts.commands++;
		commands[i].run(w, d);
		return true;
	}
	return false;
}

void simmemory_add_status(struct simwatch *w, struct wire *t)
{
	const struct sim_memory *m = memory_of(w);

	if (!manners_have(&w->manners, MANNER_TELL_ALL))
		return;
	wire_add(t, ";center:%s;slave:%s;sos1:%s;sos2:%s;sos3:%s;pw:%s", m->center, m->slave,
		m->sos[0], m->sos[1], m->sos[2], m->password);
}

void simmemory_describe(struct simwatch *w, struct json_out *j)
{
	const struct sim_memory *m = memory_of(w);

	json_array(j, "contacts");
	for (unsigned i = 0; i < SIM_BOOK_MAX; i++) {
		if (m->book[i].number[0] == '\0' && m->book[i].name[0] == '\0')
			continue;
		json_object(j, NULL);
		json_int(j, "slot", i + 1);
		json_text(j, "number", view_of(m->book[i].number));
		json_text(j, "name", view_of(m->book[i].name));
		json_end(j);
	}
	json_end(j);
	json_array(j, "sos");
	for (unsigned i = 0; i < SIM_SOS_MAX; i++)
		json_text(j, NULL, view_of(m->sos[i]));
	json_end(j);
	json_text(j, "center", view_of(m->center));
	json_text(j, "slave", view_of(m->slave));
	json_text(j, "password", view_of(m->password));
	json_bool(j, "refuses_strangers", m->refuses_strangers);
	json_bool(j, "sos_sms", m->sos_sms);
	json_bool(j, "battery_sms", m->battery_sms);
	json_bool(j, "removed_sms", m->removed_sms);
	json_int(j, "calls", m->calls_n);
	json_int(j, "photos", m->photos_n);
}

bool simmemory_tamper(struct simwatch *w, struct view what, struct view value)
{
	struct sim_memory *m = memory_of(w);

	if (view_is(what, VIEW("center")))
		keep(value, m->center, sizeof m->center);
	else if (view_is(what, VIEW("slave")))
		keep(value, m->slave, sizeof m->slave);
	else if (view_is(what, VIEW("password")))
		keep(value, m->password, sizeof m->password);
	else
		return false;
	return true;
}
