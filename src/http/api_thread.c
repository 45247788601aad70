/* The thread of a wearer: what people and the watch said to each other. */
#include "http/api.h"

#include <stdio.h>
#include <stdlib.h>

#include "domain/audit.h"
#include "domain/media.h"
#include "domain/thread.h"
#include "http/inside.h"
#include "http/shapes.h"
#include "http/thread_export.h"

static enum rc right_missing(struct exchange *x)
{
	return refuse(&x->problem, RC_DENIED, "right_missing", NULL, NULL);
}

/* What the caller sees of the wearer of x->verdict; RC_DENIED when it is nothing. */
static enum rc check_sight(struct exchange *x, struct thread_sight *ret)
{
	*ret = thread_sight_of(x->verdict.now);
	return ret->sees_texts || ret->sees_media ? RC_OK : right_missing(x);
}

static void write_item(void *ctx, const struct thread_item *item)
{
	struct exchange *x = ctx;

	shape_thread_item(&x->out, NULL, item);
}

static void write_limits(struct json_out *j, const struct thread_limits *l)
{
	json_object(j, "limits");
	json_int(j, "text_units", l->text_units);
	json_int(j, "voice_seconds", l->voice_seconds);
	json_bool(j, "has_text", l->has_text);
	json_bool(j, "has_emoji", l->has_emoji);
	json_bool(j, "has_voice", l->has_voice);
	json_end(j);
}

static unsigned page_size(struct view digits)
{
	unsigned n = 0;

	for (size_t i = 0; i < digits.n; i++) /* at most three: the table says so */
		n = n * 10 + (unsigned)(digits.p[i] - '0');
	return digits.n == 0 ? THREAD_PAGE : n;
}

enum rc api_thread(struct exchange *x, struct db *reader)
{
	const struct uid *before = &x->query.thread.before;
	struct thread_limits limits;
	struct thread_sight sight;
	enum rc rc = check_sight(x, &sight);

	if (rc != RC_OK)
		return rc;
	json_object(&x->out, NULL);
	json_array(&x->out, "items");
	rc = thread_list(reader, &x->ids[0], sight, uid_is_none(before) ? NULL : before,
		page_size(x->query.thread.limit), write_item, x, &x->err);
	json_end(&x->out);
	if (rc == RC_OK)
		rc = thread_limits_get(x->domain, reader, &x->ids[0], &limits, &x->err);
	if (rc != RC_OK)
		return rc;
	write_limits(&x->out, &limits);
	json_end(&x->out);
	return RC_OK;
}

static enum rc answer_item(struct exchange *x, struct db *reader, const struct uid *id)
{
	struct thread_item item;
	enum rc rc = thread_get(reader, id, &item, &x->err);

	if (rc == RC_OK)
		shape_thread_item(&x->out, NULL, &item);
	x->status = MHD_HTTP_CREATED;
	return rc;
}

/* Characters outside the first plane: nearly all emoji. */
static bool has_emoji(struct view text)
{
	for (size_t i = 0; i < text.n; i++) {
		if ((uint8_t)text.p[i] >= 0xf0)
			return true;
	}
	return false;
}

enum rc api_thread_text(struct exchange *x, struct db *reader)
{
	struct command_request request = {.type = VIEW("message"),
		.text = x->body.thread_text.text,
		.idempotency_key = x->head.idempotency_key};
	struct thread_limits limits;
	struct command_info command;
	enum rc rc = thread_limits_get(x->domain, reader, &x->ids[0], &limits, &x->err);

	if (rc == RC_OK && !limits.has_text && limits.has_voice)
		return refuse(&x->problem, RC_CONFLICT, "watch_shows_no_text", NULL,
			"this watch shows no texts; it plays voice messages");
	if (rc == RC_OK && limits.lacks_emoji && has_emoji(request.text))
		return refuse(&x->problem, RC_SYNTAX, "text_invalid", "text",
			"this watch shows no emoji");
	if (rc == RC_OK)
		rc = commands_create(x->domain, reader, &x->who, &x->ids[0], &request, &command,
			&x->problem, &x->err);
	return rc == RC_OK ? answer_item(x, reader, &command.id) : rc;
}

enum rc api_thread_voice(struct exchange *x, struct db *reader)
{
	struct media_info info;
	uint8_t *amr = NULL;
	size_t n = 0;
	struct uid item;
	enum rc rc = x->raw_n == 0 ? RC_SYNTAX
				   : media_convert_wait(x->domain, MEDIA_WAV_TO_AMR,
					     (struct view){.p = x->raw, .n = x->raw_n}, &amr, &n,
					     &info, &x->problem, &x->err);

