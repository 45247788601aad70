// How one's own account is protected; loaded when somebody looks, kept fresh by what is done here.

import type { Security } from './coming';
import { send } from './send';
import { account } from './session.svelte';

class Safety {
	now = $state.raw<Security | undefined>();
	/** Fresh recovery codes, to be shown once; kept above all pages, because some vanish when the account is protected. */
	codes = $state.raw<string[] | undefined>();

	async load(): Promise<void> {
		this.now = await send<Security>('GET', '/account/security');
		const session = account.session;
		// Other places show whether the account is protected: they read it from the session.
		if (session && session.account.has_second_factor !== this.hasFactor)
			account.session = { ...session, account: { ...session.account, has_second_factor: this.hasFactor } };
	}

	/** New codes take the place of the old ones. */
	async renewCodes(): Promise<void> {
		this.codes = (await send<{ recovery_codes: string[] }>('POST', '/account/recovery-codes')).recovery_codes;
		await this.load();
	}

	get hasFactor(): boolean {
		return this.now !== undefined && (this.now.has_totp || this.now.passkeys.length > 0);
	}

	forget(): void {
		this.now = undefined;
		this.codes = undefined;
	}
}

export const safety = new Safety();
