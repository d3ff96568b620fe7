import { spawnSync } from 'node:child_process'
import { freemem } from 'node:os'

/**
 * A virtual machine may have given free memory back to its host and must fetch it again at a fraction of memory's speed. Touched by a process that
 * ends, it is free again and still there. Never more than half of what is free.
 */
export function touchMemory(bytesMax: number): void {
  const length = Math.min(bytesMax, Math.floor(freemem() / 2))
  spawnSync(process.execPath, ['-e', `Buffer.alloc(${length}, 1)`], { stdio: 'ignore' })
}
