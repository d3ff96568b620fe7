import type { CandidateFactory, Suite } from '../../candidate.js'
import { measureSuite } from '../../measure-suite.js'
import { appendSuite } from '../../suites/append.js'
import { appendBatchSuite } from '../../suites/append-batch.js'
import { claimSuite } from '../../suites/claim.js'
import { commitSuite } from '../../suites/commit.js'
import { nextSuite } from '../../suites/next.js'
import type { Figures, Probe, ProbeContext } from '../probe.js'

/** Our own candidate of each suite, one round. */
export const hotFunctions: Probe = {
  name: 'append, appendBatch, claim, next, commit',
  measure: (context) => {
    const { payloadLength } = context
    return {
      ...measureFirst('appendNs', appendSuite(payloadLength, undefined), context),
      ...measureFirst('appendBatchNs', appendBatchSuite(payloadLength), context),
      ...measureFirst('claimNs', claimSuite(), context),
      ...measureFirst('nextNs', nextSuite(payloadLength), context),
      ...measureFirst('commitNs', commitSuite(), context),
    }
  },
}

function measureFirst(key: string, suite: Suite, { directory, seconds }: ProbeContext): Figures {
  const candidates: readonly CandidateFactory[] = suite.candidates.slice(0, 1)
  const { candidates: results } = measureSuite({ ...suite, candidates }, { directory, rounds: 1, secondsPerRound: seconds })
  return { [key]: results[0]?.nsMedian ?? Number.NaN }
}
