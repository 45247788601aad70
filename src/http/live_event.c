#include "http/live_event.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "http/shapes.h"

/* One event of the ring: its wearer, and its texts for readers with different rights. */
struct kept_event {
	uint64_t seq; /* 0: none */
	struct uid wearer;
	unsigned texts_n;
	struct event_text *texts; /* one reference each */
};

struct event_texts {
	struct domain *domain;
	struct db *reader;
	struct json_out json;
	struct kept_event kept[EVENTS_KEPT]; /* by seq modulo EVENTS_KEPT */
	/* One object at a time, of object_seq; too large for the stack of each call. */
	uint64_t object_seq;
	bool has_object; /* false: it is gone */
	struct uid wearer;
	union {
		struct wearer_info wearer;
		struct alarm_info alarm;
		struct command_info command;
		struct claim_info claim;
	} object;
};

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

static void forget_kept(struct kept_event *k)
{
	for (struct event_text *text = k->texts, *next; text != NULL; text = next) {
		next = text->next;
		event_text_unref(text);
	}
	*k = (struct kept_event){0};
}

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
		forget_kept(&t->kept[i]);
	json_out_done(&t->json);
	if (t->reader != NULL)
		db_close(t->reader);
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

static enum rc read_object(struct event_texts *t, const struct event *event, struct err *e)
{
	const struct uid *id = &event->object;
	enum rc rc = RC_OK;

	t->wearer = (struct uid){{0}};
	switch (event->type) {
	case EVENT_WEARER:
		rc = wearer_get(t->domain, t->reader, id, &t->object.wearer, e);
		t->wearer = *id;
		break;
	case EVENT_ALARM:
		rc = alarm_get(t->reader, id, &t->object.alarm, e);
		t->wearer = t->object.alarm.wearer;
		break;
	case EVENT_COMMAND:
		rc = commands_get(t->reader, id, &t->object.command, e);
		t->wearer = t->object.command.wearer;
		break;
	case EVENT_CLAIM:
		rc = claim_get(t->domain, t->reader, id, &t->object.claim, e);
		break;
	case EVENT_THREAD:
	case EVENT_HEALTH:
		t->wearer = *id;
		break;
	case EVENT_REMOVED:
	case EVENT_GROUP:
	case EVENT_NOTICE:
		break;
	case EVENT_TYPE_COUNT:
		rc = RC_NOT_FOUND;
		break;
	}
	return rc;
}

static enum rc load_object(struct event_texts *t, const struct event *event, struct err *e)
{
	if (t->object_seq == event->seq)
		return RC_OK;
	t->object_seq = 0;
	enum rc rc = read_object(t, event, e);
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return rc;
	t->has_object = rc == RC_OK;
	if (!t->has_object)
		t->wearer = (struct uid){{0}};
	t->object_seq = event->seq;
	return RC_OK;
}

/* The place where the event's texts are kept. Older events than the one there have none. */
static struct kept_event *kept_of(struct event_texts *t, const struct event *event)
{
	struct kept_event *k = &t->kept[event->seq % EVENTS_KEPT];

	if (k->seq < event->seq) {
		forget_kept(k);
		k->seq = event->seq;
		k->wearer = t->wearer;
	}
	return k->seq == event->seq ? k : NULL;
}

struct db *event_texts_reader(struct event_texts *t)
{
	return t->reader;
}

enum rc event_texts_wearer(
	struct event_texts *t, const struct event *event, struct uid *ret, struct err *e)
{
	const struct kept_event *k = &t->kept[event->seq % EVENTS_KEPT];

	if (k->seq == event->seq) {
		*ret = k->wearer;
		return RC_OK;
	}
	enum rc rc = load_object(t, event, e);
	if (rc != RC_OK)
		return rc;
	*ret = t->wearer;
	(void)kept_of(t, event);
	return RC_OK;
}

