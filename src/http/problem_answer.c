#include "http/problem_answer.h"

#include <string.h>

const struct problem_code problem_codes[] = {
	{"account_banned", 403, "The operator has closed this account."},
	{"act_unavailable", 409, "This watch cannot do it, as far as is known."},
	{"adult_stays", 409, "Who was said to be an adult stays one."},
	{"already_closed", 409, "The alarm is closed."},
	{"already_decided", 409, "It was accepted or rejected already."},
	{"already_member", 409, "The account is in the group already."},
	{"already_taken", 409, "Somebody else takes care of the alarm."},
	{"already_yours", 409,
		"The watch is bound to a wearer of an own group, or being claimed for it."},
	{"approval_ended", 409, "It has ended: agreed, objected to, withdrawn or expired."},
	{"approval_exists", 409, "The same is proposed already, and waits."},
	{"approval_own", 403, "Your own proposal: somebody else must agree or object."},
	{"approval_stale", 409,
		"Who proposed it may not do that any more, its time is over, or the member is an "
		"admin by now."},
	{"body_too_large", 413, "Larger than http_body_max."},
	{"busy", 503, "It cannot be done now, and nothing was changed: try again."},
	{"certificate_invalid", 400,
		"Not a PEM certificate with a key of RSA 2048 bits, P-256 or better."},
	{"certificate_missing", 400, "Binding tokens to a certificate needs one."},
	{"claim_code_wrong", 409, "Wrong code; tries_left tells how many tries are left."},
	{"claim_expired", 409, "Too late; start again."},
	{"claim_locked", 409, "Too many wrong codes; start again."},
	{"claim_not_ready", 409, "The watch is not connected, or no code has been sent."},
	{"code_invalid", 400, "A code has six digits."},
	{"code_needed", 401,
		"The password is right; a code of the authenticator app is wanted as well."},
	{"code_wrong", 403, "Not the code of now, or used before."},
	{"color_invalid", 400, "Not #rrggbb."},
	{"command_already_sent", 409, "Too late to cancel."},
	{"command_invalid", 400, "A member of the command is nothing that a watch takes."},
	{"conflict", 409, "The state does not permit it."},
	{"consent_partner_unknown", 409, "No such partner, or it is stopped."},
	{"consent_rights_invalid", 400,
		"Partners can only have view_position, view_history, view_health, alarms, locate, "
		"message, propose_plan."},
	{"consent_until_invalid", 400, "Not in the future, or more than 12 months away."},
	{"consent_wearer_unknown", 409, "Not a wearer of this group."},
	{"contact_invalid", 400, "Only a call has a contact."},
	{"contact_missing", 400, "A call needs the contact to call."},
	{"contact_unknown", 409, "Nobody in this wearer's phone book."},
	{"demo_exists", 409, "There is one already."},
	{"demo_failed", 503, "The simulated watch could not be started."},
	{"demo_off", 409, "The operator has not allowed simulated watches."},
	{"email_invalid", 400, "Not an e-mail address that we write to."},
	{"field_missing", 400, "A required field is not there."},
	{"field_range", 400, "A number is too small or too large."},
	{"field_too_long", 400, "A text is too long."},
	{"field_too_short", 400, "A text is too short, or empty."},
	{"field_type", 400, "A field has the wrong type."},
	{"field_unknown", 400, "The body has a field that is not in the schema."},
	{"field_value", 400,
		"A value is not one of those allowed, or has characters that are not allowed."},
	{"file_unknown", 404, "No file of that name in the folder radio-import."},
	{"foreign_origin", 403, "The request came from another site."},
	{"group_name_invalid", 400, "The same for the name of a group."},
	{"header_bad", 400, "A header is malformed."},
	{"host_wrong", 421, "The request is for another host."},
	{"imei_check_digit", 400, "15 digits whose last one does not fit: a typing mistake."},
	{"import_running", 409, "One import at a time."},
	{"internal", 500, "Our own mistake; it is in the log."},
	{"invitation_invalid", 404, "The invitation is wrong, used or over."},
	{"json_bad", 400,
		"The body is not one JSON object in UTF-8, has a field twice, or is nested too "
		"deep."},
	{"key_invalid", 400, "Idempotency-Key is malformed."},
	{"key_missing", 400, "Changes need an Idempotency-Key."},
	{"key_reused", 422, "This Idempotency-Key came with another request."},
	{"language_invalid", 400, "Not a language tag."},
	{"language_unsupported", 400, "Watches do not have this language."},
	{"last_admin", 409,
		"The only admin of a group with other members or with wearers; `groups` tells "
		"which."},
	{"last_operator", 409, "Nobody else could run the server then."},
	{"length_required", 411, "The body must come with Content-Length, not in chunks."},
	{"login_invalid", 400, "A login has 3 to 64 characters and no blanks."},
	{"login_taken", 409, "Somebody has this login."},
	{"mail_not_set_up", 409, "No mail server is set up (smtp_url)."},
	{"media_type_wrong", 415, "The body is not of the type that this address takes."},
	{"method_not_allowed", 405, "The path exists, not with this method."},
	{"name_invalid", 400, "A name has 1 to 80 characters and no control characters."},
	{"network_banned", 403, "The operator has shut out this network."},
	{"network_invalid", 400, "Not a network, too wide a one, or this machine itself."},
	{"no_device", 409, "The wearer has no watch."},
	{"no_phone_book", 409, "This watch says that it has no phone book."},
	{"not_found", 404, "No such thing, or not yours."},
	{"not_now", 403, "You have this right, but not at this time of the day or week."},
	{"note_invalid", 400, "A note has at most 500 characters."},
	{"number_invalid", 400, "A number has 3 to 20 digits, perhaps with + in front."},
	{"number_twice", 400, "A number stands twice in the list."},
	{"own_account", 409, "Not with the own account."},
	{"partner_keys_invalid", 400, "Not public keys that fit the algorithm."},
	{"partner_keys_missing", 409, "It has no keys: register new ones first."},
	{"partner_name_invalid", 400, "2 to 40 characters, no colon."},
	{"partner_name_taken", 409, "Another partner has this name."},
	{"partner_stopped", 403, "Unusual use: the partner was stopped, and the operator told."},
	{"passkey_exists", 409, "This passkey is known already."},
	{"passkey_needed", 401,
		"The password is right, but passkeys protect the account: use one, or a recovery "
		"code."},
	{"passkey_wrong", 403, "The passkey was not accepted."},
	{"password_common", 400,
		"On the list of common passwords, or one repeated or counted character."},
	{"password_is_name", 400, "Made of the login or the name."},
	{"password_needed", 403, "Without a second factor the password is wanted."},
	{"password_too_long", 400, "More than 256 bytes."},
	{"password_too_short", 400, "Fewer than 12 characters."},
	{"password_wrong", 403, "The current password is wrong."},
	{"phone_invalid", 400, "Not a telephone number."},
	{"phone_missing", 409, "The own account has no telephone number to call."},
	{"phone_unreadable", 400, "Not what this app sends."},
	{"photo_under_way", 409, "A photo was asked for and has not come yet."},
	{"photos_forbidden", 409, "The operator of this server forbids photos."},
	{"photos_off", 409, "Photos are off for this wearer; an admin can turn them on."},
	{"photos_used_up", 429,
		"As many photos as the group allows were taken in the last 24 hours."},
	{"picture_too_large", 413, "A picture has at most 204,800 bytes."},
	{"picture_type", 415, "Not a JPEG picture that can be decoded."},
	{"proof_invalid", 400, "Not a way to prove that the watch is here."},
	{"query_bad", 400, "A query parameter is missing, unknown, given twice or malformed."},
	{"quota_full", 409, "The group's room is used up by messages that nobody has heard yet."},
	{"range_invalid", 400, "The end is not after the start."},
	{"range_too_long", 400, "More than 31 days."},
	{"reason_invalid", 400, "A reason has 10 to 500 characters."},
	{"recovery_runs", 403, "The account is being recovered: nothing sensitive meanwhile."},
	{"recovery_waits", 409, "The waiting time is not over."},
	{"request_bad", 400,
		"The request is not well-formed HTTP, or is ambiguous (two lengths, length and "
		"chunked)."},
	{"right_missing", 403, "You belong to the group, but may not do this."},
	{"rights_invalid", 400,
		"These rights come with the role alone, or are given and taken at once."},
	{"rule_changed", 409, "Somebody changed the rule meanwhile."},
	{"second_factor_missing", 403, "Set up a passkey or an authenticator first."},
	{"second_factor_needed", 403,
		"The operator wants accounts to have a second factor: set one up first."},
	{"second_person_needed", 403, "Another admin must agree."},
	{"setting_invalid", 400, "A member of the setting is malformed."},
	{"setting_unavailable", 409, "This watch has no such setting, as far as is known."},
	{"setup_done", 409, "An account exists already."},
	{"setup_token_wrong", 403, "The set-up link is wrong or used."},
	{"sign_in_failed", 401, "Wrong login or password."},
	{"sign_in_needed", 401, "No session, or it has ended."},
	{"sim_number_invalid", 400, "Not a telephone number."},
	{"step_up_needed", 403, "Show your passkey or a code once more."},
	{"text_invalid", 400, "The text holds something that a watch cannot show."},
	{"text_missing", 400, "A message needs a text."},
	{"text_too_long", 400, "The text is too long for a watch."},
	{"token_invalid", 401,
		"No token, or it has ended, was revoked, or belongs to another certificate."},
	{"token_wrong", 403, "The link is wrong, used or too old."},
	{"too_many_approvals", 429, "Too many proposals wait in this group."},
	{"too_many_attempts", 429, "Too many sign-ins."},
	{"too_many_bans", 429, "Too many networks are banned."},
	{"too_many_claims", 429, "Too many open claims, or too many in a day."},
	{"too_many_codes", 429, "Five codes were sent for this claim."},
	{"too_many_commands", 429,
		"Too many commands wait for this watch, or were given in an hour."},
	{"too_many_consents", 429, "Too many living consents in this group."},
	{"too_many_contacts", 400, "More than the watch can hold."},
	{"too_many_groups", 429, "An account is in at most 32 groups."},
	{"too_many_invitations", 429, "Too many open invitations in this group."},
	{"too_many_members", 429, "The group is full."},
	{"too_many_partners", 429, "Too many partners are registered."},
	{"too_many_passkeys", 409, "An account has at most 20."},
	{"too_many_proposals", 429, "Too many proposals wait for this wearer."},
	{"too_many_requests", 429, "Too fast."},
	{"too_many_streams", 429, "Too many open event streams."},
	{"too_many_voices", 429,
		"Too many voice messages wait for this watch, or were sent in an hour."},
	{"too_many_ways", 429, "At most 8 phones and other ways for one wearer."},
	{"too_soon", 429, "A code was sent less than 30 s ago."},
	{"totp_off", 409, "There is no authenticator app, or none was begun."},
	{"totp_on", 409, "There is an authenticator app already: remove it first."},
	{"type_unknown", 400, "No such command."},
	{"understanding_needed", 400, "It must be said that the consequences are known."},
	{"until_invalid", 400, "The end is past, too far, or of an admin."},
	{"voice_invalid", 400,
		"Not a WAV file of 16 bits, one channel and 8,000 samples a second."},
	{"voice_too_long", 400, "A voice message has 0.1 to 15 seconds."},
	{"waiting_time", 403, "Not at once: the others may object first."},
	{"watch_has_no_voice", 409, "This watch plays no voice messages."},
	{"watch_in_conflict", 409,
		"Two connections say that they are this watch: it gets nothing sensitive."},
	{"watch_invalid", 400, "Neither an IMEI nor a registration number."},
	{"watch_shows_no_text", 409, "This watch cannot show who asks, so it is not asked."},
	{"way_exists", 409, "This watch has a key already: renew it."},
	{"webhook_url_invalid", 400, "Not an https address of the strict form."},
	{"window_invalid", 400, "A time window is malformed, or there are more than eight."},
	{"zone_unknown", 400, "No such time zone."},
};
const size_t problem_codes_n = COUNT_OF(problem_codes);

