import { readFileSync } from 'node:fs'
import { formatBytes } from '../../output/quantities.js'
import type { Finding } from './finding.js'

/** Limits of the machine that queues run into. Each is a fact of this process's environment; a service may have its own. */
export function systemFindings(): Finding[] {
  return [...processLimits(), ...kernelLimits()]
}

function processLimits(): Finding[] {
  const limits = readText('/proc/self/limits')
  const findings: Finding[] = []
  const memlock = softLimit(limits, 'Max locked memory')
  if (memlock !== undefined && memlock < 256 * 1024 * 1024) {
    const message = `Processes may lock ${formatBytes(memlock)} of memory. limit=RLIMIT_MEMLOCK`
    const explanation = 'Writers opened with mlock need two segments. Only they do.'
    findings.push({ code: 'LIMIT_MEMLOCK', severity: 'info', message, explanation, command: 'ulimit -l unlimited' })
  }
  const files = softLimit(limits, 'Max open files')
  if (files !== undefined && files < 1024) {
    const message = `Processes may open ${files} files. limit=RLIMIT_NOFILE`
    findings.push({ code: 'LIMIT_NOFILE', severity: 'warning', message, command: 'ulimit -n 65536' })
  }
  return findings
}

function kernelLimits(): Finding[] {
  const findings: Finding[] = []
  const check = (name: string, least: number, explanation: string) => {
    const value = Number(readText(`/proc/sys/${name.replaceAll('.', '/')}`))
    if (Number.isNaN(value) || value === 0 || value >= least) return
    findings.push({
      code: 'LIMIT_KERNEL',
      severity: 'warning',
      message: `${name} is ${value}.`,
      explanation,
      command: `sysctl -w ${name}=${least}`,
    })
  }
  check(
    'fs.inotify.max_user_watches',
    8192,
    'Discovery watches every directory of a bus; without watches it falls back to rescanning.',
  )
  check('fs.inotify.max_user_instances', 128, 'Every process that discovers strategies needs one instance.')
  check('vm.max_map_count', 65_530, 'Every open segment is a mapping.')
  const hugePages = readText('/sys/kernel/mm/transparent_hugepage/enabled')
  if (hugePages.includes('[never]')) {
    const message = 'Transparent huge pages are switched off.'
    const explanation = 'The option hugePages of writers has no effect then.'
    findings.push({
      code: 'HUGE_PAGES_OFF',
      severity: 'info',
      message,
      explanation,
      command: 'echo madvise > /sys/kernel/mm/transparent_hugepage/enabled',
    })
  }
  return findings
}

function softLimit(limits: string, name: string): number | undefined {
  const line = limits.split('\n').find((candidate) => candidate.startsWith(name))
  const soft = line?.slice(name.length).trim().split(/\s+/)[0]
  return soft === undefined || soft === 'unlimited' ? undefined : Number(soft)
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1').trim()
  } catch {
    return ''
  }
}
