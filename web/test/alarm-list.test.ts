import { describe, expect, test } from 'vitest';
import { allOpen, keptAlarms, ALARMS_KEPT, ALARMS_PAGE } from '../src/lib/alarm-list';
import type { Alarm } from '../src/lib/api';

function alarm(n: number, more: Partial<Alarm> = {}): Alarm {
	const time = new Date(Date.UTC(2026, 10, 22) + n * 60_000).toISOString();
	return {
		id: n.toString(16).padStart(32, '0'),
		wearer: '0'.repeat(32),
		kind: 'low_battery',
		kinds: ['low_battery'],
		time,
		received: time,
		state: 'open',
		repeats: 0,
		serious: false,
		...more
	};
}

const sos: Partial<Alarm> = { kind: 'sos', kinds: ['sos'], serious: true };

describe('the list of alarms', () => {
	test('an SOS that nobody took is loaded behind any number of newer notices', async () => {
		const all = [...Array.from({ length: 3 * ALARMS_PAGE }, (_, i) => alarm(1000 - i)), alarm(1, sos)];
		const asked: (string | undefined)[] = [];
		const open = await allOpen(async (before) => {
			asked.push(before);
			const from = before ? all.findIndex((a) => a.id === before) + 1 : 0;
			return all.slice(from, from + ALARMS_PAGE);
		});
		expect(open).toEqual(all);
		expect(asked).toEqual([undefined, all[49]!.id, all[99]!.id, all[149]!.id]);
	});

	test('a server that never ends its list does not keep the app asking', async () => {
		let asked = 0;
		await allOpen(async () => {
			asked++;
			return Array.from({ length: ALARMS_PAGE }, (_, i) => alarm(i));
		});
		expect(asked).toBe(20);
	});

	test('only what is closed makes room', () => {
		const closed = Array.from({ length: ALARMS_KEPT }, (_, i) => alarm(1000 + i, { state: 'closed' }));
		const old = [alarm(1, sos), alarm(2, { ...sos, state: 'taken' })];
		const kept = keptAlarms([...old, ...closed]);
		expect(kept.length).toBe(ALARMS_KEPT);
		expect(kept.slice(-2)).toEqual([old[1], old[0]]);
	});
});
