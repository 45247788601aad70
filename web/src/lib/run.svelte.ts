// One thing at a time that a button starts: whether it runs, and what went wrong.

import { untrack } from 'svelte';
import { asProblem, type Problem } from './api';

export class Runner {
	busy = $state(false);
	problem = $state.raw<Problem | undefined>();

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
		}
	}
}
