#include "courier/courier.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/log.h"
#include "courier/question.h"
#include "link/link.h"

enum { LINK_QUEUE_BYTES = 256 * 1024, DRAIN_MS = 1000 };
#define HOUR_MS (INT64_C(3600) * 1000)

/* One try or question: the message as bytes, then what is told of it. */
struct job {
	struct list node;
	struct courier *courier;
	struct message answer;
	size_t n;
	uint8_t bytes[]; /* as message_write makes them */
};

struct courier {
	struct courier_config config;
	struct link *link;
	bool is_welcome; /* what comes is meant for this process */
	bool is_ended;
	unsigned bad;
	unsigned busy; /* tries without a result yet */
	unsigned threads_n;
	unsigned threads_left;
	pthread_t threads[COURIER_WORKERS];
	_Atomic(bool) is_stopping;
	int64_t *mails_ms; /* ring of the last mail_per_hour mails, monotonic */
	size_t mails_at;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t is_there;
	struct list queue;
	unsigned queue_n;
};

/* ---- the link: the loop's thread ---- */

static void tell(struct courier *c, const struct message *m)
{
	struct err e;

	/* The server takes what is not told for lost after a while. */
	if (link_send(c->link, m, &e) != RC_OK)
		log_event(LOG_WARN, "courier.not_told", "why=\"%s\"", e.msg);
	link_flush(c->link);
}

static void say_hello(struct courier *c)
{
	struct message m = {.type = MESSAGE_COURIER_HELLO,
		.courier_hello = {.epoch = c->config.epoch, .busy = (uint16_t)c->busy}};

	tell(c, &m);
}

static void end(struct courier *c)
{
	if (c->is_ended || c->threads_left > 0)
		return;
	c->is_ended = true;
	(void)!link_drain(c->link, DRAIN_MS, NULL); /* else the server tries these again */
	c->config.on_stopped(c->config.owner);
}

static void on_result(void *arg)
{
	struct job *j = arg;
	struct courier *c = j->courier;

	c->busy--;
	tell(c, &j->answer);
	free(j);
}

/* mail_per_hour: the place in the ring is that of the mail so many mails ago. */
static bool may_mail(struct courier *c)
{
	int64_t now_ms = loop_now_ms(c->config.loop);
	int64_t *at = &c->mails_ms[c->mails_at];

	if (*at != 0 && now_ms - *at < HOUR_MS)
		return false;
	*at = now_ms == 0 ? 1 : now_ms;
	c->mails_at = (c->mails_at + 1) % c->config.mail_per_hour;
	return true;
}

static bool put_job(struct courier *c, const struct message *m, const struct message *answer)
{
	struct job *j = malloc(sizeof *j + MESSAGE_BODY_MAX);
	bool has_room = false;

	if (j == NULL || message_write(m, j->bytes, MESSAGE_BODY_MAX, &j->n, NULL) != RC_OK) {
		free(j);
		return false;
	}
	j->courier = c;
	j->answer = *answer;
	list_init(&j->node);
	(void)pthread_mutex_lock(&c->lock); /* the default mutex does not fail here */
	has_room = c->queue_n < COURIER_QUEUE_MAX;
	if (has_room) {
		c->queue_n++;
		list_append(&c->queue, &j->node);
		(void)pthread_cond_signal(&c->is_there);
	}
	(void)pthread_mutex_unlock(&c->lock);
	if (!has_room)
		free(j);
	else
		c->busy++;
	return has_room;
}

/* `answer` says meanwhile that it was not tried, or not asked. */
static void take(struct courier *c, const struct message *m, struct message *answer)
{
	if (!c->is_welcome || atomic_load(&c->is_stopping))
		return; /* meant for the process before, or it will be lost anyway */
	if (m->type == MESSAGE_MAIL && !may_mail(c))
		answer->result.outcome = COURIER_QUOTA;
	else if (put_job(c, m, answer))
		return;
	tell(c, answer);
}

static void take_try(
	struct courier *c, const struct message *m, const struct uid *item, uint32_t attempt)
{
	struct message answer = {.type = MESSAGE_RESULT,
		.result = {.item = *item, .attempt = attempt, .outcome = COURIER_BUSY}};

	take(c, m, &answer);
}

static void take_question(struct courier *c, const struct message *m)
{
	struct message answer;

	question_decline(m, &answer);
	take(c, m, &answer);
}

static void on_message(void *owner, const struct message *m)
{
	struct courier *c = owner;

	switch (m->type) {
	case MESSAGE_COURIER_WELCOME:
		c->is_welcome = m->welcome.epoch == c->config.epoch;
		if (!c->is_welcome)
			say_hello(c);
		return;
	case MESSAGE_WEBHOOK:
		take_try(c, m, &m->webhook.item, m->webhook.attempt);
		return;
	case MESSAGE_MAIL:
		take_try(c, m, &m->mail.item, m->mail.attempt);
		return;
	case MESSAGE_WEATHER_ASK:
	case MESSAGE_LOCATE_ASK:
		take_question(c, m);
		return;
	case MESSAGE_HELLO: /* not from the server: message_read refuses them */
	case MESSAGE_OPENED:
	case MESSAGE_ANNOUNCED:
	case MESSAGE_REPORT:
	case MESSAGE_CLOSED:
	case MESSAGE_SENT:
	case MESSAGE_UNSENT:
	case MESSAGE_FOREIGN:
	case MESSAGE_BLOB:
	case MESSAGE_STATS:
	case MESSAGE_BYE:
	case MESSAGE_WELCOME:
	case MESSAGE_STANDING:
	case MESSAGE_ANSWER:
	case MESSAGE_COMMAND:
	case MESSAGE_CLOSE:
	case MESSAGE_FAREWELL:
	case MESSAGE_COURIER_HELLO:
	case MESSAGE_RESULT:
	case MESSAGE_WEATHER_TOLD:
	case MESSAGE_LOCATE_TOLD:
	case MESSAGE_MEDIA_HELLO:
	case MESSAGE_MEDIA_OUTPUT:
	case MESSAGE_MEDIA_DONE:
	case MESSAGE_MEDIA_WELCOME:
	case MESSAGE_MEDIA_INPUT:
		return;
	}
}

