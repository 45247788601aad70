// Runs in the thread of the sound card: gathers what the microphone gives, as one channel, and hands it over.

declare class AudioWorkletProcessor {
	readonly port: MessagePort;
}
declare function registerProcessor(name: string, made: new () => AudioWorkletProcessor): void;

/** About 40 ms: short enough for the meter to follow a voice. */
const PIECE = 2048;

class Capture extends AudioWorkletProcessor {
	#piece = new Float32Array(PIECE);
	#filled = 0;

	process([channels]: Float32Array[][]): boolean {
		const first = channels?.[0];
		if (!channels || !first) return true;
		for (let i = 0; i < first.length; i++) {
			let sum = 0;
			for (const channel of channels) sum += channel[i] ?? 0;
			this.#piece[this.#filled++] = sum / channels.length;
			if (this.#filled < PIECE) continue;
			this.port.postMessage(this.#piece, [this.#piece.buffer]);
			this.#piece = new Float32Array(PIECE);
			this.#filled = 0;
		}
		return true;
	}
}

registerProcessor('kinward-capture', Capture);

export {};
