#!/usr/bin/env python3
"""An independent reader of a queue directory, on Python's standard library alone.

It shares nothing with the packages but docs/format.md, maps nothing and never writes. `read-queue.mjs` is its twin: both print the same
lines. `read_queue.py DIR... [--json]` prints what it finds, as NDJSON with --json, and exits with 1 when it found a problem. The
directory should be at rest: the parts are not read at one instant.
"""

import json
import os
import re
import struct
import sys
import time
import zlib

CONTROL_FREE = ((12, 16), (184, 216), (244, 252), (292, 384), (396, 448), (456, 512))
CHUNK = 1 << 16
SEGMENT_NAME = re.compile(r"(\d{9}|[1-9]\d{9})\.q")
READER_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}")
KNOWN_NAMES = re.compile(
    r"control\.meta|index\.meta|writer\.lock|readers|quarantine|index|READY|LEASE|(\d{9}|[1-9]\d{9})\.q|.*\.tmp"
)


def u16(data, offset):
    return struct.unpack_from("<H", data, offset)[0]


def u32(data, offset):
    return struct.unpack_from("<I", data, offset)[0]


def u64(data, offset):
    return struct.unpack_from("<Q", data, offset)[0]


def wide(value):
    """A u64 as both witnesses print it: text where a double would not be exact."""
    return value if value < 2**53 else str(value)


def is_zero(data):
    return not any(data) if len(data) <= 4096 else data.count(0) == len(data)


def problem(code, file, offset, detail):
    return {"kind": "problem", "code": code, "file": file, "offset": offset, "detail": detail}


