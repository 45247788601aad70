import { defineConfig } from 'vitest/config';

export default defineConfig({
	test: {
		include: ['browser/**/*.test.ts'],
		environment: 'node',
		fileParallelism: false,
		expect: { poll: { timeout: 40_000, interval: 100 } },
		testTimeout: 150_000,
		hookTimeout: 150_000
	}
});
