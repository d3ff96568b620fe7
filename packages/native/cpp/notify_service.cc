#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

#include "napi_support.h"

namespace chronicle {
namespace {

// What systemd reads, sd_notify(3): one datagram to the socket that $NOTIFY_SOCKET names. An '@' in front stands for the abstract namespace.
int sendTo(const char* path, const std::string& state) {
  sockaddr_un address = {};
  const size_t length = strlen(path);
  if (length == 0 || length >= sizeof address.sun_path) return EINVAL;
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, path, length);
  if (path[0] == '@') address.sun_path[0] = '\0';
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  const auto addressLength = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  const ssize_t sent =
      sendto(fd, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), addressLength);
  const int error = sent < 0 ? errno : 0;
  close(fd);
  return error;
}

napi_value notifyService(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const std::string state = args.string(0, "state");
  if (!args.ok()) return nullptr;
  const char* const path = getenv("NOTIFY_SOCKET");
  if (path == nullptr) return makeBoolean(env, false);
  const int error = sendTo(path, state);
  return error == 0 ? makeBoolean(env, true) : throwSystemError(env, error, "sendto");
}

}  // namespace

void defineNotifyService(napi_env env, napi_value exports) {
  defineFunction(env, exports, "notifyService", notifyService);
}

}  // namespace chronicle
