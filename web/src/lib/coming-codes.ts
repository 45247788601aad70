// Codes of problems that have words already.

export const COMING_CODES = [
	'code_needed', 'code_wrong', 'step_up_needed', 'step_up_failed', 'second_factor_missing', 'second_factor_needed',
	'password_needed', 'right_missing', 'not_now', 'recovery_runs', 'last_admin', 'last_operator', 'phone_missing',
	'photos_off', 'photos_forbidden', 'photo_under_way', 'photos_used_up', 'watch_in_conflict', 'watch_shows_no_text'
] as const;
