import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CONTROL_FILE, encodeControl } from '@chronicle-ts/core/internal'
import { onTestFinished } from 'vitest'
import { BusLayout } from '../../src/layout/bus-layout.js'
import { type Lease, writeLease } from '../../src/markers/lease.js'
import { removeReady, writeReady } from '../../src/markers/ready-marker.js'

/** A folder of its own for one test, removed after it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'chronicle-bus-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A bus whose strategies are made of the very files that strategies leave, without the processes. */
export class TemporaryBus {
  readonly folder = temporaryFolder()
  readonly layout: BusLayout

  constructor(root = 'bus') {
    this.layout = new BusLayout(join(this.folder, root))
  }

  /** A strategy's directories and control block, as a writer leaves them that opened for the `epoch`th time. */
  open(name: string, epoch = 1): void {
    const { ordersOut } = this.layout.strategy(name)
    mkdirSync(ordersOut, { recursive: true })
    const temporary = join(ordersOut, 'control.tmp')
    writeFileSync(temporary, encodeControl({ segmentSize: 4096, writerEpoch: epoch }))
    renameSync(temporary, join(ordersOut, CONTROL_FILE))
  }

  /** READY alone, as the Rust implementation makes it. */
  announce(name: string): void {
    mkdirSync(this.layout.strategy(name).ordersOut, { recursive: true })
    writeReady(this.layout.strategy(name).ordersOut)
  }

  withdraw(name: string): void {
    removeReady(this.layout.strategy(name).ordersOut)
  }

  lease(name: string, changes: Partial<Lease> = {}): void {
    writeLease(this.layout.strategy(name).ordersOut, { ...someLease, ...changes })
  }

  /** Everything that a strategy does from its start to READY. */
  start(name: string, epoch = 1): void {
    this.open(name, epoch)
    this.lease(name, { epoch, pid: 1000 + epoch })
    this.announce(name)
  }

  /** What a strategy does when it ends in good order. */
  stop(name: string, epoch = 1): void {
    this.lease(name, { epoch, pid: 1000 + epoch, closed: true })
    this.withdraw(name)
  }

  renameAway(name: string, to = join(this.folder, `${name}.away`)): string {
    renameSync(this.layout.strategy(name).directory, to)
    return to
  }

  remove(name: string): void {
    rmSync(this.layout.strategy(name).directory, { recursive: true, force: true })
  }

  copyFrom(directory: string): void {
    cpSync(directory, this.layout.root, { recursive: true })
  }
}

export const someLease: Lease = {
  pid: 1001,
  startTime: 77,
  bootId: '6f0a4d3e-0c1b-4b6e-9a52-3c61f1d4c9b1',
  epoch: 1,
  timestampNs: 1_700_000_000_123_456_789n,
  closed: false,
}
