// Groups with their people and what waits for agreement; loaded when somebody looks, and again when the server
// tells that something has changed.

import type { Approval, GroupDetail } from './coming';
import { send } from './send';

export interface GroupView {
	group: GroupDetail;
	approvals: Approval[];
}

class Groups {
	known = $state.raw<Record<string, GroupView>>({});

	async load(id: string): Promise<void> {
		const [group, { approvals }] = await Promise.all([
			send<GroupDetail>('GET', `/groups/${id}`),
			send<{ approvals: Approval[] }>('GET', `/groups/${id}/approvals`)
		]);
		this.known = { ...this.known, [id]: { group, approvals } };
	}

	/** An event told that something is different there. */
	changed(id: string | undefined): void {
		for (const known of Object.keys(this.known))
			if (id === undefined || known === id) void this.load(known).catch(() => this.drop(known));
	}

	drop(id: string): void {
		const { [id]: _gone, ...rest } = this.known;
		this.known = rest;
	}

	clear(): void {
		this.known = {};
	}
}

export const groups = new Groups();
