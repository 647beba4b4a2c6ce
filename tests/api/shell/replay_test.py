"""inlay replay --policy: a small trace, against caches written for clarity; and what may be wrong with the options."""

import csv
import os
import struct
import tempfile

import replay_models
from shell_test import check, check_equal, run
from trace_files import u64, zstd_frame

TRACE = replay_models.small_trace()
SIZES = [20, 100, 400, 1500]


def replay(content, *arguments, name="trace.u64.zst"):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, name)
        with open(path, "wb") as file:
            file.write(zstd_frame(content))
        return run("replay", path, *arguments)


def misses(content, policy, sizes, *arguments, name="trace.u64.zst", count=len(TRACE)):
    """Misses of each size, from the CSV."""
    status, output, errors = replay(content, "--policy", policy, "--csv", *sizes, *arguments, name=name)
    check_equal((status, errors), (0, b""), policy)
    rows = list(csv.DictReader(output.decode().splitlines()))
    check(rows and all(row["policy"] == policy for row in rows), output)
    return [round(float(row["miss_ratio"]) * count) for row in rows]


ENTRIES = ["--entries", ",".join(map(str, SIZES))]


def test_references_are_exact():
    for policy in ("lru", "fifo", "arc", "opt"):
        model = getattr(replay_models, policy)
        got = misses(u64(TRACE), policy, ENTRIES)
        check(all(abs(a - b) <= 1 for a, b in zip(got, [model(TRACE, size) for size in SIZES])), f"{policy}: {got}")


def test_sampling_comes_near_exact_lru():
    for got, exact in zip(misses(u64(TRACE), "allkeys-lru", ENTRIES), misses(u64(TRACE), "lru", ENTRIES)):
        check(abs(got / exact - 1) < 0.06, f"{got} misses, exact LRU {exact}")


def test_order_of_policies():
    best, a3, lru, fifo = (misses(u64(TRACE), policy, ENTRIES) for policy in ("opt", "a3", "lru", "fifo"))
    for i in range(len(SIZES)):
        check(best[i] <= a3[i] < lru[i] < fifo[i], f"{SIZES[i]}: {best[i]}, {a3[i]}, {lru[i]}, {fifo[i]}")


def test_weights_of_one_are_entries():
    in_bytes = misses(u64(TRACE), "a3", ["--bytes", ",".join(str(100 * size) for size in SIZES)], "--value-size=100")
    check_equal(len(in_bytes), len(SIZES), "sizes")
    for one, other in zip(in_bytes, misses(u64(TRACE), "a3", ENTRIES)):
        check(abs(one / other - 1) < 0.02, f"{one} misses by bytes, {other} by entries")


def sized_lru(records, capacity):
    cache, used, missed = {}, 0, 0
    for key, size in records:
        if key in cache:
            cache[key] = cache.pop(key)
            continue
        missed += 1
        if size > capacity:
            continue
        while used + size > capacity:
            used -= cache.pop(next(iter(cache)))
        cache[key] = size
        used += size
    return missed


def test_sized_trace():
    records = [(key, 1 + key * 7919 % 1000) for key in TRACE]
    content = b"".join(struct.pack("<QI", *record) for record in records)
    name = "trace.u64u32.zst"
    for capacity in (500, 20_000, 200_000):
        got = misses(content, "lru", ["--bytes", str(capacity)], name=name)
        check_equal(got, [sized_lru(records, capacity)], f"{capacity} bytes")
    check_equal(misses(content, "a3", ["--fraction", "1"], "--weigh-bytes", name=name), [len(set(TRACE))], "all fits")
    status, output, errors = replay(content, name=name)
    check(status == 1 and b"--policy" in errors, errors)


def test_table():
    status, output, errors = replay(u64(TRACE), "--policy", "lru,a3", "--fraction", "0.1,1", "--limit=5000")
    check_equal((status, errors), (0, b""), "a table")
    lines = output.decode().splitlines()
    check(lines[0].startswith("trace       5,000 requests"), output)
    compulsory = f"{100 * len(set(TRACE[:5000])) / 5000:.2f}"
    for name in ("lru", "a3"):
        row = next(line.split() for line in lines if line.split()[:1] == [name])
        check_equal(row[2], compulsory, "all keys fit: compulsory misses alone")
    status, output, _ = replay(u64(TRACE), "--policy=all", "--entries=50", "--shards=4")
    check(status == 0 and all(name in output for name in (b"opt ", b"allkeys-lfu ", b"volatile-ttl ")), output)


def test_same_seed_same_misses():
    first, second = (misses(u64(TRACE), "allkeys-random", ENTRIES, "--seed=3") for _ in range(2))
    check_equal(first, second, "seed 3 twice")


def test_bad_arguments():
    for arguments in (["--policy=nosuch"], ["--policy=lru", "--entries=0"], ["--policy=lru", "--entries=x"],
                      ["--policy=lru", "--fraction=2"], ["--policy=lru", "--fraction=0"], ["--entries=5"], ["--csv"],
                      ["--policy=lru", "--threads=2"], ["--policy=lru", "--shards=3"],
                      ["--policy=lru", "--bytes=5", "--entries=5"], ["--policy=noeviction"]):
        status, output, errors = replay(u64(TRACE[:10]), *arguments)
        check_equal((status, output), (2, b""), " ".join(arguments))
        check(errors.startswith(b"inlay replay: "), errors)


for name, test in list(globals().items()):
    if name.startswith("test_"):
        print(name)
        test()
