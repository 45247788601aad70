// The operator's own map instead of the built-in one: tiles from an address, or one PMTiles file.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import { deflateSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { mapDrawn, openBrowser, openPage, picture, Server, setUp } from './kit';

let browser: Browser;
let tiles: HttpServer;
let origin = '';
let asked: { path: string; range: string | undefined }[] = [];
let server: Server;

/** A picture of one colour, as a tile. */
function plainPng(side: number, red: number, green: number, blue: number): Buffer {
	const part = (name: string, data: Buffer): Buffer => {
		const body = Buffer.concat([Buffer.from(name), data]);
		const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
		length.writeUInt32BE(data.length);
		check.writeUInt32BE(crc32(body));
		return Buffer.concat([length, body, check]);
	};
	const head = Buffer.alloc(13);
	head.writeUInt32BE(side, 0);
	head.writeUInt32BE(side, 4);
	head.set([8, 2, 0, 0, 0], 8);
	const row = Buffer.from([0, ...Array.from({ length: side }, () => [red, green, blue]).flat()]);
	const rows = Buffer.concat(Array.from({ length: side }, () => row));
	return Buffer.concat([
		Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
		part('IHDR', head),
		part('IDAT', deflateSync(rows)),
		part('IEND', Buffer.alloc(0))
	]);
}

function crc32(data: Buffer): number {
	let crc = -1;
	for (const byte of data) {
		crc ^= byte;
		for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc >>> 0;
}

const TILE = plainPng(256, 170, 190, 160);

const varint = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...varint(Math.floor(n / 128))]);
const bytes = (field: number, content: number[]): number[] => [...varint(field * 8 + 2), ...varint(content.length), ...content];
const number = (field: number, n: number): number[] => [...varint(field * 8), ...varint(n)];
const text = (field: number, s: string): number[] => bytes(field, [...Buffer.from(s)]);
const zigzag = (n: number): number => (n < 0 ? -n * 2 - 1 : n * 2);

/** A vector tile that is land from edge to edge. */
function landTile(): number[] {
	const corners = [0, 0, 4096, 0, 0, 4096, -4096, 0].map(zigzag);
	const geometry = [9, ...corners.slice(0, 2), 26, ...corners.slice(2), 15].flatMap(varint);
	const feature = [...bytes(2, [0, 0]), ...number(3, 3), ...bytes(4, geometry)];
	const layer = [
		...text(1, 'earth'),
		...bytes(2, feature),
		...text(3, 'kind'),
		...bytes(4, text(1, 'earth')),
		...number(5, 4096),
		...number(15, 2)
	];
	return bytes(3, layer);
}

/** A PMTiles file, version 3, with that one tile of zoom 0. */
function archive(): Buffer {
	const tile = Buffer.from(landTile());
	const directory = Buffer.from([1, 0, 1, ...varint(tile.length), 1]);
	const metadata = Buffer.from('{"vector_layers":[{"id":"earth","fields":{}}]}');
	const head = Buffer.alloc(127);
	head.write('PMTiles', 0);
	head[7] = 3;
	let offset = 127;
	[directory, metadata, Buffer.alloc(0), tile].forEach((part, i) => {
		head.writeBigUInt64LE(BigInt(offset), 8 + i * 16);
		head.writeBigUInt64LE(BigInt(part.length), 16 + i * 16);
		offset += part.length;
	});
	for (const at of [72, 80, 88]) head.writeBigUInt64LE(1n, at);
	head.set([1, 1, 1, 1, 0, 0], 96); // clustered, nothing compressed, vector tiles, zoom 0 to 0
	[-1_800_000_000, -850_000_000, 1_800_000_000, 850_000_000].forEach((n, i) => head.writeInt32LE(n, 102 + i * 4));
	return Buffer.concat([head, directory, metadata, tile]);
}

function answer(request: IncomingMessage, response: ServerResponse): void {
	const path = request.url ?? '';
	const range = request.headers.range;
	if (request.method === 'GET') asked.push({ path, range });
	response.setHeader('access-control-allow-origin', '*');
	response.setHeader('access-control-allow-headers', 'range');
	if (path.endsWith('.png')) {
		response.writeHead(200, { 'content-type': 'image/png' }).end(TILE);
		return;
	}
	const file = archive();
	const found = /^bytes=(\d+)-(\d+)$/.exec(range ?? '');
	if (!found) {
		response.writeHead(request.method === 'OPTIONS' ? 204 : 416).end();
		return;
	}
	const [first, last] = [Number(found[1]), Math.min(Number(found[2]), file.length - 1)];
	response
		.writeHead(206, { 'content-range': `bytes ${first}-${last}/${file.length}`, etag: '"1"' })
		.end(file.subarray(first, last + 1));
}

beforeAll(async () => {
	browser = await openBrowser();
	tiles = createServer(answer).listen(0, '127.0.0.1');
	await once(tiles, 'listening');
	const address = tiles.address();
	if (typeof address !== 'object' || !address) throw new Error('no address');
	origin = `http://127.0.0.1:${address.port}`;
});
afterAll(async () => {
	await browser?.close();
	tiles?.closeAllConnections();
	tiles?.close();
});
afterEach(async () => {
	await server.end();
	asked = [];
});

const ATTRIBUTION = 'Streets <b>by</b> the operator';

test.each(['light', 'dark'] as const)('tiles of the operator are shown with their source, %s', async (scheme) => {
	server = await new Server().start({ map_kind: 'tiles', map_url: `${origin}/{z}/{x}/{y}.png`, map_attribution: ATTRIBUTION });
	const own = await openPage(browser, server, { colorScheme: scheme }, [], origin);
	await setUp(own.page, server);
	await mapDrawn(own.page);
	await own.page.locator('.maplibregl-ctrl-attrib').getByText(ATTRIBUTION).waitFor();
	expect(asked.length).toBeGreaterThan(0);
	for (const { path } of asked) expect(path).toMatch(/^\/\d+\/\d+\/\d+\.png$/);
	await picture(own.page, `map-tiles-${scheme}`);
	await own.context.close();
	expect(own.faults).toEqual([]);
});

test('a PMTiles file of the operator is read in pieces and drawn', async () => {
	server = await new Server().start({ map_kind: 'pmtiles', map_url: `${origin}/town.pmtiles`, map_attribution: ATTRIBUTION });
	const own = await openPage(browser, server, {}, [], origin);
	await setUp(own.page, server);
	await mapDrawn(own.page);
	await own.page.locator('.maplibregl-ctrl-attrib').getByText(ATTRIBUTION).waitFor();
	const tileStart = archive().length - landTile().length;
	await expect.poll(() => asked.some(({ range }) => range?.startsWith(`bytes=${tileStart}-`))).toBe(true);
	await mapDrawn(own.page);
	await picture(own.page, 'map-pmtiles');
	await own.context.close();
	expect(own.faults).toEqual([]);
});

test('a map that does not come is told; people are shown all the same', async () => {
	server = await new Server().start({ map_kind: 'tiles', map_url: `${origin}/gone/{z}/{x}/{y}` });
	const own = await openPage(browser, server, {}, [/./], origin);
	await setUp(own.page, server);
	await own.page.getByText('The background of the map does not load.').waitFor();
	await own.context.close();
	expect(own.faults).toEqual([]);
});

test('the built-in map asks nobody else', async () => {
	server = await new Server().start();
	const own = await openPage(browser, server);
	await setUp(own.page, server);
	await mapDrawn(own.page);
	expect(asked).toEqual([]);
	await own.context.close();
	expect(own.faults).toEqual([]);
});
