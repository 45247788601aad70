/* Property tests: a statement is tried on many random inputs. Every run takes a fresh seed and
 * prints it; KINWARD_SEED=… repeats a run.
 *
 *   static void one_round(struct prop *p) { uint32_t v = (uint32_t)prop_u64(p); …
 * assert_int_equal(…); } prop_run("what_is_written_can_be_read", 1000, one_round);
 */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct prop {
	uint64_t state;
	unsigned round; /* from 0 */
};

typedef void prop_fn(struct prop *p);

static inline uint64_t prop_u64(struct prop *p)
{
	uint64_t z = p->state += UINT64_C(0x9E3779B97F4A7C15); /* splitmix64 */

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

/* 0..n-1; n > 0. */
static inline size_t prop_below(struct prop *p, size_t n)
{
	return (size_t)(prop_u64(p) % n);
}

/* min..max, both included. */
static inline int64_t prop_between(struct prop *p, int64_t min, int64_t max)
{
	uint64_t span = (uint64_t)max - (uint64_t)min;
	uint64_t step = span == UINT64_MAX ? prop_u64(p) : prop_u64(p) % (span + 1);

	return (int64_t)((uint64_t)min + step);
}

/* True in `percent` of 100. */
static inline int prop_chance(struct prop *p, unsigned percent)
{
	return prop_below(p, 100) < percent;
}

/* A number whose size in bits is random, so that small ones are as likely as large ones. */
static inline uint64_t prop_any_size(struct prop *p)
{
	return prop_u64(p) >> prop_below(p, 64);
}

/* Fills buf with 0..max bytes out of `alphabet` (any byte when NULL); returns how many. */
static inline size_t prop_bytes(
	struct prop *p, char *buf, size_t max, const char *alphabet, size_t alphabet_n)
{
	size_t n = prop_below(p, max + 1);

	for (size_t i = 0; i < n; i++)
		buf[i] = alphabet == NULL ? (char)prop_u64(p) : alphabet[prop_below(p, alphabet_n)];
	return n;
}

static inline void prop_run(const char *name, unsigned rounds, prop_fn *fn)
{
	const char *wanted = secure_getenv("KINWARD_SEED");
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_REALTIME, &now);
	uint64_t seed = wanted != NULL ? strtoull(wanted, NULL, 10)
				       : (uint64_t)now.tv_sec * UINT64_C(1000000000) +
						 (uint64_t)now.tv_nsec;
	(void)fprintf(stderr, "%s: KINWARD_SEED=%llu, %u rounds\n", name, (unsigned long long)seed,
		rounds);
	for (unsigned i = 0; i < rounds; i++) {
		struct prop p = {.state = seed + i * UINT64_C(0xD1342543DE82EF95), .round = i};
		fn(&p);
	}
}
