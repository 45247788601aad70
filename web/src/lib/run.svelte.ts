// One thing at a time that a button starts: whether it runs, and what went wrong.

import { untrack } from 'svelte';
import { asProblem, type Problem } from './api';

export class Runner {
	busy = $state(false);
	problem = $state.raw<Problem | undefined>();

	#again: (() => Promise<void>) | undefined;

	/** True when it went well. */
	async run(action: () => Promise<void>): Promise<boolean> {
		// An effect that begins something must not begin it again because it has begun.
		if (untrack(() => this.busy)) return false;
		this.busy = true;
		this.problem = undefined;
		try {
			await action();
			return true;
		} catch (cause) {
			this.problem = asProblem(cause);
			return false;
		} finally {
			this.busy = false;
			const next = this.#again;
			this.#again = undefined;
			if (next) void this.run(next);
		}
	}

	/** For reading something anew: asked for while it runs it is done once more afterwards, so that the last state is seen. */
	async renew(action: () => Promise<void>): Promise<void> {
		if (untrack(() => this.busy)) this.#again = action;
		else await this.run(action);
	}
}
