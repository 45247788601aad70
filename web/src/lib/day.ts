// A day's track: where it has gaps, how long it is, and what a day is in this place.

import type { Fix } from './api';
import { distanceM, drawable } from './geo';
import { doubtful } from './wearer';

/** No line is drawn over a silence longer than this: nobody knows where the wearer was. */
export const GAP_MS = 20 * 60_000;

/** First moment of a day and of the next, by this place's clock (23 to 25 hours apart). */
export function dayRange(day: string): { from: string; to: string } {
	const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
	return {
		from: new Date(year, month - 1, date).toISOString(),
		to: new Date(year, month - 1, date + 1).toISOString()
	};
}

/** A moment's day as `YYYY-MM-DD`, by this place's clock. */
export function dayOf(ms: number): string {
	const at = new Date(ms);
	const two = (n: number) => String(n).padStart(2, '0');
	return `${String(at.getFullYear()).padStart(4, '0')}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

export function stepDay(day: string, by: number): string {
	const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
	return dayOf(new Date(year, month - 1, date + by, 12).getTime());
}

/** The places that can be shown, in the order of their time. */
export function shownFixes(fixes: readonly Fix[]): Fix[] {
	return fixes
		.filter((fix) => fix.source !== 'none' && drawable(fix))
		.sort((a, b) => Date.parse(a.time) - Date.parse(b.time));
}

/** Pieces of the track without a gap; doubtful places are not part of the line. */
export function trackLines(fixes: readonly Fix[]): Fix[][] {
	const lines: Fix[][] = [];
	let last: Fix | undefined;
	for (const fix of fixes) {
		if (doubtful(fix)) continue;
		const gap = !last || Date.parse(fix.time) - Date.parse(last.time) > GAP_MS;
		if (gap) lines.push([fix]);
		else lines[lines.length - 1]?.push(fix);
		last = fix;
	}
	return lines;
}

/** Metres along the lines, without the jitter of standing still. */
export function trackLength(lines: readonly Fix[][]): number {
	let sum = 0;
	for (const line of lines) {
		let from = line[0];
		for (const fix of line) {
			if (!from) break;
			const step = distanceM(from, fix);
			if (step < Math.max(25, fix.accuracy_m ?? 0)) continue;
			sum += step;
			from = fix;
		}
	}
	return sum;
}

/** At most so many rows for a table, evenly taken, first and last always. */
export function thin<T>(list: readonly T[], most: number): T[] {
	if (list.length <= most) return [...list];
	const step = (list.length - 1) / (most - 1);
	return Array.from({ length: most }, (_, i) => list[Math.round(i * step)] as T);
}
