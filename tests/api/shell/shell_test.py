"""What the script tests of the shell share: check(), a scratch folder, and a redis-server of their own."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time

INLAY = sys.argv[1]
TIMEOUT_S = 120


def fail(text):
    print("FAILED:", text)
    sys.exit(1)


def check(condition, text):
    if not condition:
        fail(text)


def check_equal(got, expected, about):
    if got != expected:
        fail(f"{about}\n  expected {expected!r}\n  got      {got!r}")


def run(*arguments, stdin=b"", env=None):
    """Runs the shell; returns (exit status, standard output, standard error)."""
    done = subprocess.run([INLAY, *arguments], input=stdin, capture_output=True, timeout=TIMEOUT_S, check=False, env=env)
    check(done.returncode >= 0, f"inlay {' '.join(arguments)} died of signal {-done.returncode}: {done.stderr!r}")
    return done.returncode, done.stdout, done.stderr


@contextlib.contextmanager
def redis_server():
    """Starts a redis-server on a socket in a scratch folder; gives the socket's path. None if Redis is not installed."""
    if not (shutil.which("redis-server") and shutil.which("redis-cli")):
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        socket = os.path.join(folder, "redis.sock")
        command = ["redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder]
        with open(os.path.join(folder, "log"), "wb") as log:
            server = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + 30
            while not os.path.exists(socket):
                check(server.poll() is None and time.monotonic() < deadline, "redis-server does not start")
                time.sleep(0.02)
            yield socket
        finally:
            server.terminate()
            server.wait(TIMEOUT_S)


def redis_cli(socket, lines):
    command = ["redis-cli", "-s", socket, "--no-raw"]
    return subprocess.run(command, input=lines, capture_output=True, timeout=TIMEOUT_S, check=True).stdout
