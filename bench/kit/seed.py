"""Binds simulated watches by bench/seed.c, which writes the sealed rows that a claim leaves behind."""

import os
import subprocess

from kit import proc

FIRST_ID = 8800000000
OWN = 64  # so many of them are in the group of the signed-in account


def program_for(binary):
    """The seed that belongs to a server: bench/seed, or bench/seed_plain for the one that seals nothing."""
    folder, name = os.path.split(binary)
    return os.path.join(folder, "seed_plain") if name == "kinward_plain" else os.path.join(folder, "bench", "seed")


def bind_watches(binary, data, count):
    """The ids of the wearers in the account's own group; watch i has the wire ID FIRST_ID + i."""
    done = subprocess.run([program_for(binary), data, data + "-keys", f"watches={count}", f"own={OWN}"],
                          capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        raise proc.Failed(f"seed: {done.stderr}")
    return done.stdout.split()
