#include "durable_job.h"

#include "format.h"

namespace chronicle {

int DurableJob::run() {
  if (const int error = control->durableError(); error != 0) return error;
  int error = unmap ? Mapping::syncUnmapped(std::move(segment)) : segment->sync(offset, length);
  if (error == 0 && marks) {
    storeDurableMark(reinterpret_cast<ControlBlock*>(control->data()), mark);
    error = control->sync(0, kControlLength);
  }
  return error == 0 ? 0 : control->failDurable(error);
}

}  // namespace chronicle
