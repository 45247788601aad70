import { afterEach, describe, expect, test, vi } from 'vitest';
import { LINE_LIMIT, SILENCE_MS, Stream, StreamParser, type StreamEvent } from '../src/lib/stream';

const TEXT = ': hello\n\nid: a-1\nevent: wearer\ndata: {"name":"Zoë"}\n\nid: a-2\ndata: one\ndata: two\n\nevent: x\n\n:\n\n';
const EVENTS: StreamEvent[] = [
	{ id: 'a-1', type: 'wearer', data: '{"name":"Zoë"}' },
	{ id: 'a-2', type: 'message', data: 'one\ntwo' }
];

describe('parser', () => {
	test('events, comments, several lines of data', () => {
		expect(new StreamParser().push(TEXT)).toEqual(EVENTS);
	});

	test.each(['\n', '\r\n', '\r'])('cut at every place, lines ended by %j', (end) => {
		// One more character, so that a carriage return at the very end is known to stand alone.
		const text = TEXT.replaceAll('\n', end) + ':';
		for (let cut = 0; cut <= text.length; cut++) {
			const parser = new StreamParser();
			expect([...parser.push(text.slice(0, cut)), ...parser.push(text.slice(cut))], `cut at ${cut}`).toEqual(EVENTS);
		}
	});

	test('character by character', () => {
		const parser = new StreamParser();
		expect([...TEXT].flatMap((c) => parser.push(c))).toEqual(EVENTS);
	});

	test('an event without data is no event', () => {
		expect(new StreamParser().push('id: 9\nevent: x\n\n')).toEqual([]);
	});

	test('a line without an end is refused', () => {
		const parser = new StreamParser();
		parser.push('x'.repeat(LINE_LIMIT));
		expect(() => parser.push('x')).toThrow();
	});
});

describe('stream', () => {
	afterEach(() => {
		vi.unstubAllGlobals();
		vi.useRealTimers();
	});

	function hooks() {
		const log: string[] = [];
		return {
			log,
			opened: (first: boolean) => log.push(first ? 'opened first' : 'opened again'),
			event: (type: string) => log.push(type),
			alive: () => {},
			lost: () => log.push('lost'),
			signedOut: () => log.push('signed out')
		};
	}

	function body(text: string, ends: boolean): Response {
		return new Response(
			new ReadableStream({
				start(controller) {
					controller.enqueue(new TextEncoder().encode(text));
					if (ends) controller.close();
				}
			})
		);
	}

	test('takes up where it was', async () => {
		const asked: (string | null)[] = [];
		vi.stubGlobal('fetch', (_url: string, init: { headers: Record<string, string> }) => {
			asked.push(init.headers['last-event-id'] ?? null);
			return Promise.resolve(body('id: e-7\nevent: alarm\ndata: {}\n\n', asked.length === 1));
		});
		const own = hooks();
		const stream = new Stream('/events', own);
		stream.start();
		await vi.waitFor(() => expect(own.log).toContain('lost'));
		stream.hurry();
		await vi.waitFor(() => expect(own.log).toEqual(['opened first', 'alarm', 'lost', 'opened again', 'alarm']));
		expect(asked).toEqual([null, 'e-7']);
		stream.stop();
	});

	test('a session that has ended is told and not tried again', async () => {
		const fetching = vi.fn(() => Promise.resolve(new Response('{}', { status: 401 })));
		vi.stubGlobal('fetch', fetching);
		const own = hooks();
		new Stream('/events', own).start();
		await vi.waitFor(() => expect(own.log).toEqual(['signed out']));
		expect(fetching).toHaveBeenCalledTimes(1);
	});

	test('silence is a lost link', async () => {
		vi.useFakeTimers();
		vi.stubGlobal('fetch', (_url: string, init: { signal: AbortSignal }) =>
			Promise.resolve(
				new Response(
					new ReadableStream({
						start(controller) {
							init.signal.addEventListener('abort', () => controller.error(new Error('aborted')));
						}
					})
				)
			)
		);
		const own = hooks();
		const stream = new Stream('/events', own);
		stream.start();
		await vi.advanceTimersByTimeAsync(SILENCE_MS - 1);
		expect(own.log).toEqual(['opened first']);
		await vi.advanceTimersByTimeAsync(2);
		expect(own.log).toEqual(['opened first', 'lost']);
		stream.stop();
	});

	test('a network that comes back is used at once, although the old stream seems open', async () => {
		vi.useFakeTimers();
		const open: AbortSignal[] = [];
		vi.stubGlobal('fetch', (_url: string, init: { signal: AbortSignal }) => {
			open.push(init.signal);
			return Promise.resolve(
				new Response(
					new ReadableStream({
						start(controller) {
							init.signal.addEventListener('abort', () => controller.error(new Error('aborted')));
						}
					})
				)
			);
		});
		const own = hooks();
		const stream = new Stream('/events', own);
		stream.start();
		await vi.advanceTimersByTimeAsync(10);
		stream.renew();
		await vi.advanceTimersByTimeAsync(10);
		expect(open.map((signal) => signal.aborted)).toEqual([true, false]);
		expect(own.log).toEqual(['opened first', 'lost', 'opened first']);
		stream.stop();
	});

	test('waits longer from try to try', async () => {
		vi.useFakeTimers();
		const fetching = vi.fn(() => Promise.reject(new Error('no network')));
		vi.stubGlobal('fetch', fetching);
		const stream = new Stream('/events', hooks());
		stream.start();
		await vi.advanceTimersByTimeAsync(60_000);
		// 0.5 + 1 + 2 + 5 + 10 + 20 s, each up to a quarter shorter or longer.
		expect(fetching.mock.calls.length).toBeGreaterThanOrEqual(6);
		expect(fetching.mock.calls.length).toBeLessThanOrEqual(9);
		stream.stop();
	});
});
