#include <poll.h>

#include <cerrno>

#include "napi_support.h"

namespace chronicle {
namespace {

// A write would say it, too, but a program that has nothing to write never makes one.
napi_value hasHungUp(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const int fd = args.fd(0);
  if (!args.ok()) return nullptr;
  pollfd polled = {};
  polled.fd = fd;
  if (poll(&polled, 1, 0) < 0 && errno != EINTR) return throwSystemError(env, errno, "poll");
  if ((polled.revents & POLLNVAL) != 0) return throwSystemError(env, EBADF, "poll");
  return makeBoolean(env, (polled.revents & (POLLERR | POLLHUP)) != 0);
}

}  // namespace

void defineHangUp(napi_env env, napi_value exports) {
  defineFunction(env, exports, "hasHungUp", hasHungUp);
}

}  // namespace chronicle
