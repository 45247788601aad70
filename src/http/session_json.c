#include "http/session_json.h"

#include <pthread.h>
#include <stdlib.h>

enum { SLOTS = 4096 };

struct entry {
	struct uid session;
	uint64_t generation;
	struct shared_answer *answer; /* NULL: free */
};

struct sessions_json {
	pthread_mutex_t lock;
	_Atomic(uint64_t) stamp; /* grows when everything is forgotten */
	struct entry slots[SLOTS];
};

struct shared_answer *shared_answer_new(struct MHD_Response *take_response)
{
	struct shared_answer *a = take_response == NULL ? NULL : calloc(1, sizeof *a);

	if (a == NULL) {
		if (take_response != NULL)
			MHD_destroy_response(take_response);
		return NULL;
	}
	atomic_store(&a->refs, 1);
	a->response = take_response;
	return a;
}

struct shared_answer *shared_answer_ref(struct shared_answer *a)
{
	(void)atomic_fetch_add(&a->refs, 1);
	return a;
}

void shared_answer_unref(struct shared_answer *a)
{
	if (a == NULL || atomic_fetch_sub(&a->refs, 1) > 1)
		return;
	MHD_destroy_response(a->response);
	free(a);
}

enum rc sessions_json_new(struct sessions_json **ret_owned, struct err *e)
{
	struct sessions_json *c = calloc(1, sizeof *c);

	if (c == NULL)
		return fail(e, RC_NOMEM, "http: out of memory");
	(void)pthread_mutex_init(&c->lock, NULL); /* cannot fail without attributes */
	*ret_owned = c;
	return RC_OK;
}

void sessions_json_free(struct sessions_json *c)
{
	if (c == NULL)
		return;
	sessions_json_forget(c);
	(void)pthread_mutex_destroy(&c->lock);
	free(c);
}

static struct entry *slot_of(struct sessions_json *c, const struct uid *session)
{
	uint32_t h;

	memcpy(&h, session->b, sizeof h); /* ids are random */
	return &c->slots[h % SLOTS];
}

struct shared_answer *sessions_json_get(
	struct sessions_json *c, const struct uid *session, uint64_t generation)
{
	struct shared_answer *a = NULL;

	(void)pthread_mutex_lock(&c->lock);
	struct entry *slot = slot_of(c, session);
	if (slot->answer != NULL && slot->generation == generation &&
		uid_is(&slot->session, session)) {
		a = shared_answer_ref(slot->answer);
	}
	(void)pthread_mutex_unlock(&c->lock);
	return a;
}

void sessions_json_put(struct sessions_json *c, const struct uid *session, uint64_t generation,
	uint64_t stamp, struct shared_answer *a)
{
	struct shared_answer *old = NULL;

	(void)pthread_mutex_lock(&c->lock);
	if (stamp == atomic_load(&c->stamp)) {
		struct entry *slot = slot_of(c, session);
		old = slot->answer;
		*slot = (struct entry){.session = *session,
			.generation = generation,
			.answer = shared_answer_ref(a)};
	}
	(void)pthread_mutex_unlock(&c->lock);
	shared_answer_unref(old);
}

uint64_t sessions_json_stamp(struct sessions_json *c)
{
	return atomic_load(&c->stamp);
}

void sessions_json_forget(struct sessions_json *c)
{
	(void)pthread_mutex_lock(&c->lock);
	(void)atomic_fetch_add(&c->stamp, 1);
	for (size_t i = 0; i < SLOTS; i++) {
		shared_answer_unref(c->slots[i].answer);
		c->slots[i] = (struct entry){0};
	}
	(void)pthread_mutex_unlock(&c->lock);
}
