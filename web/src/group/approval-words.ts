// What somebody wants that others must agree to, as a sentence.

import type { Approval, Role } from '../lib/coming';
import { ROLES } from '../lib/rights';
import type { t as Say } from '../words/words.svelte';

export const APPROVAL_KINDS = [
	'group_rules', 'invitation_create', 'member_change', 'member_remove', 'member_wearer', 'photo_allow', 'plan_proposal_accept', 'wearer_erase',
	'wearer_reset'
] as const;

export interface Names {
	member(id: string | undefined): string | undefined;
	wearer(id: string | undefined): string | undefined;
}

function isRole(value: unknown): value is Role {
	return ROLES.includes(value as Role);
}

export function approvalWords(approval: Approval, names: Names, t: typeof Say): string {
	const summary = approval.summary ?? {};
	const text = (name: string) => (typeof summary[name] === 'string' ? (summary[name] as string) : undefined);
	const somebody = t('alarm.somebody');
	const role = text('role');
	const values = {
		who: approval.by.name || somebody,
		name: text('name') ?? names.member(approval.subject) ?? somebody,
		wearer: names.wearer(approval.wearer) ?? somebody,
		role: isRole(role) ? t(`role.${role}`) : '',
		hours: typeof summary.wait_hours === 'number' ? summary.wait_hours : ''
	};
	const kind = APPROVAL_KINDS.find((known) => known === approval.kind.replaceAll('.', '_'));
	return kind ? t(`approval_kind.${kind}`, values) : t('approval.other', { who: values.who, what: approval.kind });
}
