#include "watch/fields.h"
#include "watch/report_detail.h"

enum { IMEI_DIGITS = 15, ICCID_MIN = 18, ICCID_MAX = 22, EID_DIGITS = 32, WORD_MAX = 64 };

static bool is_digits(struct view v, size_t min, size_t max)
{
	for (size_t i = 0; i < v.n; i++) {
		if (!ascii_is_digit(v.p[i]))
			return false;
	}
	return v.n >= min && v.n <= max;
}

static bool is_imei(struct view v)
{
	return is_digits(v, IMEI_DIGITS, IMEI_DIGITS);
}

static bool is_imsi(struct view v)
{
	return is_digits(v, IMEI_DIGITS - 1, IMEI_DIGITS);
}

/* Digits; some modems end the number with the filler F. */
static bool is_iccid(struct view v)
{
	for (size_t i = 0; i < v.n; i++) {
		if (!ascii_is_digit(v.p[i]) && !(i + 1 == v.n && ascii_upper(v.p[i]) == 'F'))
			return false;
	}
	return v.n >= ICCID_MIN && v.n <= ICCID_MAX;
}

/* Printable, without blanks, and short: fit for a log line and for the app. */
static bool is_word(struct view v)
{
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] <= ' ' || v.p[i] >= 0x7F)
			return false;
	}
	return v.n > 0 && v.n <= WORD_MAX;
}

static struct view field_at(struct view text, size_t at)
{
	struct view f = {.p = NULL, .n = 0};

	for (size_t i = 0; i <= at; i++) {
		if (!field_cut(&text, &f))
			return (struct view){.p = NULL, .n = 0};
	}
	return field_trim(f);
}

/* The value of "key:value" in a list of such. */
static struct view value_of(const struct report *r, const char *key)
{
	struct view v = {.p = NULL, .n = 0};

	return report_pair(r, key, &v) ? v : (struct view){.p = NULL, .n = 0};
}

/* The positional CONFIG of some watches holds the IMEI somewhere. */
static struct view imei_in(struct view text)
{
	struct view f;

	while (field_cut(&text, &f)) {
		if (is_imei(f))
			return f;
	}
	return (struct view){.p = NULL, .n = 0};
}

static struct view imei_of(struct view keyword, const struct report *r)
{
	struct view text = r->text;

	if (view_is(keyword, VIEW("RYIMEI")))
		return field_at(text, 0);
	if (view_is(keyword, VIEW("ICCID")) || view_is(keyword, VIEW("CCID")))
		return field_at(text, 1);
	if (view_is(keyword, VIEW("CONFIG")))
		return imei_in(text);
	if (view_is(keyword, VIEW("TS")))
		return value_of(r, "imei");
	return (struct view){.p = NULL, .n = 0};
}

static struct view version_of(struct view keyword, const struct report *r)
{
	if (view_is(keyword, VIEW("VERNO")))
		return view_trim(r->text);
	if (view_is(keyword, VIEW("TS")))
		return value_of(r, "ver");
	if (view_is(keyword, VIEW("CONFIG")))
		return value_of(r, "VR");
	return (struct view){.p = NULL, .n = 0};
}

/* The n-th field of ICCID alone, not of CCID. */
static struct view sim_field(struct view keyword, const struct report *r, size_t at)
{
	if (view_is(keyword, VIEW("ICCID")) || (at == 0 && view_is(keyword, VIEW("CCID"))))
		return field_at(r->text, at);
	return (struct view){.p = NULL, .n = 0};
}

/* The value of a key in one of the two reports that have keys. */
static struct view value_in(
	struct view keyword, struct view wanted, const struct report *r, const char *key)
{
	return view_is(keyword, wanted) ? value_of(r, key) : (struct view){.p = NULL, .n = 0};
}

static bool is_protocol(struct view v)
{
	return view_is_nocase(v, VIEW("mqtt")) || view_is_nocase(v, VIEW("lwm2m"));
}

static struct view find(const struct report *r, enum report_fact fact)
{
	struct view keyword = view_of(r->keyword);

	switch (fact) {
	case REPORT_FACT_IMEI:
		return imei_of(keyword, r);
	case REPORT_FACT_ICCID:
		return sim_field(keyword, r, 0);
	case REPORT_FACT_IMSI:
	case REPORT_FACT_OPERATOR:
		return sim_field(keyword, r, 2);
	case REPORT_FACT_EID:
		return sim_field(keyword, r, 3);
	case REPORT_FACT_PROTOCOL:
		return sim_field(keyword, r, 4);
	case REPORT_FACT_VERSION:
		return version_of(keyword, r);
	case REPORT_FACT_MODEL:
		return value_in(keyword, VIEW("CONFIG"), r, "TY");
	case REPORT_FACT_BOOK_SIZE:
		return value_in(keyword, VIEW("CONFIG"), r, "TB");
	case REPORT_FACT_CENTER:
		return value_in(keyword, VIEW("TS"), r, "center");
	case REPORT_FACT_SLAVE:
		return value_in(keyword, VIEW("TS"), r, "slave");
	case REPORT_FACT_PASSWORD:
		return value_in(keyword, VIEW("TS"), r, "pw");
	case REPORT_FACT_COUNT:
		break;
	}
	return (struct view){.p = NULL, .n = 0};
}

static bool is_valid(struct view v, enum report_fact fact)
{
	switch (fact) {
	case REPORT_FACT_IMEI:
		return is_imei(v);
	case REPORT_FACT_ICCID:
		return is_iccid(v);
	case REPORT_FACT_IMSI:
		return is_imsi(v);
	case REPORT_FACT_OPERATOR:
		return is_word(v) && !is_imsi(v);
	case REPORT_FACT_EID:
		return is_digits(v, 1, EID_DIGITS);
	case REPORT_FACT_PROTOCOL:
		return is_protocol(v);
	case REPORT_FACT_VERSION:
	case REPORT_FACT_MODEL:
		return is_word(v);
	case REPORT_FACT_BOOK_SIZE:
		return is_digits(v, 1, 1);
	case REPORT_FACT_CENTER:
	case REPORT_FACT_SLAVE:
	case REPORT_FACT_PASSWORD:
		return v.p != NULL && v.n <= WORD_MAX;
	case REPORT_FACT_COUNT:
		break;
	}
	return false;
}

bool report_fact(const struct report *r, enum report_fact fact, struct view *ret)
{
	struct view v = find(r, fact);

	if (!is_valid(v, fact))
		return false;
	*ret = v;
	return true;
}
