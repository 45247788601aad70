"""Files that are no pictures and no sounds, or would be a burden as such: made from a seed, so that every run gets the
same ones. `python3 tests/kit/bad_media.py FOLDER` writes them as inputs for the fuzz target of the decoders."""

import random
import struct
import sys
from pathlib import Path

AMR, WAV, JPEG = 0, 1, 2  # the jobs of the media role that take them
SEED = 20261122

# ---- pictures ----

SOI, EOI = b"\xff\xd8", b"\xff\xd9"


def segment(marker, body):
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def quantisation(number=0):
    return segment(0xDB, bytes([number]) + bytes([1]) * 64)


def huffman(kind, symbols, number=0):
    """A table in which every symbol has a code of 8 bits, or a single one a code of 1 bit."""
    counts = [0] * 16
    counts[0 if len(symbols) == 1 else 7] = len(symbols)
    return segment(0xC4, bytes([kind << 4 | number]) + bytes(counts) + bytes(symbols))


TABLES = quantisation() + huffman(0, [0]) + huffman(1, [0])


def frame(width, height, marker=0xC0, components=((1, 0x11, 0),), precision=8):
    body = struct.pack(">BHHB", precision, height, width, len(components))
    return segment(marker, body + b"".join(bytes(c) for c in components))


def scan(data, components=(1,), first=0, last=63, bits=0):
    head = bytes([len(components)]) + b"".join(bytes([c, 0]) for c in components) + bytes([first, last, bits])
    return segment(0xDA, head) + data


