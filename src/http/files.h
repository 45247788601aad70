/* The app's files: read from web_dir once, before the sandbox, and served from memory. The list is
 * made of what the folder holds then (plain names, two levels, no links), so no path of a request
 * ever reaches the file system. Read-only afterwards; any thread. */
#pragma once

#include <microhttpd.h>

#include "http/head.h"

enum {
	FILES_MAX = 512,
	FILES_BYTES_MAX = 64 * 1024 * 1024,
	FILE_PATH_MAX = 128,
};

struct files;

/* A folder that is not there gives an empty list (and a warning in the log). page_policy is the
 * Content-Security-Policy of pages; is_https adds HSTS. */
MUST_CHECK enum rc files_new(const char *web_dir, const char *page_policy, bool is_https,
	struct files **ret_owned, struct err *e);
void files_free(struct files *f);

/* "/" is index.html. */
MUST_CHECK bool files_find(const struct files *f, struct view path, size_t *ret_index);

/* The finished response (borrowed) and its status: 200, or 304 when the client has this version
 * already. */
struct MHD_Response *files_response(
	const struct files *f, size_t index, const struct head *h, unsigned *ret_status);
size_t files_count(const struct files *f);

/* Gzip of text; NULL when it would not be smaller by a tenth or memory is short. */
char *gzip_text(struct view text, int level, size_t *ret_n);
