/* The queue of mails and webhooks: rows, retries, dead letters; the courier is played by the test.
 */
#include "domain/courier_dispatch.h"

#include <stdio.h>
#include <stdlib.h>

#include "domain/courier_store.h"
#include "domain/domain_fixture.h"
#include "domain/webhook_sign.h"
#include "keys.h"
#include "unit.h"

enum { SENT_MAX = 512, TEXT_MAX = 9000, MINUTE_MS = 60 * 1000 };
#define HOUR_MS (INT64_C(3600) * 1000)

struct sent {
	enum message_type type;
	struct uid item, event;
	uint32_t attempt;
	int64_t time_ms;
	uint64_t epoch;
	char url[HTTPS_URL_MAX + 1], input[400], signature[200], digest[100];
	char to[300], subject[300], body[TEXT_MAX];
};

struct post {
	struct fixture *f;
	struct sign_key *key;
	unsigned n;
	struct sent sent[SENT_MAX];
	bool is_full;
	bool has_no_url;
};

static struct post *post;
static const struct uid partner = {{0xb1}};
static const struct uid other_partner = {{0xb2}};
static const struct uid maria = {{0xa1}};

static void copy(struct view v, char *dst, size_t size)
{
	assert_true(view_to_text(v, dst, size));
}

static bool send_out(void *owner, const struct message *m)
{
	struct post *p = owner;

	if (p->is_full)
		return false;
	assert_true(p->n < SENT_MAX);
	struct sent *s = &p->sent[p->n++];
	*s = (struct sent){.type = m->type, .time_ms = fixture_now()};
	if (m->type == MESSAGE_COURIER_WELCOME) {
		s->epoch = m->welcome.epoch;
	} else if (m->type == MESSAGE_WEBHOOK) {
		s->item = m->webhook.item;
		s->event = m->webhook.event;
		s->attempt = m->webhook.attempt;
		copy(m->webhook.url, s->url, sizeof s->url);
		copy(m->webhook.signature_input, s->input, sizeof s->input);
		copy(m->webhook.signature, s->signature, sizeof s->signature);
		copy(m->webhook.digest, s->digest, sizeof s->digest);
		copy(m->webhook.body, s->body, sizeof s->body);
	} else {
		assert_int_equal(m->type, MESSAGE_MAIL);
		s->item = m->mail.item;
		s->attempt = m->mail.attempt;
		copy(m->mail.to, s->to, sizeof s->to);
		copy(m->mail.subject, s->subject, sizeof s->subject);
		copy(m->mail.text, s->body, sizeof s->body);
	}
	return true;
}

static enum rc url_of(
	struct db *reader, const struct uid *id, char *dst, size_t size, struct err *e)
{
	(void)reader;
	if (post->has_no_url)
		return fail(e, RC_NOT_FOUND, "no address");
	(void)snprintf(dst, size, "https://partner.example/hook/%02x", id->b[0]);
	return RC_OK;
}

static void open_courier(struct fixture *f)
{
	struct courier_dispatch_config config = {.domain = &f->d,
		.reader = f->reader,
		.key = post->key,
		.url = url_of,
		.send = send_out,
		.owner = post};

	assert_int_equal(courier_dispatch_new(&config, &f->d.courier, NULL), RC_OK);
}

static void close_courier(struct fixture *f)
{
	struct courier_dispatch *c = f->d.courier;

	courier_dispatch_stop(c);
	fixture_settle(f);
	f->d.courier = NULL;
	courier_dispatch_free(c);
}

static void hello(struct fixture *f, uint64_t epoch, uint16_t busy)
{
	courier_dispatch_hello(
		f->d.courier, &(struct message_courier_hello){.epoch = epoch, .busy = busy});
	fixture_settle(f);
}

static int set_up(void **state)
{
	char path[96];

	if (fixture_set_up(state) != 0)
		return -1;
	struct fixture *f = *state;
	post = calloc(1, sizeof *post);
	assert_non_null(post);
	post->f = f;
	(void)snprintf(path, sizeof path, "%s/keys", f->folder);
	assert_int_equal(sign_open(path, "webhook", true, &post->key, NULL), RC_OK);
	assert_int_equal(keyring_add(f->d.keyring, KEY_PARTNER, &partner, NULL), RC_OK);
	assert_int_equal(keyring_add(f->d.keyring, KEY_PARTNER, &other_partner, NULL), RC_OK);
	open_courier(f);
	hello(f, 1, 0);
	assert_int_equal(post->n, 1);
	assert_int_equal(post->sent[0].type, MESSAGE_COURIER_WELCOME);
	assert_int_equal(post->sent[0].epoch, 1);
	post->n = 0;
	return 0;
}

