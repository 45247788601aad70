// Server-sent events over fetch. The browser's EventSource hides two things that matter here: the comment that
// comes every 20 s (without it a dead link looks like a quiet one) and the status of a refused request (a
// session that has ended looks like a broken network).

export interface StreamEvent {
	id: string | undefined;
	type: string;
	data: string;
}

/** One line of a stream may be so long; a longer one is no stream of ours. */
export const LINE_LIMIT = 256 * 1024;

/** Makes events out of text that comes in pieces, cut anywhere. */
export class StreamParser {
	#rest = '';
	#type = '';
	#id: string | undefined;
	#data: string[] = [];

	push(piece: string): StreamEvent[] {
		const events: StreamEvent[] = [];
		this.#rest += piece;
		for (;;) {
			const end = /\r\n|\n|\r(?=[^\n])/.exec(this.#rest);
			if (!end) break;
			const event = this.#line(this.#rest.slice(0, end.index));
			if (event) events.push(event);
			this.#rest = this.#rest.slice(end.index + end[0].length);
		}
		if (this.#rest.length > LINE_LIMIT) throw new Error('a line of the stream is too long');
		return events;
	}

	#line(line: string): StreamEvent | undefined {
		if (line === '') {
			const event = { id: this.#id, type: this.#type || 'message', data: this.#data.join('\n') };
			const full = this.#data.length > 0;
			[this.#type, this.#id, this.#data] = ['', undefined, []];
			return full ? event : undefined;
		}
		const colon = line.indexOf(':');
		const field = colon < 0 ? line : line.slice(0, colon);
		const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
		if (field === 'event') this.#type = value;
		else if (field === 'data') this.#data.push(value);
		else if (field === 'id' && !value.includes('\0')) this.#id = value;
		return undefined;
	}
}

export interface StreamHooks {
	/** The server has accepted the stream. `first` is true when nothing can be taken up again. */
	opened(first: boolean): void;
	event(type: string, data: unknown): void;
	/** Something came: the link lives. */
	alive(): void;
	lost(): void;
	signedOut(): void;
}

/** Silence for so long means that the link is dead: two comments were missed. */
export const SILENCE_MS = 45_000;
const BACKOFF_MS = [500, 1_000, 2_000, 5_000, 10_000, 20_000];

/** Keeps a stream open, for as long as it is not stopped. */
export class Stream {
	#lastId: string | undefined;
	#stopped = false;
	#failures = 0;
	#abort: AbortController | undefined;
	#wake: (() => void) | undefined;
	#soon = false;

	constructor(
		readonly url: string,
		readonly hooks: StreamHooks
	) {}

	start(): void {
		void this.#run();
	}

	stop(): void {
		this.#stopped = true;
		this.#abort?.abort();
		this.#wake?.();
	}

	/** Tries again now: the network is back, or somebody looks at the page again. */
	hurry(): void {
		this.#failures = 0;
		this.#wake?.();
	}

	/** Opens the stream anew, now: the network has changed, and what is open may be dead. */
	renew(): void {
		this.#soon = true;
		this.#abort?.abort();
		this.hurry();
	}

	/** Forgets where the stream was: everything is loaded anew at the next opening. */
	forget(): void {
		this.#lastId = undefined;
		this.#abort?.abort();
	}

	async #run(): Promise<void> {
		while (!this.#stopped) {
			try {
				await this.#once();
			} catch {
				// The link broke; that is told below, whatever the reason.
			}
			if (this.#stopped) return;
			this.hooks.lost();
			if (this.#soon) {
				this.#soon = false;
				continue;
			}
			const wait = BACKOFF_MS[Math.min(this.#failures++, BACKOFF_MS.length - 1)] ?? 20_000;
			await new Promise<void>((resolve) => {
				const timer = setTimeout(resolve, wait * (0.75 + Math.random() / 2));
				this.#wake = () => {
					clearTimeout(timer);
					resolve();
				};
			});
			this.#wake = undefined;
		}
	}

	async #once(): Promise<void> {
		const abort = new AbortController();
		this.#abort = abort;
		this.#soon = false;
		let silence = setTimeout(() => abort.abort(), SILENCE_MS);
		try {
			const headers: Record<string, string> = { accept: 'text/event-stream' };
			if (this.#lastId !== undefined) headers['last-event-id'] = this.#lastId;
			const response = await fetch(this.url, { headers, cache: 'no-store', signal: abort.signal });
			if (response.status === 401) {
				this.#stopped = true;
				this.hooks.signedOut();
				return;
			}
			if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
			this.#failures = 0;
			this.hooks.opened(this.#lastId === undefined);
			const parser = new StreamParser();
			const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
			for (;;) {
				const { done, value } = await reader.read();
				if (done) return;
				clearTimeout(silence);
				silence = setTimeout(() => abort.abort(), SILENCE_MS);
				this.hooks.alive();
				for (const event of parser.push(value)) {
					if (event.id !== undefined) this.#lastId = event.id;
					this.hooks.event(event.type, JSON.parse(event.data));
				}
			}
		} finally {
			clearTimeout(silence);
			abort.abort();
		}
	}
}
