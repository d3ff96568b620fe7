import { type ExecFileSyncOptions, execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

const QUIET: ExecFileSyncOptions = { stdio: ['ignore', 'pipe', 'ignore'] }
const MEMORY = '100M'
const DISK = '64M'

const run = (command: string, ...args: string[]): string => execFileSync(command, args, QUIET).toString().trim()

/**
 * An ext4 file system on a disk that can fail: a loop device over a file in memory, whose blocks exist only where they were written. While the memory is full, every first write of a block
 * fails. Needs the right to mount.
 */
export class FailingDisk {
  readonly root: string
  readonly #folder: string
  readonly #memory: string
  readonly #device: string

  /** @throws where there are no loop devices, no ext4, or no right to mount */
  constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'failing-disk-'))
    this.#memory = join(this.#folder, 'memory')
    this.root = join(this.#folder, 'disk')
    for (const folder of [this.#memory, this.root]) mkdirSync(folder)
    try {
      run('mount', '-t', 'tmpfs', '-o', `size=${MEMORY}`, 'none', this.#memory)
      const file = join(this.#memory, 'blocks')
      run('fallocate', '-l', DISK, file)
      this.#device = run('losetup', '-f', '--show', file)
      run('mkfs.ext4', '-q', '-b', '4096', '-E', 'lazy_itable_init=0', this.#device)
      // A loop device takes a write that was cut short for a whole one.
      writeFileSync(`/sys/block/${basename(this.#device)}/queue/max_sectors_kb`, '4')
      this.mount()
    } catch (error) {
      this.end()
      throw error
    }
  }

  /** Mounts it: what is read from now on is what is on the disk. */
  mount(): void {
    run('mount', this.#device, this.root)
  }

  unmount(): void {
    run('umount', this.root)
  }

  /** From now on blocks that were never written cannot be. */
  break(): void {
    run('sync', '-f', this.root)
    run('fstrim', this.root)
    const fd = openSync(join(this.#memory, 'filler'), 'w')
    const page = Buffer.alloc(4096)
    try {
      for (;;) writeSync(fd, page)
    } catch {
      // It is full.
    } finally {
      closeSync(fd)
    }
  }

  repair(): void {
    rmSync(join(this.#memory, 'filler'))
  }

  end(): void {
    for (const undo of [
      () => this.unmount(),
      () => run('losetup', '-d', this.#device),
      () => run('umount', this.#memory),
      () => rmSync(this.#folder, { recursive: true }),
    ]) {
      try {
        undo()
      } catch {
        // It was not done.
      }
    }
  }
}

/** Why there is none here; `undefined` where there is. */
export function whyNoFailingDisk(): string | undefined {
  try {
    new FailingDisk().end()
    return undefined
  } catch {
    return 'loop devices cannot be mounted here: skipped'
  }
}
