/** What the process's exit status says; the same for every command. */
export const EXIT_HEALTHY = 0
/** Wrong usage, or a file that could not be read or written. */
export const EXIT_USAGE = 1
/** Something is broken: data is unreadable, or the queue cannot be opened as it is. */
export const EXIT_CRITICAL = 2
/** Something deserves a look, or the result leaves something out. */
export const EXIT_WARNING = 3
/** Another process holds the writer lock. */
export const EXIT_LOCKED = 4
/** Work that Ctrl-C cut short: 128 + SIGINT. */
export const EXIT_INTERRUPTED = 130
/** Work that SIGTERM cut short: 128 + SIGTERM. The session makes it of {@link EXIT_INTERRUPTED}. */
export const EXIT_TERMINATED = 143

/** Of two exit codes the one that says more: critical before locked before usage before warning before healthy. */
export function worseExitCode(one: number, other: number): number {
  return severityOf(one) >= severityOf(other) ? one : other
}

function severityOf(exitCode: number): number {
  return [EXIT_HEALTHY, EXIT_WARNING, EXIT_USAGE, EXIT_LOCKED, EXIT_CRITICAL, EXIT_INTERRUPTED].indexOf(exitCode)
}
