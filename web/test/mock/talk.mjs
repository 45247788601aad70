// The stand-in's threads: some things that were said, a watch that takes what is sent after a moment.

const RATE = 8000;

/** A tone that swells, as a WAV file. */
function tone(seconds) {
	const n = Math.round(seconds * RATE);
	const file = Buffer.alloc(44 + 2 * n);
	file.write('RIFF', 0);
	file.writeUInt32LE(36 + 2 * n, 4);
	file.write('WAVEfmt ', 8);
	file.writeUInt32LE(16, 16);
	file.writeUInt16LE(1, 20);
	file.writeUInt16LE(1, 22);
	file.writeUInt32LE(RATE, 24);
	file.writeUInt32LE(2 * RATE, 28);
	file.writeUInt16LE(2, 32);
	file.writeUInt16LE(16, 34);
	file.write('data', 36);
	file.writeUInt32LE(2 * n, 40);
	for (let i = 0; i < n; i++) file.writeInt16LE(Math.round(9000 * Math.sin(i / 3) * Math.abs(Math.sin(i / RATE))), 44 + 2 * i);
	return file;
}
const wave = (seed) => Array.from({ length: 48 }, (_, i) => Math.round(40 + 200 * Math.abs(Math.sin(i * 0.37 + seed) * Math.sin(i / 15.3))));
const PIXEL = Buffer.from('R0lGODlhAQABAIAAAH+nmQAAACwAAAAAAQABAAACAkQBADs=', 'base64');

/** @param {any} mock */
export function talkRoutes({ me, ok, problem, id, iso, tell, later }) {
	const threads = {};
	const sounds = {};
	const ben = { kind: 'member', account: id(), name: 'Ben Roth' };
	const maria = { kind: 'member', account: me.id, name: me.name };
	const MINUTE = 60_000;
	const of = (who) => (threads[who.id] ??= who.name === 'Simone' ? [] : begin(who));

	function begin(who) {
		const watch = { kind: 'watch', name: who.name };
		const at = (minutes, more) => ({ id: id(), created: iso(Date.now() - minutes * MINUTE), ...more });
		const old = Array.from({ length: 70 }, (_, i) =>
			at(4000 + (70 - i) * 60, { kind: 'text', direction: 'to', by: i % 3 ? maria : ben, text: `Nachricht ${i + 1}`, state: 'delivered' })
		);
		return [
			...old,
			at(1600, { kind: 'text', direction: 'to', by: ben, text: 'Bis morgen, schlaf gut', state: 'delivered' }),
			at(1590, { kind: 'voice', direction: 'from', by: watch, seconds: 4.2, waveform: wave(1), state: 'heard' }),
			at(300, { kind: 'photo', direction: 'from', by: ben, state: 'heard' }),
			at(120, { kind: 'text', direction: 'to', by: { kind: 'partner', name: 'Pflegedienst Nord' }, text: 'Tropfen um 14 Uhr', state: 'delivered' }),
			at(90, { kind: 'text', direction: 'to', by: maria, text: 'Hallo, wo bist du?', state: 'failed', reason: 'never_answered' }),
			at(30, { kind: 'voice', direction: 'to', by: maria, seconds: 11.3, waveform: wave(2), state: 'delivered' }),
			at(12, { kind: 'voice', direction: 'from', by: watch, seconds: 6.8, waveform: wave(3), state: 'received' }),
			at(3, { kind: 'text', direction: 'to', by: maria, text: 'Essen ist fertig, komm heim', state: 'sent' })
		];
	}
	function add(who, more) {
		const item = { id: id(), created: iso(), direction: 'to', by: maria, state: 'queued', ...more };
		of(who).push(item);
		const step = (state) => () => (Object.assign(item, { state }), tell('thread', { wearer: who.id }));
		if (who.device.connected) {
			later(400, step('sent'));
			later(1600, step('delivered'));
		}
		return ok(item, 201);
	}
	const wav = (body) => ({ status: 200, type: 'audio/wav', body });

	return {
		'GET /wearers/*/thread': (_b, [who], query) => {
			const all = of(who).toReversed();
			const from = query.get('before') ? all.findIndex((item) => item.id === query.get('before')) + 1 : 0;
			const limits = { text_units: 95, voice_seconds: 15, has_emoji: who.name === 'Emma', has_text: true, has_voice: who.name !== 'Simone' };
			return ok({ items: all.slice(from, from + Number(query.get('limit') ?? 50)), limits });
		},
		'POST /wearers/*/thread/texts': (b, [who]) => (b.text.length > 95 ? problem(400, 'text_too_long') : add(who, { kind: 'text', text: b.text })),
		'POST /wearers/*/thread/voices': (b, [who]) => {
			const answer = add(who, { kind: 'voice', seconds: (b.length - 44) / 2 / RATE, waveform: wave(4) });
			sounds[answer.body.id] = b;
			return answer;
		},
		'POST /wearers/*/thread/heard': (b, [who]) => {
			const item = of(who).find((one) => one.id === b.item);
			if (item) item.state = 'heard';
			return ok(undefined, 204);
		},
		'GET /thread/*/sound': (_b, _p, _q, [which]) => wav(sounds[which] ?? tone(Object.values(threads).flat().find((item) => item.id === which)?.seconds ?? 1)),
		'GET /thread/*/photo': () => ({ status: 200, type: 'image/gif', body: PIXEL }),
		'DELETE /wearers/*/thread/*': (_b, [who], _q, ids) => ((threads[who.id] = of(who).filter((item) => item.id !== ids[1])), ok(undefined, 204)),
		'GET /wearers/*/thread/export': () => ({ status: 200, type: 'application/x-tar', body: Buffer.alloc(1024) })
	};
}
