// Recording a voice message: the microphone, how loud it is, how much time is left, and what went wrong.

import captureAddress from './capture.worklet.ts?worker&url';
import { joined, resample, WATCH_RATE, type Sound } from './sound';

export type RecorderState = 'idle' | 'asking' | 'recording' | 'done';
/** Why nothing can be recorded, or was. */
export type RecorderTrouble = 'insecure' | 'refused' | 'missing' | 'busy' | 'lost' | 'too_short' | 'silent';

/** Less than this is a slip of the finger. */
export const LEAST_S = 0.5;
/** Softer than this all the time: nothing was said, or the microphone is off. */
const SILENT = 0.004;
/** While it runs, softer than this looks like a microphone that is off. */
const SOFT = 0.015;
const SHOWN = 48;

function troubleOf(cause: unknown): RecorderTrouble {
	const name = cause instanceof DOMException ? cause.name : '';
	if (name === 'NotAllowedError' || name === 'SecurityError') return 'refused';
	if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'missing';
	return 'busy';
}

export class Recorder {
	state = $state<RecorderState>('idle');
	trouble = $state<RecorderTrouble>();
	/** How loud it was in the last two seconds, 0 … 1, newest last. */
	levels = $state.raw<readonly number[]>([]);
	/** For two seconds nothing has been heard. */
	isSoft = $derived(this.levels.length === SHOWN && this.levels.every((level) => level < SOFT));
	/** Recorded so far, in seconds. */
	seconds = $state(0);
	sound = $state.raw<Sound>();

	#pieces: Float32Array[] = [];
	#end: (() => void) | undefined;
	#round = 0;

	/** `most`: seconds that a message may have. */
	async start(most: number): Promise<void> {
		if (this.state === 'asking' || this.state === 'recording') return;
		const round = ++this.#round;
		this.trouble = undefined;
		this.sound = undefined;
		this.levels = [];
		this.seconds = 0;
		this.#pieces = [];
		// Browsers give the microphone only to pages that came safely.
		if (!navigator.mediaDevices?.getUserMedia || typeof AudioWorkletNode === 'undefined') {
			this.trouble = 'insecure';
			return;
		}
		this.state = 'asking';
		// Made while the finger is still on the button: later the browser would keep it silent.
		const context = new AudioContext();
		let stream: MediaStream | undefined;
		const end = () => {
			for (const track of stream?.getTracks() ?? []) track.stop();
			void context.close();
		};
		try {
			stream = await navigator.mediaDevices.getUserMedia({
				audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true }
			});
			await context.audioWorklet.addModule(captureAddress);
			await context.resume();
		} catch (cause) {
			end();
			if (round === this.#round) this.#fail(troubleOf(cause));
			return;
		}
		if (round !== this.#round) {
			end();
			return;
		}
		const source = context.createMediaStreamSource(stream);
		const capture = new AudioWorkletNode(context, 'kinward-capture', { numberOfOutputs: 0 });
		capture.port.onmessage = ({ data }: MessageEvent<Float32Array>) => {
			if (round === this.#round && this.state === 'recording') this.#take(data, context.sampleRate, most);
		};
		source.connect(capture);
		for (const track of stream.getTracks())
			track.onended = () => round === this.#round && this.state === 'recording' && this.#finish('lost');
		this.#rate = context.sampleRate;
		this.#most = most;
		this.#end = end;
		this.state = 'recording';
	}
	#rate = WATCH_RATE;
	#most = 0;

	/** Ends the recording; what was said can be listened to. */
	stop(): void {
		if (this.state === 'recording') this.#finish();
		else if (this.state === 'asking') this.clear();
	}

	/** Takes up a recording that was made before. */
	keep(sound: Sound): void {
		this.clear();
		this.sound = sound;
		this.seconds = sound.samples.length / sound.rate;
		this.state = 'done';
	}

	/** The microphone is off; a finished recording stays as it is. */
	leave(): void {
		if (this.state !== 'done') this.clear();
	}

	/** Forgets all of it; the microphone is off. */
	clear(): void {
		this.#round++;
		this.#end?.();
		this.#end = undefined;
		this.#pieces = [];
		this.sound = undefined;
		this.trouble = undefined;
		this.levels = [];
		this.seconds = 0;
		this.state = 'idle';
	}

	#take(piece: Float32Array, rate: number, most: number): void {
		this.#pieces.push(piece);
		let peak = 0;
		for (const value of piece) peak = Math.max(peak, Math.abs(value));
		this.levels = [...this.levels.slice(1 - SHOWN), Math.min(1, peak)];
		this.seconds = Math.min(most, (this.#pieces.length * piece.length) / rate);
		if (this.seconds >= most) this.#finish();
	}

	#finish(why?: 'lost'): void {
		this.#round++;
		this.#end?.();
		this.#end = undefined;
		const rate = this.#rate;
		const samples = joined(this.#pieces, Math.floor(this.#most * rate));
		this.#pieces = [];
		if (samples.length < LEAST_S * rate) return this.#fail(why ?? 'too_short');
		if (samples.every((value) => Math.abs(value) < SILENT)) return this.#fail('silent');
		const sound = resample({ rate, samples }, WATCH_RATE);
		const fitting = sound.samples.subarray(0, this.#most * WATCH_RATE);
		this.sound = { rate: WATCH_RATE, samples: fitting };
		this.seconds = fitting.length / WATCH_RATE;
		this.trouble = why;
		this.state = 'done';
	}

	#fail(why: RecorderTrouble): void {
		this.clear();
		this.trouble = why;
	}
}
