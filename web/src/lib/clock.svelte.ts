// What time it is, by the server's clock: ages must be right on a phone whose clock is not.

const TICK_MS = 5_000;
/** Below this the two clocks count as equal: the Date header has whole seconds. */
const TOLERANCE_MS = 2_500;

class Clock {
	/** Moves every few seconds; what shows an age reads this. */
	now = $state(Date.now());
	#offset = 0;

	/** Milliseconds since 1970 at this moment, by the server. */
	get exact(): number {
		return Date.now() + this.#offset;
	}

	learn(dateHeader: string | null): void {
		const theirs = dateHeader === null ? NaN : Date.parse(dateHeader);
		if (Number.isNaN(theirs)) return;
		const offset = theirs + 500 - Date.now();
		this.#offset = Math.abs(offset) < TOLERANCE_MS ? 0 : offset;
	}

	/** Starts ticking; gives back how to stop. */
	start(): () => void {
		const tick = () => (this.now = this.exact);
		tick();
		const timer = setInterval(tick, TICK_MS);
		document.addEventListener('visibilitychange', tick);
		return () => {
			clearInterval(timer);
			document.removeEventListener('visibilitychange', tick);
		};
	}
}

export const clock = new Clock();
