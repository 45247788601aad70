#include "http/live_event.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "http/shapes.h"

struct event_texts {
	struct domain *domain;
	struct db *reader;
	struct json_out json;
	struct event_text *kept[EVENTS_KEPT]; /* by seq modulo EVENTS_KEPT */
	/* One object at a time; too large for the stack of each call. */
	union {
		struct wearer_info wearer;
		struct alarm_info alarm;
		struct command_info command;
		struct claim_info claim;
	} object;
};

enum rc event_texts_new(
	struct domain *d, const char *db_path, struct event_texts **ret_owned, struct err *e)
{
	struct event_texts *t = calloc(1, sizeof *t);

	if (t == NULL)
		return fail(e, RC_NOMEM, "events: out of memory");
	t->domain = d;
	json_out_init(&t->json, EVENT_TEXT_MAX);
	enum rc rc = db_open(db_path, DB_READER, d->keyring, &t->reader, e);
	if (rc != RC_OK) {
		event_texts_free(t);
		return rc;
	}
	*ret_owned = t;
	return RC_OK;
}

void event_texts_free(struct event_texts *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < EVENTS_KEPT; i++)
		event_text_unref(t->kept[i]);
	json_out_done(&t->json);
	if (t->reader != NULL)
		db_close(t->reader);
	free(t);
}

struct event_text *event_text_ref(struct event_text *t)
{
	t->refs++;
	return t;
}

void event_text_unref(struct event_text *t)
{
	if (t != NULL && --t->refs == 0)
		free(t);
}

struct event_text *event_text_new(struct view text)
{
	struct event_text *t = malloc(sizeof *t + text.n);

	if (t == NULL)
		return NULL;
	*t = (struct event_text){.refs = 1, .n = text.n};
	if (text.n > 0)
		memcpy(t->text, text.p, text.n);
	return t;
}

void event_id_write(uint64_t epoch, uint64_t seq, char ret_text[EVENT_ID_TEXT])
{
	(void)snprintf(ret_text, EVENT_ID_TEXT, "%016" PRIx64 "-%" PRIu64, epoch, seq);
}

bool event_id_read(struct view text, uint64_t epoch, uint64_t *ret_seq)
{
	char own[EVENT_ID_TEXT];
	struct view head;

	event_id_write(epoch, 0, own);
	return view_cut(&text, 17, &head) && memcmp(head.p, own, 17) == 0 &&
	       num_u64(text, UINT64_MAX / 2, ret_seq, NULL) == RC_OK;
}

static enum rc render_object(struct event_texts *t, const struct event *event, struct err *e)
{
	struct json_out *j = &t->json;
	enum rc rc = RC_NOT_FOUND;

	switch (event->type) {
	case EVENT_WEARER:
		rc = wearer_get(t->domain, t->reader, &event->object, &t->object.wearer, e);
		if (rc == RC_OK)
			shape_wearer(j, NULL, &t->object.wearer);
		break;
	case EVENT_ALARM:
		rc = alarm_get(t->reader, &event->object, &t->object.alarm, e);
		if (rc == RC_OK)
			shape_alarm(j, NULL, &t->object.alarm);
		break;
	case EVENT_COMMAND:
		rc = commands_get(t->reader, &event->object, &t->object.command, e);
		if (rc == RC_OK)
			shape_command(j, NULL, &t->object.command);
		break;
	case EVENT_CLAIM:
		rc = claim_get(t->domain, t->reader, &event->object, &t->object.claim, e);
		if (rc == RC_OK)
			shape_claim(j, NULL, &t->object.claim);
		break;
	case EVENT_REMOVED:
		json_object(j, NULL);
		json_uid(j, "wearer", &event->object);
		json_end(j);
		rc = RC_OK;
		break;
	case EVENT_NOTICE: /* the reader asks for its notices: each has read others */
		json_object(j, NULL);
		json_uid(j, "group", &event->group);
		json_end(j);
		rc = RC_OK;
		break;
	case EVENT_TYPE_COUNT:
		break;
	}
	return rc;
}

static enum rc frame_event(struct event_texts *t, const struct event *event, struct view json,
	struct event_text **ret_owned, struct err *e)
{
	char id[EVENT_ID_TEXT];
	char head[128];

	event_id_write(bus_epoch(t->domain->bus), event->seq, id);
	int head_n = snprintf(
		head, sizeof head, "id: %s\nevent: %s\ndata: ", id, event_type_name(event->type));
	if (head_n < 0 || (size_t)head_n >= sizeof head)
		return fail(e, RC_BUG, "events: head too long");
	struct event_text *text = malloc(sizeof *text + (size_t)head_n + json.n + 2);
	if (text == NULL)
		return fail(e, RC_NOMEM, "events: out of memory");
	*text = (struct event_text){.seq = event->seq, .refs = 1, .n = (size_t)head_n + json.n + 2};
	memcpy(text->text, head, (size_t)head_n);
	memcpy(text->text + head_n, json.p, json.n);
	memcpy(text->text + head_n + json.n, "\n\n", 2);
	*ret_owned = text;
	return RC_OK;
}

enum rc event_texts_get(struct event_texts *t, const struct event *event,
	struct event_text **ret_owned, struct err *e)
{
	struct event_text **slot = &t->kept[event->seq % EVENTS_KEPT];
	struct view json;

	if (*slot != NULL && (*slot)->seq == event->seq) {
		*ret_owned = event_text_ref(*slot);
		return RC_OK;
	}
	json_out_reset(&t->json);
	enum rc rc = render_object(t, event, e);
	if (rc == RC_OK)
		rc = json_out_finish(&t->json, &json, e);
	if (rc == RC_NOT_FOUND) {
		*ret_owned = NULL;
		return RC_OK;
	}
	struct event_text *text = NULL;
	if (rc == RC_OK)
		rc = frame_event(t, event, json, &text, e);
	if (rc != RC_OK)
		return rc;
	if (*slot == NULL || (*slot)->seq < event->seq) {
		event_text_unref(*slot);
		*slot = event_text_ref(text);
	}
	*ret_owned = text;
	return RC_OK;
}
