import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ReaderOptions, WriterOptions } from '@chronicle-ts/core'
import { openObserver, openReader, openWriter, type QueueObserver, type QueueReader, type QueueWriter } from '@chronicle-ts/core'
import type { FanInOptions } from '../../src/fan-in-options.js'
import { FanInReader } from '../../src/fan-in-reader.js'

/** No wait of a test lasts as long as this unless the test fails. */
export const LONG_MS = 20_000

/** Real queues in a temporary folder, and everything that a test opened on them. */
export class Queues {
  readonly root = mkdtempSync(join(tmpdir(), 'fan-in-'))
  readonly #handles: { close(): void }[] = []

  /** Closes the handle at the end. */
  keep<T extends { close(): void }>(handle: T): T {
    this.#handles.push(handle)
    return handle
  }

  directory(name: string): string {
    return join(this.root, name)
  }

  /** A writer that gives no sign of life by itself, so that the test decides. */
  writer(name: string, options: WriterOptions = {}): QueueWriter {
    return this.keep(openWriter(this.directory(name), { segmentSize: 65536, heartbeatIntervalMs: 0, ...options }))
  }

  reader(name: string, reader = 'router', options: ReaderOptions = {}): QueueReader {
    return this.keep(openReader(this.directory(name), reader, options))
  }

  observer(name: string): QueueObserver {
    return this.keep(openObserver(this.directory(name), { start: 'earliest' }))
  }

  fanIn(options: FanInOptions = {}): FanInReader {
    return this.keep(new FanInReader(options))
  }

  /** A queue whose writer has closed: each message says its timestamp. */
  closed(name: string, ...timestamps: readonly bigint[]): void {
    const writer = this.writer(name)
    for (const timestampNs of timestamps) writer.append(1, Buffer.from(String(timestampNs)), { timestampNs })
    writer.close()
  }

  end(): void {
    for (const handle of this.#handles.splice(0).reverse()) handle.close()
    rmSync(this.root, { recursive: true, force: true })
  }
}

/** Everything that can be delivered now: `key:payload`, late ones with an exclamation mark. */
export function drain(fanIn: FanInReader): string[] {
  const texts: string[] = []
  fanIn.poll(Number.POSITIVE_INFINITY, ({ key, message, late }) => {
    texts.push(`${key}:${message.payload.toString()}${late ? '!' : ''}`)
  })
  return texts
}
