import { defineConfig } from 'vitest/config';

export default defineConfig({
	test: {
		include: ['browser/**/*.test.ts'],
		environment: 'node',
		fileParallelism: false,
		expect: { poll: { timeout: 20_000, interval: 100 } },
		testTimeout: 60_000,
		hookTimeout: 60_000
	}
});
