#include "clock.h"
#include "mapping.h"
#include "napi_support.h"
#include "native_object.h"
#include "slots.h"

namespace chronicle {
namespace {

// What JavaScript writes before a call, and the answer, as doubles because that is what its numbers are: arguments would have to be fetched one by one.
struct PositionState {
  double segmentId = 0;
  double offset = 0;
  double writerBlocked = 0;
};
static_assert(sizeof(PositionState) == 3 * sizeof(double));

struct PositionSaver {
  PositionSaver(std::shared_ptr<Mapping> metaMapping, std::shared_ptr<Mapping> controlMapping)
      : meta(std::move(metaMapping)), control(std::move(controlMapping)), slots(reinterpret_cast<PositionSlot*>(meta->data())) {}

  // Sequentially consistent, as the store of the position before it is.
  bool writerBlocked() const { return reinterpret_cast<const ControlBlock*>(control->data())->writerBlocked.load(std::memory_order_seq_cst) != 0; }

  std::shared_ptr<Mapping> meta;
  std::shared_ptr<Mapping> control;
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
  saver.state.writerBlocked = saver.writerBlocked() ? 1 : 0;
  return nullptr;
}

napi_value detach(napi_env env, napi_callback_info info) {
  PositionSaver& saver = saverOf(env, info);
  saver.meta.reset();
  saver.control.reset();
  return nullptr;
}

napi_value createPositionSaver(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  auto meta = args.mapping(0, "meta");
  auto control = args.mapping(1, "control");
  if (args.ok()) args.checkRange(*meta, 0, kReaderMetaLength);
  if (args.ok() && !meta->writable()) args.fail("meta must be writable");
  if (args.ok()) args.checkRange(*control, 0, kControlLength);
  if (!args.ok()) return nullptr;
  auto* const saver = new PositionSaver(std::move(meta), std::move(control));
  constexpr NativeObject<PositionSaver>::Function functions[] = {{"save", save}, {"detach", detach}};
  return NativeObject<PositionSaver>::create(env, saver, {NativeObject<PositionSaver>::doubles("state", &saver->state, sizeof saver->state)}, functions);
}

}  // namespace

void definePositionSaver(napi_env env, napi_value exports) { defineFunction(env, exports, "createPositionSaver", createPositionSaver); }

}  // namespace chronicle
