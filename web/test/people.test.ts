// Rights, limits in time, agreement and passkeys: what the app works out by itself.

import { afterEach, describe, expect, test, vi } from 'vitest';
import { actWords, detailWords } from '../src/group/act-words';
import { approvalWords } from '../src/group/approval-words';
import { daysWords, limitWords, windowWords } from '../src/group/limit-words';
import { api, ask, whenProofWanted, type ProofWanted } from '../src/lib/api';
import type { Approval, AuditEntry, Member } from '../src/lib/coming';
import { fromBase64Url, isAddress, passkeyProblem, toBase64Url } from '../src/lib/passkey';
import { inOrder, limitsFor, RIGHTS, ROLE_RIGHTS, ROLES, rightsOf } from '../src/lib/rights';
import { isOutside, parseRoute } from '../src/lib/route.svelte';
import { stepUp } from '../src/lib/step-up.svelte';
import { en } from '../src/words/en';
import { fill, type Key, type Values } from '../src/words/words.svelte';

const t = (key: Key, values?: Values) => fill(en[key], 'en', values);
const ID = 'a'.repeat(32);

describe('rights', () => {
	test.each(ROLES)('%s: what is given and taken makes what was wanted', (role) => {
		for (const wanted of [RIGHTS, ['see_group'], ['view_position', 'erase', 'members'], []])
			expect(rightsOf(role, limitsFor(role, wanted))).toEqual(RIGHTS.filter((right) => wanted.includes(right)));
	});
	test('the usual of a role needs nothing given or taken', () => {
		for (const role of ROLES) expect(limitsFor(role, ROLE_RIGHTS[role])).toEqual({ given: [], taken: [] });
	});
	test('oneself first, then by role, then by name', () => {
		const member = (name: string, role: Member['role'], is_me = false) => ({ name, role, is_me }) as Member;
		const list = [member('Zoe', 'viewer', true), member('Ben', 'carer'), member('Ann', 'carer'), member('Max', 'admin')];
		expect(inOrder(list).map((m) => m.name)).toEqual(['Zoe', 'Max', 'Ann', 'Ben']);
	});
});

describe('limits in time', () => {
	test('days in a row become one', () => {
		expect(daysWords([5, 1, 2, 3, 4], 'en', t)).toBe('Mon–Fri');
		expect(daysWords([6, 7], 'en', t)).toBe('Sat, Sun');
		expect(daysWords([1, 3, 4, 5, 7], 'en', t)).toBe('Mon, Wed–Fri, Sun');
		expect(daysWords([1, 2, 3, 4, 5, 6, 7], 'en', t)).toBe('every day');
	});
	test('only and not', () => {
		expect(windowWords({ days: [1], from: '08:00', to: '16:00', mode: 'only' }, 'en', t)).toBe('Only Mon, 08:00–16:00');
		expect(windowWords({ days: [7], from: '18:00', to: '06:00', mode: 'not' }, 'de', t)).toBe('Not So, 18:00–06:00');
	});
	test('an end is told as well', () => {
		expect(limitWords({ windows: [], until: '2026-12-24T22:59:00Z' }, 'en', t)).toEqual(['Until Dec 24, 2026']);
	});
});

describe('agreement and news in words', () => {
	const approval = (more: Partial<Approval>): Approval => ({
		id: ID, kind: 'member.change', by: { name: 'Ben' }, created: '2026-11-22T12:00:00Z', state: 'pending', needs: 'time',
		is_mine: false, may_approve: false, ...more
	});
	const names = { member: () => 'Anna', wearer: () => 'Oma' };
	test('each kind has its sentence, with roles in words', () => {
		expect(approvalWords(approval({ summary: { name: 'Rosa', role: 'admin' } }), names, t)).toBe(
			'Ben wants to change what Rosa may do (role: Admin)'
		);
		expect(approvalWords(approval({ kind: 'member.remove', subject: ID }), names, t)).toBe(
			'Ben wants to remove Anna from the group'
		);
		expect(approvalWords(approval({ kind: 'wearer.reset' }), names, t)).toBe('Ben wants to reset the watch of Oma');
	});
	test('a role or kind that is not known is not guessed', () => {
		expect(approvalWords(approval({ summary: { role: 'toString' } }), names, t)).toContain('(role: )');
		expect(approvalWords(approval({ kind: 'toString' }), names, t)).toBe('Ben wants: toString');
	});
	test('details: roles and waiting times in words, anything else as it is', () => {
		expect(detailWords('carer', t)).toBe('Carer');
		expect(detailWords('viewer -> admin', t)).toBe('Viewer → Admin');
		expect(detailWords('carer -> carer', t)).toBe('Carer');
		expect(detailWords('wait_hours: 24', t)).toBe('24 hours');
		expect(detailWords('toString -> <b>', t)).toBe('toString -> <b>');
	});
	const entry = (more: Partial<AuditEntry>): AuditEntry => ({
		seq: 1, time: '2026-11-22T12:00:00Z', action: 'member.remove', actor: { kind: 'account', name: 'Ben' }, outcome: 'done',
		times: 1, detail: '', erased: false, told: true, ...more
	});
	test('what somebody did', () => {
		expect(actWords(entry({}), t)).toBe('Ben: removed somebody from the group');
		expect(actWords(entry({ action: 'command.give', right: 'photo' }), t)).toBe('Ben: asked for a photo');
		expect(actWords(entry({ action: 'command.give', right: 'call', detail: 'check_in_call' }), t)).toBe(
			'Ben: asked for a check-in call'
		);
		expect(actWords(entry({ action: 'command.give', right: 'toString' }), t)).toBe('Ben: asked the watch for something');
		expect(actWords(entry({ action: 'new.thing', actor: { kind: 'server', name: '' } }), t)).toBe('Kinward: new.thing');
	});
});

