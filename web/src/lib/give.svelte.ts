// Asking something of a watch: the request, its trouble, and nothing twice.

import { api, ask, asProblem, type Command, type Problem } from './api';
import { live } from './live.svelte';

type Asked = { type: 'locate' | 'find' } | { type: 'message'; text: string };

export class Giver {
	busy = $state(false);
	problem = $state.raw<Problem | undefined>();
	/** The same key again after a broken answer, so that the watch does not ring twice. */
	#key: { body: string; key: string } | undefined;

	async give(wearer: string, asked: Asked): Promise<Command | undefined> {
		if (this.busy) return undefined;
		this.busy = true;
		this.problem = undefined;
		const body = JSON.stringify([wearer, asked]);
		if (this.#key?.body !== body) this.#key = { body, key: randomKey() };
		try {
			const command = await ask(
				api.POST('/api/v1/wearers/{wearer}/commands', {
					params: { path: { wearer }, header: { 'Idempotency-Key': this.#key.key } },
					body: asked
				})
			);
			this.#key = undefined;
			live.putCommand(command);
			return command;
		} catch (cause) {
			this.problem = asProblem(cause);
			return undefined;
		} finally {
			this.busy = false;
		}
	}

	async cancel(command: Command): Promise<void> {
		this.problem = undefined;
		try {
			live.putCommand(
				await ask(
					api.DELETE('/api/v1/wearers/{wearer}/commands/{command}', {
						params: { path: { wearer: command.wearer, command: command.id } }
					})
				)
			);
		} catch (cause) {
			this.problem = asProblem(cause);
		}
	}
}

/** Works without HTTPS too, where the browser offers no randomUUID. */
function randomKey(): string {
	return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
