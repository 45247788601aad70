#include "crypto/keyring.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "keys.h"

static const struct uid mia = {{0x11, 1}};
static const struct uid tom = {{0x22, 2}};

struct fixture {
	char folder[64];
	struct keyring *k;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	(void)snprintf(f->folder, sizeof f->folder, "/tmp/kinward-keyring-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	f->k = keys_open(f->folder);
	assert_int_equal(keyring_add(f->k, KEY_WEARER, &mia, NULL), RC_OK);
	assert_int_equal(keyring_add(f->k, KEY_WEARER, &tom, NULL), RC_OK);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	keyring_free(f->k);
	keys_remove(f->folder);
	assert_int_equal(rmdir(f->folder), 0);
	free(f);
	return 0;
}

static void open_again(struct fixture *f)
{
	keyring_free(f->k);
	f->k = keys_open(f->folder);
}

/* A file of the keyring as bytes. */
static size_t read_file(const struct fixture *f, const char *name, char *ret, size_t size)
{
	char path[128];

	(void)snprintf(path, sizeof path, "%s/keys/%s", f->folder, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	ssize_t n = read(fd, ret, size);
	assert_true(n >= 0 && (size_t)n < size);
	(void)close(fd);
	return (size_t)n;
}

static void write_file(const struct fixture *f, const char *name, const char *bytes, size_t n)
{
	char path[128];

	(void)snprintf(path, sizeof path, "%s/keys/%s", f->folder, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	(void)close(fd);
}

static enum rc open_only(const struct fixture *f, struct err *e)
{
	struct keyring *k = NULL;
	char path[128];

	(void)snprintf(path, sizeof path, "%s/keys", f->folder);
	enum rc rc = keyring_open(path, false, &k, e);
	keyring_free(k);
	return rc;
}

struct sealed {
	uint8_t b[256];
	size_t n;
};

static struct sealed seal(struct fixture *f, const struct uid *owner, const char *text)
{
	struct sealed s = {.n = strlen(text) + SEAL_OVERHEAD};

	assert_true(s.n <= sizeof s.b);
	assert_int_equal(keyring_seal(f->k, owner, "test.text", view_of(text), s.b, NULL), RC_OK);
	return s;
}

static enum rc unseal(struct fixture *f, const struct uid *owner, const char *label,
	const struct sealed *s, char ret[256])
{
	struct view sealed = {.p = (const char *)s->b, .n = s->n};
	size_t n = 0;
	enum rc rc = keyring_unseal(f->k, owner, label, sealed, (uint8_t *)ret, &n, NULL);

	ret[rc == RC_OK ? n : 0] = '\0';
	return rc;
}

static void what_was_sealed_opens_also_after_a_restart(void **state)
{
	struct fixture *f = *state;
	char text[256];

	for (int i = 0; i < 2; i++) {
		struct sealed s = seal(f, &mia, "Mia");
		struct sealed empty = seal(f, &mia, "");
		open_again(f);
		assert_int_equal(unseal(f, &mia, "test.text", &s, text), RC_OK);
		assert_string_equal(text, "Mia");
		assert_int_equal(empty.n, SEAL_OVERHEAD);
		assert_int_equal(unseal(f, &mia, "test.text", &empty, text), RC_OK);
		assert_string_equal(text, "");
	}
}

static void same_text_is_never_sealed_alike(void **state)
{
	struct fixture *f = *state;
	struct sealed a = seal(f, &mia, "+491701234567");
	struct sealed b = seal(f, &mia, "+491701234567");

	assert_memory_not_equal(a.b, b.b, a.n);
	assert_null(memmem(a.b, a.n, "1701234567", 10));
}

static void changed_byte_label_or_owner_does_not_open(void **state)
{
	struct fixture *f = *state;
	struct sealed s = seal(f, &mia, "Mia");
	char text[256];

	for (size_t i = 0; i < s.n; i++) {
		s.b[i] ^= 1;
		assert_int_equal(unseal(f, &mia, "test.text", &s, text), RC_SYNTAX);
		s.b[i] ^= 1;
	}
	assert_int_equal(unseal(f, &mia, "test.other", &s, text), RC_SYNTAX);
	assert_int_equal(unseal(f, &tom, "test.text", &s, text), RC_SYNTAX);
	assert_int_equal(unseal(f, &mia, "test.text", &s, text), RC_OK);
}

static void cut_bytes_do_not_open(void **state)
{
	struct fixture *f = *state;
	struct sealed s = seal(f, &mia, "Mia");
	char text[256];

	for (size_t n = s.n; n > 0; n--) {
		s.n = n - 1;
		assert_int_equal(unseal(f, &mia, "test.text", &s, text), RC_SYNTAX);
	}
}

static void owner_has_one_key(void **state)
{
	struct fixture *f = *state;
	struct uid none = {{0}};
	struct uid eve = {{0x33}};
	bool has = false;

	assert_int_equal(keyring_add(f->k, KEY_WEARER, &mia, NULL), RC_CONFLICT);
	assert_int_equal(keyring_add(f->k, KEY_WEARER, &keyring_system, NULL), RC_CONFLICT);
	assert_int_equal(keyring_add(f->k, KEY_WEARER, &none, NULL), RC_BUG);
	assert_int_equal(keyring_has(f->k, &mia, &has, NULL), RC_OK);
	assert_true(has);
	assert_int_equal(keyring_has(f->k, &eve, &has, NULL), RC_OK);
	assert_false(has);
}

static void nothing_is_sealed_for_an_unknown_owner(void **state)
{
	struct fixture *f = *state;
	struct uid eve = {{0x33}};
	uint8_t bytes[SEAL_OVERHEAD + 1] = {0};

	assert_int_equal(
		keyring_seal(f->k, &eve, "test.text", VIEW("x"), bytes, NULL), RC_NOT_FOUND);
}

static void destroyed_key_opens_nothing_from_then_on(void **state)
{
	struct fixture *f = *state;
	struct sealed mias = seal(f, &mia, "Mia");
	struct sealed toms = seal(f, &tom, "Tom");
	char text[256];

	assert_int_equal(keyring_destroy(f->k, &mia, NULL), RC_OK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(unseal(f, &mia, "test.text", &mias, text), RC_NOT_FOUND);
		assert_int_equal(unseal(f, &tom, "test.text", &toms, text), RC_OK);
		open_again(f);
	}
	assert_int_equal(keyring_destroy(f->k, &mia, NULL), RC_OK);
	assert_int_equal(keyring_destroy(f->k, &keyring_system, NULL), RC_BUG);
}

/* What never had a key is not what was erased. */
static void destroyed_owner_is_remembered_and_no_other(void **state)
{
	struct fixture *f = *state;
	struct uid eve = {{0x33}};
	bool was_destroyed = true;

	assert_int_equal(keyring_destroy(f->k, &mia, NULL), RC_OK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(keyring_was_destroyed(f->k, &mia, &was_destroyed, NULL), RC_OK);
		assert_true(was_destroyed);
		assert_int_equal(keyring_was_destroyed(f->k, &tom, &was_destroyed, NULL), RC_OK);
		assert_false(was_destroyed);
		assert_int_equal(keyring_was_destroyed(f->k, &eve, &was_destroyed, NULL), RC_OK);
		assert_false(was_destroyed);
		assert_int_equal(keyring_destroy(f->k, &mia, NULL), RC_OK);
		open_again(f);
	}
}

/* Neither the file nor its log: a thief with the disk and the master key finds no old page. */
static void destroyed_key_leaves_no_wrapped_bytes_behind(void **state)
{
	static const char *const names[] = {"keys.db", "keys.db-journal"};
	struct fixture *f = *state;
	static char before[65536], after[65536];
	struct uid lost = {{'l', 'o', 's', 't', '-', 'o', 'w', 'n', 'e', 'r', '-', '1'}};
	char wrapped[24];

	assert_int_equal(keyring_add(f->k, KEY_WEARER, &lost, NULL), RC_OK);
	size_t n = read_file(f, names[0], before, sizeof before);
	const char *row = memmem(before, n, &lost, sizeof lost);
	assert_non_null(row);
	memcpy(wrapped, row + sizeof lost + 8, sizeof wrapped); /* inside of the wrapped key */
	assert_int_equal(keyring_destroy(f->k, &lost, NULL), RC_OK);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		n = read_file(f, names[i], after, sizeof after);
		assert_null(memmem(after, n, &lost, sizeof lost));
		assert_null(memmem(after, n, wrapped, sizeof wrapped));
	}
}

static void folder_and_files_belong_to_this_user_alone(void **state)
{
	static const char *const names[] = {"keys", "keys/keys.db", "keys/master.key"};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		char path[128];
		struct stat st;
		(void)snprintf(path, sizeof path, "%s/%s", f->folder, names[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 077, 0);
	}
}

static void key_that_others_can_read_is_refused(void **state)
{
	struct fixture *f = *state;
	char path[128];
	struct err e;

	(void)snprintf(path, sizeof path, "%s/keys/master.key", f->folder);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(open_only(f, &e), RC_DENIED);
	assert_non_null(strstr(e.msg, "chmod 600"));
	assert_int_equal(chmod(path, 0600), 0);
	(void)snprintf(path, sizeof path, "%s/keys", f->folder);
	assert_int_equal(chmod(path, 0770), 0);
	assert_int_equal(open_only(f, &e), RC_DENIED);
	assert_int_equal(chmod(path, 0700), 0);
	assert_int_equal(open_only(f, NULL), RC_OK);
}

static void missing_wrong_and_damaged_master_keys_are_refused(void **state)
{
	static const char *const bad[] = {"", "12", "zz", "\n"};
	struct fixture *f = *state;
	char good[80];
	char other[66];
	char path[128];
	size_t n = read_file(f, "master.key", good, sizeof good);

	assert_int_equal(n, 65);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		write_file(f, "master.key", bad[i], strlen(bad[i]));
		assert_int_equal(open_only(f, NULL), RC_SYNTAX);
	}
	write_file(f, "master.key", good, n - 2);
	assert_int_equal(open_only(f, NULL), RC_SYNTAX);
	memset(other, 'a', 64);
	write_file(f, "master.key", other, 64);
	assert_int_equal(open_only(f, NULL), RC_DENIED);
	(void)snprintf(path, sizeof path, "%s/keys/master.key", f->folder);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(open_only(f, NULL), RC_NOT_FOUND);
	write_file(f, "master.key", good, 64); /* without the line's end */
	assert_int_equal(open_only(f, NULL), RC_OK);
}

static void folder_is_only_made_when_it_may_be(void **state)
{
	struct fixture *f = *state;
	struct keyring *k = NULL;
	char path[128];

	(void)snprintf(path, sizeof path, "%s/none", f->folder);
	assert_int_equal(keyring_open(path, false, &k, NULL), RC_NOT_FOUND);
	assert_null(k);
	assert_int_not_equal(access(path, F_OK), 0);
}

static void master_key_may_come_as_a_credential(void **state)
{
	struct fixture *f = *state;
	struct sealed s = seal(f, &mia, "Mia");
	char text[256];
	char from[128];
	char to[128];

	(void)snprintf(from, sizeof from, "%s/keys/master.key", f->folder);
	(void)snprintf(to, sizeof to, "%s/kinward.master", f->folder);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", f->folder, 1), 0);
	open_again(f);
	assert_int_equal(unseal(f, &mia, "test.text", &s, text), RC_OK);
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	assert_int_equal(open_only(f, NULL), RC_NOT_FOUND);
	assert_int_equal(rename(to, from), 0);
}

static void lookup_depends_on_label_value_and_keyring(void **state)
{
	struct fixture *f = *state;
	uint8_t a[LOOKUP_BYTES], b[LOOKUP_BYTES];

	keyring_lookup(f->k, "device.wire_id", VIEW("5550100001"), a);
	keyring_lookup(f->k, "device.wire_id", VIEW("5550100001"), b);
	assert_memory_equal(a, b, sizeof a);
	keyring_lookup(f->k, "device.wire_id", VIEW("5550100002"), b);
	assert_memory_not_equal(a, b, sizeof a);
	keyring_lookup(f->k, "device.other", VIEW("5550100001"), b);
	assert_memory_not_equal(a, b, sizeof a);
	open_again(f);
	keyring_lookup(f->k, "device.wire_id", VIEW("5550100001"), b);
	assert_memory_equal(a, b, sizeof a);
	keyring_free(f->k);
	keys_remove(f->folder);
	f->k = keys_open(f->folder);
	keyring_lookup(f->k, "device.wire_id", VIEW("5550100001"), b);
	assert_memory_not_equal(a, b, sizeof a);
}

static void more_owners_than_the_cache_holds_all_open(void **state)
{
	struct fixture *f = *state;
	struct sealed s[40];
	char text[256];

	/* The set is chosen by the last bytes: these all fall into one. */
	for (size_t i = 0; i < COUNT_OF(s); i++) {
		struct uid owner = {{0x44, (uint8_t)i}};
		assert_int_equal(keyring_add(f->k, KEY_GROUP, &owner, NULL), RC_OK);
		s[i] = seal(f, &owner, "text");
	}
	for (size_t i = 0; i < COUNT_OF(s); i++) {
		struct uid owner = {{0x44, (uint8_t)i}};
		assert_int_equal(unseal(f, &owner, "test.text", &s[i], text), RC_OK);
	}
}

static void opening_survives_each_failing_allocation(void **state)
{
	struct fixture *f = *state;

	for (long n = 0;; n++) {
		alloc_fail_after(n);
		enum rc rc = open_only(f, NULL);
		int has_failed = alloc_has_failed();
		alloc_fail_after(-1);
		if (!has_failed)
			break;
		assert_int_not_equal(rc, RC_BUG);
	}
	assert_int_equal(open_only(f, NULL), RC_OK);
}

struct thread_work {
	struct fixture *f;
	uint8_t number;
};

static void *seal_and_open(void *arg)
{
	struct thread_work *w = arg;
	struct uid own = {{0x55, w->number}};
	char text[256];

	assert_int_equal(keyring_add(w->f->k, KEY_ACCOUNT, &own, NULL), RC_OK);
	for (int i = 0; i < 2000; i++) {
		const struct uid *owner = i % 2 == 0 ? &mia : &own;
		struct sealed s = seal(w->f, owner, "text of a thread");
		assert_int_equal(unseal(w->f, owner, "test.text", &s, text), RC_OK);
		assert_string_equal(text, "text of a thread");
	}
	assert_int_equal(keyring_destroy(w->f->k, &own, NULL), RC_OK);
	return NULL;
}

static void threads_seal_while_others_add_and_destroy(void **state)
{
	struct thread_work work[4];
	pthread_t threads[COUNT_OF(work)];

	for (size_t i = 0; i < COUNT_OF(work); i++) {
		work[i] = (struct thread_work){.f = *state, .number = (uint8_t)i};
		assert_int_equal(pthread_create(&threads[i], NULL, seal_and_open, &work[i]), 0);
	}
	for (size_t i = 0; i < COUNT_OF(work); i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_sealed_opens_also_after_a_restart),
		TEST(same_text_is_never_sealed_alike),
		TEST(changed_byte_label_or_owner_does_not_open),
		TEST(cut_bytes_do_not_open),
		TEST(owner_has_one_key),
		TEST(nothing_is_sealed_for_an_unknown_owner),
		TEST(destroyed_key_opens_nothing_from_then_on),
		TEST(destroyed_owner_is_remembered_and_no_other),
		TEST(destroyed_key_leaves_no_wrapped_bytes_behind),
		TEST(folder_and_files_belong_to_this_user_alone),
		TEST(key_that_others_can_read_is_refused),
		TEST(missing_wrong_and_damaged_master_keys_are_refused),
		TEST(folder_is_only_made_when_it_may_be),
		TEST(master_key_may_come_as_a_credential),
		TEST(lookup_depends_on_label_value_and_keyring),
		TEST(more_owners_than_the_cache_holds_all_open),
		TEST(opening_survives_each_failing_allocation),
		TEST(threads_seal_while_others_add_and_destroy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
