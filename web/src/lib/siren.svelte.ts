// The sound of an alarm. Browsers allow sound only after somebody has touched the page; until then the app
// says so in large letters.

const NOTE_S = 0.32;
const ROUND_MS = 1_400;

class Siren {
	/** Silent although it should sound: the browser waits for a touch. */
	blocked = $state(false);
	#context: AudioContext | undefined;
	#timer: ReturnType<typeof setInterval> | undefined;

	/** Call once: the first touch of the page makes sound possible. */
	prepare(): () => void {
		const unlock = () => void this.unlock();
		window.addEventListener('pointerdown', unlock);
		window.addEventListener('keydown', unlock);
		return () => {
			window.removeEventListener('pointerdown', unlock);
			window.removeEventListener('keydown', unlock);
			this.stop();
		};
	}

	async unlock(): Promise<void> {
		if (!('AudioContext' in window)) return;
		this.#context ??= new AudioContext();
		if (this.#context.state === 'suspended') await this.#context.resume().catch(() => {});
		this.#look();
	}

	start(): void {
		if (this.#timer !== undefined) return;
		if ('AudioContext' in window) {
			this.#context ??= new AudioContext();
			void this.#context.resume().then(
				() => this.#look(),
				() => {}
			);
		}
		this.#round();
		this.#timer = setInterval(() => this.#round(), ROUND_MS);
	}

	stop(): void {
		if (this.#timer === undefined) return;
		clearInterval(this.#timer);
		this.#timer = undefined;
		this.blocked = false;
		if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(0);
	}

	/** Once, for news about an alarm that somebody takes care of already. */
	once(): void {
		if (this.#timer === undefined) this.#round();
	}

	#look(): void {
		this.blocked = this.#timer !== undefined && this.#context?.state !== 'running';
	}

	#round(): void {
		this.#look();
		if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.([300, 150, 300]);
		const context = this.#context;
		if (context?.state !== 'running') return;
		[880, 660, 880].forEach((frequency, i) => {
			const start = context.currentTime + i * (NOTE_S + 0.04);
			const tone = context.createOscillator();
			const volume = context.createGain();
			tone.type = 'triangle';
			tone.frequency.value = frequency;
			volume.gain.setValueAtTime(0, start);
			volume.gain.linearRampToValueAtTime(0.5, start + 0.02);
			volume.gain.setValueAtTime(0.5, start + NOTE_S - 0.05);
			volume.gain.linearRampToValueAtTime(0, start + NOTE_S);
			tone.connect(volume).connect(context.destination);
			tone.start(start);
			tone.stop(start + NOTE_S);
		});
	}
}

export const siren = new Siren();
