#define ZLIB_CONST /* next_in is const */

#include "http/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/log.h"

enum { TAG_TEXT = 35 /* quotes, 32 hex digits, NUL */, GZIP_MIN = 512 };

struct file {
	char path[FILE_PATH_MAX]; /* as in a request: "/index.html" */
	char tag[TAG_TEXT];
	char *bytes, *packed; /* owned; packed may be NULL */
	size_t bytes_n, packed_n;
	struct MHD_Response *plain, *gzip, *unchanged; /* gzip may be NULL */
};

struct files {
	const char *page_policy;
	bool is_https;
	size_t n;
	size_t bytes;
	struct file items[FILES_MAX];
};

static const struct {
	const char *ending, *type;
	bool is_text;
} types[] = {
	{".html", "text/html; charset=utf-8", true},
	{".js", "text/javascript; charset=utf-8", true},
	{".mjs", "text/javascript; charset=utf-8", true},
	{".css", "text/css; charset=utf-8", true},
	{".json", "application/json", true},
	{".webmanifest", "application/manifest+json", true},
	{".svg", "image/svg+xml", true},
	{".txt", "text/plain; charset=utf-8", true},
	{".png", "image/png", false},
	{".jpg", "image/jpeg", false},
	{".webp", "image/webp", false},
	{".ico", "image/x-icon", false},
	{".woff2", "font/woff2", false},
	{".wav", "audio/wav", false},
	{".mp3", "audio/mpeg", false},
	{".pbf", "application/x-protobuf", false},
	{".pmtiles", "application/vnd.pmtiles", false},
	{".wasm", "application/wasm", false},
};

static bool ends_with(const char *text, const char *ending)
{
	size_t n = strlen(text);
	size_t ending_n = strlen(ending);
	return n > ending_n && memcmp(text + n - ending_n, ending, ending_n) == 0;
}

/* Index in types; COUNT_OF(types) for a kind of file that is not served. */
static size_t type_of(const char *name)
{
	size_t i = 0;

	while (i < COUNT_OF(types) && !ends_with(name, types[i].ending))
		i++;
	return i;
}

static bool is_plain_name(const char *name)
{
	for (const char *p = name; *p != '\0'; p++) {
		if (!ascii_is_alnum(*p) && strchr("._-", *p) == NULL)
			return false;
	}
	return name[0] != '.' && name[0] != '\0';
}

char *gzip_text(struct view text, int level, size_t *ret_n)
{
	z_stream z = {0};
	size_t max = text.n - text.n / 10;

	if (text.n > FILES_BYTES_MAX || max == 0 ||
		deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return NULL;
	char *packed = malloc(max);
	if (packed != NULL) {
		z.next_in = (const Bytef *)text.p;
		z.avail_in = (uInt)text.n;
		z.next_out = (Bytef *)packed;
		z.avail_out = (uInt)max;
		if (deflate(&z, Z_FINISH) == Z_STREAM_END) {
			*ret_n = max - z.avail_out;
		} else {
			free(packed);
			packed = NULL;
		}
	}
	(void)deflateEnd(&z); /* tells only that not all was written, which we know */
	return packed;
}

static bool add_header(struct MHD_Response *r, const char *name, const char *value)
{
	return MHD_add_response_header(r, name, value) == MHD_YES;
}

/* Hashed names below /assets never change; all else is asked for again. */
static bool add_headers(const struct files *f, const struct file *file, struct MHD_Response *r)
{
	bool is_fixed = strncmp(file->path, "/assets/", 8) == 0;
	bool is_page = ends_with(file->path, ".html") || ends_with(file->path, ".svg");
	size_t type = type_of(file->path);

	if (type == COUNT_OF(types))
		return false;
	return add_header(r, "Content-Type", types[type].type) &&
	       add_header(r, "ETag", file->tag) &&
	       add_header(r, "Cache-Control",
		       is_fixed ? "public, max-age=31536000, immutable" : "no-cache") &&
	       add_header(r, "Vary", "Accept-Encoding") &&
	       add_header(r, "X-Content-Type-Options", "nosniff") &&
	       add_header(r, "Referrer-Policy", "no-referrer") &&
	       add_header(r, "Cross-Origin-Resource-Policy", "same-origin") &&
	       add_header(r, "Cross-Origin-Opener-Policy", "same-origin") &&
	       (!is_page || add_header(r, "Content-Security-Policy", f->page_policy)) &&
	       (!is_page || add_header(r, "Permissions-Policy",
				    "geolocation=(self), camera=(), microphone=(self), payment=(), "
				    "usb=()")) &&
	       (!f->is_https || add_header(r, "Strict-Transport-Security", "max-age=31536000"));
}

static struct MHD_Response *make_response(
	const struct files *f, const struct file *file, char *bytes, size_t n)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(n, bytes, MHD_RESPMEM_PERSISTENT);

	if (r != NULL && !add_headers(f, file, r)) {
		MHD_destroy_response(r);
		return NULL;
	}
	return r;
}

