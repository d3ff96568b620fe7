import { readLease } from '@chronicle-ts/bus'
import type { QueueInspection } from '@chronicle-ts/inspect'
import { shellQuote } from '../../output/shell-quote.js'
import type { Finding } from './finding.js'

/** Findings about markers of the bus that outlived their owner. */
export function markerFindings({ directory, markers, writer }: QueueInspection): Finding[] {
  const findings: Finding[] = []
  const queue = shellQuote(directory)
  const lease = markers.lease ? readLease(directory) : undefined
  if (lease?.kind === 'unreadable') {
    const message = `The LEASE is damaged: ${lease.detail}. file=LEASE`
    findings.push({ code: 'LEASE_BAD', severity: 'warning', message, command: `chron-cli lease ${queue} --remove --yes` })
  }
  if (lease?.kind === 'lease' && !lease.lease.closed && writer.alive === false) {
    const message = `The LEASE names a process that does not write to the queue any more. pid=${lease.lease.pid} epoch=${lease.lease.epoch}`
    findings.push({ code: 'LEASE_STALE', severity: 'warning', message, command: `chron-cli lease ${queue} --remove --yes` })
  }
  if (markers.ready && writer.alive === false) {
    const message = 'The queue is announced with READY, but has no writer. file=READY'
    const explanation = 'Routers still attach it. A strategy that starts again writes READY again.'
    findings.push({
      code: 'READY_WITHOUT_WRITER',
      severity: 'info',
      message,
      explanation,
      command: `chron-cli ready ${queue} --remove --yes`,
    })
  }
  return findings
}
