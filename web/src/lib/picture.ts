// A picture for a wearer: cut to a square and made small in the browser, so that nothing else (place, camera)
// that a photo carries leaves the phone.

export const SIDE_PX = 256;
const LIMIT_BYTES = 200 * 1024;

/** The largest square in the middle. */
export function squareOf(width: number, height: number): { x: number; y: number; side: number } {
	const side = Math.min(width, height);
	return { x: Math.round((width - side) / 2), y: Math.round((height - side) / 2), side };
}

/** Makes a small JPEG; undefined when the file is no picture that this browser can read. */
export async function smallPicture(file: Blob): Promise<Blob | undefined> {
	let bitmap: ImageBitmap;
	try {
		bitmap = await createImageBitmap(file);
	} catch {
		return undefined;
	}
	try {
		const { x, y, side } = squareOf(bitmap.width, bitmap.height);
		const size = Math.min(SIDE_PX, side);
		const canvas = document.createElement('canvas');
		canvas.width = canvas.height = size;
		const context = canvas.getContext('2d');
		if (!context || size === 0) return undefined;
		context.fillStyle = '#ffffff';
		context.fillRect(0, 0, size, size);
		context.imageSmoothingQuality = 'high';
		context.drawImage(bitmap, x, y, side, side, 0, 0, size, size);
		const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.85));
		return blob && blob.size <= LIMIT_BYTES ? blob : undefined;
	} finally {
		bitmap.close();
	}
}
