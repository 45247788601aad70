// A medication plan that a partner proposes, in words. All of it was written by the partner.

import type { components } from '../generated/api';
import type { t as Say } from '../words/words.svelte';
import { daysWords } from './limit-words';

export type Proposal = components['schemas']['PlanProposal'];
export type Plan = NonNullable<Proposal['plan']>;

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const satisfies readonly NonNullable<Plan['days']>[number][];

/** A day that is in no calendar is shown as it was written. */
function dayWords(day: string, locale: string): string {
	const time = Date.parse(`${day}T12:00:00Z`);
	const exists = !Number.isNaN(time) && new Date(time).toISOString().startsWith(day);
	return !exists ? day : new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' }).format(time);
}

/** "08:00, 20:00 · Mon–Fri" */
export function whenWords(plan: Pick<Plan, 'times' | 'days'>, locale: string, t: typeof Say): string {
	const days = (plan.days?.length ?? 0) === 0 ? DAYS : plan.days;
	return `${[...plan.times].sort().join(', ')} · ${daysWords((days ?? DAYS).map((day) => DAYS.indexOf(day) + 1), locale, t)}`;
}

/** Empty when it has neither beginning nor end. */
export function periodWords(plan: Pick<Plan, 'first_day' | 'last_day'>, locale: string, t: typeof Say): string {
	const from = plan.first_day && dayWords(plan.first_day, locale);
	const to = plan.last_day && dayWords(plan.last_day, locale);
	if (from && to) return t('proposal.from_to', { from, to });
	if (from) return t('proposal.from', { from });
	return to ? t('proposal.to', { to }) : '';
}

/** What waits for a decision comes first; the rest stays as it was, the newest first. */
export function waitingFirst(proposals: readonly Proposal[]): Proposal[] {
	return [...proposals].sort((a, b) => Number(b.state === 'waiting') - Number(a.state === 'waiting'));
}
