import { binding } from '@chronicle-ts/native'

/** Whether the other end of this pipe, socket or terminal is closed. Never waits. False for files, and for what is not open. */
export function hasHungUp(fd: number): boolean {
  try {
    return binding.hasHungUp(fd)
  } catch {
    return false
  }
}
