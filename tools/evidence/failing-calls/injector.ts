import { openSync, readSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compilePreload, preloading } from '../preload/compile-once.js'
import { type Duration, type Fault, kindSet } from './fault.js'

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))
const PAGE_LENGTH = 280

/** What a fault met. */
export interface Hit {
  /** Calls that the fault was for. */
  readonly counted: number
  /** Calls that failed. */
  readonly fired: number
  /** The first that failed, and the file that it was for. */
  readonly call: string
  readonly path: string
}

/** Compiles the library that lets calls fail; returns where it is. `root` is that of the checkout, for programs that run on the sources. */
export function buildFailingCalls(root = ROOT): string {
  const sources = ['injector.cc', 'failing-calls.cc'].map((name) => join(root, 'tools/evidence/failing-calls', name))
  return compilePreload('failing-calls.so', sources)
}

/** The variables with which a program runs under the injector. The folder is the one whose calls count; the control file lies outside of it. */
export function injectorEnvironment(run: { library: string; control: string; folder: string }): Record<string, string> {
  writeFileSync(run.control, Buffer.alloc(PAGE_LENGTH))
  return { ...preloading(run.library), FAILING_CALLS_CONTROL: run.control, FAILING_CALLS_ROOT: run.folder }
}

/**
 * Lets calls of this process fail, which runs with the library preloaded. Both map one page:
 *
 * ```text
 *  0 u32 armed   4 u32 fromThenOn   8 u32 nth      12 u32 errno
 * 16 u64 kinds  24 u32 counted     28 u32 fired    32 char[32] call   64 char[216] path
 * ```
 */
export class Injector {
  readonly #control: number

  constructor(control: string) {
    this.#control = openSync(control, 'r+')
  }

  /** From now on the `nth` call that can give this fault does so, and those after it when the fault lasts. Calls are counted from 1. */
  arm(fault: Fault, duration: Duration, nth: number): void {
    const page = Buffer.alloc(PAGE_LENGTH)
    page.writeUInt32LE(duration === 'once' ? 0 : 1, 4)
    page.writeUInt32LE(nth, 8)
    page.writeUInt32LE(fault.errno, 12)
    page.writeBigUInt64LE(kindSet(fault), 16)
    writeSync(this.#control, page, 0, PAGE_LENGTH, 0)
    this.#setArmed(true)
  }

  disarm(): Hit {
    this.#setArmed(false)
    return this.look()
  }

  look(): Hit {
    const page = Buffer.alloc(PAGE_LENGTH)
    readSync(this.#control, page, 0, PAGE_LENGTH, 0)
    return {
      counted: page.readUInt32LE(24),
      fired: page.readUInt32LE(28),
      call: textAt(page, 32, 32),
      path: textAt(page, 64, 216),
    }
  }

  #setArmed(armed: boolean): void {
    const word = Buffer.alloc(4)
    word.writeUInt32LE(armed ? 1 : 0)
    writeSync(this.#control, word, 0, 4, 0)
  }
}

function textAt(page: Buffer, from: number, length: number): string {
  const bytes = page.subarray(from, from + length)
  const end = bytes.indexOf(0)
  return bytes.toString('utf8', 0, end < 0 ? length : end)
}
