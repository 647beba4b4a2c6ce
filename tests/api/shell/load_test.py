"""inlay bench and inlay replay: small loads, and files that are no traces."""

import os
import random
import re
import shutil
import subprocess
import tempfile

from shell_test import check, check_equal, run
from trace_files import u64, zstd_frame


KEYS = [random.Random(42).randrange(1 << 64) % (1 + n) for n in range(60_000)] + [(1 << 64) - 1]


def replay(folder, content, *arguments):
    path = os.path.join(folder, "trace.u64.zst")
    with open(path, "wb") as file:
        file.write(content)
    return run("replay", path, *arguments)


def number_after(output, label):
    return int(re.search(re.escape(label) + r"\s+([0-9,]+)", output)[1].replace(",", ""))


def check_replay(got, keys, about):
    status, output, errors = got
    check_equal((status, errors), (0, b""), about)
    text = output.decode()
    unique = len(set(keys))
    check_equal(number_after(text, "trace"), len(keys), about)
    check(f"{unique:,} unique keys" in text, text)
    check_equal(number_after(text, "misses"), unique, about)
    check_equal(number_after(text, "hits"), len(keys) - unique, about)
    check(f"hit ratio {100 * (len(keys) - unique) / max(1, len(keys)):.2f} %" in text, text)
    check("throughput" in text and "memory" in text and "p99.9" in text, text)


def test_replay():
    with tempfile.TemporaryDirectory() as folder:
        check_replay(replay(folder, zstd_frame(u64(KEYS))), KEYS, "a trace")
        halves = zstd_frame(u64(KEYS[:1000])) + zstd_frame(u64(KEYS[1000:]))
        check_replay(replay(folder, halves), KEYS, "two frames")
        check_replay(replay(folder, zstd_frame(u64(KEYS)), "--limit", "500"), KEYS[:500], "--limit")
        check_replay(replay(folder, zstd_frame(u64(KEYS)), "--value-size=0", "--ttl=1000"), KEYS, "--ttl")
        check_replay(replay(folder, zstd_frame(b"")), [], "no requests")
        status, output, _ = replay(folder, zstd_frame(u64(KEYS)), "--threads=3")
        check(status == 0 and b"3 threads" in output, output)
        if shutil.which("zstd"):
            packed = subprocess.run(["zstd", "-q"], input=u64(KEYS), capture_output=True, check=True).stdout
            check_replay(replay(folder, packed), KEYS, "a compressed trace")


def test_damaged_traces():
    good = zstd_frame(u64(KEYS))
    damaged = {
        "empty": b"",
        "not valid zstd": b"these are not zstd frames",
        "cut short": good[:-1],
        "cut short: the zstd frame has no end": good[:5],
        "multiple of 8 bytes": zstd_frame(u64(KEYS) + b"x"),
        "not valid zstd: ": good + b"garbage behind the end",
    }
    with tempfile.TemporaryDirectory() as folder:
        for text, content in damaged.items():
            status, output, errors = replay(folder, content)
            check_equal((status, output), (1, b""), text)
            check(errors.startswith(b"inlay replay: ") and text.encode() in errors, f"{text}: {errors}")
        for cut in random.Random(42).sample(range(1, len(good)), 20):
            check_equal(replay(folder, good[:cut])[0], 1, f"cut at {cut}")
        for path in (folder, os.path.join(folder, "nosuch"), os.path.join(folder, "sized.u64u32.zst")):
            status, output, errors = run("replay", path)
            check_equal((status, output), (1, b""), path)
            check(errors.startswith(b"inlay replay: " + path.encode()), errors)


def test_bench():
    for arguments in (["--keys", "1k"], ["--uniform", "--reads=0", "--keys=10", "--value-size=1000", "--shards", "4"]):
        status, output, errors = run("bench", "--seconds", "0.2", "--threads", "2", *arguments)
        check_equal((status, errors), (0, b""), "bench")
        for label in (b"load", b"memory", b"throughput", b"set "):
            check(label in output, output)
    check(b"get hit" not in output and b"get miss" not in output, output)
    check_equal(run("bench", "--keys=1", "--seconds=0.05")[0], 0, "a single key")


def test_bad_arguments():
    for arguments in (["bench", "--nope"], ["bench", "--keys", "0"], ["bench", "--shards=3"], ["bench", "file"],
                      ["bench", "--zipf=1", "--uniform"], ["replay"], ["replay", "a", "b"], ["replay", "--threads=x", "a"]):
        status, output, errors = run(*arguments)
        check_equal((status, output), (2, b""), " ".join(arguments))
        check(errors.startswith(b"inlay " + arguments[0].encode() + b": ") and b"--help'" in errors, errors)
    for name in ("bench", "replay"):
        status, output, _ = run(name, "--help")
        check(status == 0 and output.startswith(b"usage: inlay " + name.encode()), output)


for name, test in list(globals().items()):
    if name.startswith("test_"):
        print(name)
        test()
