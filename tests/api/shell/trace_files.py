"""Traces as files, without a compressor at hand."""

import struct


def zstd_frame(content):
    """A zstd frame of raw blocks: the format of RFC 8878 without any compression."""
    blocks = b""
    pieces = [content[at : at + 100_000] for at in range(0, len(content), 100_000)] or [b""]
    for number, piece in enumerate(pieces, 1):
        blocks += struct.pack("<I", len(piece) << 3 | (number == len(pieces)))[:3] + piece
    # A single segment, and eight bytes that tell its size.
    return struct.pack("<IB", 0xFD2FB528, 0xE0) + struct.pack("<Q", len(content)) + blocks


def u64(keys):
    return struct.pack(f"<{len(keys)}Q", *keys)
