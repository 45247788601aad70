// Puts a .gz beside each text file of dist, so that the server need not compress, and says how large the
// first view is.

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const FIRST_VIEW_LIMIT = 200 * 1024;
const sizes = new Map();

for (const entry of await readdir(dist, { recursive: true, withFileTypes: true })) {
	if (!entry.isFile() || !/\.(html|js|mjs|css|json|svg|webmanifest|txt)$/.test(entry.name)) continue;
	const file = join(entry.parentPath, entry.name);
	const packed = gzipSync(await readFile(file), { level: 9 });
	await writeFile(`${file}.gz`, packed);
	sizes.set(file.slice(dist.length + 1), packed.length);
}

const html = await readFile(join(dist, 'index.html'), 'utf8');
let first = 0;
for (const [name, size] of [...sizes].sort((a, b) => b[1] - a[1])) {
	const now = html.includes(name);
	if (now && /\.m?js$/.test(name)) first += size;
	console.log(`${String(size).padStart(9)}  ${now ? 'first view' : 'later     '}  ${name}`);
}
console.log(`first view: ${first} bytes of script, compressed (limit ${FIRST_VIEW_LIMIT})`);
if (first > FIRST_VIEW_LIMIT) {
	console.error('The first view has become too large.');
	process.exit(1);
}
if (/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/.test(html)) {
	console.error('index.html has inline script or style: the content security policy forbids them.');
	process.exit(1);
}
