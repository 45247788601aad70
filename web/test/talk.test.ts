// Talking: sound as numbers, what a watch can show, and a thread that is put together from pages and events.

import { describe, expect, test } from 'vitest';
import { joined, readWav, resample, WATCH_RATE, waveOf, writeWav, type Sound } from '../src/talk/sound';
import { inOrder, isEnded, merged, standingOf, type Item } from '../src/talk/thread.svelte';
import { emojiIn, units, withoutEmoji } from '../src/talk/writing';

const RATES = [8000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000];

function tone(rate: number, hertz: number, seconds = 0.5, loud = 0.5): Sound {
	const samples = new Float32Array(Math.round(rate * seconds));
	for (let i = 0; i < samples.length; i++) samples[i] = loud * Math.sin((2 * Math.PI * hertz * i) / rate);
	return { rate, samples };
}

/** How much of a tone is in a sound, 0 … 1; its ends are left out, where any filter begins and stops. */
function strength({ rate, samples }: Sound, hertz: number): number {
	const inner = samples.subarray(400, samples.length - 400);
	let [re, im] = [0, 0];
	inner.forEach((value, i) => {
		re += value * Math.cos((2 * Math.PI * hertz * i) / rate);
		im += value * Math.sin((2 * Math.PI * hertz * i) / rate);
	});
	return (2 * Math.hypot(re, im)) / inner.length;
}

const energy = ({ samples }: Sound) => Math.sqrt(samples.slice(400, -400).reduce((sum, v) => sum + v * v, 0) / (samples.length - 800));

describe('another rate', () => {
	test.each(RATES)('%d Hz: length, pitch and loudness of a voice stay', (rate) => {
		for (const hertz of [200, 1000, 3000]) {
			const out = resample(tone(rate, hertz), WATCH_RATE);
			expect(out.rate).toBe(WATCH_RATE);
			expect(out.samples.length).toBeGreaterThanOrEqual(0.5 * WATCH_RATE - 1);
			expect(out.samples.length).toBeLessThanOrEqual(0.5 * WATCH_RATE + 1);
			expect(strength(out, hertz)).toBeCloseTo(0.5, 2);
			// Nothing else is in it.
			expect(energy(out)).toBeCloseTo(0.5 / Math.SQRT2, 2);
		}
	});

	test.each(RATES.filter((rate) => rate >= 16_000))('%d Hz: what is too high for a watch does not come back as another tone', (rate) => {
		for (const hertz of [4700, 5000, 6500, 7800]) expect(energy(resample(tone(rate, hertz), WATCH_RATE))).toBeLessThan(0.005);
	});

	test('silence stays silence, a constant stays one, and nothing is nothing', () => {
		expect(resample({ rate: 44_100, samples: new Float32Array(44_100) }, WATCH_RATE).samples.every((v) => v === 0)).toBe(true);
		const flat = resample({ rate: 44_100, samples: new Float32Array(44_100).fill(0.25) }, WATCH_RATE).samples;
		expect(Math.max(...flat.slice(400, -400).map((v) => Math.abs(v - 0.25)))).toBeLessThan(1e-6);
		expect(resample({ rate: 48_000, samples: new Float32Array(0) }, WATCH_RATE).samples.length).toBe(0);
	});

	test('fifteen seconds are never more than fifteen seconds', () => {
		for (const rate of RATES)
			expect(resample({ rate, samples: new Float32Array(rate * 15) }, WATCH_RATE).samples.length).toBeLessThanOrEqual(15 * WATCH_RATE);
	});
});

