"""Writes towns.txt as C arrays: embed_towns.py INPUT OUTPUT."""

import sys


def main() -> None:
    rows, names = [], b""
    with open(sys.argv[1], encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("#"):
                continue
            lat, lon, size, name = line.rstrip("\n").split(" ", 3)
            rows.append(f"\t{{{lat}, {lon}, {size}, {len(name.encode())}, {len(names)}}},\n")
            names += name.encode()
    with open(sys.argv[2], "w", encoding="ascii") as out:
        out.write('#include "domain/towns.h"\n\nconst struct town towns[] = {\n')
        out.writelines(rows)
        out.write("};\nconst size_t towns_n = sizeof towns / sizeof towns[0];\n\nconst char town_names[] = {\n")
        for i in range(0, len(names), 24):
            out.write("".join(f"{b if b < 128 else b - 256}," for b in names[i : i + 24]) + "\n")
        out.write("};\n")


main()
