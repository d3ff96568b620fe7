import { readFileSync } from 'node:fs'
import { readLease } from '@chronicle-ts/bus'
import type { QueueInspection } from '@chronicle-ts/inspect'
import { shellQuote } from '../../output/shell-quote.js'
import type { Finding } from './finding.js'

/** Findings about the processes around a queue: a writer that is stopped, markers of the bus that outlived their owner. */
export function processFindings(inspection: QueueInspection): Finding[] {
  return [...writerFindings(inspection), ...markerFindings(inspection)]
}

/** A writer may be silent for as long as it likes; one that is stopped or dead but not buried holds the lock and does nothing. */
function writerFindings({ writer }: QueueInspection): Finding[] {
  if (writer.alive !== true || writer.pid === undefined) return []
  const state = processState(writer.pid)
  if (state === 'T' || state === 't') {
    const message = `The writer is stopped. pid=${writer.pid}`
    return [{ code: 'WRITER_STOPPED', severity: 'warning', message, command: `kill -CONT ${writer.pid}` }]
  }
  if (state !== 'Z') return []
  const message = `The writer has ended, but its parent has not taken notice. pid=${writer.pid}`
  return [{ code: 'WRITER_ZOMBIE', severity: 'warning', message }]
}

function markerFindings({ directory, markers, writer }: QueueInspection): Finding[] {
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

/** The letter in /proc/<pid>/stat, or `undefined` where it cannot be seen. */
function processState(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2)[0]
  } catch {
    return undefined
  }
}
