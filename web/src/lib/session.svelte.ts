// Who is signed in, and what the server is.

import { api, ask, asProblem, Problem, whenSignedOut, type Session, type Status } from './api';
import { forgetDrafts } from '../talk/drafts';
import { words } from '../words/words.svelte';

export type State = 'starting' | 'unreachable' | 'signed_out' | 'signed_in';

class Account {
	state = $state<State>('starting');
	status = $state.raw<Status | undefined>();
	session = $state.raw<Session | undefined>();
	/** True when a session ended that nobody here had ended. */
	ended = $state(false);

	async start(): Promise<void> {
		whenSignedOut(() => this.lost());
		this.state = 'starting';
		try {
			this.status = await ask(api.GET('/api/v1/status'));
		} catch {
			this.state = 'unreachable';
			return;
		}
		try {
			await this.entered(await ask(api.GET('/api/v1/session')));
		} catch (cause) {
			const problem = asProblem(cause);
			this.state = problem.code === 'sign_in_needed' ? 'signed_out' : 'unreachable';
			this.ended = false;
		}
	}

	/** Set up or signed in. */
	async entered(session: Session): Promise<void> {
		await words.use(session.account.language);
		this.session = session;
		this.ended = false;
		this.state = 'signed_in';
		if (this.status) this.status = { ...this.status, setup_needed: false };
	}

	/** After groups or roles have changed. */
	async reload(): Promise<void> {
		this.session = await ask(api.GET('/api/v1/session'));
	}

	async signOut(): Promise<void> {
		try {
			await ask(api.DELETE('/api/v1/session'));
		} catch (cause) {
			// A session that has ended already is what was wanted.
			if (!(cause instanceof Problem) || cause.status !== 401) throw cause;
		}
		this.gone();
	}

	/** The server does not know the session any more. */
	lost(): void {
		if (this.state !== 'signed_in') return;
		this.session = undefined;
		forgetDrafts();
		this.ended = true;
		this.state = 'signed_out';
	}

	/** The account is no more. */
	gone(): void {
		this.session = undefined;
		forgetDrafts();
		this.ended = false;
		this.state = 'signed_out';
	}

	/** A passkey or an authenticator app stands beside the password. */
	get isProtected(): boolean {
		return this.session?.account.has_second_factor ?? false;
	}

	/** This server wants more than a password from everybody, and this account has no more yet. */
	get mustProtect(): boolean {
		return this.status?.second_factor === 'required' && this.session !== undefined && !this.isProtected;
	}

	get groups() {
		return this.session?.groups ?? [];
	}
}

export const account = new Account();
