// Sound as numbers: another rate, 16 bits, a WAV file and back, and the picture of it. Pure.

/** What watches take: one channel, 8,000 samples a second, 16 bits. */
export const WATCH_RATE = 8000;
/** As many heights as the server gives for a message. */
export const WAVE_BARS = 48;

export interface Sound {
	rate: number;
	/** −1 … 1, one channel. */
	samples: Float32Array<ArrayBuffer>;
}

/** Zero crossings of the filter at each side: steep enough that nothing of what is above folds back audibly. */
const CROSSINGS = 16;
/** Of the band that the lower of both rates can hold, this much is kept. */
const BAND = 0.92;

function divisor(a: number, b: number): number {
	return b === 0 ? a : divisor(b, a % b);
}

/** One row of the filter: the weights for an output that lies `offset` (0 … 1) samples after an input. */
function weights(offset: number, half: number, cutoff: number): Float64Array {
	const row = new Float64Array(2 * half);
	let sum = 0;
	for (let i = 0; i < row.length; i++) {
		const at = i - half + 1 - offset;
		const x = Math.PI * cutoff * at;
		const window = Math.abs(at) >= half ? 0 : 0.5 + 0.5 * Math.cos((Math.PI * at) / half);
		row[i] = (x === 0 ? 1 : Math.sin(x) / x) * window;
		sum += row[i] ?? 0;
	}
	// Silence stays silent and a constant stays what it was, whatever the rates are.
	return row.map((weight) => weight / sum);
}

/** The same sound at another rate, by a windowed sinc: works for any pair of whole rates. */
export function resample(sound: Sound, to: number): Sound {
	const from = Math.round(sound.rate);
	if (from === to) return sound;
	const common = divisor(from, to);
	const [up, down] = [to / common, from / common];
	const cutoff = Math.min(1, to / from) * BAND;
	const half = Math.ceil(CROSSINGS / cutoff);
	const rows: (Float64Array | undefined)[] = new Array(up);
	const { samples } = sound;
	const out = new Float32Array(Math.floor((samples.length * up) / down));
	for (let n = 0; n < out.length; n++) {
		const place = n * down;
		const phase = place % up;
		const row = (rows[phase] ??= weights(phase / up, half, cutoff));
		const first = Math.floor(place / up) - half + 1;
		let sum = 0;
		for (let i = Math.max(0, -first); i < row.length && first + i < samples.length; i++)
			sum += (row[i] as number) * (samples[first + i] as number);
		out[n] = sum;
	}
	return { rate: to, samples: out };
}

const HEADER = 44;

/** A WAV file: PCM, one channel, 16 bits. */
export function writeWav({ rate, samples }: Sound): Uint8Array<ArrayBuffer> {
	const bytes = new Uint8Array(HEADER + 2 * samples.length);
	const view = new DataView(bytes.buffer);
	const tag = (at: number, text: string) => [...text].forEach((c, i) => view.setUint8(at + i, c.charCodeAt(0)));
	tag(0, 'RIFF');
	view.setUint32(4, bytes.length - 8, true);
	tag(8, 'WAVEfmt ');
	view.setUint32(16, 16, true);
	view.setUint16(20, 1, true);
	view.setUint16(22, 1, true);
	view.setUint32(24, rate, true);
	view.setUint32(28, rate * 2, true);
	view.setUint16(32, 2, true);
	view.setUint16(34, 16, true);
	tag(36, 'data');
	view.setUint32(40, 2 * samples.length, true);
	for (let i = 0; i < samples.length; i++) {
		const value = Math.max(-1, Math.min(1, samples[i] as number));
		view.setInt16(HEADER + 2 * i, Math.round(value * 32767), true);
	}
	return bytes;
}

/** The sound of a WAV file as the server writes them; nothing for any other file. */
export function readWav(bytes: Uint8Array): Sound | undefined {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const tag = (at: number) => (at + 4 <= bytes.length ? String.fromCharCode(...bytes.subarray(at, at + 4)) : '');
	if (tag(0) !== 'RIFF' || tag(8) !== 'WAVE') return undefined;
	let rate: number | undefined;
	for (let at = 12; at + 8 <= bytes.length; ) {
		const size = view.getUint32(at + 4, true);
		const body = at + 8;
		if (tag(at) === 'fmt ') {
			if (size < 16 || body + 16 > bytes.length) return undefined;
			const isPlain = view.getUint16(body, true) === 1 && view.getUint16(body + 2, true) === 1 && view.getUint16(body + 14, true) === 16;
			rate = view.getUint32(body + 4, true);
			if (!isPlain || rate < 8000 || rate > 96_000) return undefined;
		} else if (tag(at) === 'data') {
			if (rate === undefined) return undefined;
			const n = Math.floor(Math.min(size, bytes.length - body) / 2);
			const samples = new Float32Array(n);
			for (let i = 0; i < n; i++) samples[i] = view.getInt16(body + 2 * i, true) / 32768;
			return { rate, samples };
		}
		at = body + size + (size % 2);
	}
	return undefined;
}

/** The loudest of each part, 0 … 255. */
export function waveOf(samples: Float32Array, bars = WAVE_BARS): number[] {
	return Array.from({ length: bars }, (_, bar) => {
		const [from, to] = [Math.floor((bar * samples.length) / bars), Math.floor(((bar + 1) * samples.length) / bars)];
		let peak = 0;
		for (let i = from; i < to; i++) peak = Math.max(peak, Math.abs(samples[i] as number));
		return Math.min(255, Math.round(peak * 255));
	});
}

/** Pieces put together, cut off at a length. */
export function joined(pieces: readonly Float32Array[], most: number): Float32Array<ArrayBuffer> {
	const length = Math.min(most, pieces.reduce((sum, piece) => sum + piece.length, 0));
	const all = new Float32Array(length);
	let at = 0;
	for (const piece of pieces) {
		if (at >= length) break;
		all.set(piece.subarray(0, length - at), at);
		at += piece.length;
	}
	return all;
}
