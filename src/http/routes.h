/* The one table of routes. A row says who may call, how often, on which object and by which right,
 * what the body may hold, where it runs, and what it will write to the audit log. What is not in
 * the table does not exist. exchange.c walks it; nothing else decides about access. */
#pragma once

#include "domain/rights.h"
#include "http/fields.h"
#include "http/rate.h"

struct exchange;

enum access {
	ACCESS_PUBLIC = 1,
	ACCESS_ACCOUNT,  /* signed in */
	ACCESS_GROUP,    /* … and rights_decide for the object says yes */
	ACCESS_OPERATOR, /* … and runs the server */
	ACCESS_LOCAL,    /* an address of metrics_from */
	ACCESS_PARTNER,  /* a partner's token, and rights_decide for the wearer says yes */
	ACCESS_COUNT,
};
const char *access_name(enum access a);

enum object_place { OBJECT_NOWHERE, OBJECT_IN_PATH, OBJECT_IN_BODY };

enum run_where {
	RUN_HERE = 1, /* in the thread that read the request: reads quickly, never waits */
	RUN_POOL,     /* waits for the disk, or answers much */
	RUN_HASH,     /* hashes passwords */
	RUN_STREAM,   /* becomes an event stream */
};

enum body_kind {
	BODY_NONE,
	BODY_JSON,
	BODY_PICTURE,
	BODY_SOUND,  /* audio/wav */
	BODY_FORM,   /* the handler reads it (form.h) */
	BODY_PHONE,  /* of a phone's app: the handler reads query and body of any type */
	BODY_OBJECT, /* JSON whose members depend on the path: the handler reads it (body_root) */
};

/* Does the work and fills the answer in x. A result other than RC_OK becomes a problem answer from
 * x->problem. Runs in the thread that run_where names, with that thread's reader connection. */
typedef enum rc route_fn(struct exchange *x, struct db *reader);

/* One word of a body field and the right that it needs: a body that says what shall be done
 * ("type") has a right, and perhaps the approval of others, for each thing that it may say. */
struct word_right {
	const char *word; /* NULL at the end */
	enum right right;
	bool may_wait; /* see route.may_wait */
};
/* The same for a word in the path; false when there is no such word. */
typedef bool route_word_fn(struct view word, struct word_right *ret);

struct route {
	const char *method;
	const char *path; /* "{…}" stands for an id; "{setting}", "{capability}" for a word */
	enum access access;
	enum rate_class rate;
	enum run_where where;
	enum object_place place;
	enum object_kind object; /* with a place */
	enum right right;
	/* Class D: the handler hands its act to domain/approval.h, so it also runs when a second
	 * person or time is needed. All other rows are refused then. */
	bool may_wait;
	enum body_kind body_kind;
	const struct field_table *body;  /* with BODY_JSON */
	const struct field_table *query; /* NULL: no parameters */
	const char *audit; /* what happened, in one word; "" for what is not written down */
	route_fn *run;
	/* NULL, or what the first member of the body's values (a struct view) needs besides; a word
	 * that is not there is refused */
	const struct word_right *words;
	route_word_fn *path_word; /* NULL, or what the word in the path needs besides */
};

extern const struct route routes[];
extern const size_t routes_n;

enum { ROUTE_IDS_MAX = 3, ROUTE_WORD_MAX = 32, ROUTE_METHODS_TEXT = 64 };

struct route_match {
	const struct route *route;     /* NULL: none */
	struct uid ids[ROUTE_IDS_MAX]; /* of the "{…}", in order */
	struct view word;              /* of the word among them; a view into path */
	const struct route *known;     /* the first row with this path; NULL: it is unknown */
};

/* Finds the row of method and path (without query). */
void routes_match(struct view method, struct view path, struct route_match *ret);

/* "GET, POST": the methods of all rows with the path of `known`; "" of NULL. */
void routes_methods(const struct route *known, char ret_text[ROUTE_METHODS_TEXT]);
