#!/usr/bin/env python3
"""A second verifier of exports of Strongroom's audit log. It shares no code with the first (strongroom-verify) and
needs nothing but Python 3.9: an auditor can read all of it. docs/AUDIT-EXPORT.md says what each check is.

    python3 verify.py EXPORT POLICY [EARLIER-CHECKPOINT] [--receipt RECEIPT] [--rotation ANNOUNCEMENT]...

Prints both verdicts and what is wrong, one per line. Exit codes: 0 verified, 1 false, 2 cannot tell."""
import base64, hashlib, struct, sys, uuid

ZERO, APPLIANCE = bytes(32), bytes(16)
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


# Ed25519 (RFC 8032), in affine coordinates: slow, short.
def add(a, b):
    (x1, y1), (x2, y2) = a, b
    product = D * x1 * x2 * y1 * y2 % P
    return ((x1 * y2 + x2 * y1) * pow(1 + product, -1, P) % P, (y1 * y2 + x1 * x2) * pow(1 - product, -1, P) % P)


def multiply(point, number):
    result = (0, 1)
    while number:
        if number & 1:
            result = add(result, point)
        point, number = add(point, point), number >> 1
    return result


def recover(y, odd):
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P or (x == 0 and odd):
        return None
    return (x if x % 2 == odd else P - x, y)


def signed(public, message, signature):
    number = int.from_bytes(public, "little")
    point = recover((number & (2**255 - 1)) % P, number >> 255)
    s = int.from_bytes(signature[32:], "little")
    if point is None or len(signature) != 64 or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    base = recover(4 * pow(5, -1, P) % P, 0)
    x, y = add(multiply(base, s), multiply((-point[0] % P, point[1]), k))  # R = sB - kA
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


# Signed notes and policies (C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-policy).
def unbase64(text):
    decoded = base64.b64decode(text, validate=True)
    if base64.b64encode(decoded).decode() != text:
        raise ValueError("base64")
    return decoded


def key(text):  # -> (name, id, algorithm, public)
    name, known, encoded = text.split("+", 2)
    data = unbase64(encoded)
    if len(data) != 33 or data[0] not in (1, 4) or sha(name.encode(), b"\n", data)[:4].hex() != known:
        raise ValueError("key")
    return name, bytes.fromhex(known), data[0], data[1:]


def read_policy(text):
    if len(text.encode()) > 65536 or any((ord(letter) < 32 and letter not in "\t\n") or letter == "\x7f" for letter in text):
        raise ValueError("policy: not plain text, or too long")
    logs, witnesses, groups, members, grouped, quorums = [], [], [], {}, set(), []
    for words in (line.replace("\t", " ").split(" ") for line in text.split("\n")):
        words = [word for word in words if word]
        if not words or words[0].startswith("#"):
            continue
        name, test = words[1] if len(words) > 1 else None, None
        if words[0] == "log" and len(words) in (2, 3):
            read_key(logs, name, 1)
        elif words[0] == "witness" and len(words) in (3, 4):
            read_key(witnesses, words[2], 4)
            test = lambda seen, public=witnesses[-1][3]: public in seen
        elif words[0] == "group" and len(words) > 3:
            inner, few = words[3:], {"all": len(words) - 3, "any": 1}.get(words[2])
            few = int(words[2]) if few is None and words[2].isascii() and words[2].isdigit() else few
            if few is None or not 1 <= few <= len(inner) or len(groups) >= 64:
                raise ValueError("policy: threshold of a group")
            # A witness counts once.
            if len(set(inner)) != len(inner) or grouped & set(inner) or not set(inner) <= set(members):
                raise ValueError("policy: members of a group")
            grouped |= set(inner)
            groups.append(name)
            tests = [members[member] for member in inner]
            test = lambda seen, few=few, tests=tests: sum(test(seen) for test in tests) >= few
        elif words[0] == "quorum" and len(words) == 2:
            quorums.append((lambda seen: True) if name == "none" else members[name])
        else:
            raise ValueError("policy: " + words[0])
        if test:
            if name == "none" or name in members:
                raise ValueError("policy: the name is taken")
            members[name] = test
    if not logs or len(quorums) != 1:
        raise ValueError("policy: no log, or not one quorum")
    return logs, witnesses, quorums[0]


