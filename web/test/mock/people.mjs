// The stand-in's accounts, groups and what a watch may be asked: the shapes of docs/openapi.yaml.

export const RIGHTS = [
	'see_group', 'view_position', 'view_history', 'view_health', 'view_media', 'alarms', 'message', 'locate', 'ring',
	'schedule', 'settings', 'contacts', 'places', 'photo', 'call', 'claim', 'consent', 'power', 'reset', 'password',
	'medication', 'photo_allow', 'members', 'export', 'erase'
];
const CARER = ['see_group', 'view_position', 'view_health', 'alarms', 'message', 'locate', 'ring', 'call'];
/** A key that nobody would take for a real one. */
const TOTP_KEY = 'ABCDEFGH'.repeat(4);
const DAY_MS = 86_400_000;

/** @param {any} mock */
export function peopleRoutes({ state, account, group, ok, problem, session, id, iso, tell }) {
	let steppedUp = 0;
	const security = { passkeys: [], has_totp: false, recovery_codes_left: 0, email: 'maria@example.org', is_email_confirmed: true };
	const plain = { given: [], taken: [], windows: [], wearers: [] };
	const ben = id(), rosa = id();
	const members = [
		{ account: account.id, name: account.name, role: 'admin', rights: RIGHTS, ...plain, since: iso(Date.now() - 90 * DAY_MS), is_me: true, has_second_factor: false },
		{ account: ben, name: 'Ben Roth', role: 'admin', rights: RIGHTS, ...plain, since: iso(Date.now() - 80 * DAY_MS), is_me: false, has_second_factor: true },
		{
			account: rosa, name: 'Rosa <b>Nacht</b>', role: 'carer', rights: CARER, ...plain, since: iso(Date.now() - 9 * DAY_MS), is_me: false, has_second_factor: false,
			until: iso(Date.now() + 40 * DAY_MS), windows: [{ days: [1, 2, 3, 4, 5], from: '20:00', to: '06:00', mode: 'only' }]
		}
	];
	const approvals = [
		{ id: id(), kind: 'member.change', group: group.id, subject: rosa, summary: { name: 'Rosa <b>Nacht</b>', role: 'guardian' }, by: { id: ben, name: 'Ben Roth' }, created: iso(), state: 'pending', needs: 'second_person', is_mine: false, may_approve: true },
		{ id: id(), kind: 'photo.allow', group: group.id, wearer: state.wearers[0]?.id, summary: {}, by: { id: account.id, name: account.name }, created: iso(), due: iso(Date.now() + DAY_MS), state: 'pending', needs: 'time', is_mine: true, may_approve: false }
	];
	const entries = ['invitation.create', 'member.change', 'command.give', 'history.view', 'contacts.change'].map((action, i) => ({
		seq: 50 - i, time: iso(Date.now() - i * 5e6), action, actor: { kind: 'account', id: ben, name: 'Ben Roth' }, wearer: state.wearers[0]?.id,
		outcome: i === 3 ? 'right_missing' : 'done', address: '192.0.2.7', detail: i === 2 ? 'photo' : i === 0 ? 'carer' : '', told: true, times: 1, erased: false
	}));
	let unread = 2;
	const invitations = [];
	let contacts = { contacts: [{ id: id(), name: 'Mama', number: '+491701111111' }, { id: id(), name: 'Opa', number: '+4976122222' }], max: 10, state: 'confirmed' };
	let sos = { numbers: ['+491701111111'], state: 'wanted' };
	const sms = { low_battery: true, sos: true, removed: false, state: 'confirmed' };
	const rule = { is_allowed: true, per_day: 3, taken_today: 1 };
	const critical = (action) => {
		if (security.passkeys.length === 0 && !security.has_totp) return problem(403, 'second_factor_missing');
		return Date.now() - steppedUp > 300_000 ? problem(403, 'step_up_needed') : action();
	};
	const codes = () => ({ recovery_codes: Array.from({ length: 10 }, (_, i) => `k7qp-m2xd-9f${i}w`) });
	const withFactor = () => (account.has_second_factor = members[0].has_second_factor = security.has_totp || security.passkeys.length > 0);

	const ways = [
		{ id: id(), kind: 'owntracks', name: 'Ben’s phone', created: iso(Date.now() - 9 * DAY_MS), last_seen: iso(Date.now() - 3 * 60_000) },
		{ id: id(), kind: 'traccar', name: 'Old tablet', created: iso(Date.now() - 40 * DAY_MS) }
	];
	const secretOf = (kind) =>
		kind === 'watch_tls'
			? { host: 'watch.example.org', port: 8002, certificate: '-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----', private_key: 'shown once', fingerprint: 'ab12'.repeat(16) }
			: { url: `https://watch.example.org/api/v1/in/${kind}`, token: 'kw_' + 'a7Bc9'.repeat(6), ...(kind === 'owntracks' ? { user: 'a1b2c3d4', encryption_key: 'Qm9vdHN0cmFw'.repeat(2) } : {}) };

	return {
		'GET /account/security': () => ok(security),
		'POST /account/totp': (b) => (b.password === 'wrong' ? problem(403, 'password_wrong') : ok({ secret: TOTP_KEY, uri: `otpauth://totp/Kinward:maria?secret=${TOTP_KEY}&issuer=Kinward` })),
		'POST /account/totp/confirm': (b) => {
			if (b.code !== '123456') return problem(403, 'code_wrong');
			Object.assign(security, { has_totp: true, recovery_codes_left: 10 });
			withFactor();
			return ok(codes());
		},
		'DELETE /account/totp': () => critical(() => ((security.has_totp = false), withFactor(), ok(undefined, 204))),
		'POST /account/recovery-codes': () => critical(() => ok(codes())),
		'PUT /account/email': (b) => (Object.assign(security, { email: b.email, is_email_confirmed: false }), ok(undefined, 204)),
		'DELETE /sessions': () => ok(undefined, 204),
		'POST /session/step-up': (b) => (b.code === '123456' ? ((steppedUp = Date.now()), ok(session())) : problem(403, 'step_up_failed')),
		'POST /recovery': () => ok(undefined, 202),
		'POST /recovery/confirm': () => ok({ waits_until: iso(Date.now() + 3 * DAY_MS) }),
		'GET /groups/*': () => ok({ ...group, my_rights: RIGHTS, zone: 'Europe/Berlin', wait_hours: 24, members, wearers: state.wearers.map((w) => ({ id: w.id, name: w.name, photo_allowed: true })) }),
		'GET /groups/*/quota': () => ok({ used_bytes: 12_300_000, max_bytes: 268_435_456 }),
		'GET /groups/*/approvals': () => ok({ approvals }),
		'POST /approvals/*/approve': (_b, _p, _q, ids) => critical(() => settle(ids[0], 'done')),
		'POST /approvals/*/object': (_b, _p, _q, ids) => settle(ids[0], 'objected'),
		'DELETE /approvals/*': (_b, _p, _q, ids) => settle(ids[0], 'withdrawn'),
		'PUT /groups/*/members/*': (b, _p, _q, ids) => critical(() => {
			const member = Object.assign(members.find((m) => m.account === ids[1]), b);
			tell('group', { group: group.id });
			return ok(member);
		}),
		'DELETE /groups/*/members/*': () => critical(() => ok({ id: id() }, 202)),
		'GET /groups/*/invitations': () => ok({ invitations }),
		'POST /groups/*/invitations': (b) => critical(() => {
			const made = { id: id(), role: b.role, expires: iso(Date.now() + b.hours * 3.6e6) };
			invitations.push(made);
			return ok({ ...made, link: `http://localhost:8080/#/invitation?token=${id()}${id()}` }, 201);
		}),
		'DELETE /invitations/*': (_b, _p, _q, ids) => (invitations.splice(invitations.findIndex((i) => i.id === ids[0]), 1), ok(undefined, 204)),
		'POST /invitations/look': (b) => (b.token === 'old' ? problem(404, 'not_found') : ok({ group_name: group.name, role: 'carer', invited_by: 'Ben Roth', expires: iso(Date.now() + DAY_MS) })),
		'GET /notices': () => ok({ notices: entries, unread, read_up_to: unread ? 48 : 50 }),
		'POST /notices/read': () => ((unread = 0), ok(undefined, 204)),
		'GET /wearers/*/watchers': () => ok({ watchers: members.map((m) => ({ name: m.name, kind: 'member', role: m.role, rights: m.rights, can_now: m.account === rosa ? [] : m.rights })) }),
		'GET /wearers/*/contacts': () => ok(contacts),
		'PUT /wearers/*/contacts': (b) => ok((contacts = { ...contacts, contacts: b.contacts.map((c) => ({ id: id(), ...c })), state: 'wanted' })),
		'GET /wearers/*/sos-numbers': () => ok(sos),
		'PUT /wearers/*/sos-numbers': (b) => ok((sos = { ...b, state: 'wanted' })),
		'GET /wearers/*/sms-alerts': () => ok(sms),
		'PATCH /wearers/*/sms-alerts': (b) => ok(Object.assign(sms, b, { state: 'wanted' })),
		'GET /wearers/*/photo-rule': () => ok(rule),
		'PUT /wearers/*/photo-rule': (b) => critical(() => (b.is_allowed !== rule.is_allowed ? ok({ id: id() }, 202) : ok(Object.assign(rule, b)))),
		'GET /wearers/*/photos': () => ok({ photos: [{ id: id(), time: iso(Date.now() - 4e6), size_bytes: 9000, by: { id: ben, name: 'Ben Roth' }, is_by_wearer: false }] }),
		'GET /wearers/*/ways': () => ok({ ways, public_url: 'https://watch.example.org', tls_port: 8002 }),
		'POST /wearers/*/ways': (b) => {
			const way = { id: id(), kind: b.kind, name: b.name, created: iso() };
			ways.push(way);
			return ok({ way, secret: secretOf(b.kind) }, 201);
		},
		'POST /wearers/*/ways/*/renew': (_b, _p, _q, ids) => {
			const way = ways.find((one) => one.id === ids[1]);
			return ok({ way, secret: secretOf(way.kind) });
		},
		'DELETE /wearers/*/ways/*': (_b, _p, _q, ids) => (ways.splice(ways.findIndex((one) => one.id === ids[1]), 1), ok(undefined, 204)),
		'GET /wearers/*/guard': () => ok({ items: ['control_numbers', 'password', 'strangers'].map((name) => ({ name, state: name === 'password' ? 'wanted' : 'confirmed' })), checked: iso(Date.now() - 9e6) })
	};

	function settle(which, to) {
		const approval = approvals.find((a) => a.id === which);
		if (!approval) return problem(404, 'not_found');
		approval.state = to;
		return ok(approval);
	}
}
