/* The messages between server and courier. */
#include "link/message_bytes.h"

void write_courier_hello(struct out *o, const struct message *m)
{
	put_u64(o, m->courier_hello.epoch);
	put_number(o, m->courier_hello.busy, 2);
}

bool read_courier_hello(struct view *in, struct message *ret)
{
	uint64_t busy = 0;

	if (!get_u64(in, &ret->courier_hello.epoch) || ret->courier_hello.epoch == 0 ||
		!get_number(in, 2, &busy))
		return false;
	ret->courier_hello.busy = (uint16_t)busy;
	return true;
}

void write_result(struct out *o, const struct message *m)
{
	put_bytes(o, m->result.item.b, UID_BYTES);
	put_number(o, m->result.attempt, 4);
	put_u8(o, m->result.outcome);
	put_number(o, m->result.code, 2);
}

static bool get_attempt(struct view *in, uint32_t *ret)
{
	uint64_t attempt = 0;

	if (!get_number(in, 4, &attempt))
		return false;
	*ret = (uint32_t)attempt;
	return true;
}

bool read_result(struct view *in, struct message *ret)
{
	unsigned outcome = 0;
	uint64_t code = 0;

	if (!get_uid(in, &ret->result.item) || !get_attempt(in, &ret->result.attempt) ||
		!get_choice(in, COURIER_OUTCOME_COUNT, &outcome) || outcome == COURIER_NONE ||
		!get_number(in, 2, &code))
		return false;
	ret->result.outcome = (enum courier_outcome)outcome;
	ret->result.code = (uint16_t)code;
	return true;
}

static void put_body(struct out *o, struct view body)
{
	if (body.n > COURIER_BODY_MAX && o->rc == RC_OK)
		o->rc = RC_BUG;
	put_payload(o, body);
}

static bool get_body(struct view *in, struct view *ret)
{
	return get_payload(in, ret) && ret->n <= COURIER_BODY_MAX;
}

void write_webhook(struct out *o, const struct message *m)
{
	const struct message_webhook *w = &m->webhook;

	put_bytes(o, w->item.b, UID_BYTES);
	put_number(o, w->attempt, 4);
	put_bytes(o, w->event.b, UID_BYTES);
	put_long_text(o, w->url, COURIER_URL_MAX);
	put_long_text(o, w->digest, COURIER_HEADER_MAX);
	put_long_text(o, w->signature_input, COURIER_HEADER_MAX);
	put_long_text(o, w->signature, COURIER_HEADER_MAX);
	put_body(o, w->body);
}

bool read_webhook(struct view *in, struct message *ret)
{
	struct message_webhook *w = &ret->webhook;

	return get_uid(in, &w->item) && get_attempt(in, &w->attempt) && get_uid(in, &w->event) &&
	       get_long_text(in, COURIER_URL_MAX, &w->url) &&
	       get_long_text(in, COURIER_HEADER_MAX, &w->digest) &&
	       get_long_text(in, COURIER_HEADER_MAX, &w->signature_input) &&
	       get_long_text(in, COURIER_HEADER_MAX, &w->signature) && get_body(in, &w->body);
}

void write_mail(struct out *o, const struct message *m)
{
	put_bytes(o, m->mail.item.b, UID_BYTES);
	put_number(o, m->mail.attempt, 4);
	put_long_text(o, m->mail.to, COURIER_TO_MAX);
	put_long_text(o, m->mail.subject, COURIER_SUBJECT_MAX);
	put_body(o, m->mail.text);
}

bool read_mail(struct view *in, struct message *ret)
{
	return get_uid(in, &ret->mail.item) && get_attempt(in, &ret->mail.attempt) &&
	       get_long_text(in, COURIER_TO_MAX, &ret->mail.to) &&
	       get_long_text(in, COURIER_SUBJECT_MAX, &ret->mail.subject) &&
	       get_body(in, &ret->mail.text);
}

const char *courier_outcome_name(enum courier_outcome o)
{
	static const char *const names[COURIER_OUTCOME_COUNT] = {
		[COURIER_NONE] = "none",
		[COURIER_DONE] = "done",
		[COURIER_BAD_URL] = "bad_url",
		[COURIER_NO_NAME] = "no_name",
		[COURIER_FORBIDDEN] = "forbidden_address",
		[COURIER_CONNECT] = "no_connection",
		[COURIER_TLS] = "no_trusted_tls",
		[COURIER_TIMEOUT] = "timeout",
		[COURIER_STATUS] = "refused",
		[COURIER_SIGN_IN] = "sign_in",
		[COURIER_NOT_SET_UP] = "not_set_up",
		[COURIER_QUOTA] = "quota",
		[COURIER_BUSY] = "busy",
		[COURIER_LOST] = "lost",
		[COURIER_BROKEN] = "broken",
	};

	return o < COURIER_OUTCOME_COUNT ? names[o] : "unknown";
}
