import { METRICS, type Sample } from './samples.js'

/** The Prometheus text format: help and type once per metric, then its samples. */
export function renderMetrics(samples: readonly Sample[]): string[] {
  const byName = groupByName(samples)
  const lines: string[] = []
  for (const [name, { type, help }] of Object.entries(METRICS)) {
    const own = byName.get(name)
    if (own === undefined) continue
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
    for (const { labels, value } of own) lines.push(`${name}${renderLabels(labels)} ${value}`)
  }
  return lines
}

/** The OpenMetrics text format, which scrapers ask for by their Accept header: the same, with the names of counters without their suffix, and an end. */
export function renderOpenMetrics(samples: readonly Sample[]): string[] {
  const lines = renderMetrics(samples).map((line) => {
    const match = /^# (HELP|TYPE) (\S+)_total /.exec(line)
    return match === null ? line : line.replace('_total ', ' ')
  })
  return [...lines, '# EOF']
}

function groupByName(samples: readonly Sample[]): Map<string, Sample[]> {
  const groups = new Map<string, Sample[]>()
  for (const sample of samples) {
    const group = groups.get(sample.name)
    if (group === undefined) groups.set(sample.name, [sample])
    else group.push(sample)
  }
  return groups
}

function renderLabels(labels: Sample['labels']): string {
  const escaped = (value: string) => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}
