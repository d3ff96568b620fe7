// A writer over a control block and segments that hold anything, with calls in any order: no access outside, and what it published is what a verifier finds.
// The first bytes are the control block, then the head segment; what is left chooses the calls.
#include "../appender_core.h"
#include "../verifier_core.h"
#include "reference.h"

namespace chronicle {
namespace {

constexpr size_t kSegmentLength = 1024;
constexpr int kCallsMax = 64;

class Session {
 public:
  explicit Session(Choices choices) : choices_(choices), extensions_(choices_.number<uint8_t>() % 2 == 0) {
    choices_.take(control_.bytes, control_.length);
    // The flag and the count of waiting readers may say anything: each costs a system call per append: sound, and slow.
    startSegment(choices_);
    appender_ = std::make_unique<AppenderCore>(control_.range(), AppenderCore::Options{choices_.number<uint32_t>(), extensions_});
    begin_ = end_ = kAlignment * (1 + choices_.number<uint8_t>() % (kSegmentLength / kAlignment));
    first_ = next_ = choices_.number<uint32_t>();
    appender_->attach(segment_->range(), choices_.number<uint32_t>(), begin_, next_);
  }

  void run() {
    for (int call = 0; call < kCallsMax && choices_.any(); call++) step(choices_.number<uint8_t>(), choices_.number<uint16_t>());
    appender_->abort();
    checkSegment();
  }

 private:
  void startSegment(Choices& choices) {
    segment_ = std::make_unique<Memory>(kSegmentLength);
    choices.take(segment_->bytes, kSegmentLength);
  }

  void step(uint8_t what, uint16_t number) {
    const uint8_t payload[2048] = {7, 7, 7};
    const uint32_t type = number % 5 == 0 ? kPaddingType : number % 7;
    const size_t length = number % sizeof payload;
    switch (what % 7) {
      case 0: return published(appender_->appendAt(type, payload, length, number), length);
      case 1:
        published(appender_->appendQuietly(type, payload, length, number), length);
        return appender_->finishBatch(number);
      case 2:
        if (appender_->claim(type, length) == kOk) claimed_ = length;
        return;
      case 3: return published(appender_->publish(number, number), claimed_);
      case 4: appender_->abort(); return;
      case 5: return roll(number);
      default: appender_->heartbeat(); return;
    }
  }

  void published(int status, size_t length) {
    CHECK(status <= kDetached && status != kFault);
    if (status != kOk) return;
    end_ += recordLength(length);
    next_++;
    CHECK(appender_->state().writeOffset == static_cast<double>(end_) && end_ <= kSegmentLength);
    CHECK(appender_->state().nextSequence == static_cast<double>(next_));
  }

  void roll(uint32_t id) {
    auto next = std::make_unique<Memory>(kSegmentLength);
    const int status = appender_->roll(next->range(), id, id);
    CHECK(status == kOk || status == kClaim);
    if (status != kOk) return;
    checkSegment();
    segment_ = std::move(next);
    begin_ = end_ = kFirstRecordOffset;
    first_ = next_;
  }

  // Anything may follow the end, so the verifier gets the number of records to look at.
  void checkSegment() const {
    VerifierCore verifier;
    verifier.attach(segment_->range());
    verifier.state().sequence = static_cast<double>(first_);
    const uint64_t count = next_ - first_;
    if (count == 0) return;
    CHECK(verifier.verify(begin_, {count, 1 << 30}) == kLimit);
    CHECK(verifier.state().end == static_cast<double>(end_) && verifier.state().sequence == static_cast<double>(next_));
  }

  Choices choices_;
  bool extensions_;
  Memory control_{kControlLength};
  std::unique_ptr<Memory> segment_;
  std::unique_ptr<AppenderCore> appender_;
  uint64_t begin_;
  uint64_t end_;
  uint64_t first_;
  uint64_t next_;
  size_t claimed_ = 0;
};

}  // namespace
}  // namespace chronicle

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 0) chronicle::Session({data, size}).run();
  return 0;
}
