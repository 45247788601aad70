// Codes of problems that have words, although no answer of the server has them yet.

export const COMING_CODES = ['step_up_failed', 'mail_off'] as const;