	if (rc == RC_SYNTAX)
		return refuse(&x->problem, rc, "voice_invalid", NULL, NULL);
	if (rc == RC_LIMIT)
		return refuse(&x->problem, RC_SYNTAX, "voice_too_long", NULL,
			"a voice message has 0.1 to 15 seconds");
	if (rc != RC_OK)
		return rc;
	struct thread_voice voice = {.amr = {.p = (const char *)amr, .n = n},
		.duration_ms = info.duration_ms,
		.idempotency_key = x->head.idempotency_key};
	_Static_assert((int)THREAD_WAVE == (int)WAV_CURVE_VALUES, "one curve");
	memcpy(voice.wave, info.curve, sizeof voice.wave);
	rc = thread_send_voice(x->domain, &x->who, &x->ids[0], &voice, &item, &x->problem, &x->err);
	free(amr);
	return rc == RC_OK ? answer_item(x, reader, &item) : rc;
}

/* What came from the watch shows view_media; what went to it also whoever sent it. */
static enum rc check_may_open(struct exchange *x, struct db *reader, enum thread_kind kind)
{
	struct thread_sight sight = thread_sight_of(x->verdict.now);
	struct thread_item item;
	enum rc rc = sight.sees_media || sight.sees_texts ? RC_OK : right_missing(x);

	if (rc == RC_OK)
		rc = thread_get(reader, &x->ids[0], &item, &x->err);
	if (rc != RC_OK)
		return rc;
	if (!sight.sees_media &&
		(item.direction == THREAD_FROM || !uid_is(&item.by, &x->who.account)))
		return right_missing(x);
	return item.kind == kind ? RC_OK : RC_NOT_FOUND;
}

enum rc api_thread_sound(struct exchange *x, struct db *reader)
{
	struct media_info info;
	uint8_t *amr = NULL;
	size_t n = 0;
	enum rc rc = check_may_open(x, reader, THREAD_VOICE);

	if (rc == RC_OK)
		rc = thread_content(reader, &x->ids[0], THREAD_VOICE, &amr, &n, &x->err);
	if (rc == RC_OK)
		rc = media_convert_wait(x->domain, MEDIA_AMR_TO_WAV,
			(struct view){.p = (const char *)amr, .n = n}, &x->blob, &x->blob_n, &info,
			&x->problem, &x->err);
	free(amr);
	if (rc == RC_OK)
		x->content_type = "audio/wav";
	return rc;
}

enum rc api_thread_photo(struct exchange *x, struct db *reader)
{
	enum rc rc = check_may_open(x, reader, THREAD_PHOTO);

	if (rc == RC_OK)
		rc = thread_content(
			reader, &x->ids[0], THREAD_PHOTO, &x->blob, &x->blob_n, &x->err);
	if (rc == RC_OK)
		x->content_type = "image/jpeg"; /* nothing else is ever stored */
	return rc;
}

/* Whoever sent it may take it back; else who looks after the watch's settings, and with photos who
 * may take them. */
static enum rc check_may_delete(struct exchange *x, struct db *reader, struct thread_item *ret)
{
	enum rc rc = thread_get(reader, &x->ids[1], ret, &x->err);

	if (rc == RC_OK && !uid_is(&ret->wearer, &x->ids[0]))
		return RC_NOT_FOUND;
	if (rc != RC_OK || (ret->direction == THREAD_TO && uid_is(&ret->by, &x->who.account)))
		return rc;
	act_told(&x->who);
	return access_check_right(
		x, reader, ret->kind == THREAD_PHOTO ? RIGHT_PHOTO : RIGHT_SETTINGS, false);
}

enum rc api_thread_delete(struct exchange *x, struct db *reader)
{
	struct thread_item item;
	struct command_info command;
	enum rc rc = check_may_delete(x, reader, &item);

	if (rc != RC_OK)
		return rc;
	/* A text that still waits is taken back, too; one that has gone stays on the watch. */
	if (item.kind == THREAD_TEXT && item.state == THREAD_QUEUED)
		rc = commands_cancel(x->domain, reader, &x->who, &x->ids[0], &x->ids[1], &command,
			&x->problem, &x->err);
	if (rc != RC_OK && rc != RC_CONFLICT)
		return rc;
	x->problem = (struct problem){.tries_left = -1};
	act_detail(&x->who, "%s", thread_kind_name(item.kind));
	return thread_delete(x->domain, &x->who, &x->ids[0], &x->ids[1], &x->err);
}

enum rc api_thread_heard(struct exchange *x, struct db *reader)
{
	struct thread_item item;
	enum rc rc = thread_get(reader, &x->body.thread_heard.item, &item, &x->err);

	if (rc == RC_OK && !uid_is(&item.wearer, &x->ids[0]))
		rc = RC_NOT_FOUND;
	return rc == RC_OK ? thread_mark_heard(x->domain, &x->who, &x->ids[0], &item.id, &x->err)
			   : rc;
}

enum rc api_thread_export(struct exchange *x, struct db *reader)
{
	act_told(&x->who);
	return thread_export(x, reader);
}

enum rc api_quota(struct exchange *x, struct db *reader)
{
	struct thread_quota quota;
	enum rc rc = thread_quota_get(x->domain, reader, &x->ids[0], &quota, &x->err);

	if (rc != RC_OK)
		return rc;
	json_object(&x->out, NULL);
	json_int(&x->out, "used_bytes", quota.used_bytes);
	json_int(&x->out, "max_bytes", quota.max_bytes);
	json_end(&x->out);
	return RC_OK;
}
