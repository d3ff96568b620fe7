// The hot loops without Node, for the sanitizers: `node sanitize.mjs` builds and runs it.
#include <pthread.h>

#include <random>
#include <vector>

#include "../appender_core.h"
#include "../crc.h"
#include "../slots.h"
#include "../verifier_core.h"
#include "check.h"

namespace chronicle {
namespace {

uint32_t crcByDefinition(uint32_t seed, const uint8_t* bytes, size_t length) {
  uint32_t crc = ~seed;
  for (size_t index = 0; index < length; index++) {
    crc ^= bytes[index];
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320u : 0u);
  }
  return ~crc;
}

// Every length, in memory that ends where the bytes end.
void testCrc() {
  std::mt19937 random(1);
  for (size_t length = 0; length <= 1024; length++) {
    const std::unique_ptr<uint8_t[]> bytes(new uint8_t[length]);
    for (size_t index = 0; index < length; index++) bytes[index] = static_cast<uint8_t>(random());
    const uint32_t seed = random();
    const uint32_t expected = crcByDefinition(seed, bytes.get(), length);
    CHECK(crc32(seed, bytes.get(), length) == expected);
    CHECK(crc32WithTables(seed, bytes.get(), length) == expected);
  }
}

void testHeaderCrc() {
  std::mt19937_64 random(2);
  for (int round = 0; round < 1000; round++) {
    uint64_t words[4] = {random(), random(), random(), random()};
    const auto* const bytes = reinterpret_cast<const uint8_t*>(words);
    const uint32_t expected = crcByDefinition(0, bytes, sizeof words);
    CHECK(crc32Of32Bytes(words[0], words[1], words[2], words[3]) == expected);
  }
}

// Payloads of every length, in memory that ends where they end.
void testRecordSums() {
  std::mt19937_64 random(4);
  for (size_t length = 0; length <= 300; length++) {
    const std::unique_ptr<uint8_t[]> payload(new uint8_t[length]);
    for (size_t index = 0; index < length; index++) payload[index] = static_cast<uint8_t>(random());
    const uint32_t expected = crcByDefinition(0, payload.get(), length);
    uint64_t words[4] = {random(), random(), random(), random()};
    const auto* const bytes = reinterpret_cast<const uint8_t*>(words);
    const RecordSums stored = sumsOfRecord(words[0], words[1], words[2], words[3], payload.get(), length);
    CHECK(stored.payload == expected && stored.header == crcByDefinition(0, bytes, sizeof words));
    words[3] &= 0xFFFF'FFFFu;
    const RecordSums made = sumsOfNewRecord(words[0], words[1], words[2], words[3], payload.get(), length);
    words[3] |= uint64_t{expected} << 32;
    CHECK(made.payload == expected && made.header == crcByDefinition(0, bytes, sizeof words));
    words[0] = length + 1;
    words[3] &= 0xFFFF'FFFFu;
    const std::unique_ptr<uint8_t[]> copied(new uint8_t[length]);
    const RecordSums moved = copyNewRecord(words[0], words[1], words[2], words[3], copied.get(), payload.get());
    words[3] |= uint64_t{expected} << 32;
    CHECK(length == 0 || std::memcmp(copied.get(), payload.get(), length) == 0);
    CHECK(moved.payload == expected && moved.header == crcByDefinition(0, bytes, sizeof words));
  }
}

// Random messages over many segments, all of them verified.
void testAppendAndVerify(bool extensions) {
  std::mt19937 random(3);
  Memory control(kControlLength);
  std::vector<std::unique_ptr<Memory>> segments;
  segments.push_back(std::make_unique<Memory>(4096));
  AppenderCore appender(control.range(), {7, extensions});
  appender.attach(segments[0]->range(), 0, kFirstRecordOffset, 0);
  const std::vector<uint8_t> source(5000, 0xAB);
  uint64_t appended = 0;
  while (segments.size() < 200) {
    const size_t length = random() % 5000;
    const bool inPlace = random() % 4 == 0;
    int status = inPlace ? appender.claim(1, length) : appender.appendAt(1, source.data(), length, 5);
    if (status == kOk && inPlace) {
      std::memset(segments.back()->bytes + static_cast<size_t>(appender.state().claimOffset), 0xCD, (length + 63) & ~size_t{63});
      status = random() % 3 == 0 ? appender.abort() : appender.publish(9, 9);
      if (appender.state().nextSequence == static_cast<double>(appended)) continue;
    }
    CHECK(status == kOk || status == kRoll || status == kTooLarge);
    if (status == kOk) appended++;
    if (status != kRoll) continue;
    segments.push_back(std::make_unique<Memory>(4096));
    CHECK(appender.roll(segments.back()->range(), static_cast<uint32_t>(segments.size() - 1), 7) == kOk);
  }
  VerifierCore verifier;
  verifier.state().sequence = 0;
  uint64_t verified = 0;
  for (const auto& segment : segments) {
    verifier.attach(segment->range());
    const int status = verifier.verify(kFirstRecordOffset, {1 << 20, 1 << 20});
    CHECK(status == kUncommitted || status == kSegmentEnd);
    verified += static_cast<uint64_t>(verifier.state().count);
  }
  CHECK(verified == appended && appended > 200);
}

// Bytes that no writer wrote: a status, and no access outside.
void testHostileBytes() {
  std::mt19937 random(4);
  for (int round = 0; round < 20000; round++) {
    Memory segment(64 + random() % 1024);
    for (int change = 0; change < 8; change++) segment.bytes[random() % segment.length] = static_cast<uint8_t>(random());
    VerifierCore verifier;
    verifier.attach(segment.range());
    const int status = verifier.verify(64 * (random() % 20), {random() % 20, random()});
    CHECK(status >= kUncommitted && status <= kSequenceGap);
    CHECK(verifier.state().end <= 64 * 20);
  }
}

void testSlots() {
  Memory meta(kReaderMetaLength);
  auto* const slots = reinterpret_cast<PositionSlot*>(meta.bytes);
  PositionSlots saved(slots);
  for (uint64_t generation = 1; generation < 100; generation++) {
    saved.store({generation, 64}, 5);
    CHECK(slots[generation % 2].generation == generation);
    CHECK(slots[generation % 2].crc.load() == crc32(0, reinterpret_cast<const uint8_t*>(&slots[generation % 2]), 32));
  }
}

struct Pair {
  Memory control{kControlLength};
  Memory segment{1 << 20};
  std::atomic<bool> done{false};
};

// The reader's half of the waiting protocol, as core has it: look, announce, sleep on what was seen before the look.
void* readUntilDone(void* data) {
  Pair& pair = *static_cast<Pair*>(data);
  auto* const control = reinterpret_cast<ControlBlock*>(pair.control.bytes);
  VerifierCore verifier;
  verifier.attach(pair.segment.range());
  verifier.state().sequence = 0;
  uint64_t offset = kFirstRecordOffset;
  for (;;) {
    const uint32_t seen = control->notifySequence.load(std::memory_order_acquire);
    const bool done = pair.done.load(std::memory_order_acquire);
    const int status = verifier.verify(offset, {64, 1 << 20});
    offset = static_cast<uint64_t>(verifier.state().end);
    if (status == kSegmentEnd || (done && status == kUncommitted)) return nullptr;
    CHECK(status == kUncommitted || status == kLimit);
    if (status == kLimit) continue;
    control->parkedReaders.store(1, std::memory_order_seq_cst);
    futexWaitShared(&control->notifySequence, seen, monotonicNs() + 100'000'000);
  }
}

void testTwoThreads() {
  for (int round = 0; round < 5; round++) {
    Pair pair;
    AppenderCore appender(pair.control.range(), {1, true});
    appender.attach(pair.segment.range(), 0, kFirstRecordOffset, 0);
    pthread_t reader;
    CHECK(pthread_create(&reader, nullptr, readUntilDone, &pair) == 0);
    const uint8_t payload[100] = {1, 2, 3};
    while (appender.append(1, payload, sizeof payload) == kOk) {
    }
    pair.done.store(true, std::memory_order_release);
    appender.finishBatch(realtimeNs());
    pthread_join(reader, nullptr);
  }
}

}  // namespace
}  // namespace chronicle

int main() {
  chronicle::testCrc();
  chronicle::testHeaderCrc();
  chronicle::testRecordSums();
  chronicle::testAppendAndVerify(true);
  chronicle::testAppendAndVerify(false);
  chronicle::testHostileBytes();
  chronicle::testSlots();
  chronicle::testTwoThreads();
  std::puts("self-test: ok");
}
