// Short news that needs no answer; read out by screen readers, gone by itself.

export interface Toast {
	id: number;
	text: string;
	kind: 'news' | 'trouble';
}

const SHOWN_MS = 7_000;

class Toasts {
	list = $state<Toast[]>([]);
	#next = 1;

	show(text: string, kind: Toast['kind'] = 'news'): void {
		const id = this.#next++;
		this.list = [...this.list.slice(-2), { id, text, kind }];
		setTimeout(() => this.drop(id), SHOWN_MS);
	}

	drop(id: number): void {
		this.list = this.list.filter((toast) => toast.id !== id);
	}
}

export const toasts = new Toasts();
