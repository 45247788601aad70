/* Commands: packed ones from a link or the store, any values at all in the encoder, and what a
 * watch gets. Whatever is accepted is one frame, which comes back as the same command. */
#include "fuzz.h"

#include <assert.h>

#include "base/num.h"
#include "watch/command.h"

static const struct addressee to = {
	.vendor = VIEW("3G"), .id = VIEW("8800000015"), .index = VIEW("00A1")};

/* The one frame in text, as firmware reads it: the exact length, the bracket in that place. */
static struct frame frame_of(const char *text, size_t n)
{
	static const char head[] = "[3G*8800000015*0001*";
	struct view rest = {.p = text, .n = n};
	struct frame f = {.whole = rest, .vendor = to.vendor, .is_length_ok = true};
	struct view start;
	struct view digits;

	bool is_cut = view_cut(&rest, sizeof head - 1, &start) && view_cut(&rest, 4, &digits);
	assert(is_cut && memcmp(start.p, head, start.n) == 0);
	enum rc rc = num_hex32(digits, &f.declared, NULL);
	assert(rc == RC_OK && rest.n == f.declared + 2 && rest.p[0] == '*');
	assert(rest.p[rest.n - 1] == ']');
	f.content = (struct view){.p = rest.p + 1, .n = f.declared};
	assert(view_find(f.content, '[') == f.content.n &&
		view_find(f.content, ']') == f.content.n);
	struct view fields = f.content;
	is_cut = view_cut_field(&fields, ',', &f.keyword);
	assert(is_cut);
	f.params = fields;
	return f;
}

static void check_command(const struct command *c)
{
	static char text[COMMAND_FRAME_MAX];
	static char text_again[COMMAND_FRAME_MAX];
	static struct command again;
	size_t n = 0;
	size_t n_again = 0;

	enum rc checked = command_check(c, NULL);
	enum rc rc = command_write(c, &to, text, sizeof text, &n, NULL);
	if (checked == RC_OK && rc == RC_DENIED)
		return; /* breaks that firmware */
	if (checked == RC_OK && c->is_payload_apart) {
		assert(rc == RC_SYNTAX);
		return;
	}
	assert(rc == checked);
	if (rc != RC_OK)
		return;
	struct frame f = frame_of(text, n);
	if (c->dialect == DIALECT_YISAI)
		f.vendor = VIEW("YS");
	rc = command_read(&f, &again, NULL);
	assert(rc == RC_OK && again.kind == c->kind);
	again.dialect = c->dialect;
	rc = command_write(&again, &to, text_again, sizeof text_again, &n_again, NULL);
	assert(rc == RC_OK && n == n_again && memcmp(text, text_again, n) == 0);
}

/* What a watch gets: a content of any bytes. */
static void read_content(struct view content)
{
	static struct command c;
	struct frame f = {.vendor = to.vendor, .content = content};
	struct view fields = content;

	if (!view_cut_field(&fields, ',', &f.keyword))
		return;
	f.params = fields;
	if (command_read(&f, &c, NULL) == RC_OK)
		check_command(&c);
}

/* The list that the kind has; a bool holds nothing but 0 and 1. */
static void fill_list(struct command *c, struct view *in)
{
	struct view v;

	for (size_t i = 0; i < COMMAND_WINDOWS_MAX && view_cut(in, 5, &v); i++) {
		const uint8_t *b = (const uint8_t *)v.p;
		uint16_t time_min = (uint16_t)(b[0] << 3 | (b[1] & 7));
		bool is_on = b[1] >> 7 != 0;
		if (c->kind == COMMAND_ALARM_CLOCKS || c->kind == COMMAND_PILL_REMINDER) {
			if (i < COMMAND_ALARMS_MAX)
				c->alarms[i] =
					(struct command_alarm){time_min, is_on, b[2] % 5, b[3]};
		} else if (c->kind == COMMAND_TEMPERATURE_TIMES) {
			c->points[i] = (struct command_point){time_min, is_on};
		} else if (c->kind == COMMAND_APPS) {
			c->apps[i] = (struct command_app){b[0], is_on};
		} else if (c->kind == COMMAND_HOME_WIFI) {
			if (i < COMMAND_MACS_MAX)
				memcpy(c->macs[i], b, 5);
		} else {
			c->windows[i] = (struct command_window){
				time_min, (uint16_t)(b[3] << 3 | (b[4] & 7)), b[2]};
		}
	}
}

/* Members of any values at all. */
static void fill(struct command *c, struct view in)
{
	struct view v;

	if (!view_cut(&in, 16, &v))
		return;
	const uint8_t *b = (const uint8_t *)v.p;
	c->kind = (enum command_kind)(b[0] % (COMMAND_KIND_COUNT + 1));
	c->dialect = b[1] % (DIALECT_COUNT + 1);
	c->language = b[2];
	c->zone_min = (int16_t)((b[3] << 4 | b[4]) - 1000);
	c->interval_s = (uint32_t)(b[5] << 8 | b[6]);
	c->is_on = b[7] % 2 == 1;
	c->slot = b[8];
	c->entries_n = b[9] % (COMMAND_BOOK_MAX + 2);
	c->list_n = b[10] % (COMMAND_APPS_MAX + 2);
	c->lessons_n = b[11] % (COMMAND_LESSONS_MAX + 2);
	for (size_t i = 0; i < COMMAND_VALUES_MAX; i++)
		c->values[i] = (int32_t)b[12 + i] - 1;
	c->is_payload_escaped = b[7] % 4 > 1;
	c->is_payload_apart = b[7] % 16 == 15;
	if (view_cut(&in, in.n < 9 ? in.n : 9, &v) && v.n > 0)
		memcpy(c->digits, v.p, v.n);
	fill_list(c, &in);
	c->payload = in;
	c->text_n = (uint16_t)(in.n < sizeof c->text ? in.n : sizeof c->text);
	if (in.n > 0)
		memcpy(c->entries, in.p, in.n < sizeof c->entries ? in.n : sizeof c->entries);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct command c;
	static struct command blank;
	struct view in = {.p = (const char *)data, .n = size};

	if (command_unpack(in, &c, NULL) == RC_OK)
		check_command(&c);
	read_content(in);
	c = blank;
	fill(&c, in);
	check_command(&c);
	return 0;
}
