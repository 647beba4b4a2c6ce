"""The shell as a filter: its output is compared byte for byte with redis-cli's against a redis-server."""

import os
import random
import signal
import subprocess
import tempfile

from shell_test import INLAY, check, check_equal, redis_cli, redis_server, run

# Each line is one command; no answer depends on the clock or on chance.
LINES = rb"""
PING
ping hello
ECHO "a b\n\x00\xff"
SET greeting "hello, \"world\"\t\x01"
GET greeting
get GREETING
SET 'single \'quoted\' key' 'no \n escapes'
GET "single 'quoted' key"
SET "" "empty key"
GET ''
SET glued"word" glued'value'
GET gluedword
   SET   spaced    out
	GET	spaced
"unbalanced
GET "a"b
GET 'a

NOSUCHCOMMAND
NOSUCHCOMMAND with "some\nargs" and more
GET
GET a b
SET a
SET n 10
INCR n
INCRBY n 5
INCRBY n notanumber
DECRBY n 20
INCRBYFLOAT n 0.5
INCRBYFLOAT n 1e400
INCR n
APPEND greeting !
STRLEN greeting
GETRANGE greeting 0 4
GETRANGE greeting -3 -1
SETRANGE padded 3 x
GET padded
SETNX n 1
SETNX fresh 1
MSET a 1 b 2 c "three"
MSET a 1 b
MGET a b nosuch c
MGET nosuch
MSETNX a 9 z 9
MSETNX y 8 z 9
GETSET a 2
GETDEL a
GETDEL a
GET a
SET a 1 NX
SET a 2 NX
SET a 3 XX GET
SET a 4 EX 0
SET a 4 EX 100 PX 100
SET a 4 KEEPTTL NX
TTL a
TTL nosuch
EXPIRE a 100
EXPIRE a 100 NX
EXPIRE a notanumber
PERSIST a
PERSIST a
EXPIREAT a 99999999999
EXPIRETIME a
PEXPIRETIME a
GETEX a PERSIST
EXISTS a a b nosuch
TOUCH a b nosuch
TYPE a
TYPE nosuch
RENAME b d
RENAME nosuch d
RENAMENX c d
COPY d e
COPY d e
COPY d e REPLACE
COPY d d
OBJECT ENCODING d
OBJECT ENCODING greeting
OBJECT NOSUCH d
LCS greeting d
SET l1 ohmytext
SET l2 mynewtext
LCS l1 l2
LCS l1 l2 LEN
LCS l1 l2 IDX
LCS l1 l2 IDX MINMATCHLEN 4 WITHMATCHLEN
SELECT 3
DBSIZE
SET only here
KEYS *
MOVE only 0
SELECT 16
SELECT x
SELECT 0
GET only
SCAN nan
KEYS onl?
KEYS [
UNLINK only nosuch
DEL a b c d e
DBSIZE
3 INCR thrice
GET thrice
FLUSHDB
DBSIZE
KEYS *
RANDOMKEY
FLUSHALL
"""

VALUES = [b"1", b"-5", b"abc", b'""', b'"\\xff\\x00"', b"3.25", b"9223372036854775807", b"'a b'", b"01", b"0"]
KEYS = [b"k1", b"k2", b"k3", b'"k 4"']
SHAPES = [b"SET K V", b"SET K V NX", b"SET K V XX GET", b"SET K V EX 1000", b"GET K", b"GETDEL K", b"GETSET K V",
          b"APPEND K V", b"STRLEN K", b"INCR K", b"DECR K", b"INCRBY K V", b"INCRBYFLOAT K V", b"GETRANGE K V V",
          b"SETRANGE K 3 V", b"MSET K V K V", b"MGET K K K", b"MSETNX K V K V", b"SETNX K V", b"DEL K K", b"EXISTS K K",
          b"TYPE K", b"RENAME K K", b"RENAMENX K K", b"COPY K K", b"PERSIST K", b"EXPIRE K V GT", b"LCS K K",
          b"OBJECT ENCODING K", b"EXPIRE K -1", b"TTL nosuch", b"DBSIZE", b"GETEX K PERSIST", b"SELECT 0", b"K V"]


def random_lines(seed, count):
    chance = random.Random(seed)
    lines = []
    for _ in range(count):
        words = chance.choice(SHAPES).split(b" ")
        words = [chance.choice(KEYS) if w == b"K" else chance.choice(VALUES) if w == b"V" else w for w in words]
        lines.append(b" ".join(words))
    return b"\n".join(lines) + b"\n"


def compare(socket, lines, about):
    redis_cli(socket, b"FLUSHALL\n")
    expected = redis_cli(socket, lines)
    status, output, errors = run(stdin=lines)
    check_equal((status, errors), (0, b""), about)
    if output == expected:
        return
    # Once more line by line, to name the line whose answer differs.
    commands = [line for line in lines.split(b"\n") if line.strip()]
    for count in range(1, len(commands) + 1):
        part = b"\n".join(commands[:count]) + b"\n"
        redis_cli(socket, b"FLUSHALL\n")
        check_equal(run(stdin=part)[1], redis_cli(socket, part), f"{about}: {commands[count - 1]!r}")


def test_same_as_redis_cli():
    with redis_server() as socket:
        if socket is None:
            print("redis-server is not installed: not compared")
            return
        compare(socket, LINES, "the list of lines")
        compare(socket, LINES.replace(b"\n", b"\r\n"), "the list with CRLF")
        seed = random.randrange(1 << 32)
        compare(socket, random_lines(seed, 2000), f"random lines of seed {seed}")


