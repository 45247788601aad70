// The map itself. Loaded beside the app, because MapLibre is larger than all the rest.

import 'maplibre-gl/dist/maplibre-gl.css';
import './map.css';
import {
	AttributionControl,
	GeoJSONSource,
	LngLatBounds,
	Map as MapLibre,
	Marker,
	NavigationControl,
	ScaleControl,
	setWorkerUrl,
	type EaseToOptions
} from 'maplibre-gl';
import workerAddress from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import worldAddress from '../generated/world.json?url';
import type { FeatureCollection } from 'geojson';
import type { Fix } from '../lib/api';
import type { Towns } from '../lib/towns';
import { grid } from './grid';
import { makeMark, type Mark } from './marker';
import { believable } from '../lib/wearer';
import { accuracyShapes, pointShapes, spotShapes, trackShapes, type Person } from './people';
import { spread } from './spread';
import { buildStyle, NOTHING, readColors, type Background, type MapSource, type Overlays } from './style';
import { bordersOf, landOf, namesOf, type WorldFile } from './world';

setWorkerUrl(workerAddress);

export interface MapOptions {
	container: HTMLElement;
	source: MapSource;
	locale: string;
	language: string;
	miles: boolean;
	words: { zoomIn: string; zoomOut: string; title: string; attribution: string };
	onpick: (id: string) => void;
	/** The operator's map loads, or it does not. */
	onbackground: (ok: boolean) => void;
	/** The browser took the graphics away and does not give them back. */
	onbroken: () => void;
}

const WIDE_PX = 700;
/** What is shown while there is nobody to show. */
const WORLD: [number, number] = [12, 30];
const WORLD_ZOOM = 1;
const STREET_ZOOM = 15;
/** The sheet is still: its movement takes 180 ms. */
const SETTLE_MS = 250;
const GRID_ZOOM = 10;
/** Maps of streets can be looked at more closely than an empty grid. */
const ZOOM_MOST = 18;

type Intent = { show: 'nothing' } | { show: 'all' } | { show: 'track' } | { show: 'person'; id: string };

export class KinwardMap {
	#map: MapLibre;
	#options: MapOptions;
	#marks = new Map<string, { mark: Mark; marker: Marker }>();
	#background: Background = { land: NOTHING, borders: NOTHING, names: NOTHING, towns: NOTHING, grid: NOTHING };
	#overlays: Overlays = { accuracy: NOTHING, track: NOTHING, points: NOTHING };
	#styled = 0;
	#people: Person[] = [];
	#cover = 0;
	/** What is to be in view: taken up again when the sheet moves, until somebody moves the map by hand. */
	#intent: Intent = { show: 'nothing' };
	#settle: ReturnType<typeof setTimeout> | undefined;
	#tracked: Fix[] = [];
	#trackedAt = 0;
	#apart = new Set<string>();
	#trackColor = '#000000';
	/** Somebody has moved the map by hand: it stays where it was put. */
	#held = false;
	#calm = matchMedia('(prefers-reduced-motion: reduce)');
	#dark = matchMedia('(prefers-color-scheme: dark)');
	#world: WorldFile | undefined;
	#gone = false;

