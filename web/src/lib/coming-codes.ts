// Codes of problems that have words already.

export const COMING_CODES = [
	'code_needed', 'code_wrong', 'step_up_failed', 'second_factor_needed', 'password_needed', 'last_admin',
	'phone_missing', 'photos_off', 'photos_forbidden', 'photo_under_way', 'photos_used_up', 'watch_in_conflict',
	'watch_shows_no_text', 'adult_stays', 'already_member', 'contact_invalid', 'contact_missing',
	'contact_unknown', 'email_invalid', 'invitation_invalid', 'login_taken', 'mail_off', 'no_phone_book',
	'number_invalid', 'number_twice', 'passkey_exists', 'passkey_wrong', 'phone_invalid', 'recovery_waits',
	'rights_invalid', 'rule_changed', 'token_wrong', 'too_many_contacts', 'too_many_invitations',
	'too_many_members', 'too_many_passkeys', 'totp_off', 'totp_on', 'until_invalid', 'window_invalid'
] as const;
