import { defineConfig } from 'vitest/config';

export default defineConfig({
	test: {
		include: ['browser/**/*.test.ts'],
		environment: 'node',
		// Each file has its own browser and servers.
		maxWorkers: 2,
		expect: { poll: { timeout: 90_000, interval: 100 } },
		testTimeout: 300_000,
		hookTimeout: 300_000
	}
});
