export type { BegunFrame, Frame, FrameHead } from './frames/frame.js'
export type { WholeFrame } from './frames/frame-assembler.js'
export type { BridgeLag } from './nats/bridge-lag.js'
export { type BridgeStatus, bridgeStatus, type SinkStatus } from './nats/bridge-status.js'
export { FrameStream, type Reconnects, type StreamEnd, type StreamNames, type StreamSettings } from './nats/frame-stream.js'
export { connectNats, connectPersistently, type NatsOptions, type PersistentOptions } from './nats/nats-options.js'
export type { SessionNote } from './nats/passing.js'
export { type Promoted, promote } from './nats/promote.js'
export { Puller, type PullerOptions, type PullProgress } from './nats/puller.js'
export { Pusher, type PusherOptions, type PushProgress } from './nats/pusher.js'
export { type Rejoined, rejoin } from './nats/rejoin.js'
export { type BrokenStream, encodeEnd, encodeFrame, readFrames } from './pipe/frame-stream.js'
export {
  type PulledFromStream,
  type PushToStreamOptions,
  pullFromStream,
  pushToStream,
  type Transferred,
} from './pipe/pipe-transfer.js'
export type { BridgeProgress } from './progress/bridge-progress.js'
export { type BridgeReading, ProgressWriter } from './progress/progress-writer.js'
export type { CutOff } from './replica/cut-queue.js'
export { type ReplicaIdentity, readIdentity } from './replica/replica-identity.js'
export { ReplicaSink, type ReplicaSinkOptions, type Taken } from './replica/replica-sink.js'
export { type Outgoing, ReplicaSource, type ReplicaSourceOptions } from './source/replica-source.js'
