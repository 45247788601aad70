// What the app asks about accounts, groups and watches. Answers have the shapes of docs/openapi.yaml.

import type { components } from '../generated/api';
import type { Command } from './api';
import { answered, send, type Id } from './send';

type Schemas = components['schemas'];

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
	/** Absent for an operator who may look in an emergency. */
	role?: Role;
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
export type AuditEntry = Schemas['AuditEntry'];
/** While it is written, a contact has no id yet. */
export type Contact = Omit<Schemas['Contact'], 'id'> & { id?: Id };
/** Whether the watch has what was wanted of it. */
export type Kept = Schemas['ToldState'];
export type Contacts = Schemas['Contacts'];
export type SosNumbers = Schemas['SosNumbers'];
export type SmsAlerts = Schemas['SmsAlerts'];
export type PhotoRule = Schemas['PhotoRule'];
export type Photo = Schemas['PhotoList']['photos'][number];
export type Guard = Schemas['Guard'];

/** Values of a setting as people say them: times `HH:MM`, days from Monday = 1, switches `is_on`. */
export type Fields = Record<string, unknown>;
export type SettingField = Schemas['SettingField'];
export type Setting = Omit<Schemas['Setting'], 'wanted' | 'confirmed'> & { wanted?: Fields; confirmed?: Fields };
export type Capabilities = Schemas['Capabilities'];
export type Capability = Schemas['Capability'];
export type Model = Schemas['ModelList']['models'][number];
/** A command with what the watch said to it, and how it can go by text message instead. */
export type Told = Command;

export type HealthValue = Schemas['HealthValue'];
export type HealthKind = HealthValue['kind'];
export type HealthRule = Schemas['HealthRule'];
export type DayFacts = Schemas['Day'];
export type BatteryView = Schemas['Battery'];
export type FriendRule = Schemas['FriendRule'];
export type Friend = Schemas['FriendList']['friends'][number];
export type LoggedCall = Schemas['CallLog']['calls'][number];

export { answered, send };