const struct problem_code *problem_code_find(const char *code)
{
	size_t low = 0;
	size_t high = problem_codes_n;

	while (code != NULL && low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(code, problem_codes[middle].code);
		if (order == 0)
			return &problem_codes[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const char *problem_code_of_rc(enum rc rc)
{
	switch (rc) {
	case RC_SYNTAX:
		return "field_value";
	case RC_LIMIT:
	case RC_NOMEM:
	case RC_IO: /* the disk is full, say */
		return "busy";
	case RC_DENIED:
	case RC_NOT_FOUND:
		return "not_found";
	case RC_CONFLICT:
		return "conflict";
	case RC_OK:
	case RC_MORE:
	case RC_BUG:
		return "internal";
	}
	return "internal";
}

const char *problem_title(unsigned status)
{
	static const struct {
		unsigned status;
		const char *title;
	} titles[] = {
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{411, "Length Required"},
		{409, "Conflict"},
		{413, "Content Too Large"},
		{415, "Unsupported Media Type"},
		{421, "Misdirected Request"},
		{422, "Unprocessable Content"},
		{429, "Too Many Requests"},
		{500, "Internal Server Error"},
		{503, "Service Unavailable"},
	};

	for (size_t i = 0; i < COUNT_OF(titles); i++) {
		if (titles[i].status == status)
			return titles[i].title;
	}
	return "Error";
}

unsigned problem_write(const struct problem *p, enum rc rc, struct json_out *j)
{
	const struct problem_code *row =
		problem_code_find(p->code != NULL ? p->code : problem_code_of_rc(rc));

	if (row == NULL)
		row = problem_code_find("internal");
	if (row == NULL) /* the table has it: problem_answer_test.c */
		return 500;
	json_object(j, NULL);
	json_text(j, "type", VIEW("about:blank"));
	json_text(j, "title", view_of(problem_title(row->status)));
	json_int(j, "status", row->status);
	json_text(j, "detail", view_of(p->detail[0] != '\0' ? p->detail : row->detail));
	json_text(j, "code", view_of(row->code));
	if (p->field != NULL)
		json_text(j, "field", view_of(p->field));
	if (strcmp(row->code, "claim_code_wrong") == 0 && p->tries_left >= 0)
		json_int(j, "tries_left", p->tries_left);
	if (p->groups_n > 0) {
		json_array(j, "groups");
		for (size_t i = 0; i < p->groups_n; i++)
			json_uid(j, NULL, &p->groups[i]);
		json_end(j);
	}
	json_end(j);
	return row->status;
}
