/* The control socket: `kinward user …` and `kinward device …` ask the running service, which alone
 * writes. A socket in the data folder (mode 0600) that only the same user and root may speak to.
 * The client sends one line, words separated by tabs; the service answers with a line "ok" or
 * "failed" and text for people, and closes. Commands run one after the other in a thread of their
 * own. */
#pragma once

#include <stdio.h>

#include "domain/domain.h"

enum { ADMIN_WORDS_MAX = 8, ADMIN_LINE_MAX = 1000 };

/* One command, in its thread. What it writes to `out` is printed by the client. */
struct admin_call {
	struct domain *domain;
	struct db *reader;
	const struct principal *who; /* the operator at the keyboard; its act is in the audit log */
	unsigned words_n;
	const char *words[ADMIN_WORDS_MAX]; /* behind group and verb */
	FILE *out;
	struct problem problem;
	struct err err;
};
typedef enum rc admin_fn(struct admin_call *c);

struct admin_command {
	const char *group, *verb; /* "user", "ban" */
	unsigned words_min, words_max;
	const char *usage; /* behind the verb */
	const char *audit; /* the word in the audit log; "" for what changes nothing */
	admin_fn *run;
};
/* app/admin_commands.c */
extern const struct admin_command admin_commands[];
extern const size_t admin_commands_n;

struct admin;
/* Before the sandbox: makes the socket. */
MUST_CHECK enum rc admin_open(
	struct domain *d, const char *data_dir, struct admin **ret_owned, struct err *e);
/* When the domain runs; `like` is a reader connection to open another one like it. */
MUST_CHECK enum rc admin_start(struct admin *a, struct db *like, struct err *e);
/* Finishes what runs, takes no more. NULL is allowed. In the main loop's thread, before
 * writer_stop. */
void admin_stop(struct admin *a);
void admin_free(struct admin *a);

/* `kinward user …`, `kinward device …`: the client. */
int admin_main(int argc, char **argv);
