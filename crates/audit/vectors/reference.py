"""Computes the frozen vectors of format version 1. Shares no code with the crate; standard library only.

    python3 reference.py        prints nothing when the files agree, and exits 1 when they do not
    python3 reference.py write  writes them (only ever for a new format version)
"""
import hashlib, json, pathlib, struct, sys


def head(major, value):
    for limit, short, form in ((24, value, ""), (2**8, 24, "B"), (2**16, 25, ">H"), (2**32, 26, ">I"), (2**64, 27, ">Q")):
        if value < limit:
            return bytes([major << 5 | short]) + (struct.pack(form, value) if form else b"")
    raise ValueError(value)


def cbor(item):
    if item is None or item is True or item is False:
        return {None: b"\xf6", True: b"\xf5", False: b"\xf4"}[item]
    if isinstance(item, int):
        return head(0, item) if item >= 0 else head(1, -1 - item)
    if isinstance(item, bytes):
        return head(2, len(item)) + item
    if isinstance(item, str):
        return head(3, len(item.encode())) + item.encode()
    if isinstance(item, list):
        return head(4, len(item)) + b"".join(map(cbor, item))
    pairs = sorted((cbor(key), cbor(value)) for key, value in item.items())
    return head(5, len(pairs)) + b"".join(key + value for key, value in pairs)


def mantissa(value):
    return value if -(2**64) <= value < 2**64 else value.to_bytes(16, "big", signed=True)


def commit(role, entry, salt, data):
    parts = (b"strongroom-commit-v1", b"\0", bytes([role]), entry, salt, struct.pack(">Q", len(data)), data)
    return hashlib.sha256(b"".join(parts)).digest()


header_full = {
    1: 1, 2: b"\x11" * 16, 3: b"\x22" * 16,
    4: {1: 1, 2: b"\x33" * 16, 3: b"\x44" * 16, 4: "password+totp", 5: "192.0.2.7", 6: "Firefox on Debian"},
    5: "record.update", 6: {1: "record", 2: "0190a1b2-0000-7000-8000-000000000001"},
    7: 1_767_225_600_123_456, 8: "req-7f", 9: [1, 2], 10: 3, 11: "0.1.0", 12: b"\x55" * 16,
    13: "Zahlendreher — corrected",
}
header_least = {
    1: 1, 3: bytes(16), 4: {1: 4}, 5: "job.start", 6: {1: "job"}, 7: -1, 9: [1, 1], 10: 0, 11: "",
}
image_every = {
    0: 0, 1: None, 2: "Grüße", 3: -42, 4: [1, -150, -2], 5: [2, 1999, -2, "EUR"], 6: True, 7: [3, "2026-01-31"],
    8: [4, 1_767_225_600_000_001], 9: [5, "a", "b"], 10: [6, b"\x66" * 16], 11: [7, 525200, -4, -134, -1],
    12: [8, b"\x77" * 16], 13: [9, '{"a":[1,null]}'], 14: [5], 24: [1, mantissa(2**127 - 1), -28],
    256: [1, mantissa(-(2**64) - 1), 0], 70000: [1, mantissa(-(2**64)), 0],
}
leaf = b"".join((
    b"SRLEAF01", bytes([1]), bytes(3), b"\x01" * 16, bytes(range(2, 10)), b"\x0a" * 32,
    struct.pack(">Q", 1_767_225_600_123), b"\x0b" * 32, bytes(32), b"\x0c" * 32, b"\x0d" * 16,
))
assert len(leaf) == 188
entry, salt = b"\x22" * 16, b"\x5a" * 32
vectors = {
    "header": {"full": cbor(header_full), "least": cbor(header_least)},
    "image": {"every_kind": cbor(image_every), "trashed": cbor({0: 1, 1: False}), "purged": cbor({0: 2})},
    "commitment": {"header": commit(0, entry, salt, b"header"), "after_image": commit(2, entry, salt, b"image"),
                   "empty": commit(2, entry, salt, b"")},
    "leaf": {"change": leaf, "change_hash": hashlib.sha256(b"\0" + leaf).digest()},
}
here = pathlib.Path(__file__).parent
faults = 0
for name, content in vectors.items():
    text = json.dumps({key: value.hex() for key, value in content.items()}, indent=2) + "\n"
    path = here / f"{name}.json"
    if sys.argv[1:] == ["write"]:
        path.write_text(text)
    elif path.read_text() != text:
        faults += 1
        print(f"{path.name} differs", file=sys.stderr)
sys.exit(1 if faults else 0)
