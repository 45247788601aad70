// What the server says of itself, judged: what is well, and what somebody should look after.

import type { components } from '../generated/api';
import { exactTime, span } from '../lib/say';
import type { Key, Values } from '../words/words.svelte';
import { bytes } from '../lib/bytes';

export type Health = components['schemas']['OperatorHealth'];
export type Grade = 'good' | 'warn' | 'bad';
export interface Line {
	name: string;
	grade: Grade;
	text: string;
}
type T = (key: Key, values?: Values) => string;

const DAY_MS = 86_400_000;
/** Below these shares of the disk somebody should act. */
const DISK_WARN = 0.1;
const DISK_BAD = 0.03;
/** Time to renew a certificate. */
const CERTIFICATE_WARN_MS = 14 * DAY_MS;
/** A backup older than this was missed at least once, however rarely they are made. */
const BACKUP_WARN_MS = 8 * DAY_MS;

function roleLine(role: Health['roles'][number], t: T): Line {
	if (!role.is_up) return { name: role.name, grade: 'bad', text: t('health.role_down') };
	const again = role.starts - 1;
	return again > 0
		? { name: role.name, grade: 'warn', text: t('health.role_again', { n: again }) }
		: { name: role.name, grade: 'good', text: t('health.role_up') };
}

function diskLine({ free_bytes: free, total_bytes: total, database_bytes: data }: Health['disk'], locale: string, t: T): Line {
	const name = t('health.disk');
	if (free === undefined || total === undefined || total === 0) return { name, grade: 'warn', text: t('health.unknown') };
	const share = free / total;
	return {
		name,
		grade: share < DISK_BAD ? 'bad' : share < DISK_WARN ? 'warn' : 'good',
		text: t('health.disk_text', { free: bytes(free, locale), total: bytes(total, locale), data: bytes(data ?? 0, locale) })
	};
}

function writerLine(writer: Health['writer'], t: T): Line {
	const text = t('health.writer_text', { done: writer.commits, waiting: writer.waiting, slowest: writer.commit_max_ms });
	const missed = writer.failed + writer.queue_full;
	return {
		name: t('health.writer'),
		grade: missed > 0 ? 'bad' : 'good',
		text: missed > 0 ? `${text} ${t('health.writer_missed', { n: missed })}` : text
	};
}

function auditLine(audit: Health['audit'], locale: string, t: T): Line {
	const signed = audit.last_checkpoint
		? t('health.audit_text', { entry: audit.signed_up_to, time: exactTime(audit.last_checkpoint, locale) })
		: t('health.audit_none');
	return {
		name: t('health.audit'),
		grade: audit.lost > 0 ? 'bad' : 'good',
		text: audit.lost > 0 ? `${signed} ${t('health.audit_lost', { n: audit.lost })}` : signed
	};
}

function certificateLine(certificate: Health['certificate'], now: number, locale: string, t: T): Line {
	const name = t('health.certificate');
	if (!certificate.is_https) return { name, grade: 'bad', text: t('operator.no_https') };
	if (!certificate.is_own || !certificate.expires) return { name, grade: 'good', text: t('health.certificate_proxy') };
	const left = Date.parse(certificate.expires) - now;
	return {
		name,
		grade: left <= 0 ? 'bad' : left < CERTIFICATE_WARN_MS ? 'warn' : 'good',
		text: t(left <= 0 ? 'health.certificate_over' : 'health.certificate_until', { time: exactTime(certificate.expires, locale) })
	};
}

function backupLine(backups: Health['backups'], now: number, locale: string, t: T): Line {
	const name = t('health.backups');
	if (!backups.is_set_up) return { name, grade: 'warn', text: t('health.backups_off') };
	const last = backups.last_good ? t('health.backups_last', { time: exactTime(backups.last_good, locale) }) : t('health.backups_none');
	if (backups.failed) return { name, grade: 'bad', text: `${t('health.backups_failed', { time: exactTime(backups.failed, locale) })} ${last}` };
	const age = backups.last_good ? now - Date.parse(backups.last_good) : Infinity;
	return { name, grade: age > BACKUP_WARN_MS ? 'warn' : 'good', text: last };
}

const URGENCY = ['bad', 'warn', 'good'] as const satisfies readonly Grade[];

/** What stands on the page: what wants somebody first, then in the order in which it would hurt. */
export function healthLines(health: Health, now: number, locale: string, t: T): Line[] {
	const lines: Line[] = [
		...health.roles.map((role) => roleLine(role, t)),
		diskLine(health.disk, locale, t),
		writerLine(health.writer, t),
		backupLine(health.backups, now, locale, t),
		certificateLine(health.certificate, now, locale, t),
		auditLine(health.audit, locale, t),
		{
			name: t('runs.mail'),
			grade: health.mail.is_set_up ? 'good' : 'warn',
			text: t(health.mail.is_set_up ? 'health.mail_on' : 'health.mail_off')
		}
	];
	return URGENCY.flatMap((grade) => lines.filter((line) => line.grade === grade));
}

export function upText(health: Health, t: T): string {
	return t('health.up', { time: span(health.up_s * 1000, t) });
}
