#include "watch/reply.h"

#include "watch/encode.h"
#include "watch/keyword.h"
#include "watch/pack.h"
#include "watch/reply_data.h"

enum { PACK_VERSION = 2, ANSWERED = 1 };

/* ---- which reply ---- */

static bool is_word(struct view v, size_t max)
{
	for (size_t i = 0; i < v.n; i++) {
		if (!ascii_is_alnum(v.p[i]) && v.p[i] != '_')
			return false;
	}
	return v.n > 0 && v.n <= max;
}

static enum reply_kind kind_of(enum keyword_answer answer)
{
	static const enum reply_kind kinds[] = {
		[ANSWER_NONE] = REPLY_NONE,
		[ANSWER_ECHO] = REPLY_ECHO,
		[ANSWER_STATUS] = REPLY_STATUS,
		[ANSWER_LK] = REPLY_LK,
		[ANSWER_KA] = REPLY_KA,
		[ANSWER_TIME] = REPLY_TIME,
		[ANSWER_BOUND] = REPLY_BOUND,
		[ANSWER_TK] = REPLY_TK,
		[ANSWER_TK2] = REPLY_TK2,
		[ANSWER_JXTKR] = REPLY_JXTKR,
	};

	return kinds[answer];
}

static bool copy_word(struct view v, char *dst, size_t dst_size)
{
	return is_word(v, dst_size - 1) && view_to_text(v, dst, dst_size);
}

/* The answer by the table, for what is neither an alarm nor ours nor unusable. */
static void answer_known(
	const struct keyword *k, const struct frame *f, const struct report *r, struct reply *ret)
{
	struct view group = {.p = f->params.p, .n = view_find(f->params, ',')};

	ret->kind = kind_of(k->answer);
	if (ret->kind == REPLY_STATUS) /* a value that cannot be stored is refused honestly */
		ret->number = r->kind == REPORT_HEALTH && r->is_partial ? 0 : ANSWERED;
	if (k->family == FAMILY_IMG)
		memcpy(ret->keyword, "img", sizeof "img"); /* whatever the case of IMG */
	if (ret->kind == REPLY_JXTKR)
		ret->number = ANSWERED;
	if (ret->kind == REPLY_BOUND && f->params.p != NULL)
		ret->kind = REPLY_NONE; /* our own answer, echoed */
	if (ret->kind == REPLY_TIME && f->params.p != NULL)
		ret->kind = REPLY_NONE;
	if (ret->kind == REPLY_TK2 && !copy_word(group, ret->group, sizeof ret->group))
		ret->kind = REPLY_NONE;
}

void reply_for(const struct frame *f, const struct report *r, struct reply *ret)
{
	*ret = (struct reply){.kind = REPLY_NONE};
	bool is_keyword = copy_word(f->keyword, ret->keyword, sizeof ret->keyword);
	if (r->kind == REPORT_ALARM) {
		ret->kind = REPLY_AL;
		return;
	}
	if (!is_keyword || r->kind == REPORT_ERROR || r->kind == REPORT_ANSWER ||
		r->kind == REPORT_POSITION)
		return;
	const struct keyword *k = keyword_find(view_of(r->keyword));
	if (k != NULL) {
		answer_known(k, f, r, ret);
	} else if (r->keyword[0] != 'W' || r->keyword[1] != 'T') {
		ret->kind = REPLY_ECHO;
		ret->is_once = true;
	}
}

static bool has_two_forms(const struct reply *r)
{
	/* Firmware waits for exactly these words, all sources agree (section 2.1). */
	static const struct view fixed[] = {VIEW("TKQ"), VIEW("TKQ2"), VIEW("IMG"), VIEW("DLT"),
		VIEW("INIT"), VIEW("WIFIINFOUP")};

	for (size_t i = 0; i < COUNT_OF(fixed); i++) {
		if (view_is_nocase(view_of(r->keyword), fixed[i]))
			return false;
	}
	return !r->is_once;
}

bool reply_other_form(const struct reply *r, struct reply *ret)
{
	*ret = *r;
	if (r->kind == REPLY_AL && strchr(r->keyword, '_') != NULL) {
		ret->kind = REPLY_ECHO;
		return true;
	}
	if (r->kind == REPLY_ECHO && view_starts_nocase(view_of(r->keyword), VIEW("AL_"))) {
		ret->kind = REPLY_AL;
		return true;
	}
	if ((r->kind != REPLY_ECHO && r->kind != REPLY_STATUS) || !has_two_forms(r))
		return false;
	ret->kind = r->kind == REPLY_ECHO ? REPLY_STATUS : REPLY_ECHO;
	ret->number = r->kind == REPLY_ECHO ? ANSWERED : 0;
	return true;
}

/* ---- its bytes ---- */

static void add_number(struct content *c, int64_t number)
{
	content_add(c, VIEW(","));
	content_add_number(c, number);
}

static enum rc write_data(const struct reply *r, bool is_yisai, struct content *c, struct err *e)
{
	struct pack_in in = pack_in_of(r->packed);
	struct reply_data data;

	if (r->data != NULL)
		return reply_data_write(r->kind, r->data, is_yisai, c, e);
	reply_data_unpack(&in, r->kind, &data);
	if (!unpack_is_done(&in))
		return fail(e, RC_SYNTAX, "reply: its data are missing or damaged");
	return reply_data_write(r->kind, &data, is_yisai, c, e);
}

