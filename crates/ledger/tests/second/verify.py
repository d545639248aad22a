#!/usr/bin/env python3
"""A second implementation of one thing: verifying a receipt.

Written from docs/ledger.md alone, with nothing but Python's standard library, so that the document is
known to be enough. SM3 and SM2 are here too: Python has neither by itself.

    python3 verify.py keys.txt receipt.json     prints what it proves; ends with 1 when it does not hold
"""

import base64
import json
import sys


def sm3(data: bytes) -> bytes:
    """GB/T 32905-2016."""

    def turned(word, by):
        by %= 32
        return ((word << by) | (word >> (32 - by))) & 0xFFFFFFFF

    def p0(x):
        return x ^ turned(x, 9) ^ turned(x, 17)

    def p1(x):
        return x ^ turned(x, 15) ^ turned(x, 23)

    state = [
        0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600,
        0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E,
    ]
    bits = len(data) * 8
    data += b"\x80" + b"\x00" * ((55 - len(data)) % 64) + bits.to_bytes(8, "big")
    for at in range(0, len(data), 64):
        w = [int.from_bytes(data[at + 4 * i : at + 4 * i + 4], "big") for i in range(16)]
        for j in range(16, 68):
            w.append(
                p1(w[j - 16] ^ w[j - 9] ^ turned(w[j - 3], 15)) ^ turned(w[j - 13], 7) ^ w[j - 6]
            )
        a, b, c, d, e, f, g, h = state
        for j in range(64):
            t = 0x79CC4519 if j < 16 else 0x7A879D8A
            ss1 = turned((turned(a, 12) + e + turned(t, j)) & 0xFFFFFFFF, 7)
            ss2 = ss1 ^ turned(a, 12)
            if j < 16:
                ff, gg = a ^ b ^ c, e ^ f ^ g
            else:
                ff, gg = (a & b) | (a & c) | (b & c), (e & f) | (~e & g)
            tt1 = (ff + d + ss2 + (w[j] ^ w[j + 4])) & 0xFFFFFFFF
            tt2 = (gg + h + ss1 + w[j]) & 0xFFFFFFFF
            a, b, c, d = tt1, a, turned(b, 9), c
            e, f, g, h = p0(tt2), e, turned(f, 19), g
        state = [x ^ y for x, y in zip(state, (a, b, c, d, e, f, g, h))]
    return b"".join(word.to_bytes(4, "big") for word in state)


# The curve of GB/T 32918.5.
P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)


def plus(one, other):
    """The sum of two points; None is the point at infinity."""
    if one is None or other is None:
        return other if one is None else one
    (x1, y1), (x2, y2) = one, other
    if x1 == x2:
        if (y1 + y2) % P == 0:
            return None
        slope = (3 * x1 * x1 + A) * pow(2 * y1, -1, P) % P
    else:
        slope = (y2 - y1) * pow(x2 - x1, -1, P) % P
    x = (slope * slope - x1 - x2) % P
    return x, (slope * (x1 - x) - y1) % P


def times(number, point):
    total = None
    while number:
        if number & 1:
            total = plus(total, point)
        point = plus(point, point)
        number >>= 1
    return total


def sm2_verifies(point: bytes, message: bytes, signature: bytes) -> bool:
    """GB/T 32918.2, with the identity 1234567812345678."""
    x, y = int.from_bytes(point[1:33], "big"), int.from_bytes(point[33:], "big")
    if (y * y - x * x * x - A * x - B) % P != 0:
        return False
    identity = b"1234567812345678"
    curve = b"".join(number.to_bytes(32, "big") for number in (A, B, *G))
    z = sm3((len(identity) * 8).to_bytes(2, "big") + identity + curve + point[1:])
    e = int.from_bytes(sm3(z + message), "big")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    t = (r + s) % N
    if not (0 < r < N and 0 < s < N and t):
        return False
    found = plus(times(s, G), times(t, (x, y)))
    return found is not None and (e + found[0]) % N == r


class Wrong(Exception):
    pass


def need(holds, why):
    if not holds:
        raise Wrong(why)


def canonical(value) -> str:
    """RFC 8785 with whole numbers only."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{canonical(n)}:{canonical(value[n])}" for n in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, float):
        raise Wrong("a number that is not whole")
    return json.dumps(value, ensure_ascii=False)


LOG, WITNESS = b"liandong/sm2-sm3/log/v1", b"liandong/sm2-sm3/cosignature/v1"


def key(line: str):
    """Name, id and point of a verifier line."""
    name, number, coded = line.split("+", 2)
    bytes_ = base64.b64decode(coded, validate=True)
    algorithm, point = bytes_[1:-66], bytes_[-65:]
    need(bytes_[:1] == b"\xff" and bytes_[-66:-65] == b"\n", "a key of another type")
    need(sm3(name.encode() + b"\n" + bytes_)[:4].hex() == number, "a key with another id")
    return name, number, algorithm, point


def keys_of(text: str):
    """The log's keys as (smallest size, key), its side, and the witnesses as (side, key)."""
    lines = text.splitlines()
    need(lines[0] == "liandong-keys/1", "no list of keys")
    log, witnesses, side = [], [], None
    for words in (line.split() for line in lines[1:]):
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "log":
            log.append((int(words[1]), key(words[3])))
            side = words[2]
        else:
            need(words[0] == "witness", "an unknown line in the list of keys")
            witnesses.append((words[1], key(words[2])))
    return log, side, witnesses


