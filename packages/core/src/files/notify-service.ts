import { binding } from '@chronicle-ts/native'

/**
 * Notifies systemd that the service is ready, stops, or what it is doing: a line of `sd_notify(3)`, such as `READY=1`. Returns false where no service manager asked for it, or it does not take it: a
 * service is not to fail of that.
 */
export function notifyService(state: string): boolean {
  try {
    return binding.notifyService(state)
  } catch {
    return false
  }
}