def read_key(keys, text, algorithm):
    found = key(text)
    if found[2] != algorithm or found[3] in [known[3] for known in keys] or len(keys) >= 64:
        raise ValueError("policy: a key of the wrong kind, a second time, or too many")
    keys.append(found)


def read_checkpoint(note, policy):  # -> (origin, size, root); raises when the policy does not accept it
    logs, witnesses, quorum = policy
    text, lines = note.decode().rsplit("\n\n", 1)
    if any(ord(letter) < 32 and letter != "\n" for letter in note.decode()) or not lines.endswith("\n"):
        raise ValueError("note")
    text += "\n"
    origin, size, root, *more = text[:-1].split("\n")
    if "" in (origin, *more) or str(int(size)) != size or int(size) >= 2**64 or len(unbase64(root)) != 32:
        raise ValueError("checkpoint")
    own, seen = False, set()
    for line in lines[:-1].split("\n"):
        dash, name, encoded = line.split(" ")
        data = unbase64(encoded)
        if dash != "\u2014" or not name or "+" in name or len(data) < 5:
            raise ValueError("signature line")
        for known, ident, algorithm, public in [k for k in logs if k[0] == origin] + witnesses:
            if (name, data[:4]) == (known, ident):
                message, signature = text.encode(), data[4:]
                if algorithm == 4:
                    time, signature = struct.unpack(">Q", data[4:12])[0], data[12:]
                    message = f"cosignature/v1\ntime {time}\n{text}".encode()
                if not signed(public, message, signature):
                    raise ValueError("false signature")
                own, seen = own or algorithm == 1, seen | ({public} if algorithm == 4 else set())
    if not own or not quorum(seen):
        raise ValueError("not signed by the log, or by too few witnesses")
    return origin, int(size), unbase64(root)


def read_receipt(data, policy):  # -> (origin, index, hash, tag, leaf) of its leaf (C2SP tlog-proof); raises when it proves nothing
    head, note = data.decode().split("\n\n", 1)
    first, extra, place, *hashes = head.split("\n")
    leaf, hashes = unbase64(extra[6:]), [unbase64(line) for line in hashes]
    index = int(place[6:])
    if (first, extra[:6], place) != ("c2sp.org/tlog-proof@v1", "extra ", f"index {index}") or len(leaf) != 188:
        raise ValueError("receipt")
    if leaf[:8] != b"SRLEAF01" or not 1 <= leaf[8] <= 8 or any(leaf[9:12]):
        raise ValueError("receipt: leaf")
    origin, size, root = read_checkpoint(note.encode(), policy)
    node, at, last = sha(b"\0", leaf), index, size - 1  # RFC 9162 section 2.1.3.2
    if not 0 <= index < size or any(len(other) != 32 for other in hashes):
        raise ValueError("receipt: index")
    for other in hashes:
        if not last:
            raise ValueError("receipt: proof")
        if at & 1 or at == last:
            node = sha(b"\1", other, node)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            node = sha(b"\1", node, other)
        at, last = at >> 1, last >> 1
    if last or node != root:
        raise ValueError("receipt: not in the log")
    return origin, index, sha(b"\0", leaf), leaf[12:28], leaf


# Deterministic CBOR (RFC 8949 section 4.2.1): decoded, and written again to see that it was.
def decode(data, at=0):  # -> (item, end)
    major, short = data[at] >> 5, data[at] & 31
    width = {24: 1, 25: 2, 26: 4, 27: 8}.get(short, 0)
    value = int.from_bytes(data[at + 1 : at + 1 + width], "big") if width else short
    at += 1 + width
    if major < 2:
        return (value if major == 0 else -1 - value), at
    if major in (2, 3):
        part = data[at : at + value]
        return (part if major == 2 else part.decode()), at + value
    if major in (4, 5):
        items = []
        for _ in range(value * (major - 3)):
            item, at = decode(data, at)
            items.append(item)
        return (items if major == 4 else dict(zip(items[::2], items[1::2]))), at
    return {20: False, 21: True, 22: None}[short], at