describe('passkeys', () => {
	test('base64url both ways, without padding', () => {
		for (const bytes of [[], [0], [255, 254], [1, 2, 3], [251, 255, 191, 63]]) {
			const text = toBase64Url(new Uint8Array(bytes));
			expect(text).toMatch(/^[A-Za-z0-9_-]*$/);
			expect([...fromBase64Url(text)]).toEqual(bytes);
		}
	});
	test('an address is no name that passkeys can be for', () => {
		expect(['127.0.0.1', '::1', '[::1]'].map(isAddress)).toEqual([true, true, true]);
		expect(['localhost', 'kin.example.org', '1.example'].map(isAddress)).toEqual([false, false, false]);
	});
	test('what the browser refuses has words', () => {
		const code = (name: string) => passkeyProblem(new DOMException('no', name)).code;
		expect(code('NotAllowedError')).toBe('passkey_cancelled');
		expect(code('InvalidStateError')).toBe('passkey_known');
		expect(code('SecurityError')).toBe('passkey_failed');
		expect(passkeyProblem(new Error('x')).code).toBe('passkey_failed');
	});
});

describe('a proof that the server wants first', () => {
	afterEach(() => {
		vi.unstubAllGlobals();
		stepUp.finish(false);
	});
	const json = (status: number, body: object) =>
		new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/problem+json' } });

	/** Answers in this order; gives what was sent. */
	function server(...answers: Response[]): string[] {
		const sent: string[] = [];
		vi.stubGlobal('fetch', async (request: Request) => {
			sent.push(`${request.method} ${await request.text()}`);
			return answers.shift() ?? json(500, { code: 'internal' });
		});
		return sent;
	}
	const rename = () => ask(api.PATCH('/api/v1/account', { body: { name: 'Anna' } }));

	test('is asked for once, then the same request is made again', async () => {
		const wanted: ProofWanted[] = [];
		whenProofWanted(async (what) => wanted.push(what) > 0);
		const sent = server(json(403, { code: 'step_up_needed' }), json(200, { name: 'Anna' }));
		expect(await rename()).toEqual({ name: 'Anna' });
		expect(wanted).toEqual(['step_up_needed']);
		expect(sent).toEqual(['PATCH {"name":"Anna"}', 'PATCH {"name":"Anna"}']);
	});
	test('that is not given leaves the refusal', async () => {
		whenProofWanted(async () => false);
		const sent = server(json(403, { code: 'step_up_needed' }));
		await expect(rename()).rejects.toMatchObject({ code: 'step_up_needed', status: 403 });
		expect(sent).toHaveLength(1);
	});
	test('a server that wants it for ever is not asked for ever', async () => {
		whenProofWanted(async () => true);
		const sent = server(json(403, { code: 'step_up_needed' }), json(403, { code: 'step_up_needed' }));
		await expect(rename()).rejects.toMatchObject({ code: 'step_up_needed' });
		expect(sent).toHaveLength(2);
	});
	test('other refusals ask for nothing', async () => {
		const wanted: ProofWanted[] = [];
		whenProofWanted(async (what) => wanted.push(what) > 0);
		server(json(403, { code: 'right_missing' }));
		await expect(rename()).rejects.toMatchObject({ code: 'right_missing' });
		expect(wanted).toEqual([]);
	});
	test('several requests at once open one dialog', async () => {
		let asked = 0;
		whenProofWanted((wanted) => {
			asked++;
			return stepUp.ask(wanted);
		});
		server(json(403, { code: 'step_up_needed' }), json(403, { code: 'step_up_needed' }), json(200, {}), json(200, {}));
		const both = Promise.all([rename(), rename()]);
		await vi.waitFor(() => expect(asked).toBe(2));
		expect(stepUp.wanted).toBe('step_up_needed');
		stepUp.finish(true);
		expect(await both).toEqual([{}, {}]);
		expect(stepUp.wanted).toBeUndefined();
	});
});

describe('links from outside', () => {
	test.each(['setup', 'recovery', 'email', 'invitation'] as const)('%s with its token', (at) => {
		expect(parseRoute(`#/${at}?token=a%2Bb`)).toEqual({ at, token: 'a+b' });
		expect(isOutside(parseRoute(`#/${at}?token=a`))).toBe(true);
	});
	test('pages of a group and a person need whole ids', () => {
		expect(parseRoute(`#/care/group/${ID}/member/${ID}`)).toEqual({ at: 'member', group: ID, account: ID });
		expect(parseRoute(`#/care/group/${ID}/member/x`)).toEqual({ at: 'group', group: ID });
		expect(parseRoute(`#/care/group/x`)).toEqual({ at: 'group' });
		expect(parseRoute(`#/care/person/${ID}/photos`)).toEqual({ at: 'photos', wearer: ID });
		expect(isOutside(parseRoute(`#/care/person/${ID}`))).toBe(false);
	});
});
