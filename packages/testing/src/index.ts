export { ManualClock, type ManualTimer, type Span } from './manual-clock.js'
export { MemoryBus, memoryBus } from './memory-bus.js'
export { MemoryQueue, type MemoryQueueOptions } from './memory-queue.js'
export { findNatsServer, type NatsBinary, NatsServer, type NatsServerOptions } from './nats-server.js'
export { memoryQueue } from './open-memory-queue.js'
export { type ScenarioContext, type ScenarioOptions, type ScenarioStrategy, scenario } from './scenario.js'
export {
  type DrainedMessage,
  type DrainedMessageOf,
  TypedMemoryQueue,
  type TypedMemoryQueueOptions,
} from './typed-memory-queue.js'
