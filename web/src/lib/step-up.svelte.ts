// A fresh proof for what is critical: one dialog for the whole app. Whatever request the server answers with
// `step_up_needed` waits for it and is then made once more.

import { whenProofWanted, type ProofWanted } from './api';

class StepUp {
	wanted = $state<ProofWanted | undefined>();
	#waiting: Promise<boolean> | undefined;
	#settle: ((proven: boolean) => void) | undefined;

	start(): void {
		whenProofWanted((wanted) => this.ask(wanted));
	}

	/** Several requests at once wait for the same proof. */
	ask(wanted: ProofWanted): Promise<boolean> {
		if (this.#waiting && this.wanted === wanted) return this.#waiting;
		this.finish(false);
		this.wanted = wanted;
		this.#waiting = new Promise((resolve) => (this.#settle = resolve));
		return this.#waiting;
	}

	finish(proven: boolean): void {
		this.wanted = undefined;
		this.#settle?.(proven);
		this.#settle = undefined;
		this.#waiting = undefined;
	}
}

export const stepUp = new StepUp();