def encode(item):
    def head(major, value):
        for limit, short, width in ((24, value, 0), (2**8, 24, 1), (2**16, 25, 2), (2**32, 26, 4), (2**64, 27, 8)):
            if value < limit:
                return bytes([major << 5 | short]) + (value.to_bytes(width, "big") if width else b"")
        raise ValueError("number")
    if item is None or isinstance(item, bool):
        return {None: b"\xf6", True: b"\xf5", False: b"\xf4"}[item]
    if isinstance(item, int):
        return head(0, item) if item >= 0 else head(1, -1 - item)
    if isinstance(item, (bytes, str)):
        data = item.encode() if isinstance(item, str) else item
        return head(3 if isinstance(item, str) else 2, len(data)) + data
    if isinstance(item, list):
        return head(4, len(item)) + b"".join(map(encode, item))
    return head(5, len(item)) + b"".join(sorted(encode(k) + encode(v) for k, v in item.items()))


def cbor(data, needed, known):
    item, end = decode(data)
    if end != len(data) or encode(item) != data or type(item) is not dict:
        raise ValueError("CBOR")
    check_members(item, needed, known)
    return item


def check_members(item, needed, known):  # type() tells False from 0
    if not needed <= set(item) or not all(type(number) is int and number in known for number in item):
        raise ValueError("members")


def number(low, high):
    return lambda value: type(value) is int and low <= value < high


def is_id(value):
    return type(value) is bytes and len(value) == 16


def is_text(value):
    return type(value) is str


def members(types, needed):
    def test(value):
        check_members(value, needed, types)
        return all(types[name](part) for name, part in value.items())
    return test


def is_place(value):
    return type(value) is list and len(value) == 2 and all(map(number(0, 2**32), value))


HEADER = {1: number(1, 2), 2: is_id, 3: is_id,
          4: members({1: number(1, 5), 2: is_id, 3: is_id, 4: is_text, 5: is_text, 6: is_text}, {1}),
          5: is_text, 6: members({1: is_text, 2: is_text}, {1}), 7: number(-(2**63), 2**63), 8: is_text, 9: is_place,
          10: number(0, 2**32), 11: is_text, 12: is_id, 13: is_text}


def header_of(data):
    header = cbor(data, {1, 3, 4, 5, 6, 7, 9, 10, 11}, HEADER)
    if not all(HEADER[member](value) for member, value in header.items()):
        raise ValueError("header")
    return header


def uuid_of(data):
    return str(uuid.UUID(bytes=data))


def parse_uuid(text):  # In one spelling only, so that one thing has not two names.
    try:
        data = uuid.UUID(text).bytes
    except Exception:
        return None
    return data if uuid_of(data) == text else None


def commit(role, entry, salt, data):
    return sha(b"strongroom-commit-v1\0", bytes([role]), entry, salt, struct.pack(">Q", len(data)), data)


def follow(data, policies):  # the announcement of a new key; each policy is good up to the size that stands beside it, of that log
    head, receipt = data.decode().split("\n\n", 1)
    first, header, salt = head.split("\n")
    if first != "strongroom-key-rotation-v1" or header[:7] != "header " or salt[:5] != "salt ":
        raise ValueError("rotation: no announcement")
    header, salt, (policy, _) = unbase64(header[7:]), unbase64(salt[5:]), policies[-1][:2]
    origin, index, name, tag, leaf = read_receipt(receipt.encode(), policy)
    entry, keys = header_of(header), []
    if leaf[8] != 5 or tag != APPLIANCE or commit(0, entry[3], salt, header) != leaf[76:108] or entry[6][1] != "log-key":
        raise ValueError("rotation: the leaf announces no key, or has another header")
    read_key(keys, entry[6].get(2, ""), 1)
    if keys[0][0] != origin:
        raise ValueError("rotation: a key of another log")
    if any(log == origin and index <= last for _, last, log in policies[:-1]):
        raise ValueError("rotation: not after the one before it")
    policies[-1] = policy, index, origin
    policies.append((([log for log in policy[0] if log[0] != origin] + keys, *policy[1:]), 2**64, None))
    return (origin, index), name


def policy_of(note, policies):  # the one for log and size of that checkpoint
    lines = note.split(b"\n")
    size = min(int(lines[1]), 2**64) if len(lines) > 1 and lines[1].isdigit() else 2**64
    origin = lines[0].decode(errors="replace")
    return next(policy for policy, until, log in policies if log in (None, origin) and size <= until)


