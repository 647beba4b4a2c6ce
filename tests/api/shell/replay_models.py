"""Caches written for clarity alone: what inlay replay --policy is checked against. And a small trace to feed them."""

import collections


def small_trace(requests=20_000, seed=7):
    """What caches meet, mixed: popular keys (Zipf), a scan that comes by once in a while, and a loop. Always the same."""
    state = seed

    def draw(bound):
        nonlocal state
        state = (state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        return (state >> 33) * bound >> 31

    popular, trace, scanned = 3_000, [], 0
    total = sum(1 / rank for rank in range(1, popular + 1))
    cumulative, so_far = [], 0
    for rank in range(1, popular + 1):
        so_far += 1 / rank
        cumulative.append(so_far / total)
    while len(trace) < requests:
        phase = len(trace) // 500 % 8
        if phase == 3:
            trace.append(1_000_000 + scanned)
            scanned += 1
        elif phase == 6:
            trace.append(500_000 + len(trace) % 150)
        else:
            at = draw(1 << 30) / (1 << 30)
            low, high = 0, popular - 1
            while low < high:
                middle = (low + high) // 2
                low, high = (low, middle) if cumulative[middle] >= at else (middle + 1, high)
            trace.append(low)
    return trace


def lru(trace, capacity, notices_hits=True):
    """Misses of exact LRU; of FIFO if hits go unnoticed."""
    cache, misses = collections.OrderedDict(), 0
    for key in trace:
        if key in cache:
            if notices_hits:
                cache.move_to_end(key)
            continue
        misses += 1
        if len(cache) == capacity:
            cache.popitem(last=False)
        cache[key] = True
    return misses


def fifo(trace, capacity):
    return lru(trace, capacity, notices_hits=False)


def opt(trace, capacity):
    """Misses of Belady's optimum."""
    coming = collections.defaultdict(collections.deque)
    for at, key in enumerate(trace):
        coming[key].append(at)
    cache, misses = set(), 0
    for key in trace:
        coming[key].popleft()
        if key in cache:
            continue
        misses += 1
        if len(cache) == capacity:
            cache.remove(max(cache, key=lambda other: coming[other][0] if coming[other] else len(trace)))
        cache.add(key)
    return misses


def arc(trace, capacity):
    """Misses of ARC, after figure 4 of the paper."""
    t1, t2, b1, b2 = (collections.OrderedDict() for _ in range(4))
    target, misses = 0.0, 0

    def replace(in_b2):
        if t1 and (len(t1) > target or (in_b2 and len(t1) == target)):
            b1[t1.popitem(last=False)[0]] = True
        else:
            b2[t2.popitem(last=False)[0]] = True

    for key in trace:
        if key in t1 or key in t2:
            (t1 if key in t1 else t2).pop(key)
            t2[key] = True
            continue
        misses += 1
        if key in b1:
            target = min(capacity, target + max(1, len(b2) / len(b1)))
            if len(t1) + len(t2) >= capacity:
                replace(False)
            b1.pop(key)
            t2[key] = True
            continue
        if key in b2:
            target = max(0, target - max(1, len(b1) / len(b2)))
            if len(t1) + len(t2) >= capacity:
                replace(True)
            b2.pop(key)
            t2[key] = True
            continue
        if len(t1) + len(b1) == capacity:
            if len(t1) < capacity:
                b1.popitem(last=False)
                replace(False)
            else:
                t1.popitem(last=False)
        elif len(t1) + len(b1) + len(t2) + len(b2) >= capacity:
            if len(t1) + len(b1) + len(t2) + len(b2) == 2 * capacity:
                b2.popitem(last=False)
            replace(False)
        t1[key] = True
    return misses
