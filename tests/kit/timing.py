"""Can somebody tell two kinds of answers apart by the time they take?"""


def rank_sum_z(a, b):
    """Mann-Whitney: how many standard deviations the ranks of a lie away from chance."""
    both = sorted((value, side) for side, values in ((0, a), (1, b)) for value in values)
    ranks = sum(i + 1 for i, (_, side) in enumerate(both) if side == 0)
    mean = len(a) * (len(a) + len(b) + 1) / 2
    deviation = (len(a) * len(b) * (len(a) + len(b) + 1) / 12) ** 0.5
    return (ranks - mean) / deviation


def times_of(api, path, bodies, rounds):
    """Seconds of each body's answers, asked for in turn so that whatever else happens meets all alike."""
    taken = [[] for _ in bodies]
    api.post(path, json=bodies[0])  # the connection is open
    for n in range(rounds):
        order = range(len(bodies)) if n % 2 else reversed(range(len(bodies)))
        for i in order:
            taken[i].append(api.post(path, json=bodies[i]).elapsed.total_seconds())
    return taken
