/** What is recorded where recovery is killed: one open for writing, and no close. Arguments: the queue's directory, and the segment size of one that has to be made. */
import { openWriter } from '@chronicle-ts/core'

const [directory = '', segmentSize] = process.argv.slice(2)
openWriter(directory, { segmentSize: Number(segmentSize), heartbeatIntervalMs: 0 })
process.kill(process.pid, 'SIGKILL')
