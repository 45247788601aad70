#include "domain/gateway_counters.h"

#include <pthread.h>
#include <stdlib.h>

struct gateway_values {
	uint64_t now[COUNTER_COUNT];
	uint64_t before[COUNTER_COUNT]; /* of earlier processes of this gateway */
};

struct gateway_counters {
	pthread_mutex_t lock;
	struct gateway_values values[GATEWAY_COUNTERS_MAX];
};

enum rc gateway_counters_new(struct gateway_counters **ret_owned, struct err *e)
{
	struct gateway_counters *g = calloc(1, sizeof *g);

	if (g == NULL)
		return fail(e, RC_NOMEM, "counters: out of memory");
	(void)pthread_mutex_init(&g->lock, NULL); /* cannot fail with default attributes */
	*ret_owned = g;
	return RC_OK;
}

void gateway_counters_free(struct gateway_counters *g)
{
	if (g == NULL)
		return;
	(void)pthread_mutex_destroy(&g->lock);
	free(g);
}

void gateway_counters_store(
	struct gateway_counters *g, uint8_t gateway, const struct message_stats *stats)
{
	if (gateway >= GATEWAY_COUNTERS_MAX)
		return;
	struct gateway_values *v = &g->values[gateway];
	(void)pthread_mutex_lock(&g->lock); /* the default mutex does not fail here */
	for (unsigned i = 0; i < stats->n && i < COUNTER_COUNT; i++) {
		bool is_gauge = counter_is_gauge((enum counter)i);
		if (!is_gauge && stats->counters[i] < v->now[i])
			v->before[i] += v->now[i]; /* a new process counts from 0 */
		v->now[i] = stats->counters[i];
	}
	(void)pthread_mutex_unlock(&g->lock);
}

uint64_t gateway_counters_sum(struct gateway_counters *g, enum counter what)
{
	uint64_t sum = 0;

	(void)pthread_mutex_lock(&g->lock);
	for (unsigned i = 0; i < GATEWAY_COUNTERS_MAX; i++)
		sum += g->values[i].now[what] + g->values[i].before[what];
	(void)pthread_mutex_unlock(&g->lock);
	return sum;
}