static int tear_down(void **state)
{
	close_courier(*state);
	sign_free(post->key);
	free(post);
	return fixture_tear_down(state);
}

/* ---- what tests do ---- */

static enum rc webhook_job(struct db *db, void *arg, struct err *e)
{
	return courier_webhook(db, arg, fixture_now(), e);
}

static struct uid queue_webhook(struct fixture *f, const struct uid *to, const char *body)
{
	struct webhook w = {.partner = *to, .event = uid_new(), .body = view_of(body)};

	assert_int_equal(writer_run(f->d.writer, webhook_job, &w, NULL), RC_OK);
	courier_knock(&f->d);
	return w.event;
}

static enum rc mail_job(struct db *db, void *arg, struct err *e)
{
	return courier_mail(db, arg, fixture_now(), e);
}

static void queue_mail(struct fixture *f, const struct mail *m)
{
	assert_int_equal(writer_run(f->d.writer, mail_job,
				 &(struct mail){.template = m->template,
					 .owner = m->owner,
					 .to = m->to,
					 .language = m->language,
					 .link = m->link,
					 .hours = m->hours,
					 .time_ms = m->time_ms,
					 .what = m->what,
					 .expires_ms = m->expires_ms},
				 NULL),
		RC_OK);
	courier_knock(&f->d);
	fixture_settle(f);
}

static const struct sent *last(void)
{
	assert_true(post->n > 0);
	return &post->sent[post->n - 1];
}

static void answer_attempt(struct fixture *f, const struct sent *s, uint32_t attempt,
	enum courier_outcome outcome, uint16_t code)
{
	courier_dispatch_result(f->d.courier,
		&(struct message_result){
			.item = s->item, .attempt = attempt, .outcome = outcome, .code = code});
	fixture_settle(f);
}

static void answer(
	struct fixture *f, const struct sent *s, enum courier_outcome outcome, uint16_t code)
{
	answer_attempt(f, s, s->attempt, outcome, code);
}

static struct courier_state state_of(struct fixture *f, const struct uid *id)
{
	struct courier_state s;

	assert_int_equal(courier_read_state(f->reader, id, &s, NULL), RC_OK);
	return s;
}

/* Until something more was sent; at most max_ms. */
static void wait_for_sent(struct fixture *f, unsigned n, int64_t max_ms)
{
	for (int64_t ms = 0; post->n < n && ms < max_ms; ms += 10000) {
		fixture_pass(f, 10000);
	}
	assert_int_equal(post->n, n);
}

static void count_dead(void *ctx, const struct dead_letter *l)
{
	*(struct dead_letter *)ctx = *l;
}

/* ---- tests ---- */

static void webhook_is_signed_sent_once_and_forgotten_when_taken(void **state)
{
	struct fixture *f = *state;
	struct webhook_signature expected;
	struct uid event = queue_webhook(f, &partner, "{\"id\":1}");

	fixture_settle(f);
	assert_int_equal(post->n, 1);
	assert_string_equal(last()->url, "https://partner.example/hook/b1");
	assert_string_equal(last()->body, "{\"id\":1}");
	assert_true(uid_is(&last()->event, &event));
	assert_int_equal(last()->attempt, 1);
	assert_int_equal(webhook_sign(post->key, VIEW("https://partner.example/hook/b1"), &event,
				 VIEW("{\"id\":1}"), fixture_now() / 1000, &expected, NULL),
		RC_OK);
	assert_string_equal(last()->input, expected.input);
	assert_string_equal(last()->signature, expected.signature);
	assert_string_equal(last()->digest, expected.digest);
	assert_int_equal(state_of(f, &partner).waiting, 1);
	answer(f, last(), COURIER_DONE, 204);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM courier_item"), 0);
	struct courier_state s = state_of(f, &partner);
	assert_int_equal(s.waiting, 0);
	assert_int_equal(s.delivered, 1);
	assert_int_equal(s.last_code, 204);
	fixture_pass(f, 24 * HOUR_MS);
	assert_int_equal(post->n, 1);
}

