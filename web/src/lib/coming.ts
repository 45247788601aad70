// What the app asks about accounts, groups and watches. Answers have the shapes of docs/openapi.yaml.

import type { components } from '../generated/api';
import { answered, send, type Id } from './send';

export type Role = 'admin' | 'guardian' | 'carer' | 'viewer';

export interface Passkey {
	id: Id;
	name: string;
	created: string;
	last_used?: string;
	/** Its counter went back: there may be a copy of it. */
	is_suspect?: boolean;
}
export interface Security {
	passkeys: Passkey[];
	has_totp: boolean;
	recovery_codes_left: number;
	email?: string;
	is_email_confirmed: boolean;
	phone?: string;
	recovery?: { until: string };
}
/** What a browser needs to use a passkey. */
export interface PasskeyChallenge {
	challenge_id: Id;
	challenge: string;
	rp_id: string;
	timeout_ms: number;
	allow?: string[];
}
/** What a browser needs to make one. */
export interface NewPasskeyChallenge extends PasskeyChallenge {
	rp_name?: string;
	user_id: string;
	user_name: string;
	user_display_name?: string;
	exclude?: string[];
}

export interface TimeWindow {
	days: number[];
	from: string;
	to: string;
	mode: 'only' | 'not';
	rights?: string[];
}
export interface Limits {
	given: string[];
	taken: string[];
	windows: TimeWindow[];
}
export interface Member extends Limits {
	account: Id;
	name: string;
	role: Role;
	rights: string[];
	until?: string;
	since: string;
	is_me: boolean;
	has_second_factor: boolean;
	wearers: ({ wearer: Id } & Limits)[];
}
export interface GroupDetail {
	id: Id;
	name: string;
	role: Role;
	my_rights: string[];
	zone: string;
	wait_hours: number;
	members: Member[];
	wearers: { id: Id; name: string }[];
}
export interface Watcher {
	name: string;
	kind: 'member' | 'partner' | 'operator';
	role?: Role;
	rights: string[];
	until?: string;
	can_now: string[];
}
export interface Invitation {
	id: Id;
	link?: string;
	role: Role;
	/** Absent while others must agree first. */
	expires?: string;
}
export interface InvitationLook {
	group_name: string;
	role: Role;
	invited_by: string;
	expires: string;
}
export interface Approval {
	id: Id;
	kind: string;
	wearer?: Id;
	subject?: Id;
	summary?: Record<string, unknown>;
	by: { id?: Id; name: string };
	created: string;
	due?: string;
	state: string;
	needs: 'second_person' | 'time';
	is_mine: boolean;
	may_approve: boolean;
}
export type AuditEntry = components['schemas']['AuditEntry'];
export interface Consent {
	id: Id;
	partner: { id: Id; name: string; purpose?: string };
	wearers: Id[];
	rights: string[];
	until: string;
	granted?: string;
	last_used?: string;
	state: string;
}
export interface Contact {
	id?: Id;
	name: string;
	number: string;
}
/** Whether the watch has what was wanted of it. */
export type Kept = 'confirmed' | 'wanted' | 'refused' | 'unknown';
export interface Contacts {
	contacts: Contact[];
	max: number;
	state: Kept;
}
export interface SosNumbers {
	numbers: string[];
	state: Kept;
}
export interface SmsAlerts {
	low_battery: boolean;
	sos: boolean;
	removed: boolean;
	state: Kept;
}
export interface PhotoRule {
	is_allowed: boolean;
	per_day: number;
	taken_today: number;
	/** The law of the land says no. */
	is_forbidden_here?: boolean;
}
export interface Photo {
	id: Id;
	time: string;
	by?: { id: Id; name: string };
	is_by_wearer?: boolean;
}
export interface Guard {
	items: { name: string; state: Kept }[];
	checked?: string;
	drift?: string;
}

export { answered, send };
