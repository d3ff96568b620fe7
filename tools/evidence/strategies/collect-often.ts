/** For a process that is looked at from outside: what it could give back, it has given back within a second. Needs `--expose-gc`. */
const COLLECT_INTERVAL_MS = 1_000

const { gc: collect } = globalThis
if (collect === undefined) throw new Error('collect-often needs node --expose-gc')
setInterval(() => collect(), COLLECT_INTERVAL_MS).unref()