static enum rc failing_job(struct db *db, void *arg, struct err *e)
{
	enum rc rc = webhook_job(db, arg, e);

	return rc == RC_OK ? fail(e, RC_CONFLICT, "the cause did not happen") : rc;
}

static void what_did_not_happen_is_not_told(void **state)
{
	struct fixture *f = *state;
	struct webhook w = {.partner = partner, .event = uid_new(), .body = VIEW("{}")};

	assert_int_equal(writer_run(f->d.writer, failing_job, &w, NULL), RC_CONFLICT);
	courier_knock(&f->d);
	fixture_settle(f);
	assert_int_equal(post->n, 0);
	assert_int_equal(state_of(f, &partner).waiting, 0);
}

static void contents_are_sealed(void **state)
{
	struct fixture *f = *state;

	(void)queue_webhook(f, &partner, "{\"type\":\"alarm.raised\"}");
	queue_mail(f, &(struct mail){.template = MAIL_RECOVERY,
			      .owner = maria,
			      .to = VIEW("maria@example.org"),
			      .link = VIEW("https://example.org/#/recovery?token=secret"),
			      .hours = 72});
	assert_int_equal(
		fixture_query(f, "SELECT COUNT(*) FROM courier_item WHERE instr(content, "
				 "CAST('alarm' AS BLOB)) > 0 OR instr(content, CAST('maria' AS "
				 "BLOB)) > 0 OR instr(content, CAST('secret' AS BLOB)) > 0"),
		0);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM courier_item"), 2);
}

static void failed_try_is_repeated_later_and_later_with_the_same_event(void **state)
{
	struct fixture *f = *state;
	struct uid event = queue_webhook(f, &partner, "{}");
	int64_t wait_ms = COURIER_RETRY_FIRST_MS;

	fixture_settle(f);
	for (unsigned i = 1; i <= 8; i++) {
		assert_int_equal(post->n, i);
		assert_int_equal(last()->attempt, i);
		assert_true(uid_is(&last()->event, &event));
		int64_t before_ms = fixture_now();
		answer(f, last(), COURIER_STATUS, 503);
		wait_for_sent(f, i + 1, 2 * wait_ms + MINUTE_MS);
		int64_t waited_ms = last()->time_ms - before_ms;
		assert_true(waited_ms >= wait_ms);
		assert_true(waited_ms <= wait_ms + wait_ms / 5 + 30000);
		wait_ms *= 2;
	}
	assert_int_equal(state_of(f, &partner).failures, 8);
}

static void after_three_days_it_is_a_dead_letter_and_can_be_revived(void **state)
{
	struct fixture *f = *state;
	struct dead_letter dead = {0};
	int64_t start_ms = fixture_now();

	(void)queue_webhook(f, &partner, "{}");
	fixture_settle(f);
	while (state_of(f, &partner).dead == 0) {
		unsigned n = post->n;
		assert_true(fixture_now() - start_ms < COURIER_LIFE_MS + HOUR_MS);
		answer(f, last(), COURIER_CONNECT, 0);
		for (int i = 0; i < 500 && post->n == n && state_of(f, &partner).dead == 0; i++)
			fixture_pass(f, MINUTE_MS);
	}
	assert_true(fixture_now() - start_ms > COURIER_LIFE_MS - 8 * HOUR_MS);
	assert_true(post->n >= 15 && post->n <= 40);
	assert_int_equal(state_of(f, &partner).waiting, 0);
	assert_int_equal(courier_each_dead(f->reader, &partner, 0, count_dead, &dead, NULL), RC_OK);
	assert_true(uid_is(&dead.partner, &partner));
	assert_int_equal(dead.outcome, COURIER_CONNECT);
	assert_int_equal(dead.tries, post->n);
	assert_int_equal(dead.created_ms, start_ms);

	unsigned n = post->n;
	struct uid unknown = uid_new();
	assert_int_equal(courier_retry(&f->d, &f->maria, &unknown, NULL), RC_NOT_FOUND);
	assert_int_equal(courier_retry(&f->d, &f->maria, &dead.id, NULL), RC_OK);
	fixture_settle(f);
	assert_int_equal(post->n, n + 1);
	assert_true(uid_is(&last()->item, &dead.id));
	assert_int_equal(courier_retry(&f->d, &f->maria, &dead.id, NULL), RC_NOT_FOUND);
	answer(f, last(), COURIER_DONE, 200);
	struct courier_state s = state_of(f, &partner);
	assert_int_equal(s.dead + s.waiting, 0);
	assert_int_equal(s.delivered, 1);
}