def test_line_shapes():
    check_equal(run(stdin=b""), (0, b"", b""), "no input")
    check_equal(run(stdin=b"\n \n\t\n"), (0, b"", b""), "blank lines")
    check_equal(run(stdin=b"PING"), (0, b"PONG\n", b""), "no final newline")
    check_equal(run(stdin=b"PING\nquit\nPING\n"), (0, b"PONG\n", b""), "quit")
    check_equal(run(stdin=b"PING\nEXIT\nPING\n"), (0, b"PONG\n", b""), "exit")
    check_equal(run(stdin=b"0 PING\n"), (0, b"Invalid repeat count\n", b""), "repeat count")
    long = b"x" * 300_000
    check_equal(run(stdin=b"SET k " + long + b"\nSTRLEN k\nGET k\n"), (0, b'OK\n(integer) 300000\n"' + long + b'"\n', b""),
                "a line longer than the buffer")
    many = b"INCR n\n" * 50_000
    output = run(stdin=many)[1]
    check_equal(output, b"".join(b"(integer) %d\n" % n for n in range(1, 50_001)), "many lines")


def test_sessions():
    lines = b"c1: SELECT 3\nc1: SET k one\nc2: GET k\nc2:SELECT 3\nc2: GET k\nGET k\nc2:\nc2: help nosuch\nc3: quit\nPING\n"
    output = b'OK\nOK\n(nil)\nOK\n"one"\n(nil)\n'
    status, got, errors = run(stdin=lines)
    check_equal((status, got[: len(output)], errors), (0, output, b""), "sessions have databases of their own")
    check(b"PONG" not in got, "quit of any session leaves")


def test_pushes():
    lines = b"SUBSCRIBE a b\nc1: PSUBSCRIBE *\nc2: PUBLISH a \"x\\n\"\nc2: 2 PUBLISH c y\nGET a\n"
    confirmations = b'1) "subscribe"\n2) "a"\n3) (integer) 1\n1) "subscribe"\n2) "b"\n3) (integer) 2\n'
    confirmations += b'1) "psubscribe"\n2) "*"\n3) (integer) 1\n'
    first = b'(integer) 2\n1) "message"\n2) "a"\n3) "x\\n"\n1) "pmessage"\n2) "*"\n3) "a"\n4) "x\\n"\n'
    second = b'(integer) 1\n1) "pmessage"\n2) "*"\n3) "c"\n4) "y"\n'
    status, output, errors = run(stdin=lines)
    check_equal((status, errors), (0, b""), "pushes")
    check(output.startswith(confirmations + first + second + second + b"(error) ERR Can't execute 'get'"), output)


def test_help():
    status, output, _ = run(stdin=b"help get\nHELP @string\nhelp\n? nosuch\n")
    check_equal(status, 0, "help")
    check(output.startswith(b"  GET key\n  summary:"), output)
    for text in (b"  INCRBY key increment\n", b"help COMMAND", b"No command 'nosuch'"):
        check(text in output, f"{text!r} is not in the help")


def test_dialogue():
    """Each answer comes before the next line is asked for."""
    shell = subprocess.Popen([INLAY], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for number in range(1, 4):
        shell.stdin.write(b"INCR n\n")
        shell.stdin.flush()
        check_equal(shell.stdout.readline(), b"(integer) %d\n" % number, "dialogue")
    shell.stdin.close()
    check_equal(shell.wait(30), 0, "dialogue")


def test_interrupt():
    """Without a terminal Ctrl-C ends the program, while it reads as while a call waits."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # Whoever started this may ignore it.
    for last in (b"", b"BLPOP queue 0\n"):
        with subprocess.Popen([INLAY], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as shell:
            shell.stdin.write(b"PING\n")
            shell.stdin.flush()
            check_equal(shell.stdout.readline(), b"PONG\n", "before the interrupt")
            shell.stdin.write(last)
            shell.stdin.flush()
            shell.send_signal(signal.SIGINT)
            check_equal(shell.wait(30), -signal.SIGINT, f"interrupted in {last!r}")


def test_one_shot():
    check_equal(run("SET", "a", "b c"), (0, b"OK\n", b""), "one command")
    check_equal(run("ECHO", "a b\n"), (0, b'"a b\\n"\n', b""), "arguments are not split again")
    check_equal(run("-c", "SET a 1", "-c", "INCR a"), (0, b"OK\n(integer) 2\n", b""), "-c twice")
    check_equal(run("NOSUCH")[0], 1, "an error is an exit status")
    check_equal(run("-c", "NOSUCH", "-c", "PING")[0], 0, "the last answer counts")
    status, output, _ = run("--version")
    check(status == 0 and output.startswith(b"inlay ") and output.count(b"\n") == 1, output)
    status, output, errors = run("--help")
    check(status == 0 and output.startswith(b"usage: inlay") and errors == b"", output)


def test_bad_options():
    for arguments in (["--nope"], ["-x"], ["-c"], ["-c", "PING", "PING"], ["-c", "PING", "--nope"]):
        status, output, errors = run(*arguments)
        check_equal((status, output), (2, b""), f"{arguments}")
        check(errors.startswith(b"inlay: ") and b"Try 'inlay --help'" in errors, errors)


def test_io_errors():
    with tempfile.TemporaryDirectory() as folder:
        descriptor = os.open(folder, os.O_RDONLY)
        done = subprocess.run([INLAY], stdin=descriptor, capture_output=True, timeout=60, check=False)
        os.close(descriptor)
    check_equal((done.returncode, done.stderr), (1, b"inlay: cannot read: Is a directory\n"), "a folder as input")
    for arguments in ([], ["PING"], ["--help"]):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([INLAY, *arguments], input=b"PING\n", stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
        check_equal((done.returncode, done.stderr), (1, b"inlay: cannot write: No space left on device\n"), "a full disk")


for name, test in list(globals().items()):
    if name.startswith("test_"):
        print(name)
        test()
