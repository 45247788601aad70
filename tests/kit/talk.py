"""Sounds for tests, and the wire form of what watches and server say to each other."""

import math
import struct

PAIRS = ((b"}", b"}\x01"), (b"[", b"}\x02"), (b"]", b"}\x03"), (b",", b"}\x04"), (b"*", b"}\x05"))
CHUNK = 1024


def escape(data):
    for byte, pair in PAIRS:
        data = data.replace(byte, pair)
    return data


def unescape(data):
    for byte, pair in reversed(PAIRS):
        data = data.replace(pair, byte)
    return data


def wav(seconds=1.0, hertz=440, rate=8000, channels=1, bits=16):
    """A tone that swells and fades; another one for each pitch."""
    n = int(seconds * rate)
    values = [int(12000 * math.sin(math.pi * i / n) * math.sin(2 * math.pi * hertz * i / rate)) for i in range(n)]
    data = struct.pack(f"<{n}h", *values)
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, channels, rate,
                       rate * channels * bits // 8, channels * bits // 8, bits, b"data", len(data))  # fmt: skip
    return head + data


def samples(wav_bytes):
    assert wav_bytes[:4] == b"RIFF" and wav_bytes[8:12] == b"WAVE", wav_bytes[:16]
    (n,) = struct.unpack("<I", wav_bytes[40:44])
    assert len(wav_bytes) == 44 + n
    return struct.unpack(f"<{n // 2}h", wav_bytes[44:])


def is_tone(wav_bytes, hertz, rate=8000):
    """Does this pitch stand out? Goertzel at it against two others."""
    values = samples(wav_bytes)

    def power(f):
        w = 2 * math.cos(2 * math.pi * f / rate)
        a = b = 0.0
        for v in values:
            a, b = v + w * a - b, a
        return a * a + b * b - w * a * b

    return power(hertz) > 20 * max(power(hertz * 1.6), power(hertz * 0.6))


def send_voice(api, wearer, sound, expect=201, **headers):
    answer = api.post(
        f"/api/v1/wearers/{wearer}/thread/voices", content=sound, headers={"Content-Type": "audio/wav"} | headers
    )
    assert answer.status_code == expect, answer.text
    return answer.json()


def thread(api, wearer, **params):
    return api.ok("GET", f"/wearers/{wearer}/thread", params=params)["items"]


def voice_of(content):
    """The AMR file in the content of a TK frame."""
    assert content.startswith(b"TK,")
    return unescape(content[3:])


def chunks_of(amr, name=b"xxx_7_20260101120000", size=CHUNK):
    """The contents of the JXTK frames of one voice."""
    parts = [amr[at : at + size] for at in range(0, len(amr), size)]
    return [
        b"JXTK,0,%s,%d,%d," % (name, n, len(parts)) + escape(part) for n, part in enumerate(parts, 1)
    ]


def real_amr(api, wearer, watch, sound):
    """What the server makes of a sound, as the watch of `wearer` receives it and takes it."""
    send_voice(api, wearer, sound)
    amr = voice_of(watch.receive_keyword("TK"))
    watch.send("TK,1")
    return amr
