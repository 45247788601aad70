#include "domain/command_acts.h"

#include <stdio.h>

#include "crypto/token.h"
#include "domain/account.h"
#include "domain/capability.h"
#include "domain/contacts.h"
#include "domain/device_password.h"
#include "domain/photo.h"
#include "domain/text.h"
#include "store/query.h"
#include "store/sealed.h"

enum { ANNOUNCER_BYTES = 120 /* of the name in an announcement */ };

static const struct command_act acts[] = {
	{"locate", COMMAND_LOCATE, PURPOSE_PLAIN, false, false, false},
	{"find", COMMAND_FIND, PURPOSE_PLAIN, false, false, false},
	{"message", COMMAND_MESSAGE, PURPOSE_PLAIN, false, false, false},
	{"call", COMMAND_CALL, PURPOSE_PLAIN, true, false, false},
	{"check_in_call", COMMAND_CALL, PURPOSE_CHECK_IN, true, true, false},
	{"photo", COMMAND_PHOTO, PURPOSE_PLAIN, true, true, false},
	{"power_off", COMMAND_POWER_OFF, PURPOSE_PLAIN, true, false, false},
	{"reset", COMMAND_RESET, PURPOSE_PLAIN, true, false, false},
	{"new_password", COMMAND_PASSWORD, PURPOSE_NEW_PASSWORD, true, false, false},
	{"reward", COMMAND_REWARD, PURPOSE_PLAIN, false, false, true},
	{"measure_heart", COMMAND_MEASURE_HEART, PURPOSE_PLAIN, true, false, true},
	{"measure_temperature", COMMAND_MEASURE_TEMPERATURE, PURPOSE_PLAIN, true, false, true},
	{"ask_pulse", COMMAND_ASK_PULSE, PURPOSE_PLAIN, true, false, true},
	{"wifi_search", COMMAND_WIFI_SEARCH, PURPOSE_PLAIN, true, false, true},
	{"wifi_current", COMMAND_WIFI_CURRENT, PURPOSE_PLAIN, true, false, true},
	{"wifi_join", COMMAND_WIFI_JOIN, PURPOSE_PLAIN, true, false, true},
	{"wifi_forget", COMMAND_WIFI_FORGET, PURPOSE_PLAIN, true, false, true},
	{"unfriend", COMMAND_UNFRIEND, PURPOSE_PLAIN, false, false, true},
	{"refresh", COMMAND_STATUS, PURPOSE_REFRESH, false, false, false},
	{"factory", COMMAND_FACTORY, PURPOSE_PLAIN, true, false, true},
	{"update", COMMAND_UPDATE, PURPOSE_PLAIN, true, false, true},
	{"apn", COMMAND_APN, PURPOSE_PLAIN, true, false, true},
};

const struct command_act *command_act_find(struct view name)
{
	for (size_t i = 0; i < COUNT_OF(acts); i++) {
		if (view_is(name, view_of(acts[i].name)))
			return &acts[i];
	}
	return NULL;
}

static void set_number(struct command_row *row, const char number[COMMAND_NUMBER_MAX + 1])
{
	row->command.entries_n = 1;
	memcpy(row->command.entries[0].number, number, COMMAND_NUMBER_MAX + 1);
}

/* Only somebody whom the guardians put into the phone book is ever dialled. */
static enum rc prepare_call(struct db *db, const struct act_request *r, struct command_row *row,
	struct problem *p, struct err *e)
{
	struct contact c;
	enum rc rc = contact_find(db, &row->wearer, &r->contact, &c, e);

	if (rc == RC_NOT_FOUND)
		return refuse(p, RC_CONFLICT, "contact_unknown", "contact",
			"nobody in this wearer's phone book");
	if (rc != RC_OK)
		return rc;
	set_number(row, c.number);
	row->contact = c.id;
	return view_to_text(view_of(c.name), row->label, sizeof row->label)
		       ? RC_OK
		       : fail(e, RC_BUG, "call: a name that is too long");
}

/* "" when the account has none. */
static enum rc own_phone(
	struct db *db, const struct uid *account, char *dst, size_t dst_size, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(db, "SELECT phone FROM account WHERE id = ?1", account, &s, e);

	if (rc != RC_OK)
		return rc;
	rc = stmt_copy_sealed(s, 0, account, "account.phone", dst, dst_size, e);
	stmt_reset(s);
	return rc;
}

