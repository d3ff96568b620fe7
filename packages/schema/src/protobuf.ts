/**
 * Messages in Protocol Buffers. An entry of its own, because its types are those of the optional dependency `@bufbuild/protobuf`: declarations of the other entry compile without it.
 */

export { protobufMessage } from './codecs/protobuf.js'