	constructor(options: MapOptions) {
		this.#options = options;
		this.#map = new MapLibre({
			container: options.container,
			style: { version: 8, sources: {}, layers: [] },
			center: WORLD,
			zoom: WORLD_ZOOM,
			maxZoom: ZOOM_MOST,
			attributionControl: false,
			dragRotate: false,
			pitchWithRotate: false,
			touchPitch: false,
			renderWorldCopies: true,
			fadeDuration: 0,
			locale: {
				'NavigationControl.ZoomIn': options.words.zoomIn,
				'NavigationControl.ZoomOut': options.words.zoomOut,
				'Map.Title': options.words.title,
				'AttributionControl.ToggleAttribution': options.words.attribution
			}
		});
		const map = this.#map;
		map.touchZoomRotate.disableRotation();
		map.keyboard.disableRotation();
		map.addControl(new NavigationControl({ showCompass: false }), 'top-right');
		map.addControl(new ScaleControl({ unit: options.miles ? 'imperial' : 'metric', maxWidth: 90 }), 'bottom-left');
		map.addControl(new AttributionControl({ compact: true }), 'bottom-left');
		if (options.container.clientWidth < WIDE_PX) map.once('load', () => this.#foldAttribution());
		map.on('dragstart', () => (this.#held = true));
		map.on('zoomstart', (event) => {
			if (event.originalEvent) this.#held = true;
		});
		map.on('moveend', () => {
			this.#drawGrid();
			this.#spread();
		});
		map.on('error', (event) => {
			if (sourceOf(event) === 'base') options.onbackground(false);
		});
		map.on('sourcedata', (event) => {
			if (event.sourceId === 'base' && event.isSourceLoaded) options.onbackground(true);
		});
		// Whoever wants to look (a test, a screenshot) can see when all is drawn.
		map.on('render', () => (options.container.dataset.idle = 'false'));
		map.on('idle', () => (options.container.dataset.idle = 'true'));
		map.on('webglcontextlost', () => options.onbroken());
		this.#dark.addEventListener('change', this.#restyle);
		this.#restyle();
		if (options.source.kind === 'builtin') void this.#loadWorld();
	}

	/** On a narrow map the sources are behind the small i. */
	#foldAttribution(): void {
		const box = this.#options.container.querySelector('.maplibregl-ctrl-attrib');
		box?.classList.remove('maplibregl-compact-show');
		box?.removeAttribute('open');
	}

	async #loadWorld(): Promise<void> {
		const response = await fetch(worldAddress).catch(() => undefined);
		if (!response?.ok || this.#gone) return;
		const file = (await response.json()) as WorldFile;
		this.#world = file;
		this.#background.land = landOf(file);
		this.#background.borders = bordersOf(file);
		this.#background.names = namesOf(file, this.#options.locale);
		this.#restyle();
	}

	setTowns(towns: Towns): void {
		if (this.#options.source.kind !== 'builtin') return;
		this.#background.towns = {
			type: 'FeatureCollection',
			features: towns.all.map((town) => ({
				type: 'Feature',
				properties: { name: town.name, rank: town.rank },
				geometry: { type: 'Point', coordinates: [town.lon, town.lat] }
			}))
		};
		this.#put('towns', this.#background.towns);
	}

	setLanguage(locale: string): void {
		this.#options.locale = locale;
		if (!this.#world) return;
		this.#background.names = namesOf(this.#world, locale);
		this.#put('names', this.#background.names);
	}

	setCover(bottom: number): void {
		this.#cover = bottom;
		this.#options.container.style.setProperty('--cover', `${bottom}px`);
		clearTimeout(this.#settle);
		this.#settle = setTimeout(() => {
			if (!this.#held) this.#aim(true);
		}, SETTLE_MS);
	}

	setPeople(people: Person[]): void {
		const before = this.#people;
		this.#people = people;
		const seen = new Set<string>();
		for (const person of people) {
			seen.add(person.id);
			let own = this.#marks.get(person.id);
			if (!own) {
				const mark = makeMark(() => this.#options.onpick(person.id));
				const marker = new Marker({ element: mark.element, anchor: 'center' });
				marker.setLngLat([person.fix.lon, person.fix.lat]).addTo(this.#map);
				own = { mark, marker };
				this.#marks.set(person.id, own);
			}
			own.marker.setLngLat([person.fix.lon, person.fix.lat]);
			own.mark.update(person);
		}
		for (const [id, own] of this.#marks) {
			if (seen.has(id)) continue;
			own.marker.remove();
			this.#marks.delete(id);
		}
		this.#drawAccuracy();
		this.#spread();

		const chosen = people.find((p) => p.selected);
		const chosenBefore = before.find((p) => p.selected);
		if (this.#tracked.length > 0) return;
		if (chosen && chosen.id !== chosenBefore?.id) this.#show({ show: 'person', id: chosen.id }, before.length > 0);
		else if (before.length === 0 && people.length > 0) this.showAll(false);
		else if (chosen && chosenBefore && !this.#held && moved(chosen.fix, chosenBefore.fix)) this.#follow(chosen);
	}

	setTrack(fixes: readonly Fix[], at: number, color: string): void {
		this.#trackColor = color;
		this.#overlays.track = trackShapes(fixes, color);
		this.#put('track', this.#overlays.track);
		const had = this.#tracked.length > 0;
		this.#tracked = [...fixes];
		this.#trackedAt = at;
		this.#drawPoints();
		this.#drawAccuracy();
		this.#options.container.classList.toggle('tracking', fixes.length > 0);
		if (!had || fixes.length > 0) return;
		// Back from a day: to whom one looked at, or to everybody.
		const chosen = this.#people.find((p) => p.selected);
		if (chosen) this.#show({ show: 'person', id: chosen.id }, true);
	}

	/** Brings the whole track into view. */
	showTrack(): void {
		this.#show({ show: 'track' }, true);
	}

	showAll(animate = true): void {
		this.#show({ show: 'all' }, animate);
	}

	#show(intent: Intent, animate: boolean): void {
		this.#held = false;
		this.#intent = intent;
		this.#aim(animate);
	}

	#aim(animate: boolean): void {
		const intent = this.#intent;
		if (intent.show === 'nothing') this.#move({ center: WORLD, zoom: WORLD_ZOOM, offset: this.#offset }, animate);
		else if (intent.show === 'all')
			this.#fit(
				this.#people.map((p) => p.fix),
				animate
			);
		else if (intent.show === 'track') this.#fit(this.#tracked.filter(believable), animate);
		else if (intent.show === 'person') {
			const person = this.#people.find((p) => p.id === intent.id);
			if (person) this.#focus(person, animate);
		}
	}

	/** Room that must stay free: the sheet, the controls, the faces themselves. */
	get #pad(): { top: number; bottom: number; left: number; right: number } {
		const { clientHeight: height, clientWidth: width } = this.#options.container;
		// Under a sheet that covers nearly all there is nothing to see, so nothing to fit.
		const bottom = Math.min(this.#cover, height * 0.6) + Math.min(70, height * 0.1);
		const side = Math.min(70, width * 0.15);
		return { top: Math.min(90, height * 0.15), bottom, left: side, right: side };
	}

	/** Moves faces apart that would hide each other. */
	#spread(): void {
		const spots = this.#people.map((p) => this.#map.project([p.fix.lon, p.fix.lat]));
		const moved = spread(spots);
		this.#apart = new Set();
		this.#people.forEach((person, i) => {
			const by = moved[i] ?? { x: 0, y: 0 };
			this.#marks.get(person.id)?.marker.setOffset([by.x, by.y]);
			if (by.x !== 0 || by.y !== 0) this.#apart.add(person.id);
		});
		this.#drawPoints();
	}

	/** The points of a day; else where those really are whose faces were moved. */
	#drawPoints(): void {
		this.#overlays.points =
			this.#tracked.length > 0
				? pointShapes(this.#tracked, this.#trackedAt, this.#trackColor)
				: spotShapes(this.#people.filter((p) => this.#apart.has(p.id)));
		this.#put('points', this.#overlays.points);
	}

	#drawAccuracy(): void {
		const current = this.#tracked[this.#trackedAt];
		this.#overlays.accuracy =
			this.#tracked.length === 0
				? accuracyShapes(this.#people)
				: current && believable(current)
					? accuracyShapes([{ fix: current, color: this.#trackColor, fresh: 'fresh' }])
					: NOTHING;
		this.#put('accuracy', this.#overlays.accuracy);
	}

	#focus(person: Person, animate: boolean): void {
		const radius = person.fix.accuracy_m ?? 0;
		// A vague place is shown with all of its circle.
		const zoom = radius > 200 ? Math.max(9, STREET_ZOOM - Math.log2(radius / 100)) : STREET_ZOOM;
		this.#move({ center: [person.fix.lon, person.fix.lat], zoom: Math.min(zoom, ZOOM_MOST), offset: this.#offset }, animate);
	}

	resize(): void {
		this.#map.resize();
	}

	destroy(): void {
		this.#gone = true;
		clearTimeout(this.#settle);
		this.#dark.removeEventListener('change', this.#restyle);
		this.#map.remove();
	}

	#follow(person: Person): void {
		this.#move({ center: [person.fix.lon, person.fix.lat], offset: this.#offset }, true);
	}

	#fit(points: readonly { lon: number; lat: number }[], animate: boolean): void {
		if (points.length === 0) return;
		const bounds = new LngLatBounds();
		for (const p of points) bounds.extend([p.lon, p.lat]);
		const camera = this.#map.cameraForBounds(bounds, { padding: this.#pad, maxZoom: STREET_ZOOM });
		if (camera) this.#move(camera, animate);
	}

	/** From the middle of the map to the middle of what can be seen of it. */
	get #offset(): [number, number] {
		const { top, bottom, left, right } = this.#pad;
		return [(left - right) / 2, (top - bottom) / 2];
	}

	#move(camera: EaseToOptions, animate: boolean): void {
		this.#map.easeTo({ ...camera, duration: animate && !this.#calm.matches ? 600 : 0 });
	}

	#drawGrid(): void {
		if (this.#options.source.kind !== 'builtin') return;
		const bounds = this.#map.getBounds();
		const view = { west: bounds.getWest(), south: bounds.getSouth(), east: bounds.getEast(), north: bounds.getNorth() };
		this.#background.grid = this.#map.getZoom() >= GRID_ZOOM ? grid(view) : NOTHING;
		this.#put('grid', this.#background.grid);
	}

	#put(name: string, data: FeatureCollection): void {
		const source = this.#map.getSource(name);
		if (source instanceof GeoJSONSource) source.setData(data);
	}

	#restyle = (): void => {
		const round = ++this.#styled;
		const { source, language } = this.#options;
		void buildStyle(source, readColors(), this.#dark.matches, language, this.#background, this.#overlays).then((style) => {
			if (round !== this.#styled || this.#gone) return;
			this.#map.setStyle(style, { diff: false });
			this.#map.once('styledata', () => {
				this.#drawGrid();
				// What changed while the style was being built.
				for (const [name, data] of Object.entries({ ...this.#overlays, ...this.#background })) this.#put(name, data);
			});
		});
	};
}

/** Which source an error of the map is about, when it says so. */
function sourceOf(event: object): unknown {
	return 'sourceId' in event ? event.sourceId : undefined;
}

function moved(a: Fix, b: Fix): boolean {
	return a.lat !== b.lat || a.lon !== b.lon;
}
