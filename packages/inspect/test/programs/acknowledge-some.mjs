/** Acknowledges one problem after the other. Arguments: the queue's directory, the first offset, how many. */
import { acknowledgeProblems } from '@chronicle-ts/inspect'

const [directory = '', first = '0', count = '0'] = process.argv.slice(2)
for (let offset = Number(first); offset < Number(first) + Number(count); offset++)
  acknowledgeProblems(directory, [{ code: 'SEQUENCE_GAP', severity: 'critical', message: 'for the test', offset }])