static void on_bad(void *owner, const struct err *e)
{
	struct courier *c = owner;

	log_event(LOG_ERROR, "courier.bad_packet", "why=\"%s\"", e->msg);
	if (++c->bad >= COURIER_BAD_MAX)
		courier_stop(c);
}

static void on_broken(void *owner, const struct err *e)
{
	log_event(LOG_ERROR, "courier.link_broken", "why=\"%s\"", e->msg);
	courier_stop(owner);
}

static const struct link_events events = {
	.on_message = on_message, .on_bad = on_bad, .on_broken = on_broken};

/* ---- the workers ---- */

static void try_once(struct job *j)
{
	const struct courier_config *config = &j->courier->config;
	struct view in = {.p = (const char *)j->bytes, .n = j->n};
	struct delivered d = {.outcome = COURIER_BROKEN};
	struct message m;
	bool is_read = message_read(&in, MESSAGE_TO_COURIER, &m, NULL) == RC_OK;

	if (is_read && question_is(m.type)) {
		question_ask(&config->deliver, &m, &j->answer);
		return;
	}
	if (is_read)
		d = m.type == MESSAGE_MAIL
			    ? deliver_mail(&config->deliver, &m.mail, config->wall_ms())
			    : deliver_webhook(&config->deliver, &m.webhook);
	j->answer.result.outcome = d.outcome;
	j->answer.result.code = d.code;
}

/* NULL: there is nothing more to do. */
static struct job *wait_for_job(struct courier *c)
{
	struct list *node = NULL;

	(void)pthread_mutex_lock(&c->lock); /* the default mutex does not fail here */
	while (!atomic_load(&c->is_stopping) && list_is_empty(&c->queue))
		(void)pthread_cond_wait(&c->is_there, &c->lock);
	if (!atomic_load(&c->is_stopping))
		node = list_pop(&c->queue);
	c->queue_n -= node != NULL;
	(void)pthread_mutex_unlock(&c->lock);
	return node == NULL ? NULL : CONTAINER_OF(node, struct job, node);
}

static void on_thread_end(void *arg)
{
	struct courier *c = arg;

	c->threads_left--;
	end(c);
}

static void *work(void *arg)
{
	struct courier *c = arg;

	for (struct job *j = wait_for_job(c); j != NULL; j = wait_for_job(c)) {
		try_once(j);
		if (loop_post(c->config.loop, on_result, j, NULL) != RC_OK)
			free(j); /* taken for lost by the server */
	}
	/* There is always room: the queue of calls is far longer than that of jobs. */
	(void)!loop_post(c->config.loop, on_thread_end, c, NULL);
	return NULL;
}

static enum rc start_threads(struct courier *c, struct err *e)
{
	for (unsigned i = 0; i < COURIER_WORKERS; i++) {
		if (pthread_create(&c->threads[i], NULL, work, c) != 0)
			return fail(e, RC_NOMEM, "courier: no thread");
		c->threads_n++;
		c->threads_left++;
	}
	return RC_OK;
}

/* ---- from the start to the end ---- */

void courier_stop(struct courier *c)
{
	if (atomic_exchange(&c->is_stopping, true))
		return;
	(void)pthread_mutex_lock(&c->lock); /* the default mutex does not fail here */
	(void)pthread_cond_broadcast(&c->is_there);
	(void)pthread_mutex_unlock(&c->lock);
}

enum rc courier_new(const struct courier_config *config, struct courier **ret_owned, struct err *e)
{
	struct courier *c = calloc(1, sizeof *c);

	if (c == NULL)
		return fail(e, RC_NOMEM, "courier: out of memory");
	c->config = *config;
	c->config.deliver.is_stopping = &c->is_stopping;
	list_init(&c->queue);
	/* cannot fail with default attributes */
	(void)pthread_mutex_init(&c->lock, NULL);
	(void)pthread_cond_init(&c->is_there, NULL);
	c->mails_ms = calloc(config->mail_per_hour, sizeof *c->mails_ms);
	struct link_config link = {.loop = config->loop,
		.fd = config->link_fd,
		.side = MESSAGE_FROM_COURIER,
		.queue_high_bytes = LINK_QUEUE_BYTES,
		.events = &events,
		.owner = c};
	enum rc rc = c->mails_ms == NULL ? fail(e, RC_NOMEM, "courier: out of memory")
					 : link_new(&link, &c->link, e);
	if (rc == RC_OK)
		rc = start_threads(c, e);
	if (rc != RC_OK) {
		courier_free(c);
		return rc;
	}
	say_hello(c);
	*ret_owned = c;
	return RC_OK;
}

void courier_free(struct courier *c)
{
	if (c == NULL)
		return;
	courier_stop(c);
	for (unsigned i = 0; i < c->threads_n; i++)
		(void)pthread_join(c->threads[i], NULL);
	for (struct list *node = list_pop(&c->queue); node != NULL; node = list_pop(&c->queue))
		free(CONTAINER_OF(node, struct job, node));
	link_free(c->link);
	free(c->mails_ms);
	(void)pthread_cond_destroy(&c->is_there);
	(void)pthread_mutex_destroy(&c->lock);
	free(c);
}
