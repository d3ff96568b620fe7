import { spawnSync } from 'node:child_process'
import { onTestFinished } from 'vitest'

/** Between this process and a network namespace of its own: a pair of virtual interfaces whose cable can be pulled. */
export class Network {
  static #count = 0
  readonly #name: string
  /** Address in the namespace. */
  readonly host: string
  readonly #near: string

  private constructor() {
    this.#name = `cb${process.pid % 100_000}x${Network.#count++}`
    const block = Math.floor(Math.random() * 2 ** 14) * 4
    const address = (last: number): string => `10.213.${block >> 8}.${(block & 255) + last}`
    this.host = address(2)
    this.#near = address(1)
  }

  /** Returns `undefined` where this process may not make namespaces. */
  static make(): Network | undefined {
    const network = new Network()
    const name = network.#name
    const isMade =
      ip('netns', 'add', name) &&
      ip('link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name) &&
      ip('address', 'add', `${network.#near}/30`, 'dev', name) &&
      ip('link', 'set', name, 'up') &&
      ip('-n', name, 'address', 'add', `${network.host}/30`, 'dev', 'eth0') &&
      ip('-n', name, 'link', 'set', 'eth0', 'up')
    if (!isMade) {
      network.remove()
      return undefined
    }
    onTestFinished(() => network.remove())
    return network
  }

  /** Words before a command that is to run in the namespace. */
  get prefix(): readonly string[] {
    return ['ip', 'netns', 'exec', this.#name]
  }

  /** Packets are lost in both directions, and no connection is notified. */
  cut(): void {
    ip('-n', this.#name, 'link', 'set', 'eth0', 'down')
  }

  restore(): void {
    ip('-n', this.#name, 'link', 'set', 'eth0', 'up')
  }

  remove(): void {
    ip('link', 'delete', this.#name)
    ip('netns', 'delete', this.#name)
  }
}

function ip(...args: readonly string[]): boolean {
  return spawnSync('ip', args, { stdio: 'ignore' }).status === 0
}

/** Why the network is not cut; `undefined` where it can be. */
export const NO_NETWORK =
  spawnSync('ip', ['netns', 'list'], { stdio: 'ignore' }).status === 0 && process.getuid?.() === 0
    ? undefined
    : 'network namespaces need root and iproute2: the server is stopped instead'
