// How one's own account is protected; loaded when somebody looks, kept fresh by what is done here.

import type { Security } from './coming';
import { send } from './send';
import { account } from './session.svelte';

class Safety {
	now = $state.raw<Security | undefined>();

	async load(): Promise<void> {
		this.now = await send<Security>('GET', '/account/security');
		const session = account.session;
		// Other places show whether the account is protected: they read it from the session.
		if (session && session.account.has_second_factor !== this.hasFactor)
			account.session = { ...session, account: { ...session.account, has_second_factor: this.hasFactor } };
	}

	get hasFactor(): boolean {
		return this.now !== undefined && (this.now.has_totp || this.now.passkeys.length > 0);
	}

	forget(): void {
		this.now = undefined;
	}
}

export const safety = new Safety();
