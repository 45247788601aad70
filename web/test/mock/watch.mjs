// The stand-in's watch: what it can be set to, what it can do, what it has measured.

const MINUTE = 60_000;
const DAY_MS = 86_400_000;

const flag = (name = 'is_on') => ({ name, type: 'flag' });
const int = (name, min, max, unit) => ({ name, type: 'int', min, max, ...(unit ? { unit } : {}) });
const choice = (name, ...values) => ({ name, type: 'enum', values });
const some = (name, type, repeat_min, repeat_max) => ({ name, type, repeat_min, repeat_max });

/** name: [right, caution, fields, what the watch has] */
const SETTINGS = {
	language: ['settings', 'none', [{ name: 'language', type: 'language' }], { language: 'de' }],
	zone: ['settings', 'none', [{ name: 'zone', type: 'zone' }], { zone: 'Europe/Berlin' }],
	upload_interval: ['settings', 'long', [int('seconds', 60, 65535, 's')], { seconds: 600 }],
	tracking_mode: ['settings', 'none', [choice('mode', 'normal', 'careful', 'live', 'adaptive')], { mode: 'adaptive' }],
	quiet_times: ['schedule', 'none', [some('windows', 'window_days', 0, 4)], { windows: [{ from: '08:00', to: '12:30', days: [1, 2, 3, 4, 5] }] }],
	alarm_clocks: ['schedule', 'none', [some('alarms', 'alarm', 0, 3)], { alarms: [{ time: '06:45', is_on: true, repeat: 'days', days: [1, 2, 3, 4, 5] }, { time: '19:30', is_on: false, repeat: 'daily' }] }],
	timetable: ['schedule', 'none', [some('periods', 'periods', 0, 8), some('lessons', 'lessons', 0, 56)], { periods: [{ from: '08:00', to: '08:45' }, { from: '08:50', to: '09:35' }], lessons: [{ day: 1, period: 1, name: 'Mathe' }, { day: 1, period: 2, name: 'Sport' }, { day: 2, period: 1, name: 'Deutsch' }] }],
	allowed_callers: ['contacts', 'none', [flag()], { is_on: true }],
	refuse_strangers: ['contacts', 'off', [flag()], { is_on: true }],
	step_counter: ['settings', 'none', [flag()], { is_on: true }],
	walk_times: ['schedule', 'none', [some('windows', 'window', 1, 3)], undefined],
	sleep_time: ['schedule', 'none', [{ name: 'from', type: 'hhmm' }, { name: 'to', type: 'hhmm' }], { from: '21:00', to: '06:30' }],
	fall_alarm: ['settings', 'off', [flag(), flag('dials')], { is_on: true, dials: false }],
	fall_sensitivity: ['settings', 'none', [int('level', 1, 8)], { level: 4 }],
	removed_alarm: ['settings', 'off', [flag()], undefined],
	sound_profile: ['settings', 'none', [choice('profile', 'vibrate_ring', 'ring', 'vibrate', 'silent')], { profile: 'vibrate_ring' }],
	step_goal: ['settings', 'none', [int('steps', 0, 99999, 'steps')], { steps: 6000 }],
	body: ['settings', 'none', [int('height_cm', 30, 250, 'cm'), int('weight_kg', 5, 300, 'kg')], { height_cm: 132, weight_kg: 29 }],
	apps: ['settings', 'none', ['dial', 'alarm', 'video', 'phone_book', 'chat', 'camera'].map(flag), { dial: true, alarm: true, video: false, phone_book: true, chat: true, camera: false }],
	family_calls: ['settings', 'none', [flag()], { is_on: false }],
	long_life: ['settings', 'on', [flag()], { is_on: false }],
	alarm_delivery: ['contacts', 'none', [choice('delivery', 'platform', 'platform_sms_call', 'platform_call', 'platform_sms')], { delivery: 'platform_call' }],
	home_wifi: ['places', 'none', [some('macs', 'mac', 1, 3)], { macs: ['a0:c5:f2:b0:07:d4'] }],
	power_times: ['power', 'on', [flag(), { name: 'on_at', type: 'hhmm' }, { name: 'off_at', type: 'hhmm' }, { name: 'days', type: 'days' }], { is_on: false, on_at: '06:30', off_at: '21:00', days: [1, 2, 3, 4, 5, 6, 7] }],
	gps_switch: ['settings', 'off', [flag()], { is_on: true }],
	night_saving: ['settings', 'on', [flag()], undefined],
	dial_pad: ['contacts', 'none', [flag()], { is_on: false }],
	heart_interval: ['settings', 'none', [flag(), int('seconds', 300, 65535, 's')], { is_on: true, seconds: 1800 }],
	temperature_interval: ['settings', 'none', [flag(), int('hours', 1, 12, 'h')], { is_on: false, hours: 4 }],
	temperature_times: ['settings', 'none', [some('points', 'timepoint', 1, 9)], undefined],
	temperature_limits: ['contacts', 'none', [flag(), { name: 'low', type: 'decimal', min: 30, max: 45, unit: 'degC' }, { name: 'high', type: 'decimal', min: 30, max: 45, unit: 'degC' }, choice('warning', 'sms', 'call'), { name: 'number', type: 'phone' }], undefined]
};
const MISSING = { temperature_times: 'needs_config', night_saving: 'unanswered', dial_pad: 'lacks_model' };
const STATES = { quiet_times: 'confirmed', upload_interval: 'wanted', fall_sensitivity: 'refused', family_calls: 'unknown', sound_profile: 'confirmed' };

