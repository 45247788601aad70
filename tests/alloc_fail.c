/* Linked into every unit test: the linker sends its allocations through here (--wrap). */
#include <stdatomic.h>
#include <stdlib.h>

#include "unit.h"

/* The linker prescribes these names.
 * NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_reallocarray(void *p, size_t n, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);

static atomic_long left = -1;
static atomic_int has_failed;

void alloc_fail_after(long successes)
{
	atomic_store(&has_failed, 0);
	atomic_store(&left, successes);
}

int alloc_has_failed(void)
{
	return atomic_load(&has_failed);
}

static int is_to_fail(void)
{
	if (atomic_load(&left) < 0 || atomic_fetch_sub(&left, 1) != 0)
		return 0;
	atomic_store(&has_failed, 1);
	return 1;
}

void *__wrap_malloc(size_t size)
{
	return is_to_fail() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return is_to_fail() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return is_to_fail() ? NULL : __real_realloc(p, size);
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
	return is_to_fail() ? NULL : __real_reallocarray(p, n, size);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