static void make_tag(struct file *file)
{
	uint8_t hash[crypto_generichash_BYTES_MIN];

	(void)crypto_generichash(
		hash, sizeof hash, (const uint8_t *)file->bytes, file->bytes_n, NULL, 0);
	file->tag[0] = '"';
	(void)sodium_bin2hex(file->tag + 1, TAG_TEXT - 1, hash, sizeof hash);
	file->tag[TAG_TEXT - 2] = '"';
	file->tag[TAG_TEXT - 1] = '\0';
}

static enum rc finish_file(struct files *f, struct file *file, struct err *e)
{
	size_t type = type_of(file->path);

	make_tag(file);
	if (type < COUNT_OF(types) && types[type].is_text && file->bytes_n >= GZIP_MIN)
		file->packed = gzip_text(
			(struct view){.p = file->bytes, .n = file->bytes_n}, 9, &file->packed_n);
	file->plain = make_response(f, file, file->bytes, file->bytes_n);
	file->unchanged = make_response(f, file, file->bytes, 0);
	if (file->packed != NULL) {
		file->gzip = make_response(f, file, file->packed, file->packed_n);
		if (file->gzip == NULL || !add_header(file->gzip, "Content-Encoding", "gzip"))
			return fail(e, RC_NOMEM, "web_dir: out of memory");
	}
	if (file->plain == NULL || file->unchanged == NULL)
		return fail(e, RC_NOMEM, "web_dir: out of memory");
	return RC_OK;
}

static enum rc read_all(int fd, char *bytes, size_t n, struct err *e)
{
	size_t done = 0;

	while (done < n) {
		ssize_t got = read(fd, bytes + done, n - done);
		if (got < 0)
			return fail_sys(e, "web_dir: cannot read a file");
		if (got == 0)
			return fail(e, RC_IO, "web_dir: a file became shorter while it was read");
		done += (size_t)got;
	}
	return RC_OK;
}

static enum rc load_file(
	struct files *f, int folder, const char *prefix, const char *name, struct err *e)
{
	struct stat st;

	if (type_of(name) == COUNT_OF(types)) /* also the .gz beside a text: made here in memory */
		return RC_OK;
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail_sys(e, "web_dir: cannot open a file");
	struct file *file = &f->items[f->n];
	enum rc rc = RC_OK;
	if (fstat(fd, &st) != 0)
		rc = fail_sys(e, "web_dir: cannot look at a file");
	else if (f->n == FILES_MAX || st.st_size > FILES_BYTES_MAX ||
		 f->bytes + (size_t)st.st_size > FILES_BYTES_MAX)
		rc = fail(e, RC_LIMIT, "web_dir: more than %d files or %d bytes", FILES_MAX,
			FILES_BYTES_MAX);
	else if (S_ISREG(st.st_mode)) {
		f->n++; /* files_free releases what follows */
		(void)snprintf(file->path, sizeof file->path, "%s%s", prefix, name);
		file->bytes_n = (size_t)st.st_size;
		file->bytes = malloc(file->bytes_n + 1);
		rc = file->bytes == NULL ? fail(e, RC_NOMEM, "web_dir: out of memory")
					 : read_all(fd, file->bytes, file->bytes_n, e);
		f->bytes += file->bytes_n;
		if (rc == RC_OK)
			rc = finish_file(f, file, e);
	}
	(void)close(fd); /* only read */
	return rc;
}

