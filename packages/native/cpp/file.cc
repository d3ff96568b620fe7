#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "file_blocks.h"
#include "napi_support.h"

namespace chronicle {
namespace {

napi_value resultOf(napi_env env, int error, const char* systemCall) {
  return error == 0 ? nullptr : throwSystemError(env, error, systemCall);
}

napi_value reserveBlocksBinding(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const int fd = args.fd(0);
  const uint64_t offset = args.integer(1, "offset");
  const uint64_t length = args.integer(2, "length");
  return args.ok() ? resultOf(env, reserveBlocks(fd, offset, length), "fallocate") : nullptr;
}

napi_value zeroRangeBinding(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const int fd = args.fd(0);
  const uint64_t offset = args.integer(1, "offset");
  const uint64_t length = args.integer(2, "length");
  return args.ok() ? resultOf(env, zeroRange(fd, offset, length), "fallocate") : nullptr;
}

napi_value renameNoReplaceBinding(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const std::string from = args.string(0, "from");
  const std::string to = args.string(1, "to");
  return args.ok() ? resultOf(env, renameNoReplace(AT_FDCWD, from, to), "renameat2") : nullptr;
}

napi_value dataOffset(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const int fd = args.fd(0);
  const uint64_t offset = args.integer(1, "offset");
  if (!args.ok()) return nullptr;
  const off_t found = lseek(fd, static_cast<off_t>(offset), SEEK_DATA);
  if (found >= 0) return makeNumber(env, static_cast<double>(found));
  if (errno == ENXIO) return makeNumber(env, -1);
  // A file system that does not say where its holes are.
  return errno == EINVAL || errno == EOPNOTSUPP ? makeNumber(env, static_cast<double>(offset))
                                                : throwSystemError(env, errno, "lseek");
}

int lockFile(int fd, int operation) {
  while (flock(fd, operation) != 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

napi_value tryLock(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const int fd = args.fd(0);
  const bool exclusive = args.boolean(1, "exclusive");
  if (!args.ok()) return nullptr;
  const int error = lockFile(fd, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB);
  if (error != 0 && error != EWOULDBLOCK) return throwSystemError(env, error, "flock");
  return makeBoolean(env, error == 0);
}

napi_value unlock(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const int fd = args.fd(0);
  return args.ok() ? resultOf(env, lockFile(fd, LOCK_UN), "flock") : nullptr;
}

}  // namespace

void defineFile(napi_env env, napi_value exports) {
  defineFunction(env, exports, "reserveBlocks", reserveBlocksBinding);
  defineFunction(env, exports, "zeroRange", zeroRangeBinding);
  defineFunction(env, exports, "renameNoReplace", renameNoReplaceBinding);
  defineFunction(env, exports, "dataOffset", dataOffset);
  defineFunction(env, exports, "tryLock", tryLock);
  defineFunction(env, exports, "unlock", unlock);
}

}  // namespace chronicle
