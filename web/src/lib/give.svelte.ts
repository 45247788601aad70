// Asking something of a watch: the request, its trouble, and nothing twice.

import { api, ask, asProblem, type Command, type Problem } from './api';
import { live } from './live.svelte';
import { answered } from './send';

type Bare =
	| 'locate' | 'find' | 'check_in_call' | 'photo' | 'power_off' | 'new_password' | 'reset'
	| 'measure_heart' | 'measure_temperature' | 'ask_pulse' | 'wifi_search' | 'wifi_current'
	| 'unfriend' | 'refresh' | 'factory' | 'update';
type Asked =
	| { type: Bare }
	| { type: 'message'; text: string }
	| { type: 'call'; contact: string }
	| { type: 'reward'; count: number }
	| { type: 'wifi_join'; ssid: string; network?: string; password?: string }
	| { type: 'wifi_forget'; network: string }
	| { type: 'apn'; apn: { name: string; user?: string; password?: string; mccmnc: string } };

export class Giver {
	busy = $state(false);
	problem = $state.raw<Problem | undefined>();
	/** The last request must be agreed to by others first. */
	waits = $state(false);
	/** The same key again after a broken answer, so that the watch does not ring twice. */
	#key: { body: string; key: string } | undefined;

	async give(wearer: string, asked: Asked): Promise<Command | undefined> {
		if (this.busy) return undefined;
		this.busy = true;
		this.problem = undefined;
		this.waits = false;
		const body = JSON.stringify([wearer, asked]);
		if (this.#key?.body !== body) this.#key = { body, key: randomKey() };
		try {
			const answer = await answered<Command>('POST', `/wearers/${wearer}/commands`, asked, {
				'Idempotency-Key': this.#key.key
			});
			this.#key = undefined;
			// Instead of a command it can be something that others must agree to.
			if ('needs' in answer.data) {
				this.waits = true;
				return undefined;
			}
			live.putCommand(answer.data);
			return answer.data;
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
export function randomKey(): string {
	return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
