// What the app knows must be what the server knows, however answers and events cross each other on their way.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Alarm, Command, Wearer } from '../src/lib/api';
import { account } from '../src/lib/session.svelte';
import { live } from '../src/lib/live.svelte';

const W = '1'.repeat(32);
const wearer = (name: string): Wearer => ({
	id: W,
	group: '2'.repeat(32),
	name,
	color: '#0072b2',
	has_picture: false,
	picture_version: 0,
	is_demo: false,
	device: null,
	fix: null,
	open_alarms: 0,
	is_adult: false,
	my_rights: ['see_group', 'view_position']
});
const alarm = (id: string, state: Alarm['state'] = 'open'): Alarm => ({
	id,
	wearer: W,
	kind: 'sos',
	kinds: ['sos'],
	time: '2026-11-22T12:00:00.000Z',
	received: `2026-11-22T12:00:0${id.length}.000Z`,
	state,
	repeats: 0,
	serious: true
});
const command = (state: Command['state']): Command => ({
	id: 'c',
	wearer: W,
	type: 'find',
	state,
	created: '2026-11-22T12:00:00.000Z',
	expires: '2026-11-22T12:02:00.000Z'
});

/** A server whose answers wait until the test lets them go. */
class Stand {
	lists: Record<string, unknown> = { wearers: [wearer('Emma')], alarms: [], claims: [], commands: [] };
	asked: string[] = [];
	lastIds: (string | undefined)[] = [];
	streams: ReadableStreamDefaultController<Uint8Array>[] = [];
	status = 200;
	session: unknown = { groups: [] };
	#gate: Promise<void> = Promise.resolve();
	#open: () => void = () => {};

	hold(): void {
		this.#gate = new Promise((resolve) => (this.#open = resolve));
	}

	release(): void {
		this.#open();
	}

	fetch = async (input: Request | string, init?: { headers?: Record<string, string>; signal?: AbortSignal }): Promise<Response> => {
		const path = new URL(typeof input === 'string' ? input : input.url, 'http://localhost').pathname;
		this.asked.push(path);
		if (path.endsWith('/events')) {
			this.lastIds.push(init?.headers?.['last-event-id']);
			return new Response(
				new ReadableStream({
					start: (controller) => {
						this.streams.push(controller);
						init?.signal?.addEventListener('abort', () => {
							try {
								controller.error(new Error('aborted'));
							} catch {
								// It has ended already.
							}
						});
					}
				})
			);
		}
		const name = path.split('/').at(-1) ?? '';
		const body = JSON.stringify(name === 'session' ? this.session : { [name]: this.lists[name] });
		await this.#gate;
		return new Response(this.status === 200 ? body : '{"code":"busy"}', {
			status: this.status,
			headers: { 'content-type': 'application/json' }
		});
	};

	tell(type: string, data: unknown, id = 'e-1'): void {
		this.streams.at(-1)?.enqueue(new TextEncoder().encode(`id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`));
	}
}

let stand: Stand;
let stop: () => void;
const signedOut = vi.fn();

beforeEach(() => {
	stand = new Stand();
	vi.stubGlobal('fetch', stand.fetch);
	const nowhere = { addEventListener() {}, removeEventListener() {}, visibilityState: 'visible' };
	vi.stubGlobal('window', nowhere);
	vi.stubGlobal('document', nowhere);
});
afterEach(() => {
	stop();
	vi.unstubAllGlobals();
});

const start = () => (stop = live.start(signedOut));

