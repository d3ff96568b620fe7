import type { AppendOptions, AsyncAppendOptions } from '@chronicle-ts/core'

/** What a typed message can carry besides its fields: time, trace context, source position. The schema version is the type's. */
export type TypedAppendOptions = Omit<AppendOptions, 'schemaVersion'>

export type TypedAsyncAppendOptions = Omit<AsyncAppendOptions, 'schemaVersion'>

/** What a `fill` may return: anything but a promise, because the message is published when it returns. */
export type Synchronous<Result> = Extract<Result, PromiseLike<unknown>> extends never ? unknown : never