static enum rc write_content(const struct reply *r, bool is_yisai, struct content *c, struct err *e)
{
	switch (r->kind) {
	case REPLY_ECHO:
	case REPLY_STATUS:
		if (!is_word(view_of(r->keyword), REPORT_KEYWORD_MAX))
			return fail(e, RC_SYNTAX, "reply: no keyword");
		content_add(c, view_of(r->keyword));
		if (r->kind == REPLY_STATUS)
			add_number(c, r->number);
		return RC_OK;
	case REPLY_LK:
		content_add(c, VIEW("LK"));
		return RC_OK;
	case REPLY_KA:
		content_add(c, VIEW("KA"));
		return RC_OK;
	case REPLY_AL:
		content_add(c, VIEW("AL"));
		return RC_OK;
	case REPLY_TIME:
		if (r->number <= 0)
			return fail(e, RC_SYNTAX, "reply: TIME without the time");
		content_add(c, VIEW("TIME"));
		add_number(c, r->number);
		return RC_OK;
	case REPLY_BOUND:
		content_add(c, VIEW("DEVPWDCHECKBIND,1"));
		add_number(c, r->number == 0 ? 0 : 1);
		return RC_OK;
	case REPLY_JXTKR:
		content_add(c, VIEW("JXTKR"));
		add_number(c, r->number);
		return RC_OK;
	case REPLY_TK:
		content_add(c, VIEW("TK"));
		add_number(c, r->number == 0 ? 0 : 1);
		return RC_OK;
	case REPLY_TK2:
		if (!is_word(view_of(r->group), REPLY_GROUP_MAX))
			return fail(e, RC_SYNTAX, "reply: TK2 without its group");
		content_add(c, VIEW("TK2,"));
		content_add(c, view_of(r->group));
		add_number(c, r->number == 0 ? 0 : 1);
		return RC_OK;
	case REPLY_WEATHER:
	case REPLY_FORECAST:
	case REPLY_PLACE:
	case REPLY_ADDRESS:
	case REPLY_FRIEND:
		return write_data(r, is_yisai, c, e);
	case REPLY_NONE:
	case REPLY_KIND_COUNT:
		break;
	}
	return fail(e, RC_SYNTAX, "reply: nothing to send");
}

enum rc reply_write(const struct reply *r, const struct addressee *to, char *buf, size_t buf_size,
	size_t *ret_n, struct err *e)
{
	char text[REPLY_FRAME_MAX];
	struct content content = {.p = text, .size = sizeof text};
	enum rc rc = write_content(r, command_is_yisai(to->vendor), &content, e);

	if (rc != RC_OK)
		return rc;
	return encode_frame(to, &content, buf, buf_size, ret_n, e);
}

/* ---- between roles ---- */

static void pack_word(struct pack_out *o, const char *word)
{
	size_t n = strlen(word);

	pack_u8(o, (uint8_t)n);
	pack_bytes(o, word, n);
}

static enum rc pack_data(struct pack_out *o, const struct reply *r, struct err *e)
{
	if (r->data == NULL) { /* as it came */
		pack_bytes(o, r->packed.p, r->packed.n);
		return r->packed.n > 0 ? RC_OK : fail(e, RC_SYNTAX, "reply: its data are missing");
	}
	enum rc rc = reply_data_check(r->kind, r->data, e);
	if (rc == RC_OK)
		reply_data_pack(o, r->kind, r->data);
	return rc;
}

enum rc reply_pack(
	const struct reply *r, uint8_t *buf, size_t buf_size, size_t *ret_n, struct err *e)
{
	struct pack_out o = {.p = buf, .size = buf_size};

	pack_u8(&o, PACK_VERSION);
	pack_u8(&o, (uint8_t)r->kind);
	pack_u8(&o, r->is_once ? 1 : 0);
	pack_word(&o, r->keyword);
	pack_word(&o, r->group);
	pack_int(&o, r->number);
	if (reply_has_data(r->kind)) {
		enum rc rc = pack_data(&o, r, e);
		if (rc != RC_OK)
			return rc;
	}
	if (o.is_full)
		return fail(e, RC_LIMIT, "reply: does not fit in %zu bytes", buf_size);
	*ret_n = o.n;
	return RC_OK;
}

static void unpack_word(struct pack_in *in, char *dst, size_t dst_size)
{
	struct view v = unpack_bytes(in, unpack_uint(in, dst_size - 1));

	if (v.n > 0 && !copy_word(v, dst, dst_size))
		in->is_bad = true;
}

enum rc reply_unpack(struct view packed, struct reply *ret, struct err *e)
{
	struct pack_in in = pack_in_of(packed);
	struct reply r = {.kind = REPLY_NONE};

	in.is_bad = unpack_u8(&in) != PACK_VERSION;
	r.kind = (enum reply_kind)unpack_uint(&in, REPLY_KIND_COUNT - 1);
	r.is_once = unpack_uint(&in, 1) == 1;
	unpack_word(&in, r.keyword, sizeof r.keyword);
	unpack_word(&in, r.group, sizeof r.group);
	r.number = unpack_int(&in, INT64_MIN, INT64_MAX);
	if (reply_has_data(r.kind)) {
		struct reply_data data;
		r.packed = (struct view){.p = (const char *)in.p, .n = in.n};
		reply_data_unpack(&in, r.kind, &data);
	}
	if (!unpack_is_done(&in))
		return fail(e, RC_SYNTAX, "reply: damaged after packing (%zu bytes)", packed.n);
	*ret = r;
	return RC_OK;
}
