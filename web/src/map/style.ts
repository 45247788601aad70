// How the map looks: background by what the server offers, people and tracks on top. Colours come from the
// design tokens. No glyph server: without one MapLibre draws letters with the fonts of the device.

import type { GeoJSONSourceSpecification, LayerSpecification, SourceSpecification, StyleSpecification } from 'maplibre-gl';
import type { FeatureCollection } from 'geojson';
import type { Status } from '../lib/api';

export type MapSource = Status['map'];

export interface Colors {
	sea: string;
	land: string;
	line: string;
	grid: string;
	ink: string;
	surface: string;
	accent: string;
}

export interface Overlays {
	accuracy: FeatureCollection;
	track: FeatureCollection;
	points: FeatureCollection;
}

export interface Background {
	land: FeatureCollection;
	borders: FeatureCollection;
	names: FeatureCollection;
	towns: FeatureCollection;
	grid: FeatureCollection;
}

export const NOTHING: FeatureCollection = { type: 'FeatureCollection', features: [] };

const FONT = ['system-ui', 'sans-serif'];

export function readColors(): Colors {
	const style = getComputedStyle(document.documentElement);
	const of = (name: string) => style.getPropertyValue(`--${name}`).trim();
	return {
		sea: of('map-sea'),
		land: of('map-land'),
		line: of('map-line'),
		grid: of('map-grid'),
		ink: of('map-ink'),
		surface: of('surface'),
		accent: of('accent')
	};
}

function geojson(data: FeatureCollection, more: Partial<GeoJSONSourceSpecification> = {}): SourceSpecification {
	return { type: 'geojson', data, ...more };
}

/** From which zoom a town of a rank is named. */
const TOWN_ZOOM = [3.5, 5, 6, 7.5, 9, 10];

function builtin(colors: Colors, data: Background): { sources: Record<string, SourceSpecification>; layers: LayerSpecification[] } {
	const label = (id: string, source: string, extra: object, size: number, minzoom: number): LayerSpecification => ({
		id,
		type: 'symbol',
		source,
		minzoom,
		...extra,
		layout: {
			'text-field': ['get', 'name'],
			'text-font': FONT,
			'text-size': size,
			'text-max-width': 8,
			'text-padding': 6,
			'symbol-sort-key': ['get', 'rank']
		},
		paint: { 'text-color': colors.ink, 'text-halo-color': colors.land, 'text-halo-width': 1.4 }
	});
	return {
		sources: {
			land: geojson(data.land, { tolerance: 0.2, attribution: 'Natural Earth, GeoNames (CC BY)' }),
			borders: geojson(data.borders, { tolerance: 0.2 }),
			names: geojson(data.names),
			towns: geojson(data.towns),
			grid: geojson(data.grid)
		},
		layers: [
			{ id: 'sea', type: 'background', paint: { 'background-color': colors.sea } },
			{ id: 'land', type: 'fill', source: 'land', paint: { 'fill-color': colors.land, 'fill-antialias': true } },
			{ id: 'grid', type: 'line', source: 'grid', minzoom: 10, paint: { 'line-color': colors.grid, 'line-width': 1 } },
			{
				id: 'borders',
				type: 'line',
				source: 'borders',
				paint: { 'line-color': colors.line, 'line-width': ['interpolate', ['linear'], ['zoom'], 1, 0.5, 8, 1.5] }
			},
			...TOWN_ZOOM.map((zoom, rank) =>
				label(`towns-${rank}`, 'towns', { filter: ['==', ['get', 'rank'], rank] }, rank === 0 ? 14 : rank < 3 ? 13 : 12, zoom)
			),
			...[0, 1, 2, 3].map((rank) =>
				label(
					`names-${rank}`,
					'names',
					{ filter: ['==', ['get', 'rank'], rank], maxzoom: 7 },
					rank < 2 ? 13 : 12,
					[0, 2.2, 3.4, 4.6][rank] ?? 5
				)
			)
		]
	};
}