/* The rights that an event of this type asks for (one of them is enough) … */
static right_set rights_to_hear(enum event_type type)
{
	switch (type) {
	case EVENT_ALARM:
		return ALARM_READERS;
	case EVENT_CLAIM:
		return RIGHT_BIT(RIGHT_CLAIM);
	case EVENT_THREAD:
		return RIGHT_BIT(RIGHT_MESSAGE) | RIGHT_BIT(RIGHT_VIEW_MEDIA);
	case EVENT_HEALTH:
		return RIGHT_BIT(RIGHT_VIEW_HEALTH) | RIGHT_BIT(RIGHT_CONTACTS);
	case EVENT_WEARER:
	case EVENT_COMMAND:
	case EVENT_REMOVED:
	case EVENT_GROUP:
	case EVENT_NOTICE:
		return RIGHT_BIT(RIGHT_SEE_GROUP);
	case EVENT_TYPE_COUNT:
		break;
	}
	return 0;
}

/* … and those that change what it shows. */
static right_set rights_that_show(enum event_type type)
{
	switch (type) {
	case EVENT_WEARER:
		return ~(right_set)0; /* it lists them */
	case EVENT_ALARM:
		return ALARM_READERS;
	case EVENT_COMMAND:
		return RIGHT_BIT(RIGHT_MESSAGE) | RIGHT_BIT(RIGHT_CALL) |
		       RIGHT_BIT(RIGHT_CONTACTS) | RIGHT_BIT(RIGHT_SETTINGS);
	case EVENT_CLAIM:
	case EVENT_REMOVED:
	case EVENT_THREAD:
	case EVENT_HEALTH:
	case EVENT_GROUP:
	case EVENT_NOTICE:
	case EVENT_TYPE_COUNT:
		break;
	}
	return 0;
}

static void render_object(struct event_texts *t, const struct event *event, right_set rights)
{
	struct json_out *j = &t->json;
	bool is_of_wearer = event->type == EVENT_REMOVED || event->type == EVENT_HEALTH ||
			    event->type == EVENT_THREAD;

	switch (event->type) {
	case EVENT_WEARER:
		shape_wearer(j, NULL, &t->object.wearer, rights);
		break;
	case EVENT_ALARM:
		shape_alarm(j, NULL, &t->object.alarm, rights);
		break;
	case EVENT_COMMAND:
		shape_command(j, NULL, &t->object.command, rights, NULL);
		break;
	case EVENT_CLAIM:
		shape_claim(j, NULL, &t->object.claim);
		break;
	case EVENT_REMOVED:
	case EVENT_THREAD:
	case EVENT_HEALTH:
	case EVENT_GROUP:
	case EVENT_NOTICE:
		json_object(j, NULL); /* the reader asks for the rest */
		json_uid(j, is_of_wearer ? "wearer" : "group", &event->object);
		json_end(j);
		break;
	case EVENT_TYPE_COUNT:
		break;
	}
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

static enum rc render(struct event_texts *t, const struct event *event, right_set rights,
	struct event_text **ret_owned, struct err *e)
{
	struct view json;
	enum rc rc = load_object(t, event, e);

	if (rc != RC_OK)
		return rc;
	if (!t->has_object) {
		*ret_owned = NULL;
		return RC_OK;
	}
	json_out_reset(&t->json);
	render_object(t, event, rights);
	rc = json_out_finish(&t->json, &json, e);
	return rc == RC_OK ? frame_event(t, event, json, ret_owned, e) : rc;
}

enum rc event_texts_get(struct event_texts *t, const struct event *event, right_set rights,
	struct event_text **ret_owned, struct err *e)
{
	struct kept_event *k = &t->kept[event->seq % EVENTS_KEPT];
	struct event_text *text = NULL;

	*ret_owned = NULL;
	if ((rights & rights_to_hear(event->type)) == 0)
		return RC_OK;
	rights &= rights_that_show(event->type);
	for (text = k->seq == event->seq ? k->texts : NULL; text != NULL; text = text->next) {
		if (text->rights == rights) {
			*ret_owned = event_text_ref(text);
			return RC_OK;
		}
	}
	enum rc rc = render(t, event, rights, &text, e);
	if (rc != RC_OK || text == NULL)
		return rc;
	text->rights = rights;
	k = kept_of(t, event);
	if (k != NULL && k->texts_n < EVENT_TEXTS_MAX) {
		text->next = k->texts;
		k->texts = event_text_ref(text);
		k->texts_n++;
	}
	*ret_owned = text;
	return RC_OK;
}
