#include "sim/manners.h"

#include <stdio.h>

#include "base/num.h"
#include "sim/simmodel.h"

enum {
	BOOK_DEFAULT = 3,
	BOOK_MAX = 9,
	SLOW_DEFAULT_S = 40,
	CLOCK_DEFAULT_S = 7200,
	CLOCK_MAX_S = 400000000
};

static const char help[] =
	"  exact            3G, correct lengths (the default)\n"
	"  minus3           SG: positions end in \",,00\" and the last three bytes are not "
	"counted\n"
	"  decimal          SG, 15-digit id: the length of a position in decimal digits\n"
	"  plus1, minus1    every length one too much, one too little\n"
	"  lowhex           length digits in lower case\n"
	"  index            ZJ: a counter between id and length\n"
	"  yisai            YS: 15-digit id, YYMMDD, local time, Wi-Fi levels without sign\n"
	"  signed           32 hex digits before the vendor code\n"
	"  ka               heartbeats are KA,date,steps,rolls,battery\n"
	"  lte              UD_LTE and AL_LTE\n"
	"  lastplace, factory   records without a fix repeat the last place, or a factory "
	"constant\n"
	"  slow[=SECONDS]   acknowledges late (40)\n"
	"  deaf             acknowledges nothing\n"
	"  ackall           acknowledges also unknown commands\n"
	"  clock=SECONDS    the watch's clock is wrong by so much (7200)\n"
	"  pieces           each frame in several segments\n"
	"  merged           several frames in one segment\n"
	"  oddnames         Wi-Fi names with commas and brackets\n"
	"  repeatbits       positions repeat the bits of the last alarm for a minute\n"
	"  eager            keeps its own upload interval whatever the server says\n"
	"  tellall          TS tells control numbers, SOS numbers and the password, too\n"
	"  book=SIZE        phone book of CONFIG TB: 0 none, 1 ten, 2 fifteen, 3 thirty (3)\n"
	"  nocamera         answers the request for a picture, sends none\n"
	"  badphoto, bigphoto   pictures that are none, pictures over the limit\n"
	"  echo             acknowledges commands with their parameters\n"
	"  model=NAME       a known model with all its manners: c405, elder, tk905, v28c, v32, "
	"v52, "
	"yisai\n"
	"  mixed            every watch of another family\n"
	"  vendor=CODE      vendor code, 2 to 6 letters or digits\n";

const char *manners_help(void)
{
	return help;
}

void manners_init(struct manners *m)
{
	*m = (struct manners){.vendor = "3G", .book_size = BOOK_DEFAULT};
}

/* What a word sets; vendor NULL and length -1, placeless -1 leave things as they are. */
struct manner {
	const char *name;
	const char *vendor;
	uint32_t flags;
	int length;
	int placeless;
};

static const struct manner words[] = {
	{"exact", "3G", 0, LENGTH_EXACT, -1},
	{"minus3", "SG", 0, LENGTH_MINUS_3, -1},
	{"decimal", "SG", MANNER_LONG_ID, LENGTH_DECIMAL, -1},
	{"plus1", NULL, 0, LENGTH_PLUS_1, -1},
	{"minus1", NULL, 0, LENGTH_MINUS_1, -1},
	{"lowhex", NULL, MANNER_LOWER_HEX, -1, -1},
	{"index", "ZJ", MANNER_INDEX | MANNER_LONG_ID, -1, -1},
	{"yisai", "YS", MANNER_LOCAL_TIME | MANNER_LONG_ID, -1, -1},
	{"signed", NULL, MANNER_SIGNED, -1, -1},
	{"ka", "HYK", MANNER_KA, -1, -1},
	{"lte", NULL, MANNER_LTE, -1, -1},
	{"lastplace", NULL, 0, -1, PLACELESS_LAST},
	{"factory", NULL, 0, -1, PLACELESS_FACTORY},
	{"slow", NULL, MANNER_SLOW, -1, -1},
	{"deaf", NULL, MANNER_DEAF, -1, -1},
	{"ackall", NULL, MANNER_ACK_ALL, -1, -1},
	{"clock", NULL, MANNER_CLOCK, -1, -1},
	{"pieces", NULL, MANNER_PIECES, -1, -1},
	{"merged", NULL, MANNER_MERGED, -1, -1},
	{"oddnames", NULL, MANNER_ODD_NAMES, -1, -1},
	{"repeatbits", NULL, MANNER_REPEAT_BITS, -1, -1},
	{"eager", NULL, MANNER_EAGER, -1, -1},
	{"tellall", NULL, MANNER_TELL_ALL, -1, -1},
	{"book", NULL, MANNER_BOOK, -1, -1},
	{"nocamera", NULL, MANNER_NO_CAMERA, -1, -1},
	{"badphoto", NULL, MANNER_BAD_PHOTO, -1, -1},
	{"bigphoto", NULL, MANNER_BIG_PHOTO, -1, -1},
	{"echo", NULL, MANNER_ECHO, -1, -1},
	{"model", NULL, MANNER_MODEL, -1, -1},
	{"mixed", NULL, MANNER_MIXED, -1, -1},
};

