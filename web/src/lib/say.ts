// Numbers, times and distances in words. Pure: the language and the present are given.

import type { Key, Values } from '../words/words.svelte';

type T = (key: Key, values?: Values) => string;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** How long ago: relative up to an hour, then the clock, then the date. */
export function ago(time: string, now: number, locale: string, t: T): string {
	const at = Date.parse(time);
	const past = now - at;
	if (past < -MINUTE) return exactTime(time, locale);
	if (past < MINUTE) return t('time.now');
	if (past < HOUR) return t('time.minutes', { n: Math.floor(past / MINUTE) });
	const clockText = new Intl.DateTimeFormat(locale, { timeStyle: 'short' }).format(at);
	const days = daysBetween(at, now);
	if (days === 0) return t('time.at', { clock: clockText });
	if (days === 1) return t('time.yesterday', { clock: clockText });
	const date = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' }).format(at);
	const year = new Date(at).getFullYear() === new Date(now).getFullYear();
	const full = year ? date : new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }).format(at);
	return t('time.date', { date: full, clock: clockText });
}

export function exactTime(time: string, locale: string): string {
	return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' }).format(Date.parse(time));
}

export function clockTime(time: string, locale: string): string {
	return new Intl.DateTimeFormat(locale, { timeStyle: 'short' }).format(Date.parse(time));
}

/** Whole days between two moments by the calendar of this place. */
export function daysBetween(a: number, b: number): number {
	const noon = (at: number) => new Date(at).setHours(12, 0, 0, 0);
	return Math.round((noon(b) - noon(a)) / (24 * HOUR));
}

/** A length of time, roughly: for "connected for …". */
export function span(ms: number, t: T): string {
	const minutes = Math.floor(ms / MINUTE);
	if (minutes < 1) return t('span.moment');
	if (minutes < 60) return t('span.minutes', { n: minutes });
	const hours = Math.floor(minutes / 60);
	if (hours < 48) return t('span.hours', { n: hours });
	return t('span.days', { n: Math.floor(hours / 24) });
}

const MILES = new Set(['US', 'GB', 'LR', 'MM']);

export function usesMiles(locale: string): boolean {
	return MILES.has(new Intl.Locale(locale).region ?? '');
}

function unit(value: number, name: string, digits: number, locale: string): string {
	return new Intl.NumberFormat(locale, {
		style: 'unit',
		unit: name,
		unitDisplay: 'short',
		maximumFractionDigits: digits
	}).format(value);
}

/** A distance as people say it: not more exact than it is. */
export function distance(metres: number, locale: string): string {
	if (usesMiles(locale)) {
		const miles = metres / 1609.344;
		if (miles >= 0.25) return unit(miles, 'mile', miles < 10 ? 1 : 0, locale);
		return unit(roundTo(metres * 3.28084), 'foot', 0, locale);
	}
	if (metres >= 995) return unit(metres / 1000, 'kilometer', metres < 10_000 ? 1 : 0, locale);
	return unit(roundTo(metres), 'meter', 0, locale);
}

function roundTo(value: number): number {
	const step = value < 30 ? 1 : value < 100 ? 5 : 10;
	return Math.round(value / step) * step;
}

export function speed(kmh: number, locale: string): string {
	return usesMiles(locale)
		? unit(kmh / 1.609344, 'mile-per-hour', 0, locale)
		: unit(kmh, 'kilometer-per-hour', 0, locale);
}

export function percent(value: number, locale: string): string {
	return new Intl.NumberFormat(locale, { style: 'percent' }).format(value / 100);
}

/** The two letters of somebody without a picture. */
export function initials(name: string): string {
	const parts = name.trim().split(/\s+/).filter(Boolean);
	const letters = parts.length > 1 ? [parts[0], parts[parts.length - 1]] : parts;
	return letters.map((part) => [...(part ?? '')][0]?.toLocaleUpperCase() ?? '').join('') || '?';
}

/** Compass direction as one of eight words. */
export function compass(degrees: number): Key {
	const names = ['n', 'ne', 'e', 'se', 's', 'sw', 'w', 'nw'] as const;
	return `compass.${names[((Math.round(degrees / 45) % 8) + 8) % 8] ?? 'n'}`;
}
