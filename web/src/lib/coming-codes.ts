// Codes of problems that have words, although no answer of the server has them yet.

export const COMING_CODES = [
	'step_up_failed', 'mail_off', 'certificate_invalid', 'phone_unreadable', 'too_many_ways', 'way_exists'
] as const;
