"""Writes a text file as a C array: embed.py INPUT OUTPUT."""

import sys


def main() -> None:
    data = open(sys.argv[1], "rb").read()
    with open(sys.argv[2], "w", encoding="ascii") as out:
        out.write('#include "http/openapi_text.h"\n\nconst char openapi_text[] = {\n')
        for i in range(0, len(data), 24):
            out.write("".join(f"{byte if byte < 128 else byte - 256}," for byte in data[i : i + 24]) + "\n")
        out.write("};\nconst size_t openapi_text_n = sizeof openapi_text;\n")


main()