describe('live', () => {
	test('loads all lists when the stream is open', async () => {
		start();
		await vi.waitFor(() => expect(live.link).toBe('live'));
		expect(live.wearers.map((w) => w.name)).toEqual(['Emma']);
		expect(live.loaded).toBe(true);
	});

	test('an event that comes while the lists are on their way is not lost', async () => {
		stand.hold();
		start();
		await vi.waitFor(() => expect(stand.asked.length).toBe(4));
		stand.tell('alarm', alarm('a'));
		stand.tell('wearer', wearer('Emma Lou'));
		await vi.waitFor(() => expect(live.heard).toBeGreaterThan(0));
		expect(live.alarms).toEqual([]);
		stand.release();
		await vi.waitFor(() => expect(live.link).toBe('live'));
		expect(live.alarms.map((a) => a.id)).toEqual(['a']);
		expect(live.wearers.map((w) => w.name)).toEqual(['Emma Lou']);
	});

	test('resync loads everything again and forgets what is gone', async () => {
		start();
		await vi.waitFor(() => expect(live.link).toBe('live'));
		stand.tell('alarm', alarm('a'));
		await vi.waitFor(() => expect(live.alarms.length).toBe(1));
		stand.lists.wearers = [];
		stand.tell('resync', {});
		await vi.waitFor(() => expect(live.wearers).toEqual([]));
		expect(live.alarms).toEqual([]);
	});

	test('after a break the stream goes on from the last event, without loading', async () => {
		start();
		await vi.waitFor(() => expect(live.link).toBe('live'));
		stand.tell('alarm', alarm('a'), 'e-9');
		await vi.waitFor(() => expect(live.alarms.length).toBe(1));
		const asked = stand.asked.length;
		stand.streams.at(-1)?.close();
		await vi.waitFor(() => expect(stand.lastIds).toEqual([undefined, 'e-9']), { timeout: 3000 });
		await vi.waitFor(() => expect(live.link).toBe('live'));
		await vi.waitFor(() => expect(stand.asked.slice(asked)).toEqual(['/api/v1/events', '/api/v1/session']));
		expect(live.alarms.length).toBe(1);
	});

	test('whoever is no longer in a group sees nothing of it after the break', async () => {
		stand.session = { groups: [{ id: 'g' }] };
		start();
		await account.reload();
		await vi.waitFor(() => expect(live.link).toBe('live'));
		stand.tell('alarm', alarm('a'), 'e-9');
		await vi.waitFor(() => expect(live.alarms.length).toBe(1));
		stand.session = { groups: [] };
		stand.lists.wearers = [];
		stand.streams.at(-1)?.close();
		await vi.waitFor(() => expect(live.wearers).toEqual([]), { timeout: 3000 });
		expect(live.alarms).toEqual([]);
	});

	test('changed people or rights of a group load everything again', async () => {
		start();
		await vi.waitFor(() => expect(live.link).toBe('live'));
		stand.lists.wearers = [wearer('Emma'), { ...wearer('Oma'), id: '3'.repeat(32) }];
		stand.tell('group', { group: 'g' });
		await vi.waitFor(() => expect(live.wearers.map((w) => w.name)).toEqual(['Emma', 'Oma']));
	});

	test('lists that cannot be loaded are not taken for empty ones', async () => {
		stand.status = 503;
		start();
		await vi.waitFor(() => expect(live.link).toBe('lost'));
		expect(live.loaded).toBe(false);
		stand.status = 200;
		await vi.waitFor(() => expect(live.link).toBe('live'), { timeout: 5000 });
		expect(live.wearers.length).toBe(1);
		// From the beginning: an id without its lists would leave a hole.
		expect(stand.lastIds).toEqual([undefined, undefined]);
	});

	test('commands are kept up only for whom somebody looked at, and never go back', async () => {
		start();
		await vi.waitFor(() => expect(live.link).toBe('live'));
		live.putCommand(command('queued'));
		expect(live.commands[W]).toBeUndefined();
		stand.lists.commands = [command('queued')];
		await live.loadCommands(W);
		stand.tell('command', command('confirmed'));
		await vi.waitFor(() => expect(live.commands[W]?.[0]?.state).toBe('confirmed'));
		live.putCommand(command('queued'));
		expect(live.commands[W]?.[0]?.state).toBe('confirmed');
	});

	test('a removed wearer takes alarms and commands along', async () => {
		stand.lists.alarms = [alarm('a')];
		start();
		await vi.waitFor(() => expect(live.link).toBe('live'));
		await live.loadCommands(W);
		stand.tell('removed', { wearer: W });
		await vi.waitFor(() => expect(live.wearers).toEqual([]));
		expect(live.alarms).toEqual([]);
		expect(live.commands[W]).toBeUndefined();
	});

	test('nothing of one account is left for the next', async () => {
		stand.lists.alarms = [alarm('a')];
		start();
		await vi.waitFor(() => expect(live.link).toBe('live'));
		stop();
		expect([live.wearers, live.alarms, live.claims, live.commands, live.loaded]).toEqual([[], [], [], {}, false]);
	});
});
