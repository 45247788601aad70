// A problem in the words of whoever reads it.

import type { Problem, ProblemCode } from '../lib/api';
import { t, type Key } from './words.svelte';

const FIELDS = {
	login: 'field.login',
	name: 'field.name',
	password: 'field.password',
	new: 'field.password',
	current: 'field.current_password',
	group_name: 'field.group_name',
	watch: 'field.watch',
	sim_number: 'field.sim_number',
	text: 'field.text',
	note: 'field.note',
	code: 'field.code',
	zone: 'field.zone',
	language: 'field.language'
} as const satisfies Record<string, Key>;

/** Codes that speak of one field, also when the server does not name it. */
const FIELD_OF_CODE: Partial<Record<ProblemCode, string>> = {
	login_invalid: 'login',
	name_invalid: 'name',
	group_name_invalid: 'group_name',
	watch_invalid: 'watch',
	imei_check_digit: 'watch',
	sim_number_invalid: 'sim_number'
};

/** Which field of a form a problem belongs to. */
export function fieldOf(problem: Problem): string | undefined {
	return problem.more.field ?? FIELD_OF_CODE[problem.code];
}

export function explain(problem: Problem): string {
	const { field, triesLeft, retryAfter, detail } = problem.more;
	const key: Key = `problem.${problem.code}`;
	const name = field !== undefined && Object.hasOwn(FIELDS, field) ? FIELDS[field as keyof typeof FIELDS] : undefined;
	const text = t(key, {
		n: triesLeft ?? retryAfter ?? 0,
		field: name ? t(name) : t('field.some'),
		detail: detail ?? ''
	});
	// A code of a newer server that this app does not know.
	if (text === key) return t('problem.internal');
	return retryAfter !== undefined && problem.status === 429
		? `${text} ${t('problem.wait', { n: retryAfter })}`
		: text;
}
