#include "domain/roles.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/num.h"

struct roles {
	pthread_mutex_t lock; /* guards what follows */
	size_t n;
	struct role_state items[ROLES_MAX];
};

enum rc roles_new(struct roles **ret_owned, struct err *e)
{
	struct roles *r = calloc(1, sizeof *r);

	if (r == NULL)
		return fail(e, RC_NOMEM, "roles: out of memory");
	(void)pthread_mutex_init(&r->lock, NULL); /* cannot fail with default attributes */
	*ret_owned = r;
	return RC_OK;
}

void roles_free(struct roles *r)
{
	if (r == NULL)
		return;
	(void)pthread_mutex_destroy(&r->lock);
	free(r);
}

bool roles_note(struct roles *r, struct view text)
{
	struct role_state s;
	struct view name;
	struct view state;

	if (!view_cut_until(&text, ' ', ROLE_NAME_TEXT - 1, &name) ||
		!view_cut_until(&text, ' ', 4, &state) ||
		!view_to_text(name, s.name, sizeof s.name) ||
		num_u32(text, UINT32_MAX, &s.starts, NULL) != RC_OK)
		return false;
	s.is_up = view_is(state, VIEW("up"));
	if (!s.is_up && !view_is(state, VIEW("down")))
		return false;
	(void)pthread_mutex_lock(&r->lock); /* the default mutex does not fail here */
	size_t i = 0;
	while (i < r->n && !view_is(name, view_of(r->items[i].name)))
		i++;
	if (i < ROLES_MAX) {
		r->items[i] = s;
		r->n = i == r->n ? i + 1 : r->n;
	}
	(void)pthread_mutex_unlock(&r->lock);
	return i < ROLES_MAX;
}

void roles_each(struct roles *r, role_state_fn *fn, void *ctx)
{
	(void)pthread_mutex_lock(&r->lock);
	for (size_t i = 0; i < r->n; i++)
		fn(ctx, &r->items[i]);
	(void)pthread_mutex_unlock(&r->lock);
}
