// What the members of my groups are told: kept by the server, the newest first.

import type { components } from '../generated/api';
import type { AuditEntry } from './coming';
import { send } from './send';

const PAGE = 100;

class Notices {
	unread = $state(0);
	list = $state.raw<AuditEntry[]>([]);
	/** Up to which `seq` this account has read. */
	readUpTo = $state(0);
	/** There may be older ones. */
	more = $state(false);

	async load(older = false): Promise<void> {
		const last = older ? this.list.at(-1)?.seq : undefined;
		const got = await send<components['schemas']['NoticeList']>(
			'GET',
			last === undefined ? '/notices' : `/notices?before=${last}`
		);
		this.list = last === undefined ? got.notices : [...this.list, ...got.notices];
		this.more = got.notices.length === PAGE;
		this.unread = got.unread;
		this.readUpTo = got.read_up_to;
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
