"""Writes a text file as a C array: embed.py INPUT OUTPUT NAME."""

import sys


def main() -> None:
    data = open(sys.argv[1], "rb").read()
    name = sys.argv[3]
    with open(sys.argv[2], "w", encoding="ascii") as out:
        out.write(f'#include "http/openapi_text.h"\n\nconst char {name}[] = {{\n')
        for i in range(0, len(data), 24):
            out.write("".join(f"{byte if byte < 128 else byte - 256}," for byte in data[i : i + 24]) + "\n")
        out.write(f"}};\nconst size_t {name}_n = sizeof {name};\n")


main()
