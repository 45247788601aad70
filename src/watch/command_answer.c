/* What a watch says about a command (protocol section 2.2), and to whom a command may go. */
#include "watch/command.h"

enum { STATUS_TEXT_MAX = 26 }; /* TK2,group,1: a group and a digit */

bool command_is_yisai(struct view vendor)
{
	static const struct view yisai[] = {
		VIEW("YS"), VIEW("XT"), VIEW("TL"), VIEW("BK"), VIEW("RL")};

	for (size_t i = 0; i < COUNT_OF(yisai); i++) {
		if (view_is_nocase(vendor, yisai[i]))
			return true;
	}
	return false;
}

bool command_suits(enum command_kind kind, struct view vendor)
{
	const struct command_definition *d = command_definition(kind);

	if (d == NULL)
		return false;
	switch (d->vendors) {
	case VENDORS_YISAI:
		return command_is_yisai(vendor);
	case VENDORS_NOT_YISAI:
		return !command_is_yisai(vendor);
	case VENDORS_ALL:
		break;
	}
	return true;
}

bool command_is_silent(enum command_kind kind, struct view vendor)
{
	const struct command_definition *d = command_definition(kind);

	if (d == NULL)
		return false;
	return d->silence == SILENCE_ALL ||
	       (d->silence == SILENCE_YISAI && command_is_yisai(vendor));
}

static bool has_answer(const struct command_definition *d, struct view keyword)
{
	for (size_t i = 0; i < COMMAND_ANSWERS_MAX && d->answers[i] != NULL; i++) {
		if (view_is_nocase(keyword, view_of(d->answers[i])))
			return true;
	}
	return false;
}

/* TK,1 and TK2,group,0 are about a message of ours; TK with a sound is one of the watch. */
static enum command_answer answer_of_voice(struct view params)
{
	if (params.n > STATUS_TEXT_MAX)
		return ANSWER_TO_OTHER;
	bool is_no = params.n > 0 && params.p[params.n - 1] == '0' &&
		     (params.n == 1 || params.p[params.n - 2] == ',');
	return is_no ? ANSWER_REFUSED : ANSWER_CONFIRMED;
}

/* Only TK,1 takes a voice out of the queue: how V32 says no is not known. */
static enum command_answer answer_of_own_voice(struct view params)
{
	enum command_answer answer = answer_of_voice(params);
	bool is_yes = params.n == 0 || (params.p[params.n - 1] == '1' &&
					       (params.n == 1 || params.p[params.n - 2] == ','));

	return answer == ANSWER_CONFIRMED && !is_yes ? ANSWER_REFUSED : answer;
}

/* 0, or as elsewhere in V32: -1 server error, -2 parameter error. */
static bool says_no(struct view params)
{
	return view_is(params, VIEW("0")) || (params.n > 1 && params.p[0] == '-');
}

enum command_answer command_answer_of(
	enum command_kind kind, struct view keyword, struct view params)
{
	const struct command_definition *d = command_definition(kind);

	if (d == NULL || !has_answer(d, keyword))
		return ANSWER_TO_OTHER;
	if (kind == COMMAND_PHOTO)
		return ANSWER_RECEIVED;
	if (kind == COMMAND_VOICE)
		return answer_of_own_voice(params);
	if (kind == COMMAND_VOICE_GROUP)
		return answer_of_voice(params);
	return d->has_status && says_no(params) ? ANSWER_REFUSED : ANSWER_CONFIRMED;
}

bool command_waits_for(enum command_kind kind, enum command_kind other)
{
	const struct command_definition *d = command_definition(kind);
	const struct command_definition *o = command_definition(other);

	if (d == NULL || o == NULL)
		return false;
	return has_answer(o, view_of(d->answers[0])) ||
	       view_is(view_of(d->answers[0]), view_of(o->answers[0]));
}

bool command_is_sensitive(enum command_kind kind)
{
	const struct command_definition *d = command_definition(kind);

	return d != NULL && d->is_sensitive;
}

bool command_may_repeat(enum command_kind kind)
{
	const struct command_definition *d = command_definition(kind);

	return d != NULL && d->may_repeat;
}