static void gone_receiver_ends_at_once(void **state)
{
	struct fixture *f = *state;

	(void)queue_webhook(f, &partner, "{}");
	fixture_settle(f);
	answer(f, last(), COURIER_STATUS, 410);
	assert_int_equal(state_of(f, &partner).dead, 1);
	queue_mail(f, &(struct mail){.template = MAIL_TEST, .to = VIEW("nobody@example.org")});
	answer(f, last(), COURIER_STATUS, 550);
	assert_int_equal(state_of(f, NULL).dead, 1);
}

static void silent_receiver_gets_one_try_at_a_time_and_others_do_not_wait(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 10; i++)
		(void)queue_webhook(f, &partner, "{}");
	fixture_settle(f);
	assert_int_equal(post->n, COURIER_SENT_PER_DESTINATION_MAX);
	for (int i = 0; i < COURIER_SENT_PER_DESTINATION_MAX; i++)
		answer(f, &post->sent[i], COURIER_TIMEOUT, 0);
	post->n = 0;
	(void)queue_webhook(f, &other_partner, "{}");
	fixture_settle(f);
	assert_int_equal(post->n, 1);
	assert_string_equal(last()->url, "https://partner.example/hook/b2");
	answer(f, last(), COURIER_DONE, 200);
	post->n = 0;
	wait_for_sent(f, 1, HOUR_MS); /* the next probe, and no second one */
	fixture_settle(f);
	assert_int_equal(post->n, 1);
	answer(f, last(), COURIER_DONE, 200);
	assert_true(post->n > 1); /* it is there again: all that are due */
}

static void full_queue_drops_the_event_and_not_its_cause(void **state)
{
	struct fixture *f = *state;

	post->is_full = true;
	for (int i = 0; i < COURIER_WAITING_PER_DESTINATION_MAX; i++) {
		struct webhook w = {.partner = partner, .event = uid_new(), .body = VIEW("{}")};
		assert_int_equal(writer_run(f->d.writer, webhook_job, &w, NULL), RC_OK);
	}
	assert_int_equal(state_of(f, &partner).dropped, 0);
	struct webhook w = {.partner = partner, .event = uid_new(), .body = VIEW("{}")};
	assert_int_equal(writer_run(f->d.writer, webhook_job, &w, NULL), RC_OK);
	assert_int_equal(state_of(f, &partner).waiting, COURIER_WAITING_PER_DESTINATION_MAX);
	assert_int_equal(state_of(f, &partner).dropped, 1);
	w.partner = other_partner;
	assert_int_equal(writer_run(f->d.writer, webhook_job, &w, NULL), RC_OK);
	assert_int_equal(state_of(f, &other_partner).waiting, 1);
}

static void used_up_quota_waits_and_is_no_failure(void **state)
{
	struct fixture *f = *state;

	queue_mail(f, &(struct mail){.template = MAIL_TEST, .to = VIEW("ops@example.org")});
	assert_int_equal(post->n, 1);
	answer(f, last(), COURIER_QUOTA, 0);
	assert_int_equal(state_of(f, NULL).failures, 0);
	wait_for_sent(f, 2, 3 * MINUTE_MS);
	assert_int_equal(last()->attempt, 1);
}

static void new_courier_gets_what_the_old_one_had(void **state)
{
	struct fixture *f = *state;
	struct uid event = queue_webhook(f, &partner, "{}");

	fixture_settle(f);
	assert_int_equal(post->n, 1);
	hello(f, 2, 0);
	assert_int_equal(last()->type, MESSAGE_COURIER_WELCOME);
	assert_int_equal(last()->epoch, 2);
	wait_for_sent(f, 3, 20000);
	assert_true(uid_is(&last()->event, &event));
	assert_int_equal(last()->attempt, 2);
	/* The same courier again: it still has it. */
	hello(f, 2, 1);
	fixture_pass(f, 20000);
	assert_int_equal(post->n, 4);
	assert_int_equal(last()->type, MESSAGE_COURIER_WELCOME);
}

