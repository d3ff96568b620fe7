/** A process that does nothing: plain Node.js, or with a reader that has read everything and waits. Says when it is idle and ends with its parent. */
process.on('disconnect', () => process.exit())
const directory = process.argv[2]
if (directory !== undefined) {
  const { openReader } = await import('@chronicle-ts/core')
  const reader = openReader(directory, 'idle', { start: 'earliest' })
  while (reader.next() !== undefined);
  reader.commit()
  void waitForEver(() => reader.waitAsync())
}
process.send?.('idle')

async function waitForEver(wait: () => Promise<unknown>): Promise<void> {
  for (;;) await wait()
}
