/** Responsible for the one client through which the dashboard calls its own server; the session's cookie identifies the member. */
import { Client, ModelReinsError, type Fetch } from '../../../worker-sdk/src/client/index.ts'
import { spelledOut } from '../parts/safe-text.ts'

export { ModelReinsError, redeemView, isViewUrl } from '../../../worker-sdk/src/client/index.ts'

/** Protects against cross-site requests: a form of another site cannot send this header, and the server accepts no change with the cookie alone. */
export const ownHeader = { 'x-modelreins-request': '1' } as const

type Listener = (reached: boolean) => void
const listeners = new Set<Listener>()
/** The listener is called after every call, with whether the server was reached. */
export const onReach = (listener: Listener): (() => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
const tell = (reached: boolean): void => {
  for (const listener of listeners) listener(reached)
}

export const browserFetch: Fetch = async (url, init) => {
  try {
    const response = await fetch(url, { ...init, credentials: 'same-origin', headers: { ...headersOf(init), ...ownHeader } })
    tell(true)
    return response
  } catch (error) {
    if (init.signal?.aborted !== true) tell(false)
    throw error
  }
}

/** The client passes a plain record. */
const headersOf = (init: RequestInit): Record<string, string> => Object.fromEntries(new Headers(init.headers).entries())

export const client = new Client({ url: location.origin, fetch: browserFetch, retry: { attempts: 2 } })

/** What went wrong, as a person reads it. */
/** The place of a fault in a request, in words and counted from one: `capabilities.0.name` is the name of the first. */
const placeWords = (path: string): string =>
  path.replaceAll(/\.(\d+)(\.|$)/g, (_, index: string, rest: string) => ` ${Number(index) + 1}${rest === '' ? '' : ', '}`)

/** An error as one safe line: a server's message may quote text that others wrote. */
export function sentence(error: unknown): string {
  if (error instanceof ModelReinsError) {
    if (error.code === 'network') return 'The server cannot be reached. Check your connection; what you typed is kept.'
    const issues = error.issues.map(({ path, message }) => (path === '' ? message : `${placeWords(path)}: ${message}`))
    return spelledOut(issues.length > 0 ? `${issues.join('; ').replace(/\.$/, '')}.` : error.message)
  }
  return spelledOut(error instanceof Error ? error.message : String(error))
}
export const isUnauthorized = (error: unknown): boolean => error instanceof ModelReinsError && error.code === 'unauthorized'
export const isForbidden = (error: unknown): boolean => error instanceof ModelReinsError && error.code === 'forbidden'
