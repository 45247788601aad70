// Limits in time, in words: "Only Mon–Fri, 08:00–16:00", "Not Sat, Sun, all day", "Until 3 Dec".

import type { Member, TimeWindow } from '../lib/coming';
import type { t as Say } from '../words/words.svelte';

/** A Monday; only the name of its day is used. */
const MONDAY = Date.UTC(2024, 0, 1, 12);
const DAY_MS = 24 * 3_600_000;

export function dayName(day: number, locale: string, style: 'short' | 'long' = 'short'): string {
	return new Intl.DateTimeFormat(locale, { weekday: style, timeZone: 'UTC' }).format(MONDAY + (day - 1) * DAY_MS);
}

/** "Mon–Fri", "Sat, Sun", "every day". */
export function daysWords(days: readonly number[], locale: string, t: typeof Say): string {
	const sorted = [...new Set(days)].sort((a, b) => a - b);
	if (sorted.length === 7) return t('limit.every_day');
	const name = (day: number | undefined) => dayName(day ?? 1, locale);
	const runs: number[][] = [];
	for (const day of sorted) {
		const run = runs.at(-1);
		if (run && run.at(-1) === day - 1) run.push(day);
		else runs.push([day]);
	}
	return runs
		.flatMap((run) => (run.length > 2 ? [`${name(run[0])}–${name(run.at(-1))}`] : run.map(name)))
		.join(', ');
}

export function windowWords(window: TimeWindow, locale: string, t: typeof Say): string {
	const values = { days: daysWords(window.days, locale, t), from: window.from, to: window.to };
	return window.mode === 'only' ? t('limit.only', values) : t('limit.not', values);
}

export function limitWords(member: Pick<Member, 'windows' | 'until'>, locale: string, t: typeof Say): string[] {
	const lines = member.windows.map((window) => windowWords(window, locale, t));
	if (member.until) {
		const date = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }).format(Date.parse(member.until));
		lines.push(t('limit.until', { date }));
	}
	return lines;
}
