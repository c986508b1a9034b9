/** Responsible for reading operations through one cache, whose keys consist of the operation and its input. It draws nothing. */
import type { Input, OperationId } from '@modelreins/contract'
import { infiniteQueryOptions, QueryCache, QueryClient, queryOptions, useQuery, type UseQueryResult } from '@tanstack/react-query'
import type { Answer } from '../../../worker-sdk/src/client/index.ts'
import { client, isUnauthorized } from './client.ts'
import { readEvery } from '../live/pace.ts'

export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    // An ended session affects every screen: the frame asks again who is signed in, and shows the sign-in.
    onError: (error, query) => {
      if (isUnauthorized(error) && query.queryKey[0] !== 'members.whoami')
        void queryClient.invalidateQueries({ queryKey: ['members.whoami'] })
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      gcTime: 120_000,
      // No retries here: the client already retries where that is safe.
      retry: false,
      refetchOnWindowFocus: true,
      refetchInterval: () => readEvery(),
    },
  },
})

export const operation = <Id extends OperationId>(id: Id, input: Input<Id>) =>
  queryOptions({ queryKey: [id, input] as const, queryFn: ({ signal }): Promise<Answer<Id>> => client.call(id, input, { signal }) })

export const useOperation = <Id extends OperationId>(
  id: Id,
  input: Input<Id>,
  more: { readonly enabled?: boolean } = {},
): UseQueryResult<Answer<Id>> => useQuery({ ...operation(id, input), ...more })

interface Page<Item> {
  readonly items: readonly Item[]
  readonly next_cursor: string | null
}

/** Pages of a list in order. Each item is reduced to what the screen needs, to save memory. */
export const pages = <Item, Kept>(
  key: readonly unknown[],
  read: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<Item>>,
  keep: (item: Item) => Kept,
) =>
  infiniteQueryOptions({
    queryKey: key,
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam, signal }): Promise<Page<Kept>> => {
      let page = await read(pageParam, signal)
      // One call of a search covers a limited range: an empty page with a cursor means that nothing was found yet.
      while (page.items.length === 0 && page.next_cursor !== null) page = await read(page.next_cursor, signal)
      return { items: page.items.map(keep), next_cursor: page.next_cursor }
    },
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  })

/** Marks the answers about these nouns, such as `jobs`, as stale; those on screen are read again. */
export function refresh(...nouns: readonly string[]): Promise<void> {
  return queryClient.invalidateQueries({
    predicate: ({ queryKey: [id] }) => typeof id === 'string' && nouns.some((noun) => id.startsWith(`${noun}.`)),
  })
}
