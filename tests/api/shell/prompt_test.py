"""The shell on a terminal: a person types into a pseudo terminal, and the screen is read."""

import os
import pty
import re
import select
import signal
import tempfile
import termios
import time

from shell_test import INLAY, check, check_equal, fail

ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\r")


class Terminal:
    """One run of the shell."""

    def __init__(self, home):
        self.screen = b""
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            for name in ("INLAY_HISTORY", "LC_ALL", "LANG"):
                os.environ.pop(name, None)
            os.environ.update(HOME=home, TERM="xterm")
            os.execv(INLAY, [INLAY])
        self.prompt()

    def read(self, seconds):
        """Adds what appears to the screen; False at the end."""
        if not select.select([self.file], [], [], seconds)[0]:
            return True
        try:
            piece = os.read(self.file, 65536)
        except OSError:
            return False
        self.screen += piece
        return bool(piece)

    def expect(self, text):
        """Waits for the text; what stands up to its end is consumed."""
        deadline = time.monotonic() + 30
        while True:
            plain = ESCAPES.sub(b"", self.screen)
            if text in plain:
                at = plain.index(text) + len(text)
                seen, self.screen = plain[:at], plain[at:]
                return seen
            if time.monotonic() > deadline or not self.read(1):
                fail(f"{text!r} does not appear on the screen: {plain!r}")

    def prompt(self, text=b"inlay> "):
        """Waits for the prompt, and until keys are read one by one: that comes a moment later."""
        self.expect(text)
        self.wait_for_mode(raw=True)

    def while_command_runs(self):
        """Waits until Ctrl-C is no key any more, but a signal."""
        self.wait_for_mode(raw=False)

    def wait_for_mode(self, raw):
        deadline = time.monotonic() + 30
        while bool(termios.tcgetattr(self.file)[3] & termios.ICANON) == raw:
            check(time.monotonic() < deadline, f"the terminal is not in {'raw' if raw else 'line'} mode")
            time.sleep(0.001)

    def type(self, keys):
        os.write(self.file, keys)

    def finish(self):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.read(1):
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def test_commands(home):
    terminal = Terminal(home)
    for line, answer in (
        (b'SET greeting "hello world"', b"OK\n"),
        (b"GET greeting", b'"hello world"\n'),
        (b"GET 'open", b"Invalid argument(s)\n"),
        (b"NOSUCH", b"(error) ERR unknown command"),
        ("SET k grüße".encode(), b"OK\n"),
        (b"GET k", rb'"gr\xc3\xbc\xc3\x9fe"'),
        (b"help strlen", b"complexity: O(1)"),
        (b"c2: SELECT 3", b"OK\n"),
    ):
        terminal.type(line + b"\n")
        terminal.expect(answer)
        terminal.prompt()
    terminal.type(b"SELECT 3\n")
    terminal.prompt(b"inlay[3]> ")
    terminal.type(b"c5: GET greeting\n")
    terminal.expect(b'"hello world"\n')
    terminal.prompt(b"inlay[3]> ")
    terminal.type(b"SELECT 0\n")
    terminal.prompt()
    terminal.type(b"quit\n")
    check_equal(terminal.finish(), 0, "quit")


def test_tab(home):
    terminal = Terminal(home)
    terminal.type(b"strl\t")
    terminal.expect(b"strlen ")
    terminal.type(b"\t")
    terminal.expect(b"STRLEN key\n")
    terminal.expect(b"inlay> strlen ")
    terminal.type(b"nosuch\n")
    terminal.expect(b"(integer) 0\n")
    terminal.prompt()
    terminal.type(b"GET\t")
    listed = terminal.expect(b"GETSET\n")
    check(b"  GET key\n" in listed and b"GETRANGE" in listed and b"GETDEL" in listed, listed)
    terminal.expect(b"inlay> GET")
    terminal.type(b"RANGE k 0 1\n")
    terminal.expect(b'""\n')
    terminal.prompt()
    terminal.type(b"\x04")
    check_equal(terminal.finish(), 0, "Ctrl-D")


