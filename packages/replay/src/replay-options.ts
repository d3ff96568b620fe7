import { type DirectoryPath, InvalidArgumentError, type Message, type MessageSource, type Place } from '@chronicle-ts/core'
import { checkOptions, checkSignal, type OptionNames } from '@chronicle-ts/core/internal'
import type { FanInMessage } from '@chronicle-ts/fanin'

/** A queue's directory, of which the replay opens an observer, or a reader or observer of the caller's, which stays open and belongs to the replay meanwhile. */
export type ReplaySource = DirectoryPath | MessageSource

/** Gets each message: a view that is valid until the handler has returned, or its promise is settled. */
export type ReplayHandler = (delivery: FanInMessage<Message>) => unknown

export interface ReplayOptions {
  /** Sources by key. Between messages of equal times the lower key (by UTF-16 code units) goes first. */
  readonly sources: Readonly<Record<string, ReplaySource>>
  /** Where to begin in every source. Default: observers at the earliest message, a source of the caller's where it stands. */
  readonly from?: Place
  /** How many times as fast as recorded; `Infinity` (default): without waiting. */
  readonly speed?: number
  /** What gets the messages when `run`, `step` or `until` are given no handler. */
  readonly handler?: ReplayHandler
  /** Ends what is under way when it aborts, as `pause` does, and all that is called later. */
  readonly signal?: AbortSignal
}

const NAMES: OptionNames<ReplayOptions> = { sources: true, from: true, speed: true, handler: true, signal: true }

/** @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT` that names the option. */
export function checkReplayOptions(options: ReplayOptions): void {
  checkOptions(options, NAMES)
  const { sources, handler, speed, signal } = options
  checkSignal(signal)
  if (typeof sources !== 'object' || sources === null)
    throw new InvalidArgumentError({ argument: 'sources', value: sources, expected: 'an object of sources by key' })
  if (handler !== undefined) checkHandler(handler)
  if (speed !== undefined) checkSpeed(speed)
}

/** Whether it is open already; what is neither that nor a path is refused where it is opened. */
export function isMessageSource(given: unknown): given is MessageSource {
  return typeof given === 'object' && given !== null && 'seek' in given
}

export function checkHandler(handler: unknown): asserts handler is ReplayHandler {
  if (typeof handler === 'function') return
  throw new InvalidArgumentError({ argument: 'handler', value: handler, expected: 'a function' })
}

export function checkSpeed(speed: unknown): asserts speed is number {
  if (typeof speed === 'number' && speed > 0) return
  throw new InvalidArgumentError({ argument: 'speed', value: speed, expected: 'a factor above 0, or Infinity' })
}
