// What the members of my groups are told: kept by the server, the newest first.

import type { AuditEntry } from './coming';
import { send } from './send';

class Notices {
	unread = $state(0);
	list = $state.raw<AuditEntry[]>([]);
	/** There may be older ones. */
	more = $state(false);

	async load(older = false): Promise<void> {
		const last = older ? this.list.at(-1)?.seq : undefined;
		const got = await send<{ notices: AuditEntry[]; unread: number }>(
			'GET',
			last === undefined ? '/notices' : `/notices?before=${last}`
		);
		this.list = last === undefined ? got.notices : [...this.list, ...got.notices];
		this.more = got.notices.length > 0;
		this.unread = got.unread;
	}

	async read(): Promise<void> {
		const seq = this.list[0]?.seq;
		if (seq === undefined || this.unread === 0) return;
		await send('POST', '/notices/read', { seq });
		this.unread = 0;
	}

	/** An event: there is a new one. */
	told(): void {
		void this.load().catch(() => {});
	}

	clear(): void {
		this.unread = 0;
		this.list = [];
		this.more = false;
	}
}

export const notices = new Notices();