static void new_server_takes_the_result_of_the_old_ones_try(void **state)
{
	struct fixture *f = *state;

	(void)queue_webhook(f, &partner, "{}");
	fixture_settle(f);
	struct sent sent = *last();
	close_courier(f);
	fixture_restart(f);
	open_courier(f);
	post->n = 0;
	hello(f, 1, 1); /* it has one under way */
	fixture_pass(f, MINUTE_MS);
	assert_int_equal(post->n, 1); /* the welcome alone */
	answer(f, &sent, COURIER_DONE, 200);
	assert_int_equal(state_of(f, &partner).delivered, 1);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM courier_item"), 0);
}

static void both_gone_costs_nothing_but_a_repeat(void **state)
{
	struct fixture *f = *state;
	struct uid event = queue_webhook(f, &partner, "{}");

	fixture_settle(f);
	close_courier(f);
	fixture_restart(f);
	open_courier(f);
	post->n = 0;
	hello(f, 9, 0);
	wait_for_sent(f, 2, 20000);
	assert_true(uid_is(&last()->event, &event));
}

static void try_without_any_result_is_repeated_after_a_while(void **state)
{
	struct fixture *f = *state;

	(void)queue_webhook(f, &partner, "{}");
	fixture_settle(f);
	struct sent first = *last();
	wait_for_sent(f, 2, COURIER_LEASE_MS + MINUTE_MS);
	assert_int_equal(last()->attempt, 2);
	/* The late failure of the first try says nothing about the second. */
	answer_attempt(f, &first, 1, COURIER_TIMEOUT, 0);
	assert_int_equal(state_of(f, &partner).failures, 0);
	assert_int_equal(fixture_query(f, "SELECT state FROM courier_item"), 1);
	answer_attempt(f, &first, 1, COURIER_DONE, 200); /* its late success does */
	assert_int_equal(state_of(f, &partner).delivered, 1);
	answer(f, last(), COURIER_TIMEOUT, 0);
	assert_int_equal(state_of(f, &partner).waiting, 0);
}

static void erased_owner_ends_what_waits(void **state)
{
	struct fixture *f = *state;

	post->is_full = true; /* nothing leaves yet */
	(void)queue_webhook(f, &partner, "{}");
	(void)queue_webhook(f, &other_partner, "{}");
	fixture_settle(f);
	assert_int_equal(keyring_destroy(f->d.keyring, &partner, NULL), RC_OK);
	post->is_full = false;
	wait_for_sent(f, 1, MINUTE_MS);
	assert_string_equal(last()->url, "https://partner.example/hook/b2");
	assert_int_equal(state_of(f, &partner).waiting, 0);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM courier_item"), 1);
}

static enum rc forget_job(struct db *db, void *arg, struct err *e)
{
	return courier_forget(db, arg, e);
}

static void forgotten_partner_or_account_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct uid owner = partner;

	post->is_full = true;
	(void)queue_webhook(f, &partner, "{}");
	queue_mail(f, &(struct mail){.template = MAIL_TEST, .owner = maria, .to = VIEW("m@e.org")});
	queue_mail(f, &(struct mail){.template = MAIL_TEST, .to = VIEW("ops@example.org")});
	assert_int_equal(writer_run(f->d.writer, forget_job, &owner, NULL), RC_OK);
	owner = maria;
	assert_int_equal(writer_run(f->d.writer, forget_job, &owner, NULL), RC_OK);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM courier_item"), 1);
	assert_int_equal(state_of(f, &partner).waiting, 0);
	assert_int_equal(state_of(f, NULL).waiting, 1);
	assert_int_equal(
		fixture_query(f, "SELECT MAX(waiting) FROM courier_destination WHERE id <> x'"
				 "6d61696c000000000000000000000000'"),
		1); /* of all together */
}

static void partner_without_an_address_gets_nothing(void **state)
{
	struct fixture *f = *state;

	post->has_no_url = true;
	(void)queue_webhook(f, &partner, "{}");
	fixture_settle(f);
	assert_int_equal(post->n, 0);
	assert_int_equal(state_of(f, &partner).waiting, 0);
	assert_int_equal(state_of(f, &partner).dropped, 1);
}

static void busy_courier_is_asked_again(void **state)
{
	struct fixture *f = *state;

	post->is_full = true;
	(void)queue_webhook(f, &partner, "{}");
	fixture_settle(f);
	assert_int_equal(state_of(f, &partner).waiting, 1);
	post->is_full = false;
	wait_for_sent(f, 1, 30000);
	assert_int_equal(last()->attempt, 1);
}

