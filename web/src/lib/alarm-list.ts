// Which alarms are in memory: all that are not closed, however many newer notices there are, and the newest of the
// closed ones.

import type { Alarm } from './api';

/** What the server gives at a time. */
export const ALARMS_PAGE = 50;
/** Older closed ones are asked for page by page where they are shown. */
export const ALARMS_KEPT = 300;
const PAGES_MAX = 20;

/** Every open alarm, page by page, newest first: an SOS must not hide behind notices that nobody closed. */
export async function allOpen(page: (before?: string) => Promise<Alarm[]>): Promise<Alarm[]> {
	const all: Alarm[] = [];
	for (let n = 0; n < PAGES_MAX; n++) {
		const some = await page(all.at(-1)?.id);
		all.push(...some);
		if (some.length < ALARMS_PAGE) break;
	}
	return all;
}

/** Newest first, without the closed ones that are too many. */
export function keptAlarms(alarms: readonly Alarm[]): Alarm[] {
	let room = ALARMS_KEPT - alarms.filter((a) => a.state !== 'closed').length;
	return [...alarms].sort(newestFirst).filter((a) => a.state !== 'closed' || room-- > 0);
}

function newestFirst(a: Alarm, b: Alarm): number {
	return a.received < b.received ? 1 : a.received > b.received ? -1 : 0;
}