describe('WAV', () => {
	test('one channel, 16 bits, little-endian, right lengths', () => {
		const wav = writeWav({ rate: 8000, samples: Float32Array.from([0, 1, -1, 0.5, 7, -7]) });
		const view = new DataView(wav.buffer);
		expect(new TextDecoder('latin1').decode(wav.subarray(0, 4))).toBe('RIFF');
		expect(view.getUint32(4, true)).toBe(wav.length - 8);
		expect(new TextDecoder('latin1').decode(wav.subarray(8, 16))).toBe('WAVEfmt ');
		expect([view.getUint16(20, true), view.getUint16(22, true), view.getUint32(24, true), view.getUint32(28, true), view.getUint16(32, true), view.getUint16(34, true)]).toEqual([1, 1, 8000, 16_000, 2, 16]);
		expect(view.getUint32(40, true)).toBe(12);
		// Too loud is cut off, never turned round.
		expect([0, 1, 2, 3, 4, 5].map((i) => view.getInt16(44 + 2 * i, true))).toEqual([0, 32767, -32767, 16384, 32767, -32767]);
	});

	test('what is written can be read', () => {
		const sound = tone(8000, 440, 0.1);
		const back = readWav(writeWav(sound));
		expect(back?.rate).toBe(8000);
		expect(back?.samples.length).toBe(sound.samples.length);
		expect(Math.max(...[...(back?.samples ?? [])].map((v, i) => Math.abs(v - (sound.samples[i] ?? 0))))).toBeLessThan(1e-4);
	});

	test('other pieces are passed over; what is no such file is nothing, however it is cut', () => {
		const plain = writeWav(tone(8000, 440, 0.01));
		const extra = new Uint8Array([...plain.subarray(0, 36), ...new TextEncoder().encode('LIST'), 3, 0, 0, 0, 1, 2, 3, 0, ...plain.subarray(36)]);
		expect(readWav(extra)?.samples.length).toBe(80);
		for (let n = 0; n < 44; n++) expect(readWav(plain.subarray(0, n)), `${n} bytes`).toBeUndefined();
		expect(readWav(plain.subarray(0, 60))?.samples.length).toBe(8);
		for (const [at, value] of [[20, 3], [22, 2], [34, 8], [24, 1], [25, 0]] as const) {
			const bad = plain.slice();
			bad[at] = value;
			expect(readWav(bad), `byte ${at}`).toBeUndefined();
		}
		const endless = plain.slice();
		endless.set([0xff, 0xff, 0xff, 0xff], 16);
		expect(readWav(endless)).toBeUndefined();
	});

	test('the picture of a sound, and pieces put together', () => {
		const wave = waveOf(Float32Array.from({ length: 4800 }, (_, i) => (i < 2400 ? 0 : -1)));
		expect(wave.length).toBe(48);
		expect([wave[0], wave[23], wave[24], wave[47]]).toEqual([0, 0, 255, 255]);
		expect(waveOf(new Float32Array(0))).toEqual(new Array(48).fill(0));
		expect([...joined([Float32Array.of(1, 2), Float32Array.of(3, 4)], 3)]).toEqual([1, 2, 3]);
	});
});

describe('what a watch can show', () => {
	test('it counts UTF-16 units, without blanks at both ends', () => {
		expect(units('  ä😀 ')).toBe(3);
		expect(units('')).toBe(0);
	});
	test('emoji are found as people see them; letters, digits and signs are none', () => {
		expect(emojiIn('Gut 👍🏽 oder 👨‍👩‍👧? ❤️ 🇩🇪 👍🏽')).toEqual(['👍🏽', '👨‍👩‍👧', '❤️', '🇩🇪']);
		expect(emojiIn('Ñandú ß 12 #1 * © ™ 你好 مرحبا – „so“ …')).toEqual([]);
		expect(withoutEmoji('Gut 👍🏽 so ❤️')).toBe('Gut so ');
	});
});

describe('a thread', () => {
	const item = (id: string, minute: number): Item => ({
		id, kind: 'text', direction: 'to', by: { kind: 'member', name: 'Maria' }, state: 'sent', created: `2026-11-22T12:${String(minute).padStart(2, '0')}:00.000Z`
	});
	const ids = (items: Item[]) => items.map((one) => one.id).join('');

	test('how something stands, in words of people', () => {
		const one = item('a', 1);
		expect(standingOf(one)).toBe('sent');
		expect(standingOf({ ...one, state: 'failed', reason: 'by_member' })).toBe('cancelled');
		expect(standingOf({ ...one, state: 'failed', reason: 'never_answered' })).toBe('unsure');
		expect(standingOf({ ...one, state: 'failed', reason: 'by_watch' })).toBe('failed');
		expect(standingOf({ ...one, direction: 'from', state: 'failed', reason: 'unreadable' })).toBeUndefined();
		expect((['queued', 'sent', 'delivered', 'unsure', 'failed', 'expired', 'cancelled'] as const).filter(isEnded)).toEqual(['unsure', 'failed', 'expired', 'cancelled']);
	});
	test('pages are put over what is known, in the order of their time', () => {
		const known = inOrder([item('c', 3), item('a', 1), item('b', 2)]);
		expect(ids(known)).toBe('abc');
		expect(ids(merged(known, [item('d', 4), { ...item('c', 3), state: 'delivered' }], false))).toBe('abcd');
		expect(merged(known, [item('d', 4), { ...item('c', 3), state: 'delivered' }], false)[2]?.state).toBe('delivered');
	});
	test('what the server does not have any more goes; what is older than the page stays', () => {
		const known = [item('a', 1), item('b', 2), item('c', 3)];
		expect(ids(merged(known, [item('d', 4), item('b', 2)], false))).toBe('abd');
		expect(ids(merged(known, [item('c', 3)], true))).toBe('c');
		expect(ids(merged(known, [], true))).toBe('');
	});
});
