// Roles as named sets of rights, and single rights given or taken beside them. The server decides; this is to
// show and to choose.

import type { Limits, Member, Role } from './coming';

export const ROLES = ['admin', 'guardian', 'carer', 'viewer'] as const satisfies readonly Role[];

/** In the order in which people think of them, with the class that the server gives them. */
export const RIGHTS = [
	'see_group', 'view_position', 'view_history', 'view_health', 'view_media', 'alarms', 'message', 'locate', 'ring',
	'schedule', 'settings', 'contacts', 'places', 'photo', 'call', 'claim', 'consent', 'power', 'reset', 'password', 'medication',
	'photo_allow', 'members', 'export', 'erase'
] as const;
export type Right = (typeof RIGHTS)[number];

const CARER: readonly Right[] = [
	'see_group', 'view_position', 'view_health', 'alarms', 'message', 'locate', 'ring', 'call'
];
const GUARDIAN: readonly Right[] = [
	'see_group', 'view_position', 'view_history', 'view_health', 'view_media', 'alarms', 'message', 'locate', 'ring',
	'schedule', 'settings', 'contacts', 'places', 'photo', 'call', 'power'
];

export const ROLE_RIGHTS: Record<Role, readonly Right[]> = {
	admin: RIGHTS,
	guardian: GUARDIAN,
	carer: CARER,
	viewer: ['see_group', 'view_position']
};

/** What partners can be allowed. */
export const PARTNER_RIGHTS = [
	'view_position', 'view_history', 'view_health', 'alarms', 'locate', 'message', 'propose_plan'
] as const;

export function isRight(name: string): name is Right {
	return (RIGHTS as readonly string[]).includes(name);
}

export function has(rights: readonly string[] | undefined, right: Right): boolean {
	return rights?.includes(right) ?? false;
}

/** The rights that somebody has in the end: of the role, with what was given and without what was taken. */
export function rightsOf(role: Role, limits: Pick<Limits, 'given' | 'taken'>): Right[] {
	return RIGHTS.filter(
		(right) => (ROLE_RIGHTS[role].includes(right) || limits.given.includes(right)) && !limits.taken.includes(right)
	);
}

/** The other way round: what must be given and taken so that these are what somebody has. */
export function limitsFor(role: Role, wanted: readonly string[]): Pick<Limits, 'given' | 'taken'> {
	const own = ROLE_RIGHTS[role];
	return {
		given: RIGHTS.filter((right) => wanted.includes(right) && !own.includes(right)),
		taken: RIGHTS.filter((right) => !wanted.includes(right) && own.includes(right))
	};
}

/** Oneself first, then by role, then by name. */
export function inOrder(members: readonly Member[]): Member[] {
	return [...members].sort(
		(a, b) =>
			Number(b.is_me) - Number(a.is_me) ||
			ROLES.indexOf(a.role) - ROLES.indexOf(b.role) ||
			a.name.localeCompare(b.name)
	);
}
