#include "clock.h"
#include "mapping.h"
#include "napi_support.h"
#include "native_object.h"
#include "slots.h"

namespace chronicle {
namespace {

// What JavaScript writes before a call, as doubles because that is what its numbers are: arguments would have to be fetched one by one.
struct PositionState {
  double segmentId = 0;
  double offset = 0;
};
static_assert(sizeof(PositionState) == 2 * sizeof(double));

struct PositionSaver {
  explicit PositionSaver(std::shared_ptr<Mapping> mapping) : meta(std::move(mapping)), slots(reinterpret_cast<PositionSlot*>(meta->data())) {}

  std::shared_ptr<Mapping> meta;
  PositionSlots slots;
  PositionState state;
};

PositionSaver& saverOf(napi_env env, napi_callback_info info) {
  void* data = nullptr;
  napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &data);
  return *static_cast<PositionSaver*>(data);
}

// What is not an integer from 0 on becomes 0: a position that is too low repeats messages and skips none.
uint64_t toInteger(double value) {
  constexpr double kMax = 9007199254740992;
  return value > 0 && value < kMax ? static_cast<uint64_t>(value) : 0;
}

napi_value save(napi_env env, napi_callback_info info) {
  PositionSaver& saver = saverOf(env, info);
  if (saver.meta == nullptr) [[unlikely]] return nullptr;
  // The coarse clock: a heartbeat is compared in seconds, and a precise reading would be a third of the call.
  saver.slots.store({toInteger(saver.state.segmentId), toInteger(saver.state.offset)}, coarseRealtimeNs());
  return nullptr;
}

napi_value detach(napi_env env, napi_callback_info info) {
  saverOf(env, info).meta.reset();
  return nullptr;
}

napi_value createPositionSaver(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  auto meta = args.mapping(0, "meta");
  if (args.ok()) args.checkRange(*meta, 0, kReaderMetaLength);
  if (args.ok() && !meta->writable()) args.fail("meta must be writable");
  if (!args.ok()) return nullptr;
  auto* const saver = new PositionSaver(std::move(meta));
  constexpr NativeObject<PositionSaver>::Function functions[] = {{"save", save}, {"detach", detach}};
  auto* const state = reinterpret_cast<double*>(&saver->state);
  return NativeObject<PositionSaver>::create(env, saver, state, sizeof(PositionState) / sizeof(double), functions);
}

}  // namespace

void definePositionSaver(napi_env env, napi_value exports) { defineFunction(env, exports, "createPositionSaver", createPositionSaver); }

}  // namespace chronicle
