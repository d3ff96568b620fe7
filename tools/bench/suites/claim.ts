import type { Suite } from '../candidate.js'
import { queueCandidate } from '../queue-candidate.js'

const PAYLOAD_LENGTH = 64

/** Two numbers written in place, beside a payload that is filled first and copied then. */
export function claimSuite(): Suite {
  const payload = Buffer.alloc(PAYLOAD_LENGTH)
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  const common = { payloadLength: PAYLOAD_LENGTH }
  return {
    name: 'claim',
    operation: `two f64 in a message of ${PAYLOAD_LENGTH} B`,
    candidates: [
      (directory, seconds) =>
        queueCandidate({
          ...common,
          name: 'claim, setFloat64 twice, commit',
          directory,
          seconds,
          run: (writer) => writer.claim(1, PAYLOAD_LENGTH).setFloat64(0, 60123.5).setFloat64(8, 0.25).commit(),
        }),
      (directory, seconds) =>
        queueCandidate({
          ...common,
          name: 'fill a buffer, append',
          directory,
          seconds,
          run: (writer) => {
            view.setFloat64(0, 60123.5, true)
            view.setFloat64(8, 0.25, true)
            writer.append(1, payload)
          },
        }),
    ],
  }
}