def root_of(leaf: bytes, index: int, size: int, path) -> bytes:
    """RFC 9162, 2.1.3.2."""
    need(index < size, "no such leaf")
    fn, sn, found = index, size - 1, leaf
    for sibling in path:
        need(sn != 0, "a proof that is too long")
        if fn & 1 or fn == sn:
            found = sm3(b"\x01" + sibling + found)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            found = sm3(b"\x01" + found + sibling)
        fn, sn = fn >> 1, sn >> 1
    need(sn == 0, "a proof that is too short")
    return found


def hashes(texts):
    return [bytes.fromhex(text) for text in texts]


def follow(log, rotations, size, root):
    """The log's keys with the changes the receipt carries."""
    log = list(log)
    for one in rotations:
        said = one["rotation"]
        statement = (
            f"liandong/key-rotation/v1\nlog {said['origin']}\ntime {said['at']}\n"
            f"old {said['old']}\nnew {said['new']}\n"
        ).encode()
        old, new = key(said["old"]), key(said["new"])
        if (one["index"] + 1, new) not in log:
            need(log[-1][1] == old and log[-1][0] <= one["index"], "a change of another key")
            need(new[0] == old[0] == said["origin"] and new[2] == LOG, "a key of another log")
            log.append((one["index"] + 1, new))
        for by, signature in ((old, said["old_signature"]), (new, said["new_signature"])):
            holds = sm2_verifies(by[3], statement, bytes.fromhex(signature))
            need(holds, "a change of keys that was not signed")
        entry = canonical({"entry": "liandong-entry/1", "kind": "rotation", **said})
        found = root_of(sm3(b"\x00" + entry.encode()), one["index"], size, hashes(one["inclusion"]))
        need(found == root, "a change of keys that is not in the log")
    return log


def verify(keys_text: str, receipt_text: str):
    log, side, witnesses = keys_of(keys_text)
    receipt = json.loads(receipt_text)
    need(canonical(receipt) == receipt_text.removesuffix("\n"), "not the canonical text")
    need(receipt["receipt"] == "liandong-receipt/1", "another version")

    entry = receipt["entry"]
    for name, opening in receipt["openings"].items():
        coded = name.encode()
        salted = bytes.fromhex(opening["salt"]) + len(coded).to_bytes(4, "big") + coded
        made = sm3(b"\x02" + salted + canonical(opening["value"]).encode())
        need(entry["content"].get(name) == made.hex(), f"what is shown of {name} was not recorded")

    text, _, signed = receipt["checkpoint"].partition("\n\n")
    text += "\n"
    origin, size, root = text.splitlines()[:3]
    size, root = int(size), base64.b64decode(root)
    log = follow(log, receipt.get("rotations", []), size, root)
    signatures = {}
    for line in signed.splitlines():
        dash, name, coded = line.split(" ")
        need(dash == "\u2014", "a line that is no signature")
        signature = base64.b64decode(coded, validate=True)
        signatures[name, signature[:4].hex()] = signature[4:]

    name, number, _, point = [key for smallest, key in log if smallest <= size][-1]
    need(name == origin, "another log")
    need((name, number) in signatures, "the log's key in force has not signed")
    need(sm2_verifies(point, text.encode(), signatures[name, number]), "the log's signature is wrong")

    leaf = sm3(b"\x00" + canonical(entry).encode())
    found = root_of(leaf, receipt["index"], size, hashes(receipt["inclusion"]))
    need(found == root, "the entry is not in the log")

    looked = []
    for of, (name, number, algorithm, point) in witnesses:
        signature = signatures.get((name, number))
        if signature is not None:
            need(algorithm == WITNESS, "a witness with another kind of key")
            seconds = int.from_bytes(signature[:8], "big")
            said = f"cosignature/v1\ntime {seconds}\n{text}".encode()
            need(sm2_verifies(point, said, signature[8:]), "a witness's signature is wrong")
            looked.append((of, name, of != side))
    return entry, size, looked


def main():
    keys_path, receipt_path = sys.argv[1:]
    with open(keys_path, encoding="utf-8") as keys, open(receipt_path, encoding="utf-8") as receipt:
        try:
            entry, size, looked = verify(keys.read(), receipt.read())
        except (Wrong, ValueError, KeyError, IndexError) as why:
            print(f"DOES NOT HOLD: {why}")
            sys.exit(1)
    print(f"HOLDS: {entry.get('action', entry['kind'])} stood in the log of {size} entries")
    for of, name, is_other in looked:
        print(f"cosigned by {name} ({of}{', the other side' if is_other else ''})")


if __name__ == "__main__":
    main()
