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

bool report_fact(const struct report *r, enum report_fact fact, struct view *ret)
{
	struct view keyword = view_of(r->keyword);
	struct view v = {.p = NULL, .n = 0};
	bool is_good = false;

	switch (fact) {
	case REPORT_FACT_IMEI:
		v = imei_of(keyword, r);
		is_good = is_imei(v);
		break;
	case REPORT_FACT_ICCID:
		if (view_is(keyword, VIEW("ICCID")) || view_is(keyword, VIEW("CCID")))
			v = field_at(r->text, 0);
		is_good = is_iccid(v);
		break;
	case REPORT_FACT_IMSI:
	case REPORT_FACT_OPERATOR:
		if (view_is(keyword, VIEW("ICCID")))
			v = field_at(r->text, 2);
		is_good = is_imsi(v) ? fact == REPORT_FACT_IMSI
				     : fact == REPORT_FACT_OPERATOR && is_word(v);
		break;
	case REPORT_FACT_EID:
		if (view_is(keyword, VIEW("ICCID")))
			v = field_at(r->text, 3);
		is_good = is_digits(v, 1, EID_DIGITS);
		break;
	case REPORT_FACT_PROTOCOL:
		if (view_is(keyword, VIEW("ICCID")))
			v = field_at(r->text, 4);
		is_good = view_is_nocase(v, VIEW("mqtt")) || view_is_nocase(v, VIEW("lwm2m"));
		break;
	case REPORT_FACT_VERSION:
		v = version_of(keyword, r);
		is_good = is_word(v);
		break;
	case REPORT_FACT_MODEL:
		if (view_is(keyword, VIEW("CONFIG")))
			v = value_of(r, "TY");
		is_good = is_word(v);
		break;
	case REPORT_FACT_BOOK_SIZE:
		if (view_is(keyword, VIEW("CONFIG")))
			v = value_of(r, "TB");
		is_good = v.n == 1 && ascii_is_digit(v.p[0]);
		break;
	case REPORT_FACT_CENTER:
	case REPORT_FACT_SLAVE:
	case REPORT_FACT_PASSWORD:
		if (view_is(keyword, VIEW("TS")))
			v = value_of(r, fact == REPORT_FACT_CENTER  ? "center"
					: fact == REPORT_FACT_SLAVE ? "slave"
								    : "pw");
		is_good = v.p != NULL && v.n <= WORD_MAX;
		break;
	case REPORT_FACT_COUNT:
		break;
	}
	if (is_good)
		*ret = v;
	return is_good;
}
