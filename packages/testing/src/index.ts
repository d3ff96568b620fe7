export { ManualClock, type ManualTimer, type Span } from './manual-clock.js'
export { MemoryBus, memoryBus } from './memory-bus.js'
export { MemoryQueue, type MemoryQueueOptions, memoryQueue } from './memory-queue.js'
export { type ScenarioContext, type ScenarioOptions, type ScenarioStrategy, scenario } from './scenario.js'