def check_clock(time_ns, file, offset):
    """A time that has not come yet, by more than clocks may differ."""
    if time_ns > (time.time_ns() // 1_000_000 + 60_000) * 1_000_000:
        yield problem("clock-ahead", file, offset, f"{time_ns} ns")


def read_if_there(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def names_in(directory):
    try:
        return sorted(os.listdir(directory))
    except OSError:
        return []


class FileBytes:
    """Reads parts of a file; the buffer underneath keeps small reads cheap."""

    def __init__(self, path):
        self.file = open(path, "rb", buffering=1 << 20)
        self.length = os.fstat(self.file.fileno()).st_size

    def at(self, offset, length):
        self.file.seek(offset)
        return self.file.read(length)

    def first_non_zero(self, start, end):
        for offset in range(start, end, CHUNK):
            part = self.at(offset, min(CHUNK, end - offset))
            if not is_zero(part):
                return offset + next(i for i, byte in enumerate(part) if byte)
        return -1

    def close(self):
        self.file.close()


def decode_control(data):
    return {
        "kind": "control",
        "version": u32(data, 4),
        "initState": u32(data, 8),
        "writerEpoch": wide(u64(data, 16)),
        "segmentSize": wide(u64(data, 24)),
        "bootId": data[32:48].hex(),
        "extensionEpoch": u32(data, 48),
        "features": u32(data, 52),
        "createdNs": str(u64(data, 56)),
        "segmentGeneration": u32(data, 128),
        "currentSegment": u32(data, 132),
        "firstSegmentPlusOne": wide(u64(data, 136)),
        "writeBack": u32(data, 252),
        "queueId": data[144:160].hex(),
        "replicaTerm": wide(u64(data, 160)),
        "sourceQueueId": data[168:184].hex(),
        "device": str(u64(data, 216)),
        "inode": str(u64(data, 224)),
        "birthNs": str(u64(data, 232)),
        "identityCrc": u32(data, 240),
        "writeOffset": wide(u64(data, 256)),
        "heartbeatNs": str(u64(data, 264)),
        "nextSequence": wide(u64(data, 272)),
        "dirtyEnd": wide(u64(data, 280)),
        "dirtySegment": u32(data, 288),
        "notifySequence": u32(data, 384),
        "waitersPending": u32(data, 388),
        "parkedReaders": u32(data, 392),
        "progressSequence": u32(data, 448),
        "writerBlocked": u32(data, 452),
    }


def decode_trace(header):
    return {
        "traceId": header[40:56].hex(),
        "spanId": header[56:64].hex(),
        "flags": u16(header, 26) >> 3 & 3,
    }


def decode_source(header):
    return {
        "sequence": wide(u64(header, 40)),
        "id": u32(header, 48),
        "epoch": u32(header, 52),
        "outputIndex": u16(header, 56),
        "flags": u16(header, 58),
    }


def is_segment_size(size):
    return isinstance(size, int) and size >= 128 and size % 64 == 0


def scan_control(data):
    file = "control.meta"
    if data is None:
        yield problem("no-control", file, 0, "there is no control block")
        return
    if len(data) != 512:
        yield problem("bad-control", file, 0, f"length {len(data)}")
    if len(data) < 512:
        return
    control = decode_control(data)
    yield control
    if u32(data, 0) != 0x4348524E:
        yield problem("bad-control", file, 0, "magic")
    if control["version"] != 3:
        yield problem("bad-control", file, 4, f"version {control['version']}")
    if control["initState"] != 2:
        yield problem("bad-control", file, 8, f"initState {control['initState']}")
    if control["writerEpoch"] == 0:
        yield problem("bad-control", file, 16, "writerEpoch 0")
    if not is_segment_size(control["segmentSize"]):
        yield problem("bad-control", file, 24, f"segmentSize {control['segmentSize']}")
    if control["segmentGeneration"] % 2 != 0:
        yield problem("odd-generation", file, 128, f"generation {control['segmentGeneration']}")
    if control["features"] > 1:
        yield problem("bad-control", file, 52, f"features {control['features']}")
    if control["writeBack"] > 2:
        yield problem("bad-control", file, 252, f"writeBack {control['writeBack']}")
    for start, end in CONTROL_FREE:
        if not is_zero(data[start:end]):
            yield problem("not-zero", file, start, "free bytes")
    if not is_zero(data[216:244]) and control["identityCrc"] != zlib.crc32(data[24:32] + data[144:160] + data[216:240]):
        yield problem("bad-identity", file, 240, "the CRC of segmentSize, queueId and the identity of the file")
    yield from scan_durable_slots(data)


def scan_durable_slots(control):
    for slot in (0, 1):
        at = 64 + 32 * slot
        data = control[at : at + 32]
        if is_zero(data):
            continue
        if zlib.crc32(data[:24]) != u32(data, 24) or u32(data, 28) != 0:
            yield problem("bad-durable-slot", "control.meta", at, f"slot {slot}")
            continue
        generation = u32(data, 20)
        yield {
            "kind": "durable",
            "slot": slot,
            "sequence": wide(u64(data, 0)),
            "segment": u32(data, 16),
            "offset": wide(u64(data, 8)),
            "generation": generation,
        }
        if generation % 2 != slot:
            yield problem("bad-durable-slot", "control.meta", at, f"generation {generation}")


class Summary:
    """What one segment was found to hold."""

    def __init__(self):
        self.count = 0
        self.first = None
        self.last = 0
        self.end = 64
        self.padding = False
        self.bad = False
        self.ahead = False


class Walk:
    """One pass over a queue; the fields carry what later segments are compared with."""

    def __init__(self, directory, control, ids):
        self.directory = directory
        self.control = control
        self.ids = ids
        self.head = control["currentSegment"] if control else float("inf")
        self.next = None
        self.highest = -1
        self.base = False
        self.epoch = 0
        self.boundaries = {}
        size = control["segmentSize"] if control else None
        self.segment_size = size if is_segment_size(size) else self.size_of_first()

    def size_of_first(self):
        return os.path.getsize(os.path.join(self.directory, f"{self.ids[0]:09}.q")) if self.ids else 0

    def extensions_are_current(self):
        control = self.control
        return bool(control) and control["extensionEpoch"] not in (0, None) and control["extensionEpoch"] == int(control["writerEpoch"]) % 2**32

    def segments(self):
        for index, segment in enumerate(self.ids):
            name = f"{segment:09}.q"
            if index > 0 and segment != self.ids[index - 1] + 1:
                yield problem("missing-segment", name, 0, f"follows segment {self.ids[index - 1]}")
            file = FileBytes(os.path.join(self.directory, name))
            try:
                yield from self.segment(file, name, segment)
            finally:
                file.close()

    def segment(self, file, name, segment):
        if file.length != self.segment_size:
            yield problem("bad-segment", name, 0, f"length {file.length}")
        if file.length < 64:
            return
        header = file.at(0, 64)
        if u32(header, 0) != 0x53454730:
            yield problem("bad-segment", name, 0, "magic")
        if u32(header, 4) != 1:
            yield problem("bad-segment", name, 4, f"version {u32(header, 4)}")
        if u32(header, 8) != segment:
            yield problem("bad-segment", name, 8, f"id {u32(header, 8)}")
        flags = u32(header, 12)
        if flags > 1:
            yield problem("bad-segment", name, 12, f"flags {flags}")
        sealed = flags & 1 == 1
        if segment < self.head and not sealed:
            yield problem("not-sealed", name, 12, "a later segment is the head")
        if segment >= self.head and sealed:
            yield problem("sealed", name, 12, "no later segment is the head")

        summary = Summary()
        self.boundaries[segment] = {64}
        if segment > self.head:
            dirt = file.first_non_zero(64, file.length)
            if dirt != -1:
                yield problem("not-empty", name, dirt, "bytes in a segment behind the head")
            if not is_zero(header[16:24]):
                yield problem("not-empty", name, 16, "first sequence of a segment behind the head")
        else:
            yield from self.records(file, name, segment, summary)
        yield {"kind": "segment", "segment": segment, "sealed": sealed, "records": summary.count, "end": summary.end}
        yield from self.check_summary(header, name, summary, sealed)

    def records(self, file, name, segment, summary):
        size = min(self.segment_size, file.length)
        offset = 64
        while offset <= size - 64:
            header = file.at(offset, 64)
            commit_length = u32(header, 0)
            if commit_length == 0:
                break
            end = offset + (64 + commit_length - 1 + 63) // 64 * 64
            if end > size:
                summary.bad = True
                yield problem("bad-length", name, offset, f"commitLength {commit_length}")
                return
            if u16(header, 24) == 0xFFFF:
                yield from self.check_padding(file, header, name, segment, offset, end)
                summary.padding = True
                return
            yield from self.record(file, header, name, segment, offset, summary)
            summary.end = offset = end
            self.boundaries[segment].add(end)
        yield from self.check_tail(file, name, segment, offset, size)

    def check_padding(self, file, header, name, segment, offset, end):
        yield {"kind": "padding", "segment": segment, "offset": offset}
        if end != self.segment_size:
            yield problem("bad-padding", name, offset, f"ends at {end}")
        if not is_zero(header[4:24]) or not is_zero(header[26:]):
            yield problem("bad-padding", name, offset, "header fields")
        dirt = file.first_non_zero(offset + 64, end)
        if dirt != -1:
            yield problem("not-zero", name, dirt, "padding record")

    def check_tail(self, file, name, segment, offset, size):
        """Behind the last record all is zero, but for what an append that never committed may have touched."""
        dirty_end = offset
        if self.extensions_are_current() and self.control["dirtySegment"] == segment:
            dirty_end = min(int(self.control["dirtyEnd"]), size)
        torn = file.first_non_zero(offset, dirty_end) if dirty_end > offset else -1
        if torn != -1:
            yield {"kind": "torn", "segment": segment, "offset": offset, "end": dirty_end}
        dirt = file.first_non_zero(max(offset, dirty_end), size)
        if dirt != -1:
            yield problem("not-zero", name, dirt, "behind the last record")

    def record(self, file, header, name, segment, offset, summary):
        length = u32(header, 0) - 1
        flags = u16(header, 26)
        sequence = u64(header, 8)
        body = file.at(offset + 64, (length + 63) // 64 * 64)
        computed = zlib.crc32(body[:length]) if length else 0
        record = {
            "kind": "record",
            "segment": segment,
            "offset": offset,
            "sequence": wide(sequence),
            "timestampNs": str(u64(header, 16)),
            "typeId": u16(header, 24),
            "length": length,
            "crc32": computed,
            "flags": flags,
            "writerEpoch": u32(header, 36) if flags & 1 else None,
            "schemaVersion": flags >> 8,
            "trace": decode_trace(header) if flags & 2 else None,
            "source": decode_source(header) if flags & 4 else None,
        }
        yield record
        if u32(header, 4) != 0:
            yield problem("not-zero", name, offset + 4, "record header")
        if flags & 6 == 6 or (flags & 24 and not flags & 2):
            yield problem("bad-flags", name, offset + 26, f"flags {flags}")
        if flags & 4 and u32(header, 60) != zlib.crc32(header[40:60]):
            yield problem("bad-source-crc", name, offset + 40, f"sequence {sequence}")
        if u32(header, 28) != computed:
            yield problem("bad-payload-crc", name, offset, f"sequence {sequence}")
        if flags & 1 and u32(header, 32) != zlib.crc32(header[:32]):
            yield problem("bad-header-crc", name, offset, f"sequence {sequence}")
        if not flags & 1 and not is_zero(header[32:40]):
            yield problem("not-zero", name, offset + 32, "record header")
        if not flags & 6 and not is_zero(header[40:64]):
            yield problem("not-zero", name, offset + 40, "record header")
        if not is_zero(body[length:]):
            yield problem("not-zero", name, offset + 64 + length, "behind the payload")
        yield from self.check_order(sequence, flags, record["writerEpoch"], name, offset)
        if not summary.ahead:
            for found in check_clock(u64(header, 16), name, offset + 16):
                summary.ahead = True
                yield found
        if summary.first is None:
            summary.first = sequence
        summary.last = u64(header, 16)
        summary.count += 1

    def check_order(self, sequence, flags, epoch, name, offset):
        """Sequences go up by one. A writer of the base format begins again with 0 at every open; the first record of ours behind such
        records goes on from the highest sequence before it."""
        restart = flags == 0 and sequence == 0
        takeover = self.base and epoch is not None and sequence == self.highest + 1
        if self.next is not None and sequence != self.next and not restart and not takeover:
            yield problem("sequence-gap", name, offset, f"expected {self.next}, found {sequence}")
        if epoch is not None:
            if epoch < self.epoch:
                yield problem("epoch-back", name, offset, f"{epoch} after {self.epoch}")
            newest = int(self.control["writerEpoch"]) if self.control else 2**32
            if epoch > newest:
                yield problem("epoch-ahead", name, offset, f"{epoch} before {newest}")
            self.epoch = epoch
        self.next = sequence + 1
        self.highest = max(self.highest, sequence)
        self.base = epoch is None

    def check_summary(self, header, name, summary, sealed):
        """The extension fields of a segment's header, where present, agree with what the segment holds."""
        first_plus_one = u64(header, 16)
        expected = summary.first if summary.first is not None else self.next
        if first_plus_one != 0 and expected is not None and first_plus_one - 1 != expected:
            yield problem("bad-summary", name, 16, f"first sequence {first_plus_one - 1}, found {expected}")
        if is_zero(header[40:64]) or summary.bad:
            return
        if not sealed:
            yield problem("bad-summary", name, 40, "a summary in a segment that is not sealed")
            return
        end, count, last = u64(header, 40), u64(header, 48), u64(header, 56)
        if end not in (0, summary.end) and not (summary.padding and end == self.segment_size):
            yield problem("bad-summary", name, 40, f"end {end}, found {summary.end}")
        if count not in (0, summary.count):
            yield problem("bad-summary", name, 48, f"records {count}, found {summary.count}")
        if last not in (0, summary.last):
            yield problem("bad-summary", name, 56, f"last timestamp {last}, found {summary.last}")

    def check_control(self):
        """The control block agrees with the segments."""
        control = self.control
        if control is None:
            return
        if control["currentSegment"] not in self.ids:
            yield problem("missing-head", "control.meta", 132, f"segment {control['currentSegment']}")
            return
        end = max(self.boundaries.get(control["currentSegment"], {64}))
        if control["writeOffset"] != end:
            yield problem("bad-write-offset", "control.meta", 256, f"{control['writeOffset']}, found {end}")
        first = control["firstSegmentPlusOne"]
        if first != 0 and int(first) - 1 != self.ids[0]:
            yield problem("bad-first-segment", "control.meta", 136, f"{int(first) - 1}, found {self.ids[0]}")
        yield from check_clock(int(control["heartbeatNs"]), "control.meta", 264)
        if self.extensions_are_current() and self.next is not None and control["nextSequence"] != self.highest + 1:
            yield problem("bad-next-sequence", "control.meta", 272, f"{control['nextSequence']}, found {self.highest + 1}")

    def readers(self):
        for file_name in names_in(os.path.join(self.directory, "readers")):
            name = file_name[: -len(".meta")]
            file = f"readers/{file_name}"
            if not file_name.endswith(".meta") or not READER_NAME.fullmatch(name):
                if not file_name.endswith((".lost", ".tmp")):
                    yield problem("foreign-reader", file, 0, "not a name of a reader")
                continue
            data = read_if_there(os.path.join(self.directory, file)) or b""
            best = None
            if len(data) == 8:
                best = {"segment": 0, "offset": wide(u64(data, 0)), "generation": 0, "heartbeatNs": "0"}
            if len(data) == 16:
                best = {"segment": wide(u64(data, 0)), "offset": wide(u64(data, 8)), "generation": 0, "heartbeatNs": "0"}
            for slot in (0, 1) if len(data) == 80 else ():
                part = data[40 * slot : 40 * slot + 40]
                if is_zero(part):
                    continue
                if zlib.crc32(part[:32]) != u32(part, 32) or u32(part, 36) != 0:
                    yield problem("bad-position-slot", file, 40 * slot, f"slot {slot}")
                    continue
                generation = u64(part, 24)
                if generation % 2 != slot:
                    yield problem("bad-position-slot", file, 40 * slot, f"generation {generation}")
                if best is None or generation > int(best["generation"]):
                    place = {"segment": wide(u64(part, 0)), "offset": wide(u64(part, 8))}
                    best = {**place, "generation": wide(generation), "heartbeatNs": str(u64(part, 16))}
            if best is None:
                yield problem("bad-position", file, 0, "no valid slot" if len(data) == 80 else f"length {len(data)}")
                continue
            yield {"kind": "reader", "name": name, **best}
            yield from check_clock(int(best["heartbeatNs"]), file, 0)
            yield from self.check_place(best, file)

    def check_place(self, place, file):
        """A saved position lies where a record begins or would begin, unless its segment is deleted."""
        segment, offset = int(place["segment"]), int(place["offset"])
        if segment < min(self.boundaries, default=float("inf")):
            return
        known = self.boundaries.get(segment)
        if known is None or not (offset in known or offset == self.segment_size):
            yield problem("bad-place", file, 0, f"segment {place['segment']} offset {place['offset']}")

    def hints(self):
        for name in names_in(self.directory):
            if not KNOWN_NAMES.fullmatch(name):
                yield problem("foreign-file", name, 0, "not part of a queue")
        index = read_if_there(os.path.join(self.directory, "index.meta"))
        if index is not None and len(index) != 16:
            yield problem("bad-index", "index.meta", 0, f"length {len(index)}")
        if index is not None and len(index) == 16:
            hint = {"segment": wide(u64(index, 0)), "offset": wide(u64(index, 8))}
            yield {"kind": "index", **hint}
            yield from self.check_place(hint, "index.meta")
        text = (read_if_there(os.path.join(self.directory, "writer.lock")) or b"").decode("latin-1")
        match = re.fullmatch(r"(\d+) (\d+) (\d+)\n", text)
        if match:
            yield {"kind": "lock", "pid": int(match[1]), "startTime": int(match[2]), "epoch": int(match[3])}


def scan_queue(directory):
    control = None
    for event in scan_control(read_if_there(os.path.join(directory, "control.meta"))):
        if event["kind"] == "control":
            control = event
        yield event
    ids = sorted(int(name[:-2]) for name in names_in(directory) if SEGMENT_NAME.fullmatch(name))
    if not ids:
        yield problem("no-segments", os.path.basename(directory), 0, "there is no segment")
    walk = Walk(directory, control, ids)
    yield from walk.segments()
    yield from walk.check_control()
    yield from walk.readers()
    yield from walk.hints()


def line_of(event, as_json):
    if as_json:
        return json.dumps(event, separators=(",", ":"), ensure_ascii=False)
    return " ".join([event["kind"], *(f"{name}={value}" for name, value in event.items() if name != "kind")])


def main(args):
    as_json = "--json" in args
    directories = [arg for arg in args if arg != "--json"]
    if not directories or any(arg.startswith("-") for arg in directories):
        print("usage: read_queue.py DIR... [--json]", file=sys.stderr)
        return 2
    problems = 0
    for directory in directories:
        print(line_of({"kind": "queue", "directory": directory}, as_json))
        found = {"kind": "end", "records": 0, "problems": 0}
        for event in scan_queue(directory):
            found["records"] += event["kind"] == "record"
            found["problems"] += event["kind"] == "problem"
            print(line_of(event, as_json))
        print(line_of(found, as_json))
        problems += found["problems"]
    return 0 if problems == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
