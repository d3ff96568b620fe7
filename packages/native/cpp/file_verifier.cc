// Checks the records of segment files at memory speed, for tools that check whole queues. JavaScript does not see the mapping, and the order of the times is checked in the same pass.
#include "mapping.h"
#include "napi_support.h"
#include "native_object.h"
#include "verifier_core.h"

namespace chronicle {
namespace {

// As doubles, times in halves, because that is what JavaScript's numbers are. It gives the first four before a call, and takes the rest afterwards.
struct TimesState {
  double previousHigh = 0;
  double previousLow = 0;
  double limitHigh = 0;
  double limitLow = 0;
  double backwards = 0;
  double backwardsOffset = 0;
  double ahead = 0;
  double aheadOffset = 0;
};
static_assert(sizeof(TimesState) == 8 * sizeof(double));

uint64_t join(double high, double low) { return static_cast<uint64_t>(high) << 32 | static_cast<uint64_t>(low); }

// Counts records that are older than the one before, and those after the limit, and keeps the place of the first of each.
class TimeWatch {
 public:
  explicit TimeWatch(const TimesState& state) : previous_(join(state.previousHigh, state.previousLow)), limit_(join(state.limitHigh, state.limitLow)) {}

  void see(uint64_t offset, uint64_t timestampNs) {
    if (timestampNs < previous_) [[unlikely]] backwards_.note(offset);
    if (timestampNs > limit_) [[unlikely]] ahead_.note(offset);
    previous_ = timestampNs;
  }

  void storeInto(TimesState* state) const {
    state->previousHigh = static_cast<double>(previous_ >> 32);
    state->previousLow = static_cast<double>(previous_ & 0xFFFF'FFFFu);
    state->backwards = static_cast<double>(backwards_.count);
    state->backwardsOffset = static_cast<double>(backwards_.first);
    state->ahead = static_cast<double>(ahead_.count);
    state->aheadOffset = static_cast<double>(ahead_.first);
  }

 private:
  struct Places {
    uint64_t count = 0;
    uint64_t first = 0;

    void note(uint64_t offset) {
      if (count++ == 0) first = offset;
    }
  };

  uint64_t previous_;
  uint64_t limit_;
  Places backwards_;
  Places ahead_;
};

struct FileVerifier {
  std::shared_ptr<Mapping> file;
  VerifierCore core;
  TimesState times;

  void attach(std::shared_ptr<Mapping> mapping) {
    core.attach(mapping == nullptr ? MappedRange{} : mapping->range());
    file = std::move(mapping);
  }
};

napi_value attach(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const int fd = args.fd(0);
  const uint64_t length = args.integer(1, "length");
  if (!args.ok()) return nullptr;
  FileVerifier& verifier = *args.data<FileVerifier>();
  // The one before goes first, so that a failure leaves none.
  verifier.attach(nullptr);
  int error = 0;
  auto file = Mapping::map(fd, length, false, &error);
  if (file == nullptr) return throwSystemError(env, error, "mmap");
  verifier.attach(std::move(file));
  return nullptr;
}

napi_value verify(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint64_t offset = args.integer(0, "offset");
  const uint64_t maxBytes = args.integer(1, "maxBytes");
  if (!args.ok()) return nullptr;
  FileVerifier& verifier = *args.data<FileVerifier>();
  TimeWatch watch(verifier.times);
  const int status = verifier.core.verify(offset, {UINT64_MAX, maxBytes}, watch);
  watch.storeInto(&verifier.times);
  return makeNumber(env, status);
}

napi_value detach(napi_env env, napi_callback_info info) {
  Arguments(env, info).data<FileVerifier>()->attach(nullptr);
  return nullptr;
}

napi_value createFileVerifier(napi_env env, napi_callback_info) {
  auto* const verifier = new FileVerifier;
  constexpr NativeObject<FileVerifier>::Function functions[] = {{"attach", attach}, {"verify", verify}, {"detach", detach}};
  const auto state = NativeObject<FileVerifier>::doubles("state", &verifier->core.state(), sizeof(VerifierState));
  const auto times = NativeObject<FileVerifier>::doubles("times", &verifier->times, sizeof(TimesState));
  return NativeObject<FileVerifier>::create(env, verifier, {state, times}, functions);
}

}  // namespace

void defineFileVerifier(napi_env env, napi_value exports) { defineFunction(env, exports, "createFileVerifier", createFileVerifier); }

}  // namespace chronicle
