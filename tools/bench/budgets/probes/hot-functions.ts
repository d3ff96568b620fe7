import type { CandidateFactory, Suite } from '../../candidate.js'
import { measureSuite } from '../../measure-suite.js'
import { appendSuite } from '../../suites/append.js'
import { appendBatchSuite } from '../../suites/append-batch.js'
import { claimSuite } from '../../suites/claim.js'
import { commitSuite } from '../../suites/commit.js'
import { nextSuite } from '../../suites/next.js'
import type { Figures, Probe, ProbeContext } from '../probe.js'

/** Our own candidates of the suites, one round. */
export const hotFunctions: Probe = {
  name: 'append, appendBatch, appendPacked, claim, next, commit',
  measure: async (context) => {
    const { payloadLength } = context
    return {
      ...(await measureOne('appendNs', appendSuite(payloadLength, undefined), context)),
      ...(await measureOne('appendBatchNs', appendBatchSuite(payloadLength), context)),
      ...(await measureOne('appendPackedNs', appendBatchSuite(payloadLength), context, 1)),
      ...(await measureOne('claimNs', claimSuite(), context)),
      ...(await measureOne('nextNs', nextSuite(payloadLength), context)),
      ...(await measureOne('commitNs', commitSuite(), context)),
    }
  },
}

async function measureOne(key: string, suite: Suite, { directory, seconds }: ProbeContext, index = 0): Promise<Figures> {
  const candidates: readonly CandidateFactory[] = suite.candidates.slice(index, index + 1)
  const { candidates: results } = await measureSuite({ ...suite, candidates }, { directory, rounds: 1, secondsPerRound: seconds })
  return { [key]: results[0]?.nsMedian ?? Number.NaN }
}