/* The member's own number, as it stands in the account: no other can be given. */
static enum rc prepare_check_in(struct db *db, const struct act_request *r, struct command_row *row,
	struct problem *p, struct err *e)
{
	char phone[COMMAND_NUMBER_MAX + 1];
	enum rc rc = own_phone(db, &r->account, phone, sizeof phone, e);

	if (rc != RC_OK)
		return rc;
	if (!command_is_number(view_of(phone)))
		return refuse(p, RC_CONFLICT, "phone_missing", NULL,
			"your account has no telephone number to call");
	set_number(row, phone);
	return RC_OK;
}

static enum rc check_able(struct db *db, const struct act_request *r, const struct uid *wearer,
	struct problem *p, struct err *e)
{
	struct capabilities able;
	enum rc rc = capabilities_read(db, wearer, &able, p, e);

	return rc == RC_OK && capability_missing(&able, r->act->name) != NULL
		       ? refuse(p, RC_CONFLICT, "act_unavailable", NULL,
				 "this watch cannot do it, as far as is known")
		       : rc;
}

enum rc command_act_prepare(struct db *db, const struct act_request *r,
	const struct watch_target *to, struct command_row *row, struct problem *p, struct err *e)
{
	if (r->act->is_announced && to->is_yisai)
		return refuse(p, RC_CONFLICT, "watch_shows_no_text", NULL,
			"this watch cannot show who wants it, so it is not asked");
	if (r->act->is_optional)
		return check_able(db, r, &row->wearer, p, e);
	if (r->act->purpose == PURPOSE_CHECK_IN)
		return prepare_check_in(db, r, row, p, e);
	if (r->act->kind == COMMAND_CALL)
		return prepare_call(db, r, row, p, e);
	if (r->act->kind == COMMAND_PHOTO)
		return photo_check(r->domain, db, &row->wearer, r->now_ms, p, e);
	if (r->act->kind == COMMAND_PASSWORD)
		return device_password_want(db, &row->wearer, row->command.digits, e);
	return RC_OK;
}

/* ---- announcements ---- */

/* They stand behind the name of the person. */
struct words {
	const char *tag, *photo, *check_in;
};

static const struct words *words_of(const char *language)
{
	static const struct words known[] = {
		{"en", " asks for a photo from your watch.",
			" would like to hear you. Your watch calls them now."},
		{"de", " möchte ein Foto von deiner Uhr.",
			" möchte dich hören. Deine Uhr ruft jetzt dort an."},
		{"es", " pide una foto de tu reloj.", " quiere oírte. Tu reloj le llama ahora."},
	};

	for (size_t i = 0; i < COUNT_OF(known); i++) {
		if (view_starts_nocase(view_of(language), view_of(known[i].tag)))
			return &known[i];
	}
	return &known[0];
}

enum rc command_act_announce(struct db *db, const struct act_request *r,
	const struct watch_target *to, struct command_row *row, struct command_row *ret,
	struct err *e)
{
	const struct words *words = words_of(to->language);
	char name[ANNOUNCER_BYTES];
	enum rc rc = account_name(db, &r->account, name, sizeof name, e);

	if (rc != RC_OK)
		return rc;
	if (name[0] == '\0')
		return fail(e, RC_NOT_FOUND, "announcement: nobody to name");
	command_row_init_for(ret, r->domain, COMMAND_MESSAGE, PURPOSE_ANNOUNCEMENT);
	ret->wearer = row->wearer;
	ret->group = row->group;
	ret->number = row->number;
	ret->by = row->by;
	int n = snprintf(ret->command.text, sizeof ret->command.text, "%s%s", name,
		r->act->kind == COMMAND_PHOTO ? words->photo : words->check_in);
	if (n < 0 || (size_t)n >= sizeof ret->command.text)
		return fail(e, RC_BUG, "announcement: too long");
	ret->command.text_n = (uint16_t)n;
	row->after = ret->id;
	row->created_ms = ret->created_ms + 1; /* behind it, also after a restart */
	return RC_OK;
}
