/**
 * An asynchronous generator whose `return` and `throw` end what it is waiting for. A generator by itself queues them until its wait is over.
 *
 * @param endWait ends the wait that is under way, after which the generator comes to its end
 */
export function endingAtReturn<T>(generator: AsyncGenerator<T, void, void>, endWait: () => void): AsyncGenerator<T, void, void> {
  return {
    next: () => generator.next(),
    return: (value) => {
      endWait()
      return generator.return(value)
    },
    throw: (error) => {
      endWait()
      return generator.throw(error)
    },
    [Symbol.asyncIterator]() {
      return this
    },
    [Symbol.asyncDispose]: async () => {
      endWait()
      await generator.return()
    },
  }
}
