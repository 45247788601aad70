// Sending a text or a recording: nothing twice, and what went wrong.

import { asProblem, guarded, problemOf, signedOutBy, type Problem } from '../lib/api';
import { randomKey } from '../lib/give.svelte';
import type { Item, Thread } from './thread.svelte';

export class Sender {
	busy = $state(false);
	problem = $state.raw<Problem>();
	/** The same key again after a broken answer, so that the watch does not get it twice. */
	#key: { of: unknown; key: string } | undefined;

	text(thread: Thread, text: string): Promise<boolean> {
		return this.#send(thread, 'texts', 'application/json', JSON.stringify({ text }), `${thread.wearer} ${text}`);
	}

	voice(thread: Thread, wav: Uint8Array<ArrayBuffer>, of: unknown): Promise<boolean> {
		return this.#send(thread, 'voices', 'audio/wav', wav, of);
	}

	async #send(thread: Thread, what: string, type: string, body: BodyInit, of: unknown): Promise<boolean> {
		if (this.busy) return false;
		this.busy = true;
		this.problem = undefined;
		const last = this.#key;
		const key = last && last.of === of ? last.key : randomKey();
		this.#key = { of, key };
		try {
			const headers = { 'content-type': type, 'Idempotency-Key': key };
			const address = new URL(`/api/v1${thread.path}/${what}`, location.origin);
			const response = await guarded(new Request(address, { method: 'POST', cache: 'no-store', headers, body }));
			const data: unknown = await response.json().catch(() => undefined);
			if (!response.ok) {
				const problem = problemOf(data, response);
				signedOutBy(problem);
				throw problem;
			}
			this.#key = undefined;
			thread.put(data as Item);
			return true;
		} catch (cause) {
			this.problem = asProblem(cause);
			return false;
		} finally {
			this.busy = false;
		}
	}
}