class Tree:  # RFC 6962, of which only the roots of complete subtrees are kept, with their heights
    def __init__(self):
        self.size, self.peaks = 0, []

    def push(self, node, height=0):
        self.size += 1 << height
        while self.peaks and self.peaks[-1][1] == height:
            node, height = sha(b"\1", self.peaks.pop()[0], node), height + 1
        self.peaks.append((node, height))

    def root(self):
        nodes = [node for node, _ in self.peaks] or [sha()]
        while len(nodes) > 1:
            right = nodes.pop()
            nodes[-1] = sha(b"\1", nodes[-1], right)
        return nodes[0]


def frames(data):
    at = 8
    while at < len(data):
        kind, length = struct.unpack(">BI", data[at : at + 5])
        payload = data[at + 5 : at + 5 + length]
        most = {1: 16, 2: 65536, 0x10: 188, 0x11: 33, 0x20: 33 + 2**18, 0x21: 57 + 2**26, 0x7F: 32}[kind]
        if len(payload) != length or length > most:
            raise ValueError("length")
        yield at, kind, payload
        at += 5 + length


class Verifier:
    def __init__(self):
        self.faults, self.unknown, self.tree = [], [], Tree()
        self.homes, self.records, self.entries, self.groups = {}, {}, set(), {}
        self.waiting, self.deleted, self.tags, self.owners = {}, set(), {}, {}
        self.shown, self.opened, self.erased, self.explained, self.elsewhere = set(), set(), set(), [], []
        self.notes, self.receipt, self.newest, self.silent, self.known = [], None, None, False, {}
        self.leaf, self.time, self.ended, self.unreadable, self.failed = None, 0, False, False, False

    def wrong(self, side, what, index=None):
        self.faults.append((side, what if index is None else f"leaf {index}: {what}"))

    def integrity(self, what, index=None):
        self.wrong("integrity", what, index)

    def complete(self, what, index=None):
        self.wrong("completeness", what, index)

    def run(self, data, policy, since, receipt=None):
        self.receipt = receipt
        self.policy, self.data = policy, data
        try:
            if data[:8] != b"SREXPT01":
                raise ValueError("not an export")
            parts = list(frames(data))
            if [kind for _, kind, _ in parts[:2]] != [1, 2] or len(parts[0][2]) not in (0, 16):
                raise ValueError("beginning")
            self.scope = parts[0][2]
            self.begin(parts[1][2], since)
            for at, kind, payload in parts[2:]:
                self.take(at, kind, payload)
            self.settle()
            if not self.ended:
                raise ValueError("no end")
        except (ValueError, KeyError, IndexError, struct.error, TypeError) as error:
            return self.integrity(f"the file is damaged: {error!r}")
        except Exception as error:  # Not of the file, as far as one can tell.
            self.failed = True
            return self.unknown.append(f"the verifier failed: {error!r}")
        self.finish()

    def begin(self, note, since):
        self.origin, self.size, self.root, self.since, self.note = None, None, None, None, note
        try:
            origin, self.size, self.root = read_checkpoint(note, policy_of(note, self.policy))
            self.origin = origin
        except (ValueError, KeyError, IndexError, struct.error) as error:
            return self.integrity(f"the checkpoint is not accepted: {error}")
        if self.receipt and (self.receipt[0] != origin or self.receipt[1] >= self.size):
            self.receipt, self.failed = None, True
            self.notes.append("the receipt is of another log, or of a leaf behind the checkpoint")
        if since and since[0] != origin:
            self.integrity("the earlier checkpoint is of another log")
        elif since and since[1] > self.size:
            self.integrity("the log is shorter than it was")
        else:
            self.since = since
            self.compare()

    def compare(self):
        if self.since and self.tree.size >= self.since[1]:
            if self.tree.size > self.since[1]:
                self.unknown.append("the export hides what the earlier checkpoint ends in")
            elif self.tree.root() != self.since[2]:
                self.integrity("the log was rewritten")
            self.since = None

    def take(self, at, kind, payload):
        if self.ended:
            raise ValueError("something follows the end")
        if kind == 0x10:
            self.take_leaf(payload)
        elif kind == 0x11:
            self.settle()
            if not self.scope:
                self.complete("hidden in an export of everything", self.tree.size)
            if len(payload) != 33 or payload[0] > 63 or self.tree.size % (1 << payload[0]):
                raise ValueError("hidden part")
            first = self.tree.size
            self.tree.push(payload[1:], payload[0])
            self.compare()
            self.unreadable = False
            if self.receipt and first <= self.receipt[1] < self.tree.size:
                if self.scope == self.receipt[3]:
                    self.complete("the leaf that the receipt proves is hidden", self.receipt[1])
                else:
                    self.failed = True
                    self.notes.append("the receipt is of an organization that the export does not show")
            for by in [by for by in self.waiting if self.scope and first <= by < self.tree.size]:
                self.elsewhere += self.waiting.pop(by)
        elif kind in (0x20, 0x21) and not self.leaf:
            if not self.unreadable:
                raise ValueError("an opening of nothing")
        elif kind == 0x20:
            self.take_header(payload)
        elif kind == 0x21:
            self.take_image(payload)
        elif kind == 0x7F:
            self.ended = True
            if payload != hashlib.sha256(self.data[:at]).digest():
                self.integrity("the digest at the end is wrong")
        elif kind in (1, 2):
            raise ValueError("place of a part")

    def take_leaf(self, data):
        self.settle()
        index, name = self.tree.size, sha(b"\0", data)
        self.tree.push(name)
        self.compare()
        if (self.receipt and self.receipt[1] == index and self.receipt[2] != name) or self.known.get((self.origin, index), name) != name:
            self.integrity("not the leaf that the receipt proves", index)
        self.unreadable = True
        if len(data) != 188 or data[:8] != b"SRLEAF01" or not 1 <= data[8] <= 8 or any(data[9:12]):
            return self.integrity("no leaf", index)
        self.unreadable = False
        tag, (sequence, previous, time) = data[12:28], struct.unpack(">Q32sQ", data[28:76])
        c_header, before, after = data[76:108], data[108:140], data[140:172]
        last, newest = self.homes.get(tag, (0, ZERO))
        if sequence != last + 1:
            self.complete(f"number {sequence} after {last}", index)
        elif previous != newest:
            self.integrity("does not continue the leaf before it", index)
        self.homes[tag] = (sequence, name)
        if self.scope and tag != self.scope:
            self.integrity("of another organization", index)
        if time < self.time:
            self.integrity("time goes back", index)
        self.time = max(time, self.time)
        self.leaf = dict(index=index, kind=data[8], tag=tag, time=time, c_header=c_header, before=before, after=after,
                         header=None, shown=False, gone=False, images=[])

    def take_header(self, data):
        leaf, index = self.leaf, self.leaf["index"]
        if leaf["shown"]:
            return self.integrity("a second header", index)
        leaf["shown"] = True
        if data[0] == 1 and len(data) == 9:
            leaf["gone"] = True
            return self.wait(struct.unpack(">Q", data[1:])[0], None)
        if data == b"\2":
            return self.complete("the header is missing", index)
        if data[0] != 0 or len(data) < 33:
            raise ValueError("opening")
        try:
            header = header_of(data[33:])
        except Exception:
            return self.integrity("no header", index)
        leaf["header"] = header
        if commit(0, header[3], data[1:33], data[33:]) != leaf["c_header"]:
            self.integrity("the header is not the one committed to", index)
        if header[3] in self.entries:
            self.integrity("the entry stands a second time", index)
        self.entries.add(header[3])
        organization = header.get(2)
        self.opened.add(leaf["tag"])
        if leaf["tag"] != APPLIANCE and not organization:
            self.integrity("of no organization", index)
        elif leaf["tag"] != APPLIANCE:
            known = self.tags.setdefault(leaf["tag"], organization)
            if known != organization or self.owners.setdefault(organization, leaf["tag"]) != leaf["tag"]:
                self.integrity("of another organization than the tag's entries, or under a second tag", index)
        if header[7] // 1000 > leaf["time"] + 300_000:
            self.integrity("happened after it was sequenced", index)
        ordinal, total = header[9]
        if not 1 <= ordinal <= total:
            self.integrity("place in the transaction", index)
        elif total > 1:
            name = (leaf["tag"], header.get(8), total)
            places = self.groups.setdefault(name, {})
            places.setdefault(ordinal, []).append((leaf["time"], index))
            if len(places) == total:  # The newest of each place are one transaction; what is left is older.
                for place in list(places):
                    places[place].pop()
                    if not places[place]:
                        del places[place]

    def take_image(self, data):
        leaf, index = self.leaf, self.leaf["index"]
        record, version, how = struct.unpack(">16sQB", data[:25])
        if how not in (0, 1, 2) or len(data) < 57 or (how and len(data) != {1: 65, 2: 57}[how]):
            raise ValueError("opening")
        if leaf["header"] is None or leaf["after"] == ZERO:
            if not leaf["shown"] or leaf["header"] or leaf["gone"]:
                self.integrity("an image that was not committed to", index)
            return
        if how == 0:
            commitment = commit(2, leaf["header"][3], data[25:57], data[57:])
            try:
                if not number(0, 3)(cbor(data[57:], {0}, range(2**32))[0]):
                    raise ValueError("state")
                self.shown.add((leaf["tag"], record))
            except Exception:
                self.integrity("no image", index)
        else:
            commitment = data[25:57]
            if how == 1:
                self.wait(struct.unpack(">Q", data[57:])[0], record)
            else:
                self.complete("an image is missing", index)
        last, before = self.records.get((leaf["tag"], record), (0, ZERO))
        if version != last + 1:
            self.complete(f"version {version} of a record after {last}", index)
        self.records[leaf["tag"], record] = (version, commitment)
        leaf["images"].append((record, before, commitment))

    def wait(self, by, record):
        index = self.leaf["index"]
        if by < index:
            return self.complete("explained by an earlier leaf", index)
        self.waiting.setdefault(by, []).append((index, self.leaf["tag"], record))

    def settle(self):
        leaf, self.leaf = self.leaf, None
        if not leaf:
            return
        index, header, images = leaf["index"], leaf["header"], leaf["images"]
        if header and leaf["kind"] != 3 and leaf["tag"] == APPLIANCE and (leaf["after"] != ZERO or header[6][1] == "record"):
            self.integrity("an entry about records in the appliance's log", index)
        if header and leaf["kind"] != 3 and leaf["after"] == ZERO != leaf["before"]:
            self.integrity("something before it and nothing after it", index)
        if leaf["kind"] == 3 and leaf["shown"]:
            self.integrity("a heartbeat with contents", index)
        elif leaf["kind"] == 3:
            if (leaf["c_header"], leaf["before"], leaf["after"], leaf["tag"]) != (ZERO, ZERO, ZERO, APPLIANCE):
                self.integrity("a heartbeat with contents", index)
        elif not leaf["shown"]:
            self.complete("the header is missing", index)
        elif header and leaf["after"] != ZERO and not images:
            self.complete("the images are missing", index)
        elif header and leaf["after"] != ZERO:
            self.check_images(leaf, header, images)
        if header and (leaf["kind"], leaf["tag"], header[6][1]) == (5, APPLIANCE, "log-key"):
            self.newest, self.silent = (index, header[6].get(2, "")), False
        self.silent = self.silent or ((leaf["kind"], leaf["tag"]) == (5, APPLIANCE) and leaf["gone"])
        waiting = self.waiting.pop(index, None)
        if waiting and not self.explains(leaf, header, waiting):
            self.complete(f"is not explained by leaf {index}", waiting[0][0])
        elif waiting:
            tags = ", ".join(sorted({uuid_of(tag) for _, tag, _ in waiting}))
            self.explained.append(f"leaf {index}: {header[6][1]} {header[6].get(2)} explains {len(waiting)} openings of {tags}")

    def check_images(self, leaf, header, images):
        roots = []
        for place in (1, 2):
            tree = Tree()
            for image in images:
                tree.push(sha(b"\0", image[place]))
            roots.append(tree.root())
        before, after = roots
        if header[6][1] == "record":
            (record, before, after), is_one = images[0], len(images) == 1
            if header[6].get(2) != uuid_of(record) or not is_one:
                self.integrity("an image of another record", leaf["index"])
        elif leaf["before"] == ZERO and all(image[1] == ZERO for image in images):
            before = ZERO
        if after != leaf["after"] or before != leaf["before"]:
            self.integrity("the images are not those committed to", leaf["index"])

    def explains(self, leaf, header, waiting):
        index = leaf["index"]
        about, name = (header[6][1], header[6].get(2)) if header else (None, None)
        tags = {tag for _, tag, _ in waiting}
        if leaf["kind"] == 2 and about == "record":
            self.erased |= {(tag, record) for _, tag, record in waiting}
            return all(record is not None and (tag, uuid_of(record)) == (leaf["tag"], name) for _, tag, record in waiting)
        if leaf["kind"] == 2 and about == "organization":
            tag, *others = tags
            organization = parse_uuid(name)
            if organization is None:
                return False
            is_new = ("id", organization) not in self.deleted and ("tag", tag) not in self.deleted
            self.deleted |= {("id", organization), ("tag", tag)}
            return is_new and not others and tag != APPLIANCE == leaf["tag"]
        if leaf["kind"] == 4 and about == "log" and (leaf["tag"] == APPLIANCE or tags == {leaf["tag"]}):
            first, dash, last = (name or "").partition("-")
            if not all(part.isascii() and part.isdigit() for part in (first, last)):
                return False
            first, last = int(first), int(last)
            is_range = name == f"{first}-{last}" and first <= last < index  # All before the restore.
            return is_range and all(first <= gone <= last for gone, _, _ in waiting)
        return False

    def finish(self):
        if self.size is not None and (self.tree.size, self.tree.root()) != (self.size, self.root):
            self.integrity("the leaves are not the tree that was signed")
        try:  # From the leaf on that names it, the log signs with the newest key.
            if self.newest:
                keys = []
                read_key(keys, self.newest[1], 1)
                read_checkpoint(self.note, (keys, [], lambda seen: True))
        except (ValueError, KeyError, IndexError, struct.error):
            self.integrity("the newest key that the log announces has not signed the checkpoint", self.newest[0])
        if self.silent:
            self.unknown.append("a leaf that may announce another key of the log is gone")
        for by, waiting in self.waiting.items():
            self.complete(f"is not explained by leaf {by}", waiting[0][0])
        for _ in self.deleted & ({("tag", tag) for tag in self.opened} | {("id", owner) for owner in self.owners}):
            self.complete("an organization is said to be erased, and its entries are shown")
        for _, record in self.erased & self.shown:
            self.complete(f"record {uuid_of(record)} is said to be erased, and a version is shown")
        for places in self.groups.values():
            old = [index for seen in places.values() for time, index in seen if time + 60_000 < self.time]
            if old:
                self.complete("a transaction is not whole", min(old))

    def report(self):
        broken = {side for side, _ in self.faults}
        integrity = "broken" if "integrity" in broken else "unknown" if self.unknown else "holds"
        completeness = "broken" if "completeness" in broken else "holds"
        is_nothing = self.scope and self.scope not in self.homes
        if completeness == "holds" and (integrity == "broken" or is_nothing or self.elsewhere or self.failed):
            completeness = "unknown"
        return integrity, completeness


