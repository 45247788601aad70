/* What the parts of the keyring share: the folder with its two files, and the open keys. Used by
 * keyring.c (sealing), keyring_file.c (the files) and keyring_rotate.c (fresh keys). */
#pragma once

#include <pthread.h>
#include <sqlite3.h>

#include "crypto/keyring.h"

enum {
	KEY_BYTES = 32,
	WRAP_BYTES = 24 + KEY_BYTES + 16, /* nonce, key, tag */
	MASTER_ID_BYTES = 16,
	KEY_PATH_MAX = 4096,
	EPOCHS_OPEN_MAX = 2, /* the newest, and the one before while a rotation is under way */
	CACHE_SETS = 4096,   /* a power of two */
	CACHE_WAYS = 4,      /* 16,384 owners, about 1.5 MB */
	EPOCH_MASK = 0x0f,   /* of the first byte of what is sealed */
	SEAL_FORMAT = 0x10,  /* the other four bits of it */
	SEAL_LABEL_MAX = 63,
	KEY_BUSY_MS = 10000,
};

/* The keys of one owner, newest first. */
struct owner_keys {
	struct uid owner;
	uint32_t n;
	uint32_t epoch[EPOCHS_OPEN_MAX];
	uint8_t key[EPOCHS_OPEN_MAX][KEY_BYTES];
};

/* In memory that is locked, kept out of dumps, and overwritten at the end. */
struct key_secrets {
	uint8_t master[KEY_BYTES];
	uint8_t lookup[KEY_BYTES];
	uint32_t next_way;
	struct owner_keys cache[CACHE_SETS][CACHE_WAYS];
};

struct keyring {
	char folder[KEY_PATH_MAX];
	bool is_credential; /* the master key came from systemd */
	struct key_secrets *secrets;
	void (*on_destroy)(void *owner); /* or NULL */
	void *on_destroy_owner;
	pthread_mutex_t cache_lock; /* guards secrets->cache, reader and find */
	sqlite3 *reader;
	sqlite3_stmt *find;
	pthread_mutex_t write_lock; /* guards writer */
	sqlite3 *writer;
};

/* ---- keyring_file.c ---- */

#define KEY_FILE_MASTER "master.key"
#define KEY_FILE_NEXT "master.key.new" /* while the master key is changed */
#define KEY_FILE_LAST "master.key.old" /* … until it is overwritten */
#define KEY_FILE_KEYS "keys.db"

/* `name` inside the folder of the keys. RC_LIMIT when that is too long. */
MUST_CHECK enum rc key_path(
	const struct keyring *k, const char *name, char ret_path[KEY_PATH_MAX], struct err *e);
/* Opens or makes what stands in k->folder, and reads the master key and the key of look-ups. */
MUST_CHECK enum rc key_files_open(struct keyring *k, bool may_create, struct err *e);
void key_files_close(struct keyring *k);

/* Statements of the writer; the caller holds write_lock. */
MUST_CHECK enum rc key_script(struct keyring *k, const char *sql, struct err *e);
MUST_CHECK enum rc key_begin(struct keyring *k, struct err *e);
/* Commits when rc is RC_OK, else undoes; the first failure is returned. */
MUST_CHECK enum rc key_end(struct keyring *k, enum rc rc, struct err *e);
/* Overwrites the log that is left of the last change: it holds the pages before it. */
MUST_CHECK enum rc key_scrub_log(struct keyring *k, struct err *e);
enum rc key_fail(sqlite3 *db, int code, const char *what, struct err *e);
MUST_CHECK enum rc key_prepare(
	sqlite3 *db, const char *sql, sqlite3_stmt **ret_owned, struct err *e);
void key_finalize(sqlite3_stmt **s);
/* One row of the table of keys; wraps `key`. */
MUST_CHECK enum rc key_insert(struct keyring *k, const struct uid *owner, enum key_kind kind,
	uint32_t epoch, const uint8_t key[KEY_BYTES], struct err *e);
MUST_CHECK enum rc key_info_set(
	struct keyring *k, const char *name, const void *value, size_t n, struct err *e);

/* RC_NOT_FOUND when there is no such value; RC_SYNTAX when it has another size. */
MUST_CHECK enum rc key_info_get(
	struct keyring *k, const char *name, void *ret, size_t n, struct err *e);

void key_wrap(const uint8_t master[KEY_BYTES], const struct uid *owner, uint32_t epoch,
	const uint8_t key[KEY_BYTES], uint8_t ret[WRAP_BYTES]);
MUST_CHECK bool key_unwrap(const uint8_t master[KEY_BYTES], const struct uid *owner, uint32_t epoch,
	struct view wrapped, uint8_t ret[KEY_BYTES]);
void key_master_id(const uint8_t master[KEY_BYTES], uint8_t ret[MASTER_ID_BYTES]);
/* Makes the file with mode 0600 and this key in it, on disk when it returns; nothing may be there
 * yet under this name. */
MUST_CHECK enum rc key_master_write(
	const struct keyring *k, const char *name, const uint8_t master[KEY_BYTES], struct err *e);
/* KEY_FILE_NEXT takes the place of KEY_FILE_MASTER, which is overwritten. Nothing when there is no
 * KEY_FILE_NEXT. */
MUST_CHECK enum rc key_master_swap(const struct keyring *k, struct err *e);
/* Overwrites and removes a file of the folder. */
MUST_CHECK enum rc key_file_forget(const struct keyring *k, const char *name, struct err *e);
MUST_CHECK enum rc key_folder_sync(const struct keyring *k, struct err *e);

/* ---- keyring.c ---- */

/* The keys of an owner, from the cache or the file. RC_NOT_FOUND when there are none. The caller
 * forgets *ret. */
MUST_CHECK enum rc keys_find(
	struct keyring *k, const struct uid *owner, struct owner_keys *ret, struct err *e);
/* After a change of the file. */
void keys_drop(struct keyring *k, const struct uid *owner);
void keys_drop_all(struct keyring *k);
