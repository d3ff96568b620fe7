import { STATES, type StateCode } from '@chronicle-ts/inspect'
import { STATE_ADVICE } from '../../output/state-advice.js'

/** Subjects of alerts that are not states of a queue, by the anchor that they link to. */
const OTHERS = {
  QUEUE_UNREADABLE: [
    'The control block of the queue is invalid, or the exporter may not read its files.',
    'Compare the user of the exporter with the owner of the files first: no repair is needed for missing rights.',
  ],
  DIRECTORY_UNREADABLE: [
    'The exporter cannot list a directory below its root, so queues in it are missing from all metrics.',
    'Its log, and chron-cli doctor, name the directory. Give its user the right to list it.',
  ],
} as const

/** Anchors of the page. */
export const RUNBOOK_ANCHORS: readonly string[] = [...Object.keys(STATES), ...Object.keys(OTHERS)]

/** The page that alerts link to: what each condition means and what an operator does about it, as this version of the program has it. */
export function renderRunbook(): string {
  const states = (Object.keys(STATES) as StateCode[]).map((code) => {
    const [subject, word, severity, meaning] = STATES[code]
    return section(code, `${subject} ${word}, ${severity}`, [meaning, STATE_ADVICE[code]])
  })
  const others = Object.entries(OTHERS).map(([code, texts]) => section(code, 'of the exporter', texts))
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<title>chronicle: what alerts mean</title>
<h1>What alerts mean</h1>
<p><code>chron-cli doctor --quick DIRECTORY</code> on the host of the queue names the facts and the command for each condition. <code>chron-cli check DIRECTORY</code> says whether it is over.</p>
${[...states, ...others].join('\n')}
</html>
`
}

function section(code: string, title: string, texts: readonly (string | undefined)[]): string {
  return `<h2 id="${code}">${code}</h2>\n<p>${title}</p>\n<p>${texts.filter((text) => text !== undefined).join(' ')}</p>`
}
