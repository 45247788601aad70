/* Commands: packed ones from a link or the store, and any values at all in the encoder. Whatever is
 * accepted is one frame, which comes back as the same command. */
#include "fuzz.h"

#include <assert.h>

#include "watch/command.h"

static const struct addressee to = {
	.vendor = VIEW("3G"), .id = VIEW("8800000015"), .index = VIEW("00A1")};

/* The one frame in text. */
static struct frame frame_of(char *text, size_t n)
{
	struct frame_scan scan = {.junk = 0};
	struct view in = {.p = text, .n = n};
	struct frame f;

	enum rc rc = frame_read(&in, false, &f, &scan, NULL);
	assert(rc == RC_OK && in.n == 0 && f.is_length_ok);
	assert(memchr(text + 1, '[', n - 1) == NULL);
	return f;
}

static void check_command(const struct command *c)
{
	char text[COMMAND_FRAME_MAX];
	char text_again[COMMAND_FRAME_MAX];
	struct command again;
	size_t n = 0;
	size_t n_again = 0;

	enum rc rc = command_write(c, &to, text, sizeof text, &n, NULL);
	assert(rc == command_check(c, NULL));
	if (rc != RC_OK)
		return;
	struct frame f = frame_of(text, n);
	rc = command_read(&f, &again, NULL);
	assert(rc == RC_OK && again.kind == c->kind);
	rc = command_write(&again, &to, text_again, sizeof text_again, &n_again, NULL);
	assert(rc == RC_OK && n == n_again && memcmp(text, text_again, n) == 0);
}

/* Numbers and names of any bytes at all. */
static void fill_entries(struct command *c, const uint8_t *data, size_t size)
{
	c->slot = data[6];
	c->is_on = data[7] % 2 == 1;
	c->entries_n = data[6] % (COMMAND_BOOK_MAX + 2);
	for (size_t i = 0; i < COMMAND_BOOK_MAX; i++) {
		struct command_entry *entry = &c->entries[i];
		for (size_t k = 0; k < sizeof entry->number; k++)
			entry->number[k] = (char)data[8 + (i * 7 + k) % (size - 8)];
		for (size_t k = 0; k < sizeof entry->name; k++)
			entry->name[k] = (char)data[8 + (i * 11 + k) % (size - 8)];
		if (data[7] % 4 > 1) { /* well formed, so that the rest is tried as well */
			memcpy(entry->number, "+49170", sizeof "+49170");
			entry->name[data[5] % sizeof entry->name] = '\0';
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct command c;
	static struct command blank;
	struct view in = {.p = (const char *)data, .n = size};

	if (command_unpack(in, &c, NULL) == RC_OK)
		check_command(&c);
	if (size < 9)
		return 0;
	c = blank;
	fill_entries(&c, data, size);
	c.kind = (enum command_kind)(data[0] % (COMMAND_KIND_COUNT + 1));
	c.language = data[1];
	c.zone_min = (int16_t)((data[2] << 4 | data[3]) - 1000);
	c.interval_s = (uint32_t)(data[4] << 8 | data[5]);
	size -= 8;
	memcpy(c.digits, data + 8, size < COMMAND_DIGITS_MAX ? size : COMMAND_DIGITS_MAX);
	c.text_n = (uint16_t)(size < sizeof c.text ? size : sizeof c.text);
	memcpy(c.text, data + 8, c.text_n);
	check_command(&c);
	return 0;
}