def test_keys(home):
    terminal = Terminal(home)
    terminal.type(b"SET half typed\x03")
    terminal.expect(b"^C\n")
    terminal.prompt()
    terminal.type(b"\x03")
    terminal.expect(b"^C\n")
    terminal.prompt()
    terminal.type(b"EXISTS half\n")
    terminal.expect(b"(integer) 0\n")
    terminal.prompt()
    terminal.type(b"\x1b[A\n")
    terminal.expect(b"EXISTS half")
    terminal.expect(b"(integer) 0\n")
    terminal.prompt()
    terminal.type(b"ECHO ac\x1b[Db\n")
    terminal.expect(b'"abc"\n')
    terminal.prompt()
    terminal.kill()


def test_interrupt(home):
    """Ctrl-C stops a command that runs on and on, and the data stays."""
    terminal = Terminal(home)
    terminal.type(b"1000000000000 INCR n\n")
    terminal.expect(b"(integer) 1000\n")
    terminal.type(b"\x03")
    terminal.prompt()
    terminal.type(b"EXISTS n\n")
    terminal.expect(b"EXISTS n\n(integer) 1\n")
    terminal.prompt()
    os.kill(terminal.pid, signal.SIGINT)
    terminal.type(b"\nECHO on\n")
    terminal.expect(b'"on"\n')
    terminal.prompt()
    terminal.type(b"1000000000000 PING\n")
    terminal.expect(b"PONG\nPONG\n")
    terminal.type(b"\x03")
    terminal.prompt()
    terminal.type(b"\x04")
    check_equal(terminal.finish(), 0, "Ctrl-D after Ctrl-C")


def test_interrupted_wait(home):
    """Ctrl-C ends a call that waits; it takes nothing that comes later, and the next one can be ended too."""
    terminal = Terminal(home)
    for line in (b"BLPOP queue 0\n", b"c2: BZPOPMIN queue 0\n", b"3 BLMOVE queue other LEFT RIGHT 0\n"):
        terminal.type(line)
        terminal.while_command_runs()
        terminal.type(b"\x03")
        terminal.expect(b"^C\n(error) ERR the wait was stopped\n")
        terminal.prompt()
    terminal.type(b"BLPOP queue 0\n")
    terminal.while_command_runs()
    os.kill(terminal.pid, signal.SIGINT)
    terminal.expect(b"(error) ERR the wait was stopped\n")
    terminal.prompt()
    terminal.type(b"RPUSH queue a\n")
    terminal.expect(b"(integer) 1\n")
    terminal.prompt()
    terminal.type(b"BLPOP queue 0\n")
    terminal.expect(b'1) "queue"\n2) "a"\n')
    terminal.prompt()
    terminal.type(b"quit\n")
    check_equal(terminal.finish(), 0, "quit after Ctrl-C")


def test_history(home):
    """Lines are kept at once, even if the shell is killed, and come back in the next run."""
    terminal = Terminal(home)
    terminal.type(b"ECHO remembered\n")
    terminal.expect(b'"remembered"\n')
    terminal.prompt()
    terminal.kill()
    path = os.path.join(home, ".inlay_history")
    check_equal(os.stat(path).st_mode & 0o077, 0, "the history is private")
    terminal = Terminal(home)
    terminal.type(b"\x1b[A\n")
    terminal.expect(b'"remembered"\n')
    terminal.prompt()
    terminal.type(b"\x12memb\n\n")
    terminal.expect(b'"remembered"\n')
    terminal.prompt()
    terminal.type(b"exit\n")
    check_equal(terminal.finish(), 0, "exit")


for name, test in list(globals().items()):
    if name.startswith("test_"):
        print(name, flush=True)
        with tempfile.TemporaryDirectory() as home:
            test(home)