static void mails_are_in_the_language_of_their_reader(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *language, *subject, *part;
	} rows[] = {
		{"en", "Kinward: recover your account", "72 hours"},
		{"de-AT", "Kinward: Konto wiederherstellen", "72 Stunden"},
		{"es-MX", "Kinward: recupere su cuenta", "72 horas"},
		{"xx", "Kinward: recover your account", "72 hours"},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		queue_mail(f, &(struct mail){.template = MAIL_RECOVERY,
				      .owner = maria,
				      .to = VIEW("maria@example.org"),
				      .language = rows[i].language,
				      .link = VIEW("https://example.org/#/recovery?token=abc"),
				      .hours = 72});
		assert_string_equal(last()->subject, rows[i].subject);
		assert_string_equal(last()->to, "maria@example.org");
		assert_non_null(strstr(last()->body, rows[i].part));
		assert_non_null(strstr(last()->body, "https://example.org/#/recovery?token=abc"));
		assert_null(strchr(last()->body, '{'));
		answer(f, last(), COURIER_DONE, 250);
	}
}

static void every_template_has_words_in_every_language(void **state)
{
	struct fixture *f = *state;
	static const char *const languages[] = {"en", "de", "es"};

	for (unsigned t = 0; t < MAIL_TEMPLATE_COUNT; t++) {
		for (unsigned w = 0; w < MAIL_WHAT_COUNT; w++) {
			for (unsigned l = 0; l < COUNT_OF(languages); l++) {
				queue_mail(f, &(struct mail){.template = (enum mail_template)t,
						      .to = VIEW("a@example.org"),
						      .language = languages[l],
						      .link = VIEW("https://example.org/"),
						      .what = (enum mail_what)w,
						      .time_ms = INT64_C(1795000000000)});
				assert_true(strlen(last()->subject) > 8);
				assert_true(strlen(last()->body) > 30);
				assert_null(strchr(last()->body, '{'));
				answer(f, last(), COURIER_DONE, 250);
				post->n = 0;
			}
		}
	}
}

static void mail_to_no_address_or_with_no_link_is_refused(void **state)
{
	struct fixture *f = *state;
	static const char *const links[] = {"", "javascript:alert(1)", "https://e.org/\nBcc: x",
		"https://e.org/ x", "ftp://e.org/", "https://e.org/<b>"};
	struct mail m = {.template = MAIL_RECOVERY, .link = VIEW("https://example.org/")};

	m.to = VIEW("maria@example.org\r\nBcc: eve@example.org");
	assert_int_equal(writer_run(f->d.writer, mail_job, &m, NULL), RC_SYNTAX);
	m.to = VIEW("maria@example.org");
	for (size_t i = 0; i < COUNT_OF(links); i++) {
		m.link = view_of(links[i]);
		assert_int_equal(writer_run(f->d.writer, mail_job, &m, NULL), RC_SYNTAX);
	}
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM courier_item"), 0);
}

static void mail_that_came_too_late_is_not_sent(void **state)
{
	struct fixture *f = *state;

	hello(f, 5, 0);
	post->n = 0;
	post->is_full = true;
	queue_mail(f, &(struct mail){.template = MAIL_RECOVERY,
			      .to = VIEW("maria@example.org"),
			      .link = VIEW("https://example.org/"),
			      .expires_ms = fixture_now() + HOUR_MS});
	fixture_pass(f, HOUR_MS + MINUTE_MS);
	post->is_full = false;
	fixture_pass(f, 10 * MINUTE_MS);
	assert_int_equal(post->n, 0);
	assert_int_equal(state_of(f, NULL).dead, 1);
}

static void dead_letters_are_bounded(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < COURIER_DEAD_PER_DESTINATION_MAX + 5; i++) {
		(void)queue_webhook(f, &partner, "{}");
		fixture_settle(f);
		answer(f, last(), COURIER_STATUS, 410);
		post->n = 0;
	}
	assert_int_equal(state_of(f, &partner).dead, COURIER_DEAD_PER_DESTINATION_MAX);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM courier_item WHERE state = 2"),
		COURIER_DEAD_PER_DESTINATION_MAX);
}

