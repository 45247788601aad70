#include "http/thread_export.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "crypto/token.h"
#include "domain/thread.h"
#include "http/shapes.h"
#include "http/tar.h"

enum { SEND_BLOCK = 65536, FILE_NAME = 64 };

/* A file of the archive that is not in memory yet. */
struct export_file {
	struct uid item;
	int64_t created_ms;
	enum thread_kind kind;
};

struct export
{
	struct http_server *server;
	struct export_file *files; /* owned */
	size_t files_n, next;
	bool is_ended; /* the last block was made */
	/* what is being sent: header, content and padding of one file */
	uint8_t *bytes; /* owned */
	size_t n, at;
};

static void export_free(void *context)
{
	struct export *ex = context;

	if (ex == NULL)
		return;
	if (ex->bytes != NULL)
		secret_forget(ex->bytes, ex->n);
	free(ex->bytes);
	free(ex->files);
	free(ex);
}

static void export_freep(struct export **ex)
{
	export_free(*ex);
}

static void file_name(const struct uid *item, enum thread_kind kind, char ret[FILE_NAME])
{
	char id[UID_TEXT];

	uid_to_text(item, id);
	(void)snprintf(ret, FILE_NAME, "%ss/%s.%s", thread_kind_name(kind), id,
		kind == THREAD_VOICE ? "amr" : "jpg");
}

/* Header, content, padding. */
static bool put_file(
	struct export *ex, const char *name, int64_t time_ms, const void *content, size_t n)
{
	size_t total = TAR_BLOCK + n + tar_padding(n);
	uint8_t *bytes = calloc(1, total);

	if (bytes == NULL)
		return false;
	tar_write_header(name, n, time_ms / 1000, bytes);
	if (n > 0)
		memcpy(bytes + TAR_BLOCK, content, n);
	free(ex->bytes);
	ex->bytes = bytes;
	ex->n = total;
	ex->at = 0;
	return true;
}

/* The next file, or the end. What was deleted meanwhile, or is damaged, is left out. False: it
 * cannot go on. */
static bool make_next(struct export *ex)
{
	while (ex->next < ex->files_n) {
		const struct export_file *f = &ex->files[ex->next++];
		struct db *reader = server_take_reader(ex->server);
		uint8_t *content = NULL;
		char name[FILE_NAME];
		size_t n = 0;
		if (reader == NULL)
			return false;
		enum rc rc = thread_content(reader, &f->item, f->kind, &content, &n, NULL);
		server_give_reader(ex->server, reader);
		if (rc == RC_NOT_FOUND || rc == RC_SYNTAX)
			continue;
		if (rc != RC_OK)
			return false;
		file_name(&f->item, f->kind, name);
		bool is_put = put_file(ex, name, f->created_ms, content, n);
		free(content);
		return is_put;
	}
	free(ex->bytes);
	ex->bytes = calloc(1, TAR_END_BYTES);
	ex->n = TAR_END_BYTES;
	ex->at = 0;
	ex->is_ended = true;
	return ex->bytes != NULL;
}

static ssize_t send_more(void *context, uint64_t pos, char *buf, size_t max)
{
	struct export *ex = context;

	(void)pos;
	if (ex->at == ex->n) {
		if (ex->is_ended)
			return MHD_CONTENT_READER_END_OF_STREAM;
		if (!make_next(ex))
			return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	size_t n = ex->n - ex->at < max ? ex->n - ex->at : max;
	memcpy(buf, ex->bytes + ex->at, n);
	ex->at += n;
	return (ssize_t)n;
}

struct listing {
	struct export *ex;
	struct json_out json;
	struct uid last;
	unsigned n; /* of this page */
	bool is_out_of_memory;
};

static void list_item(void *ctx, const struct thread_item *item)
{
	struct listing *l = ctx;
	struct export *ex = l->ex;
	bool has_file = item->kind != THREAD_TEXT &&
			!(item->direction == THREAD_FROM && item->state == THREAD_FAILED);
	char name[FILE_NAME];

	l->last = item->id;
	l->n++;
	json_object(&l->json, NULL);
	shape_thread_item(&l->json, "item", item);
	if (has_file && ex->files_n < EXPORT_ITEMS_MAX) {
		ex->files[ex->files_n++] = (struct export_file){
			.item = item->id, .created_ms = item->created_ms, .kind = item->kind};
		file_name(&item->id, item->kind, name);
		json_text(&l->json, "file", view_of(name));
	}
	json_end(&l->json);
}

static enum rc list_items(struct listing *l, struct exchange *x, struct db *reader)
{
	static const struct thread_sight all = {.sees_texts = true, .sees_media = true};
	unsigned total = 0;
	enum rc rc = RC_OK;

	json_object(&l->json, NULL);
	json_uid(&l->json, "wearer", &x->ids[0]);
	json_time(&l->json, "made", x->domain->wall_ms());
	json_array(&l->json, "items");
	do {
		struct uid before = l->last;
		l->n = 0;
		rc = thread_list(reader, &x->ids[0], all, total == 0 ? NULL : &before,
			THREAD_PAGE_MAX, list_item, l, &x->err);
		total += l->n;
	} while (rc == RC_OK && l->n == THREAD_PAGE_MAX && total < EXPORT_ITEMS_MAX);
	json_end(&l->json);
	json_bool(&l->json, "is_truncated", total >= EXPORT_ITEMS_MAX && l->n > 0);
	json_end(&l->json);
	return rc;
}

static enum rc list_all(struct export *ex, struct exchange *x, struct db *reader)
{
	struct listing l = {.ex = ex};
	struct view text;

	json_out_init(&l.json, ANSWER_MAX);
	enum rc rc = list_items(&l, x, reader);
	if (rc == RC_OK)
		rc = json_out_finish(&l.json, &text, &x->err);
	if (rc == RC_OK && !put_file(ex, "thread.json", x->domain->wall_ms(), text.p, text.n))
		rc = fail(&x->err, RC_NOMEM, "export: out of memory");
	json_out_done(&l.json);
	return rc;
}

enum rc thread_export(struct exchange *x, struct db *reader)
{
	CLEANUP(export_freep) struct export *ex = calloc(1, sizeof *ex);

	if (ex != NULL) {
		ex->server = x->server;
		ex->files = calloc(EXPORT_ITEMS_MAX, sizeof *ex->files);
	}
	if (ex == NULL || ex->files == NULL)
		return fail(&x->err, RC_NOMEM, "export: out of memory");
	enum rc rc = list_all(ex, x, reader);
	if (rc != RC_OK)
		return rc;
	x->stream = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, SEND_BLOCK, send_more, ex, export_free);
	if (x->stream == NULL)
		return fail(&x->err, RC_NOMEM, "export: out of memory");
	(void)STEAL(ex); /* export_free frees it */
	if (!answer_add_download_headers(x->server, x->stream, "application/x-tar", "thread.tar"))
		return fail(&x->err, RC_NOMEM, "export: out of memory");
	return RC_OK;
}