def blocks(width, height):
    """The whole scan of a picture of one grey: two bits of 0 for each block."""
    n = 2 * ((width + 7) // 8) * ((height + 7) // 8)
    return bytes(n // 8) + (bytes([0xFF >> n % 8]) if n % 8 else b"")


def picture(width=64, height=64, before=b"", behind=b"", **more):
    """A picture that every decoder takes, when nothing more is said."""
    return SOI + before + TABLES + frame(width, height, **more) + scan(blocks(width, height)) + EOI + behind


COLOURS = ((1, 0x11, 0), (2, 0x11, 0), (3, 0x11, 0))


def bad_pictures(r):
    good = picture()
    data = blocks(64, 64)
    frames = {
        "bomb 65535 x 65535": frame(65535, 65535),
        "bomb 65500 x 65500, progressive": frame(65500, 65500, 0xC2),
        "65535 x 8": frame(65535, 8),
        "8 x 65535": frame(8, 65535),
        "4096 x 4096": frame(4096, 4096),
        "no width": frame(0, 64),
        "no height": frame(64, 0),
        "one point": frame(1, 1),
        "7 x 64": frame(7, 64),
        "12 bits": frame(64, 64, 0xC1, precision=12),
        "16 bits": frame(64, 64, precision=16),
        "lossless": frame(64, 64, 0xC3),
        "hierarchical": frame(64, 64, 0xC5),
        "hierarchical, progressive": frame(64, 64, 0xC6),
        "arithmetic": frame(64, 64, 0xC9),
        "arithmetic, progressive": frame(64, 64, 0xCA),
        "arithmetic, lossless": frame(64, 64, 0xCB),
        "JPEG-LS": frame(64, 64, 0xF7),
        "CMYK": frame(64, 64, components=(*COLOURS, (4, 0x11, 0))),
        "two colours": frame(64, 64, components=COLOURS[:2]),
        "no colour": frame(64, 64, components=()),
        "255 colours": frame(64, 64, components=((1, 0x11, 0),) * 255),
        "the same colour three times": frame(64, 64, components=((1, 0x11, 0),) * 3),
        "sampling 0": frame(64, 64, components=((1, 0, 0),)),
        "sampling 15": frame(64, 64, components=((1, 0xFF, 0),)),
        "a quantisation table that is not there": frame(64, 64, components=((1, 0x11, 3),)),
        "a quantisation table that cannot be": frame(64, 64, components=((1, 0x11, 9),)),
        "two frames": frame(64, 64) + frame(32, 32),
        "more points than data": frame(2000, 2000),
    }
    for name, one in frames.items():
        yield name, SOI + TABLES + one + scan(data) + EOI
    tables = {
        "no tables": b"",
        "no Huffman tables": quantisation(),
        "no quantisation": huffman(0, [0]) + huffman(1, [0]),
        "half a quantisation table": segment(0xDB, bytes(30)) + huffman(0, [0]) + huffman(1, [0]),
        "Huffman codes for 4096 symbols": quantisation() + segment(0xC4, b"\0" + bytes([255] * 16) + bytes(4080)),
        "more codes than bits": quantisation() + segment(0xC4, b"\0" + bytes([3] + [0] * 15) + bytes(3)) + huffman(1, [0]),
        "a Huffman table of no kind": quantisation() + segment(0xC4, b"\x20" + bytes([1] + [0] * 15) + b"\0"),
        "a symbol that cannot be": quantisation() + huffman(0, [200]) + huffman(1, [0]),
        "conditioning of arithmetic coding": TABLES + segment(0xCC, b"\0\x10"),
    }
    for name, one in tables.items():
        yield name, SOI + one + frame(64, 64) + scan(data) + EOI
    head = SOI + TABLES + frame(64, 64)
    yield "a scan before its frame", SOI + TABLES + scan(data) + frame(64, 64) + EOI
    yield "no scan", head + EOI
    yield "no end", head + scan(data)
    yield "an end in the middle", head + scan(data[:5]) + EOI
    yield "nothing in the scan", head + scan(b"") + EOI
    yield "a scan of a colour that is not there", head + scan(data, components=(7,)) + EOI
    yield "a scan of four colours", head + scan(data, components=(1, 1, 1, 1)) + EOI
    yield "noise in the scan", head + scan(r.randbytes(400).replace(b"\xff", b"\xfe")) + EOI
    yield "restarts that nobody announced", head + scan(data[:8] + b"\xff\xd3" + data[8:] + b"\xff\xd0") + EOI
    yield "restarts in the wrong order", SOI + TABLES + segment(0xDD, b"\0\1") + frame(64, 64) + scan(b"\x3f\xff\xd5" * 64) + EOI
    yield "another picture within", head + scan(data[:5] + good) + EOI
    yield "a thousand scans", (
        SOI + TABLES + frame(64, 64, 0xC2) + scan(b"\0" * 8, last=0) + scan(b"\0" * 8, first=1) * 1000 + EOI
    )
    yield "a scan that refines what is not there", SOI + TABLES + frame(64, 64, 0xC2) + scan(b"\0" * 8, first=5, last=2) + EOI
    yield "2000 notes", picture(before=segment(0xFE, b"note") * 2000)
    yield "300 large notes", picture(before=segment(0xE1, b"Exif\0\0" + bytes(60)) * 300)
    yield "a segment of no length", SOI + b"\xff\xe0\0\0" + good[2:]
    yield "a segment of one byte", SOI + b"\xff\xe0\0\1" + good[2:]
    yield "a segment longer than the file", SOI + b"\xff\xe0\xff\xff" + good[2:]
    yield "a picture behind a byte", b"\0" + good
    yield "a picture behind a GIF", b"GIF89a" + good
    yield "a script that ends as a picture", b"<script>alert(1)</script>" + good
    for n in (0, 1, 2, 3, 4, 20, 60, 90, 120, len(good) - 2, len(good) - 1):
        yield f"cut after {n}", good[:n]
    for i in range(6):
        damaged = bytearray(good)
        for _ in range(12):
            damaged[2 + r.randrange(90)] = r.randrange(256)
        yield f"damaged head {i}", bytes(damaged)
    others = {
        "PNG": b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 65535, 65535, 8, 6, 0, 0, 0) + bytes(4),
        "GIF": b"GIF89a" + struct.pack("<HH", 65535, 65535) + bytes(20),
        "WebP": b"RIFF\x24\0\0\0WEBPVP8 " + bytes(24),
        "SVG": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        "HTML": b"<!doctype html><script>alert(1)</script>",
        "ZIP": b"PK\3\4" + bytes(26),
        "ELF": b"\x7fELF" + bytes(60),
        "PDF": b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript>>>>endobj",
        "TIFF": b"II*\0\x08\0\0\0" + bytes(20),
        "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        "JPEG 2000": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(20),
        "a voice": b"#!AMR\n" + bytes([4]) + bytes(12),
        "noise": r.randbytes(500),
        "only marks": b"\xff" * 1000,
    }
    yield from others.items()


# ---- voices ----

AMR_SIZES = [13, 14, 16, 18, 20, 21, 27, 32, 6, 7, 7, 6, 1, 1, 1, 1]
MAGIC = b"#!AMR\n"


def speech(r, kind=0, first=None):
    return bytes([kind << 3 | 4 if first is None else first]) + r.randbytes(AMR_SIZES[kind] - 1)


def voice(r, frames=50, kind=0):
    return MAGIC + b"".join(speech(r, kind) for _ in range(frames))


def bad_voices(r):
    good = voice(r)
    for kind in range(8, 15):
        yield f"frame type {kind}", good + speech(r, kind)
    for n in (1, 2, 12):
        yield f"a frame of {n} bytes", good + speech(r)[:n]
    yield "wide band", b"#!AMR-WB\n" + bytes([4]) + bytes(17)
    yield "wide band under the narrow name", MAGIC + bytes([0x44]) + bytes(60)
    yield "two channels", b"#!AMR_MC1.0\n" + struct.pack(">I", 2) + good[6:]
    yield "nothing but the name", MAGIC
    yield "no name", good[6:]
    yield "half a name", good[1:]
    yield "a line end of Windows", b"#!AMR\r\n" + good[6:]
    yield "the name twice", MAGIC + good
    yield "a frame that another follows", MAGIC + speech(r, first=0x84)
    yield "padding bits", good + speech(r, first=0x07)
    yield "pauses alone", MAGIC + b"\x7c" * 200
    yield "17 seconds", voice(r, 850)
    yield "801 frames of the largest kind", voice(r, 801, 7)
    yield "zeros behind it", good + bytes(7)
    yield "misnamed and cut", MAGIC + b"".join(speech(r, first=0x0C) for _ in range(9)) + b"\x0c" + bytes(5)
    yield "a film", b"\0\0\0\x18ftyp3gp4\0\0\0\0isom3gp4" + b"\0\0\0\x08mdat" + good[6:]
    yield "Ogg", b"OggS\0\2" + r.randbytes(60)
    yield "MP3", b"ID3\3\0\0\0\0\0\x21" + r.randbytes(60)
    yield "a picture", picture()
    yield "noise", r.randbytes(400)
    yield "nothing", b"\0"


# ---- sounds ----


def sound(pcm=bytes(3200), kind=1, channels=1, rate=8000, bits=16, riff=None, data=None, before=b"", behind=b"", size=16):
    whole = channels * bits // 8
    layout = struct.pack("<HHIIHH", kind, channels, rate, rate * whole & 0xFFFFFFFF, whole & 0xFFFF, bits)
    body = (
        b"WAVE" + before + b"fmt " + struct.pack("<I", size) + layout + bytes(size - 16)
        + b"data" + struct.pack("<I", len(pcm) if data is None else data) + pcm + behind
    )
    return b"RIFF" + struct.pack("<I", len(body) if riff is None else riff) + body


def bad_sounds(r):
    good = sound()
    yield "two channels", sound(channels=2)
    yield "65535 channels", sound(channels=65535)
    yield "no channel", sound(channels=0)
    yield "44100 samples a second", sound(rate=44100)
    yield "no samples a second", sound(rate=0)
    yield "8 bits", sound(bits=8)
    yield "24 bits", sound(bits=24)
    yield "no bits", sound(bits=0)
    yield "floating point", sound(kind=3, bits=32)
    yield "A-law", sound(kind=6, bits=8)
    yield "ADPCM", sound(kind=2, bits=4)
    yield "extensible", sound(kind=0xFFFE, size=40)
    yield "it says less than it is", sound(riff=100)
    yield "it says more than it is", sound(riff=0xFFFFFFFF)
    yield "samples that are not there", sound(data=0xFFFFFFFF)
    yield "samples that are not there, even", sound(data=0x7FFFFFFE)
    yield "fewer samples than there are", sound(data=100)
    yield "half a sample", sound(pcm=bytes(3201))
    yield "no samples", sound(pcm=b"")
    yield "too short", sound(pcm=bytes(1598))
    yield "15 seconds and a sample", sound(pcm=bytes(240002))
    yield "something behind it", sound(behind=b"JUNK\0\0\0\0")
    yield "the format twice", sound(before=good[12:36])
    yield "a hundred chunks", sound(before=b"LIST\0\0\0\0" * 100)
    yield "a chunk longer than the file", sound(before=b"LIST\xff\xff\xff\x7f")
    yield "a chunk without a name", sound(before=b"\0\1\2\3\0\0\0\0")
    yield "large", b"RF64" + good[4:]
    yield "big endian", b"RIFX" + good[4:]
    yield "AIFF", b"FORM" + good[4:8] + b"AIFF" + good[12:]
    for n in (0, 4, 11, 12, 20, 35, 43, 44, 100, len(good) - 1):
        yield f"cut after {n}", good[:n] or b"\0"
    yield "a voice", MAGIC + bytes([4]) + bytes(12)
    yield "noise", r.randbytes(400)


def bad_media():
    """[(job, name, bytes)]"""
    r = random.Random(SEED)
    made = [(JPEG, *one) for one in bad_pictures(r)]
    made += [(AMR, *one) for one in bad_voices(r)]
    made += [(WAV, *one) for one in bad_sounds(r)]
    return [(job, name, data or b"\0") for job, name, data in made]


def disarmed():
    """[(name, bytes)]: pictures with something beside them that must not be in what is made of them."""
    again = SOI + TABLES + frame(64, 64, 0xC2) + scan(b"\0" * 8, last=0)
    return [
        ("EXIF", picture(before=segment(0xE1, b"Exif\0\0II*\0" + b"CANARY" * 100))),
        ("EXIF of 64 KB", picture(before=segment(0xE1, b"Exif\0\0II*\0" + b"CANARY" * 10000))),
        ("a picture in the picture", picture(before=segment(0xE1, b"Exif\0\0" + picture(behind=b"CANARY")))),
        ("XMP", picture(before=segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x>CANARY</x>"))),
        ("a comment", picture(before=segment(0xFE, b"<script>CANARY</script>"))),
        ("a colour profile", picture(before=segment(0xE2, b"ICC_PROFILE\0\1\1" + b"CANARY" * 50))),
        ("a script behind it", picture(behind=b"<script>CANARY</script>")),
        ("an archive behind it", picture(behind=b"PK\3\4CANARY" + bytes(30))),
        ("six zeros behind it", picture(behind=bytes(6))),
        ("the same scan 200 times", again + scan(b"\0" * 8, first=1) * 200 + EOI),
        ("a second picture behind it", picture(behind=picture(behind=b"CANARY"))),
    ]


def main():
    folder = Path(sys.argv[1])
    for i, (job, _, data) in enumerate(bad_media()):
        if len(data) <= 2048:  # the others teach a fuzzer nothing more
            (folder / f"bad-{i:03}").write_bytes(bytes([job]) + data)
    for i, (_, data) in enumerate(disarmed()):
        if len(data) <= 2048:
            (folder / f"disarmed-{i:03}").write_bytes(bytes([JPEG]) + data)


if __name__ == "__main__":
    main()
