import { QUEUE_LOOK_MS } from '../defaults.js'
import { isQueueError, NotReadyError } from '../errors/index.js'
import { checkObject, checkSignal } from '../files/option-names.js'
import { pause } from '../files/pause.js'
import { onAbort } from '../wait/abort-listeners.js'

export interface AsyncOpenOptions {
  /** Ends the wait for the queue. */
  readonly signal?: AbortSignal | undefined
}

/** Splits the options of an asynchronous open. @throws `InvalidArgumentError` `ERR_INVALID_ARGUMENT` for an invalid signal. */
export function readAsyncOpen<Options extends AsyncOpenOptions>(options: Options) {
  checkObject(options)
  const { signal, ...others } = options
  checkSignal(signal)
  return { signal, others }
}

/** Opens, again and again while the queue is still to come: it does not exist, or a writer is making it. Blocks the calling thread. */
export function whenQueueIsThere<Opened>(waitMs: number, open: () => Opened): Opened {
  const begunMs = performance.now()
  for (;;) {
    const opened = openOrUndefined({ begunMs, waitMs }, open)
    if (opened !== undefined) return opened
    pause(QUEUE_LOOK_MS)
  }
}

/** {@link whenQueueIsThere} that leaves the event loop turning. @throws the signal's reason when aborted. */
export async function whenQueueIsThereAsync<Opened>(
  options: { readonly waitMs: number } & AsyncOpenOptions,
  open: () => Opened,
): Promise<Opened> {
  const { signal, waitMs } = options
  const begunMs = performance.now()
  for (;;) {
    signal?.throwIfAborted()
    const opened = openOrUndefined({ begunMs, waitMs }, open)
    if (opened !== undefined) return opened
    await turn(signal)
  }
}

/** `undefined` when it is worth while to try again. */
function openOrUndefined<Opened>(
  { begunMs, waitMs }: { readonly begunMs: number; readonly waitMs: number },
  open: () => Opened,
): Opened | undefined {
  try {
    return open()
  } catch (error) {
    const waitedMs = performance.now() - begunMs
    if (isToCome(error) && waitedMs < waitMs) return undefined
    throw waitMs > 0 && isQueueError(error, 'ERR_NOT_READY') ? notReadyAfter(error, waitedMs) : error
  }
}

/** The open that failed last waited for a part of the time, or not at all. */
function notReadyAfter(cause: NotReadyError, waitedMs: number): NotReadyError {
  const { directory, initState } = cause
  return new NotReadyError({ directory, initState, waitedMs: Math.round(waitedMs) }, { cause })
}

/** A directory without a control block may be a queue soon, as may a path that names nothing. */
function isToCome(error: unknown): boolean {
  return isQueueError(error, 'ERR_NOT_FOUND') || isQueueError(error, 'ERR_NOT_READY') || isQueueError(error, 'ERR_NOT_A_QUEUE')
}

function turn(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      endListening?.()
      resolve()
    }
    const timer = setTimeout(end, QUEUE_LOOK_MS)
    const endListening = signal === undefined ? undefined : onAbort(signal, end)
  })
}
