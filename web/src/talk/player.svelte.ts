// Playing voice messages, one at a time. By Web Audio, because <audio> of Safari wants files in pieces, and because
// a recording that is only in memory is played in the same way.

import { resample, type Sound } from './sound';

interface AudioSession {
	type: string;
}

/** Some browsers take no rate as low as that of watches. */
const SURE_RATE = 24_000;

function bufferOf(context: AudioContext, sound: Sound): AudioBuffer {
	const fill = ({ rate, samples }: Sound) => {
		const buffer = context.createBuffer(1, Math.max(1, samples.length), rate);
		buffer.copyToChannel(samples, 0);
		return buffer;
	};
	try {
		return fill(sound);
	} catch {
		return fill(resample(sound, SURE_RATE));
	}
}

class Player {
	/** What is being played. */
	id = $state<string>();
	playing = $state(false);
	/** How far, in seconds. */
	at = $state(0);

	#context: AudioContext | undefined;
	#source: AudioBufferSourceNode | undefined;
	#sound: Sound | undefined;
	#started = 0;
	#frame = 0;
	#round = 0;

	/** Plays from `from` (seconds); whatever else is playing ends. */
	async play(id: string, sound: Sound, from: number): Promise<void> {
		this.pause();
		const context = (this.#context ??= new AudioContext());
		// Without this an iPhone whose switch says "silent" plays nothing.
		const session = (navigator as { audioSession?: AudioSession }).audioSession;
		if (session) session.type = 'playback';
		this.id = id;
		this.#sound = sound;
		const seconds = sound.samples.length / sound.rate;
		const begin = from >= seconds - 0.05 ? 0 : Math.max(0, from);
		this.at = begin;
		this.playing = true;
		const round = ++this.#round;
		await context.resume();
		// Something else was begun or ended meanwhile.
		if (round !== this.#round) return;
		const buffer = bufferOf(context, sound);
		const source = context.createBufferSource();
		source.buffer = buffer;
		source.connect(context.destination);
		source.onended = () => {
			if (this.#source !== source) return;
			this.#stop();
			this.at = 0;
		};
		this.#source = source;
		this.#started = context.currentTime - begin;
		source.start(0, begin);
		this.#follow();
	}

	pause(): void {
		if (this.#source && this.#context) this.at = this.#context.currentTime - this.#started;
		this.#stop();
	}

	/** Goes to another place of what is played, or stands there. */
	seek(id: string, to: number): void {
		const sound = this.#sound;
		if (this.id !== id || !sound) return;
		if (this.playing) void this.play(id, sound, to);
		else this.at = to;
	}

	/** Ends it and forgets it. */
	drop(id?: string): void {
		if (id !== undefined && this.id !== id) return;
		this.#stop();
		this.id = undefined;
		this.#sound = undefined;
		this.at = 0;
	}

	#stop(): void {
		this.#round++;
		const source = this.#source;
		this.#source = undefined;
		this.playing = false;
		cancelAnimationFrame(this.#frame);
		source?.stop();
		source?.disconnect();
		// The speaker is given back.
		void this.#context?.suspend();
		const session = (navigator as { audioSession?: AudioSession }).audioSession;
		if (source && session) session.type = 'auto';
	}

	#follow = (): void => {
		if (!this.#source || !this.#context) return;
		this.at = Math.max(0, this.#context.currentTime - this.#started);
		this.#frame = requestAnimationFrame(this.#follow);
	};
}

export const player = new Player();