static const struct manner *find_word(struct view name)
{
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (view_is(name, view_of(words[i].name)))
			return &words[i];
	return NULL;
}

static void apply(const struct manner *w, struct manners *m)
{
	m->flags |= w->flags;
	if (w->vendor != NULL)
		(void)snprintf(m->vendor, sizeof m->vendor, "%s", w->vendor);
	if (w->length >= 0)
		m->length = (enum manners_length)w->length;
	if (w->placeless >= 0)
		m->placeless = (enum manners_place)w->placeless;
}

static enum rc read_vendor(struct view code, struct manners *m, struct err *e)
{
	for (size_t i = 0; i < code.n; i++)
		if (!ascii_is_alnum(code.p[i]))
			return fail(e, RC_SYNTAX, "manners: vendor is 2 to 6 letters or digits");
	if (code.n < 2 || !view_to_text(code, m->vendor, sizeof m->vendor))
		return fail(e, RC_SYNTAX, "manners: vendor is 2 to 6 letters or digits");
	return RC_OK;
}

static enum rc read_seconds(
	struct view text, int32_t min, int32_t without, int32_t *ret, struct err *e)
{
	int64_t value = without;

	if (text.p != NULL) {
		enum rc rc = num_i64(text, min, CLOCK_MAX_S, &value, e);
		if (rc != RC_OK)
			return rc;
	}
	*ret = (int32_t)value;
	return RC_OK;
}

static enum rc read_size(struct view text, int32_t *ret, struct err *e)
{
	uint32_t value = 0;
	enum rc rc = num_u32(text, BOOK_MAX, &value, e);

	if (rc == RC_OK)
		*ret = (int32_t)value; /* at most BOOK_MAX */
	return rc;
}

/* Its manners first: words behind it may change them. */
static enum rc read_model(struct view name, struct manners *m, struct err *e)
{
	const struct sim_model *model = simmodel_find(name);

	if (model == NULL)
		return fail(e, RC_SYNTAX, "manners: no such model");
	struct view rest = view_of(model->manners);
	struct view word;
	m->model = model;
	while (view_cut_field(&rest, ',', &word)) {
		const struct manner *found = find_word(word);
		if (found != NULL) /* words without a value */
			apply(found, m);
	}
	return RC_OK;
}

static enum rc read_word(struct view word, struct manners *m, struct err *e)
{
	struct view rest = word;
	struct view name;

	if (!view_cut_field(&rest, '=', &name))
		return RC_OK;
	if (view_is(name, VIEW("vendor")))
		return read_vendor(rest, m, e);

	const struct manner *found = find_word(name);
	if (found == NULL)
		return fail(e, RC_SYNTAX, "manners: unknown word \"%.*s\"",
			(int)(word.n < 40 ? word.n : 40), word.p);
	apply(found, m);
	if ((found->flags & MANNER_SLOW) != 0)
		return read_seconds(rest, 0, SLOW_DEFAULT_S, &m->slow_s, e);
	if ((found->flags & MANNER_CLOCK) != 0)
		return read_seconds(rest, -CLOCK_MAX_S, CLOCK_DEFAULT_S, &m->clock_error_s, e);
	if ((found->flags & MANNER_MODEL) != 0)
		return read_model(rest, m, e);
	if ((found->flags & MANNER_BOOK) != 0)
		return read_size(rest, &m->book_size, e);
	if (rest.p != NULL)
		return fail(e, RC_SYNTAX, "manners: \"%s\" takes no value", found->name);
	return RC_OK;
}

enum rc manners_read(struct view list, struct manners *m, struct err *e)
{
	struct view word;

	while (view_cut_field(&list, ',', &word)) {
		word = view_trim(word);
		if (word.n == 0)
			continue;
		enum rc rc = read_word(word, m, e);
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

static void file_closep(FILE **f)
{
	if (*f != NULL)
		(void)fclose(*f); /* read only: nothing can be lost */
}

enum rc manners_load(const char *path, struct manners *m, struct err *e)
{
	CLEANUP(file_closep) FILE *f = fopen(path, "re");
	char text[MANNERS_FILE_MAX + 1];
	struct view line;

	if (f == NULL)
		return fail_sys(e, "manners: cannot open %s", path);
	size_t n = fread(text, 1, sizeof text, f);
	if (n == sizeof text)
		return fail(
			e, RC_LIMIT, "manners: %s is longer than %d bytes", path, MANNERS_FILE_MAX);
	struct view rest = {.p = text, .n = n};
	while (view_cut_field(&rest, '\n', &line)) {
		line.n = view_find(line, '#');
		enum rc rc = manners_read(line, m, e);
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

void manners_of(const struct manners *base, uint32_t n, struct manners *ret)
{
	static const char *const families[] = {
		"exact", "minus3", "decimal", "index", "yisai", "lte", "ka", "lowhex"};

	const struct manner *family = find_word(view_of(families[n % COUNT_OF(families)]));

	*ret = *base;
	if (manners_have(base, MANNER_MIXED) && family != NULL)
		apply(family, ret);
}
