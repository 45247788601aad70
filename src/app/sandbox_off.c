/* Stands in for sandbox_seccomp.c: sanitizers and coverage need system calls that the filters
 * forbid. */
#include "app/sandbox_seccomp.h"

enum rc seccomp_enter_gateway(struct err *e)
{
	return fail(e, RC_DENIED, "this build is instrumented for tests");
}

enum rc seccomp_enter_courier(struct err *e)
{
	return fail(e, RC_NOT_FOUND, "left out of builds with sanitizers or coverage");
}

enum rc seccomp_enter_media(struct err *e)
{
	return fail(e, RC_DENIED, "this build is instrumented for tests");
}

enum rc seccomp_enter_worker(struct err *e)
{
	return fail(e, RC_DENIED, "this build is instrumented for tests");
}

/* Sanitizers keep notes about memory that are many times as large. */
enum rc limit_memory(uint64_t bytes, struct err *e)
{
	(void)bytes;
	return fail(e, RC_DENIED, "this build is instrumented for tests");
}

enum rc seccomp_enter_server(struct err *e)
{
	return fail(e, RC_DENIED, "this build is instrumented for tests");
}

bool seccomp_is_available(void)
{
	return false;
}
