/** Where a candidate works, and in which round: counted from 0, so that what is compared within a candidate can swap its order every other time. */
export interface BenchPlace {
  /** Exists and is empty; it is removed after the measurement. */
  readonly directory: string
  readonly round: number
}

/** Something that is measured once per round. It throws when what it measured did not work: such a figure is worth nothing. */
export interface BenchCandidate<Figures> {
  readonly name: string
  measure(place: BenchPlace): Figures | Promise<Figures>
}

/** What a benchmark measures, as data: {@link runSuite} carries it out. */
export interface BenchSuite<Figures> {
  readonly candidates: readonly BenchCandidate<Figures>[]
  readonly rounds: number
}

/** Makes and removes the directories in which candidates work. */
export interface BenchFolders {
  newFolder(): string
  removeFolder(path: string): void
}

export interface SuiteRun {
  readonly folders: BenchFolders
  /** Called before each measurement, with a line for the user. */
  readonly onTurn?: (turn: string) => void
}

/**
 * Measures every candidate once per round, in turns: what disturbs the machine for a while then disturbs all of them. Each measurement has a directory of its own, so that none inherits the files and
 * caches of the one before.
 *
 * @returns for each candidate, in order, its figures of every round
 * @throws what a candidate throws
 */
export async function runSuite<Figures>({ candidates, rounds }: BenchSuite<Figures>, run: SuiteRun): Promise<Figures[][]> {
  const figures = candidates.map((): Figures[] => [])
  for (let round = 0; round < rounds; round++) {
    for (const [index, candidate] of candidates.entries()) {
      run.onTurn?.(rounds === 1 ? candidate.name : `round ${round + 1} of ${rounds}: ${candidate.name}`)
      const directory = run.folders.newFolder()
      try {
        figures[index]?.push(await candidate.measure({ directory, round }))
      } finally {
        run.folders.removeFolder(directory)
      }
    }
  }
  return figures
}
