/** Publishes messages of the length of full frames, as many at once as a push, and prints how fast the server took them: the most that a bridge could reach. */
import { connectNats, FrameStream } from '@chronicle-ts/bridge'
import type { PublisherFigures, PublisherTask } from './source-task.js'

const BODY_BYTES = 512 * 1024
const AT_ONCE = 4

const { url, bytes }: PublisherTask = JSON.parse(process.argv[2] ?? '')
const connection = await connectNats({ servers: url })
const stream = await FrameStream.of(connection, '0'.repeat(32))
await stream.ensure()
const body = new Uint8Array(BODY_BYTES).fill(1)
const count = Math.ceil(bytes / BODY_BYTES)
let left = count
const publish = async (): Promise<void> => {
  while (left-- > 0) await stream.client.publish(stream.subject, body)
}
const beganMs = performance.now()
await Promise.all(Array.from({ length: AT_ONCE }, publish))
const figures: PublisherFigures = { megabytesPerSecond: (count * BODY_BYTES) / 1e3 / (performance.now() - beganMs) }
await connection.close()
console.log(JSON.stringify(figures))