def verify(data, policy, since=None, receipt=None, known=None):
    verifier = Verifier()
    verifier.scope, verifier.known = b"", known or {}
    verifier.run(data, policy if type(policy) is list else [(policy, 2**64, None)], since, receipt)
    return verifier


def main(export, policy, since=None, receipt=None, rotations=()):
    try:
        policies = [(read_policy(open(policy, encoding="utf-8").read()), 2**64, None)]
        known = dict(follow(open(rotation, "rb").read(), policies) for rotation in rotations)
        note = open(since, "rb").read() if since else None
        since = read_checkpoint(note, policy_of(note, policies)) if since else None
        proof = open(receipt, "rb").read() if receipt else b""
        receipt = read_receipt(proof, policy_of(proof.split(b"\n\n", 1)[-1], policies)) if receipt else None
        data = open(export, "rb").read()
    except (OSError, ValueError, KeyError, IndexError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    verifier = verify(data, policies, since, receipt, known)
    integrity, completeness = verifier.report()
    print(f"integrity {integrity}\ncompleteness {completeness}")
    for fault in verifier.faults[:20]:
        print("  {}: {}".format(*fault))
    for line in (verifier.unknown + verifier.notes + verifier.explained)[:1000]:
        print(f"  {line}")
    if verifier.elsewhere:
        print("  what explains a part that is gone is a leaf of others: ask for the export of everything")
    return 1 if "broken" in (integrity, completeness) else 0 if integrity == completeness == "holds" else 2


if __name__ == "__main__":
    given, files = sys.argv[1:], {"--receipt": [], "--rotation": []}
    for name in files:
        while name in given[:-1]:
            at = given.index(name)
            files[name].append(given[at + 1])
            given = given[:at] + given[at + 2 :]
    if len(given) not in (2, 3):
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    sys.exit(main(*given, receipt=(files["--receipt"] or [None])[-1], rotations=files["--rotation"]))
