// Proposed medication plans in words.

import { describe, expect, test } from 'vitest';
import { periodWords, waitingFirst, whenWords, type Proposal } from '../src/group/plan-words';
import { en } from '../src/words/en';
import { fill, type Key, type Values } from '../src/words/words.svelte';

const t = (key: Key, values?: Values) => fill(en[key], 'en', values);

describe('a proposed plan', () => {
	test('times stand in order, with the days', () => {
		expect(whenWords({ times: ['20:00', '08:00'], days: ['fri', 'mon', 'tue', 'wed'] }, 'en', t)).toBe('08:00, 20:00 · Mon–Wed, Fri');
	});
	test('without days it is every day', () => {
		expect(whenWords({ times: ['08:00'] }, 'en', t)).toBe('08:00 · every day');
		expect(whenWords({ times: ['08:00'], days: [] }, 'en', t)).toBe('08:00 · every day');
	});
	test('the period is told as far as there is one', () => {
		expect(periodWords({}, 'en', t)).toBe('');
		expect(periodWords({ first_day: '2027-01-31' }, 'en', t)).toBe('from Jan 31, 2027');
		expect(periodWords({ last_day: '2027-02-01' }, 'en', t)).toBe('until Feb 1, 2027');
		expect(periodWords({ first_day: '2027-01-31', last_day: '2027-02-01' }, 'en', t)).toBe('from Jan 31, 2027 until Feb 1, 2027');
	});
	test('a day that is in no calendar is shown as it was written', () => {
		expect(periodWords({ first_day: '2027-13-99' }, 'en', t)).toBe('from 2027-13-99');
		expect(periodWords({ last_day: '2027-02-30' }, 'en', t)).toBe('until 2027-02-30');
	});
	test('what waits comes first, the rest stays in its order', () => {
		const list = ['rejected', 'waiting', 'accepted', 'waiting'].map((state, i) => ({ id: `${i}`, state }) as Proposal);
		expect(waitingFirst(list).map((p) => p.id)).toEqual(['1', '3', '0', '2']);
	});
});
