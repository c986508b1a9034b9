/** Responsible for who is signed in, and for signing in and out. A typed key is sent to the server once and stored nowhere. */
import type { Role, Scope } from '@modelreins/contract'
import { useQuery } from '@tanstack/react-query'
import { createContext, useContext } from 'react'
import { browserFetch, client, isUnauthorized, isViewUrl, ModelReinsError, redeemView } from './client.ts'
import { queryClient } from './queries.ts'
import { roleShows } from './rights.ts'

export interface Me {
  readonly tenant: string
  readonly id: string
  readonly name: string
  readonly role: Role | null
}

/** Null: nobody is signed in. */
export const useSession = () =>
  useQuery({
    queryKey: ['members.whoami'],
    queryFn: async ({ signal }): Promise<Me | null> => {
      try {
        return await client.call('members.whoami', {}, { signal })
      } catch (error) {
        if (isUnauthorized(error)) return null
        throw error
      }
    },
    staleTime: 60_000,
    refetchInterval: false,
  })

export const MeContext = createContext<Me | undefined>(undefined)
export function useMe(): Me {
  const me = useContext(MeContext)
  if (me === undefined) throw new Error('used outside of the signed-in frame')
  return me
}
export const useMay = (scope: Scope): boolean => roleShows(useMe().role, scope)

/** The key for a typed text. A one-time link contains a key, and reading it uses the link up. */
export async function keyOf(text: string): Promise<string> {
  const trimmed = text.trim()
  if (!isViewUrl(trimmed)) return trimmed
  if (new URL(trimmed).origin !== location.origin) {
    throw new ModelReinsError(`This link belongs to ${new URL(trimmed).origin}: open it there. It has not been used up.`, {
      code: 'invalid-request',
      status: 0,
    })
  }
  return (await redeemView(trimmed, browserFetch)).token
}

export async function signIn(key: string): Promise<void> {
  await client.call('sessions.create', { key })
  await signedIn()
}

/** Clears the cache, since answers for another member must not be shown to this one. */
export async function signedIn(): Promise<void> {
  queryClient.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'members.whoami' })
  await queryClient.invalidateQueries({ queryKey: ['members.whoami'] })
}

export async function signOut(): Promise<void> {
  await client.call('sessions.end', { session_id: 'current' })
  queryClient.clear()
  location.assign('/')
}
