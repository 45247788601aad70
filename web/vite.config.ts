import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

// In development the API is taken from a running server (or the mock of test/mock).
const server = process.env.KINWARD_SERVER ?? 'http://127.0.0.1:8080';

export default defineConfig({
	plugins: [svelte()],
	build: {
		target: 'es2022',
		// The content security policy allows neither data: scripts nor data: styles.
		assetsInlineLimit: 0,
		modulePreload: { polyfill: false },
		chunkSizeWarningLimit: 1200,
		reportCompressedSize: false
	},
	worker: { format: 'es' },
	server: {
		port: 5173,
		proxy: { '/api': { target: server, headers: { origin: server } } }
	}
});