static void waits_grow_and_end(void **state)
{
	(void)state;
	assert_int_equal(courier_backoff_ms(1, COURIER_RETRY_MAX_MS), 30000);
	assert_int_equal(courier_backoff_ms(2, COURIER_RETRY_MAX_MS), 60000);
	assert_int_equal(courier_backoff_ms(10, COURIER_RETRY_MAX_MS), 30000 * 512);
	assert_int_equal(courier_backoff_ms(11, COURIER_RETRY_MAX_MS), COURIER_RETRY_MAX_MS);
	assert_int_equal(courier_backoff_ms(INT64_MAX, COURIER_RETRY_MAX_MS), COURIER_RETRY_MAX_MS);
}

/* Whatever the courier and time do, in whatever order: each event is delivered or dead at the end,
 * none is lost, none has two rows, and the counts are those of the rows. */
static void one_life(struct prop *p)
{
	struct fixture *f = post->f;
	static const enum courier_outcome outcomes[] = {COURIER_DONE, COURIER_DONE, COURIER_STATUS,
		COURIER_TIMEOUT, COURIER_BUSY, COURIER_LOST, COURIER_FORBIDDEN};
	unsigned queued = (unsigned)prop_between(p, 1, 12);
	struct courier_state before = state_of(f, &partner);
	uint64_t epoch = 100 + p->round * 100;

	post->n = 0;
	for (unsigned i = 0; i < queued; i++)
		(void)queue_webhook(f, &partner, "{}");
	fixture_settle(f);
	for (unsigned step = 0; step < 40; step++) {
		if (post->n > SENT_MAX / 2)
			post->n = 0;
		if (post->n > 0 && prop_chance(p, 60)) {
			struct sent s = post->sent[prop_below(p, post->n)];
			if (s.type == MESSAGE_WEBHOOK)
				answer(f, &s, outcomes[prop_below(p, COUNT_OF(outcomes))],
					(uint16_t)prop_between(p, 199, 600));
		} else if (prop_chance(p, 10)) {
			hello(f, ++epoch, 0);
		} else {
			fixture_pass(f, prop_between(p, 1, 20 * MINUTE_MS));
		}
	}
	for (unsigned i = 0; i < 3000 && state_of(f, &partner).waiting > 0; i++) {
		if (post->n > SENT_MAX / 2)
			post->n = 0;
		fixture_pass(f, 10 * MINUTE_MS);
		for (unsigned k = 0; k < post->n; k++) {
			struct sent s = post->sent[k];
			if (s.type == MESSAGE_WEBHOOK)
				answer(f, &s, COURIER_DONE, 200);
		}
		post->n = 0;
	}
	struct courier_state after = state_of(f, &partner);
	assert_int_equal(after.waiting, 0);
	assert_int_equal(after.delivered - before.delivered + after.dead - before.dead, queued);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM courier_item"), after.dead);
}

static void every_event_is_delivered_or_dead_at_the_end(void **state)
{
	(void)state;
	prop_run("every_event_is_delivered_or_dead_at_the_end", 12, one_life);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(webhook_is_signed_sent_once_and_forgotten_when_taken),
		TEST(what_did_not_happen_is_not_told),
		TEST(contents_are_sealed),
		TEST(failed_try_is_repeated_later_and_later_with_the_same_event),
		TEST(after_three_days_it_is_a_dead_letter_and_can_be_revived),
		TEST(gone_receiver_ends_at_once),
		TEST(silent_receiver_gets_one_try_at_a_time_and_others_do_not_wait),
		TEST(full_queue_drops_the_event_and_not_its_cause),
		TEST(used_up_quota_waits_and_is_no_failure),
		TEST(new_courier_gets_what_the_old_one_had),
		TEST(new_server_takes_the_result_of_the_old_ones_try),
		TEST(both_gone_costs_nothing_but_a_repeat),
		TEST(try_without_any_result_is_repeated_after_a_while),
		TEST(erased_owner_ends_what_waits),
		TEST(forgotten_partner_or_account_leaves_nothing),
		TEST(partner_without_an_address_gets_nothing),
		TEST(busy_courier_is_asked_again),
		TEST(mails_are_in_the_language_of_their_reader),
		TEST(every_template_has_words_in_every_language),
		TEST(mail_to_no_address_or_with_no_link_is_refused),
		TEST(mail_that_came_too_late_is_not_sent),
		TEST(dead_letters_are_bounded),
		TEST(waits_grow_and_end),
		TEST(every_event_is_delivered_or_dead_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