/** @param {any} mock */
export function watchRoutes({ state, ok, problem, later, tell, id, iso }) {
	const list = Object.entries(SETTINGS).map(([name, [right, caution, fields, has]]) => ({
		name,
		right,
		caution,
		fields,
		...(has ? { wanted: has, confirmed: name === 'sound_profile' ? { profile: 'silent' } : has, changed: iso(Date.now() - 3 * DAY_MS) } : {}),
		state: STATES[name] ?? (has ? 'confirmed' : 'none'),
		is_drifted: name === 'sound_profile',
		is_available: !(name in MISSING),
		...(name in MISSING ? { missing: MISSING[name] } : {})
	}));
	const said = {};
	const capabilities = () => ({
		model: 'G29', model_name: 'G29 (4G, protocol of 2025)', vendor: '3G', version: 'G29_BASE_V1.00_2014.04.23_17.46.49', notes: ['still_sends_nothing'],
		capabilities: [
			...list.map((one) => ({ name: one.name, has: one.is_available ? (one.confirmed ? 'yes' : 'unknown') : 'no', from: 'answers' })),
			{ name: 'voice', has: 'yes', from: 'model' }, { name: 'text', has: 'yes', from: 'model' }, { name: 'photo', has: 'no', from: 'config' }
		].map((one) => (said[one.name] ? { ...one, has: said[one.name], from: 'member' } : one))
	});
	let rule = { is_allowed: true, keep_days: 90 };
	const values = (from, to) => {
		const found = [];
		for (let time = Math.max(from, Date.now() - 9 * DAY_MS), i = 0; time < Math.min(to, Date.now()); time += 97 * MINUTE, i++) {
			const at = iso(time);
			found.push({ kind: 'heart', time: at, ...(i % 17 === 5 ? { is_failed: true } : { value: 74 + Math.round(Math.sin(i / 3) * 14) }), origin: 'schedule' });
			if (i % 4 === 0) found.push({ kind: 'temperature', time: at, value: 36.4 + Math.round(Math.sin(i) * 4) / 10, origin: 'schedule' });
			if (i % 9 === 0) found.push({ kind: 'blood_pressure', time: at, systolic: 118 + (i % 13), diastolic: 76 + (i % 7), origin: 'asked', by: { id: id(), name: 'Ben Roth' } });
			if (i % 9 === 1) found.push({ kind: 'oxygen', time: at, value: 97, origin: 'watch' });
		}
		return found;
	};
	const days = (from, to) => {
		const found = [];
		for (let at = Date.parse(from) + DAY_MS / 2, i = 0; at < Math.min(Date.parse(to), Date.now() + DAY_MS); at += DAY_MS, i++)
			found.push({ date: iso(at).slice(0, 10), steps: 3100 + ((i * 1777) % 5200), rolls: i % 5, distance_m: 2400 + i * 150, first: iso(at - 5 * 3.6e6), last: iso(at + 6 * 3.6e6), falls: i % 6 === 5 ? 1 : 0, taken_off: i % 3, battery_low: 0 });
		return found;
	};
	return {
		'GET /wearers/*/settings': () => ok({ settings: list }),
		'PUT /wearers/*/settings/*': (b, [who], _q, _ids, name) => {
			const { is_understood: _yes, ...fields } = b;
			const one = list.find((s) => s.name === name);
			Object.assign(one, { wanted: fields, state: 'wanted', is_drifted: false, changed: iso() });
			const command = { id: id(), wearer: who.id, type: name, state: 'queued', created: iso(), expires: iso(Date.now() + DAY_MS) };
			(state.commands[who.id] ??= []).unshift(command);
			if (who.device.connected)
				later(600, () => {
					Object.assign(one, { confirmed: fields, state: 'confirmed' });
					tell('command', Object.assign(command, { state: 'confirmed', finished: iso() }));
				});
			return ok(one);
		},
		'DELETE /wearers/*/settings/*': (_b, _p, _q, _ids, name) => {
			const one = list.find((s) => s.name === name);
			delete one.wanted;
			return ok(Object.assign(one, { state: 'none', is_drifted: false }));
		},
		'GET /wearers/*/friend-rule': () => ok({ is_allowed: true }),
		'PUT /wearers/*/friend-rule': (b) => ok(b),
		'GET /wearers/*/friends': () => ok({ friends: [{ id: id(), name: 'Mia', since: iso(Date.now() - 9 * DAY_MS) }] }),
		'GET /models': () => ok({ models: [
			{ id: 'g29', name: 'G29 (4G, protocol of 2025)', vendors: [], has: ['alarm_clocks', 'quiet_times', 'text', 'voice'], lacks: [], notes: ['still_sends_nothing'] },
			{ id: 'beesure_4g', name: 'Beesure, 4P-Touch 4G before the change to plain text', vendors: [], has: [], lacks: [], notes: ['locked_aqsh'] }
		] }),
		'GET /wearers/*/capabilities': () => ok(capabilities()),
		'PUT /wearers/*/capabilities/*': (b, _p, _q, _ids, name) => {
			if (b.has === 'auto') delete said[name];
			else said[name] = b.has;
			const one = list.find((s) => s.name === name);
			if (one) one.is_available = b.has === 'auto' ? !(name in MISSING) : b.has === 'yes';
			return ok(capabilities());
		},
		'GET /wearers/*/health': (_b, _p, q) => ok({ values: values(Date.parse(q.get('from')), Date.parse(q.get('to'))), truncated: false }),
		'DELETE /wearers/*/health': () => problem(403, 'second_factor_missing'),
		'GET /wearers/*/health-rule': () => ok(rule),
		'PUT /wearers/*/health-rule': (b) => ok((rule = b)),
		'GET /wearers/*/days': (_b, _p, q) => ok({ zone: 'Europe/Berlin', days: days(q.get('from'), q.get('to')) }),
		'GET /wearers/*/battery': () => ok({
			level: 41, time: iso(Date.now() - 4 * MINUTE), is_charging: false, per_hour: 3.4, hours_left: 12.1, empties: iso(Date.now() + 12.1 * 3.6e6),
			levels: Array.from({ length: 60 }, (_, i) => ({ time: iso(Date.now() - (59 - i) * 3.6e6), percent: Math.max(8, 100 - ((i * 3.4 + 38) % 92)), is_charging: false })),
			drains: [{ cause: 'standby', percent: 38, is_estimate: true }, { cause: 'positions', percent: 44, is_estimate: true }, { cause: 'measurements', percent: 18, is_estimate: true }],
			advice: ['adaptive_mode', 'charge_tonight']
		}),
		'GET /wearers/*/calls': () => ok({ keep_days: 30, calls: [
			{ time: iso(Date.now() - 2e6), direction: 'out', number: '+491701111111', contact: { id: id(), name: 'Mama' }, is_approved: true, is_connected: true, seconds: 75 },
			{ time: iso(Date.now() - 9e6), direction: 'in', number: '+49300000', is_approved: false, is_connected: false, seconds: 0 },
			{ time: iso(Date.now() - 2e8), direction: 'in', number: '+4976122222', name: 'Opa', is_approved: true, is_connected: true, seconds: 341 }
		] })
	};
}