typedef enum rc entry_fn(
	struct files *f, int folder, const char *prefix, const char *name, struct err *e);

/* Calls fn for each plain name in the folder; takes fd. `prefix` ends with a slash. */
static enum rc load_folder(
	struct files *f, int take_fd, const char *prefix, entry_fn *fn, struct err *e)
{
	DIR *dir = fdopendir(take_fd);
	enum rc rc = RC_OK;
	struct dirent *entry;

	if (dir == NULL) {
		(void)close(take_fd); /* nothing was written */
		return fail_sys(e, "web_dir: cannot read the folder");
	}
	while (rc == RC_OK && (entry = readdir(dir)) != NULL) {
		if (is_plain_name(entry->d_name) &&
			strlen(prefix) + strlen(entry->d_name) + 2 <= FILE_PATH_MAX)
			rc = fn(f, dirfd(dir), prefix, entry->d_name, e);
	}
	(void)closedir(dir); /* only read */
	return rc;
}

/* In web_dir itself: a file, or a folder of files. */
static enum rc load_entry(
	struct files *f, int folder, const char *prefix, const char *name, struct err *e)
{
	char below[FILE_PATH_MAX];
	int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return load_file(f, folder, prefix, name, e);
	(void)snprintf(below, sizeof below, "%s%s/", prefix, name);
	return load_folder(f, fd, below, load_file, e);
}

enum rc files_new(const char *web_dir, const char *page_policy, bool is_https,
	struct files **ret_owned, struct err *e)
{
	struct files *f = calloc(1, sizeof *f);

	if (f == NULL)
		return fail(e, RC_NOMEM, "web_dir: out of memory");
	f->page_policy = page_policy;
	f->is_https = is_https;
	int fd = open(web_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum rc rc = fd < 0 ? RC_OK : load_folder(f, fd, "/", load_entry, e);
	if (rc != RC_OK) {
		files_free(f);
		return rc;
	}
	if (f->n == 0)
		log_event(
			LOG_WARN, "http.no_app", "hint=\"the app is not built: web_dir is empty\"");
	*ret_owned = f;
	return RC_OK;
}

static void free_response(struct MHD_Response *r)
{
	if (r != NULL)
		MHD_destroy_response(r);
}

void files_free(struct files *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < f->n; i++) {
		free_response(f->items[i].plain);
		free_response(f->items[i].gzip);
		free_response(f->items[i].unchanged);
		free(f->items[i].bytes);
		free(f->items[i].packed);
	}
	free(f);
}

bool files_find(const struct files *f, struct view path, size_t *ret_index)
{
	if (view_is(path, VIEW("/")))
		path = VIEW("/index.html");
	for (size_t i = 0; i < f->n; i++) {
		if (view_is(view_of(f->items[i].path), path)) {
			*ret_index = i;
			return true;
		}
	}
	return false;
}

struct MHD_Response *files_response(
	const struct files *f, size_t index, const struct head *h, unsigned *ret_status)
{
	const struct file *file = &f->items[index];

	if (head_has_tag(h, view_of(file->tag))) {
		*ret_status = MHD_HTTP_NOT_MODIFIED;
		return file->unchanged;
	}
	*ret_status = MHD_HTTP_OK;
	return file->gzip != NULL && head_accepts_gzip(h) ? file->gzip : file->plain;
}

size_t files_count(const struct files *f)
{
	return f->n;
}