async function pmtiles(source: MapSource, dark: boolean, language: string) {
	const [{ layers, namedFlavor }, { Protocol }, { addProtocol }] = await Promise.all([
		import('@protomaps/basemaps'),
		import('pmtiles'),
		import('maplibre-gl')
	]);
	addProtocol('pmtiles', new Protocol().tile);
	const address = new URL(source.url ?? '', location.href).href;
	return {
		sources: { base: { type: 'vector', url: `pmtiles://${address}`, attribution: escape(source.attribution) } },
		// Icons would need a sprite file; names and shapes do without.
		layers: layers('base', namedFlavor(dark ? 'dark' : 'light'), { lang: language }).map((layer) => {
			if (layer.type !== 'symbol') return layer;
			const { 'icon-image': _icon, ...layout } = layer.layout ?? {};
			return { ...layer, layout: { ...layout, 'text-font': FONT } };
		})
	} as { sources: Record<string, SourceSpecification>; layers: LayerSpecification[] };
}

function tiles(source: MapSource, colors: Colors, dark: boolean) {
	return {
		sources: {
			base: {
				type: 'raster',
				tiles: [source.url ?? ''],
				tileSize: 256,
				maxzoom: 19,
				attribution: escape(source.attribution)
			}
		},
		layers: [
			{ id: 'sea', type: 'background', paint: { 'background-color': colors.land } },
			{
				id: 'base',
				type: 'raster',
				source: 'base',
				paint: dark ? { 'raster-brightness-max': 0.65, 'raster-saturation': -0.3 } : {}
			}
		]
	} as { sources: Record<string, SourceSpecification>; layers: LayerSpecification[] };
}

/** MapLibre takes attributions as HTML; ours are plain text. */
export function escape(text: string | undefined): string {
	return (text ?? '').replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

export async function buildStyle(
	source: MapSource,
	colors: Colors,
	dark: boolean,
	language: string,
	background: Background,
	overlays: Overlays
): Promise<StyleSpecification> {
	const base =
		source.kind === 'tiles' && source.url
			? tiles(source, colors, dark)
			: source.kind === 'pmtiles' && source.url
				? await pmtiles(source, dark, language)
				: builtin(colors, background);
	return {
		version: 8,
		sources: {
			...base.sources,
			accuracy: geojson(overlays.accuracy),
			track: geojson(overlays.track),
			points: geojson(overlays.points)
		},
		layers: [
			...base.layers,
			{
				id: 'accuracy',
				type: 'fill',
				source: 'accuracy',
				paint: { 'fill-color': ['get', 'color'], 'fill-opacity': ['get', 'opacity'] }
			},
			{
				id: 'accuracy-edge',
				type: 'line',
				source: 'accuracy',
				paint: { 'line-color': ['get', 'color'], 'line-opacity': 0.7, 'line-width': 1.5, 'line-dasharray': [3, 2] }
			},
			{
				id: 'track-halo',
				type: 'line',
				source: 'track',
				layout: { 'line-cap': 'round', 'line-join': 'round' },
				paint: { 'line-color': colors.surface, 'line-width': 7, 'line-opacity': 0.8 }
			},
			{
				id: 'track',
				type: 'line',
				source: 'track',
				layout: { 'line-cap': 'round', 'line-join': 'round' },
				paint: { 'line-color': ['get', 'color'], 'line-width': 4 }
			},
			{
				id: 'points',
				type: 'circle',
				source: 'points',
				paint: {
					'circle-radius': ['case', ['get', 'now'], 9, 3],
					'circle-color': ['case', ['get', 'inexact'], colors.surface, ['get', 'color']],
					'circle-stroke-color': ['case', ['all', ['get', 'now'], ['!', ['get', 'inexact']]], colors.surface, ['get', 'color']],
					'circle-stroke-width': ['case', ['get', 'now'], 3, 1]
				}
			}
		]
	};
}
