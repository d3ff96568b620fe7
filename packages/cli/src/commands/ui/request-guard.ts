import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** The cookie that holds the session of a browser. */
const COOKIE = 'chronicle'

/** Why a request is refused, as a status of HTTP. */
export interface Refusal {
  readonly status: 400 | 401 | 403 | 405
  readonly reason: string
}

/**
 * Decides about every request before it is routed. A page of another origin must not read queues through a browser on this host. It could use a name that it lets point here
 * (DNS rebinding): then the Host does not match. It could send a request from its own origin: then Origin and Sec-Fetch-Site say so.
 */
export class RequestGuard {
  readonly #hosts = new Set<string>()
  readonly #token: string | undefined
  /** The cookie is not the token: it is of this run only. */
  readonly #session = randomBytes(32).toString('base64url')

  /** @param token what clients must know; `undefined`: nothing, for loopback only. */
  constructor(token: string | undefined) {
    this.#token = token
  }

  /** Names under which the server may be asked, each with its port: what a browser sends as Host. None before that. */
  allow(hosts: readonly string[]): void {
    for (const host of hosts) this.#hosts.add(host.toLowerCase())
  }

  /** `undefined`: the request may be answered. `isPublic`: what holds no data, the page itself, needs no session. */
  refusalOf({ method, headers }: Pick<IncomingMessage, 'method' | 'headers'>, isPublic: boolean): Refusal | undefined {
    const host = headers.host?.toLowerCase()
    if (host === undefined || !this.#hosts.has(host)) return { status: 403, reason: 'this Host is not served here' }
    if (method !== 'GET' && method !== 'HEAD') return { status: 405, reason: 'only GET: the dashboard changes nothing' }
    if (!this.#isSameOrigin(headers)) return { status: 403, reason: 'requests of other origins are refused' }
    if (isPublic || this.#token === undefined || this.#hasSession(headers)) return undefined
    return { status: 401, reason: 'open the address with the token that chron-cli printed' }
  }

  /** The cookie for a client that knows the token (`Authorization: Bearer <token>`); `undefined` when it does not. */
  cookieFor({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
    const given = /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1]
    if (this.#token !== undefined && (given === undefined || !isEqual(given, this.#token))) return undefined
    return `${COOKIE}=${this.#session}; HttpOnly; SameSite=Strict; Path=/`
  }

  #isSameOrigin(headers: IncomingMessage['headers']): boolean {
    const site = headers['sec-fetch-site']
    if (site !== undefined && site !== 'same-origin' && site !== 'none') return false
    const { origin } = headers
    if (origin === undefined) return true
    return this.#hosts.has(origin.replace(/^https?:\/\//, '').toLowerCase())
  }

  #hasSession(headers: IncomingMessage['headers']): boolean {
    const cookies = (headers.cookie ?? '').split(';').map((part) => part.trim())
    return cookies.some((cookie) => cookie.startsWith(`${COOKIE}=`) && isEqual(cookie.slice(COOKIE.length + 1), this.#session))
  }
}

/** Takes the same time whether the texts differ early or late. */
function isEqual(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}

/** Sent with every response: scripts, styles and data of this server only, in no frame, guessed as nothing else. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
}
