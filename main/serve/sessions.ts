import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

const SECRET_BYTES = 32
const ATTEMPTS_A_MINUTE = 10
const MOST_SESSIONS = 64

export interface Session {
  /** Sent back by the page's own script in a header, which another page cannot do. */
  readonly csrf: string
}

/** Who may ask: browsers that showed the token. Everything is forgotten when the program ends. */
export interface Sessions {
  /** 32 random bytes in hex; printed once, never sent by us. */
  readonly token: string
  /** A token for a cookie's value; 'wrong', or 'wait' after ten wrong ones in a minute (then the right one has to wait too). */
  open(token: string): { readonly cookie: string; readonly session: Session } | 'wrong' | 'wait'
  /** The session that a Cookie header stands for. */
  find(cookieHeader: string | undefined): Session | null
  readonly cookieName: string
}

export function openSessions(port: () => number, now: () => number = Date.now): Sessions {
  const token = secret()
  const sessions = new Map<string, Session & { readonly hash: Buffer }>()
  let wrong: number[] = []
  const cookieName = (): string => `scalewright-${port()}`
  return {
    token,
    get cookieName() {
      return cookieName()
    },
    open(given) {
      wrong = wrong.filter((at) => now() - at < 60_000)
      if (wrong.length >= ATTEMPTS_A_MINUTE) return 'wait'
      if (!isSame(digest(given), digest(token))) {
        wrong.push(now())
        return 'wrong'
      }
      const cookie = secret()
      const session = { csrf: secret(), hash: digest(cookie) }
      sessions.set(session.hash.toString('hex'), session)
      for (const oldest of [...sessions.keys()].slice(0, Math.max(0, sessions.size - MOST_SESSIONS))) sessions.delete(oldest)
      return { cookie, session }
    },
    find(header) {
      const hashes = cookiesNamed(cookieName(), header).map(digest)
      return [...sessions.values()].find(({ hash }) => hashes.some((one) => isSame(one, hash))) ?? null
    },
  }
}

const secret = (): string => randomBytes(SECRET_BYTES).toString('hex')
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
/** Digests are of equal length, and comparing them takes the same time whatever they hold. */
const isSame = (a: Buffer, b: Buffer): boolean => timingSafeEqual(a, b)

export const isCsrf = (session: Session, given: string | string[] | undefined): boolean => typeof given === 'string' && isSame(digest(given), digest(session.csrf))

function cookiesNamed(name: string, header = ''): string[] {
  return header.split(';').flatMap((pair) => {
    const [key, value] = pair.trim().split('=', 2)
    return key === name && value !== undefined ? [value] : []
  }).slice(0, 4)
}
