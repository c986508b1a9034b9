/**
 * Responsible for the rows of the job list: pages from the newest on, up-to-date states, and a count of new jobs, which are not inserted while a
 * person reads the list.
 */
import { useInfiniteQuery } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import { client } from '../../api/client.ts'
import { pages, queryClient, useOperation } from '../../api/queries.ts'
import { brief, type BriefJob } from '../../parts/job-line.tsx'
import type { JobFilter } from './filter.ts'

const pageRows = 200

export interface JobRows {
  readonly items: readonly BriefJob[]
  /** Number of jobs that are newer than the first row. */
  readonly fresh: number
  readonly showFresh: () => void
  readonly hasMore: boolean
  readonly loadMore: () => void
  readonly isPending: boolean
  readonly error: unknown
  readonly retry: () => void
}

export function useJobRows(filter: JobFilter): JobRows {
  const key = useMemo(() => ['list-of-jobs', filter] as const, [filter])
  const list = useInfiniteQuery({
    ...pages(
      key,
      (cursor, signal) => client.call('jobs.list', { ...filter, limit: pageRows, ...(cursor === undefined ? {} : { cursor }) }, { signal }),
      brief,
    ),
    staleTime: Number.POSITIVE_INFINITY,
    refetchInterval: false,
    refetchOnWindowFocus: false,
  })
  const head = useOperation('jobs.list', { ...filter, limit: 50 })
  // A job that stops matching the filter while it is shown, such as a running job that ends, keeps its row with its new state.
  const { status: _status, ...rest } = filter
  const recent = useOperation('jobs.list', { ...rest, limit: 100 }, { enabled: filter.status !== undefined })
  const base = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data])
  const top = base[0]?.id ?? 0
  const items = useMemo(() => {
    const news = new Map([...(recent.data?.items ?? []), ...(head.data?.items ?? [])].map((job) => [job.id, job]))
    return base.map((row) => {
      const job = news.get(row.id)
      return job === undefined ? row : brief(job)
    })
  }, [base, head.data, recent.data])
  const fresh = list.data === undefined ? 0 : (head.data?.items.filter((job) => job.id > top).length ?? 0)
  const { fetchNextPage, isFetchingNextPage, hasNextPage } = list
  return {
    items,
    fresh,
    showFresh: () => void queryClient.resetQueries({ queryKey: key }),
    hasMore: hasNextPage,
    loadMore: useCallback(() => {
      if (!isFetchingNextPage) void fetchNextPage()
    }, [fetchNextPage, isFetchingNextPage]),
    isPending: list.isPending,
    error: list.error,
    retry: () => void list.refetch(),
  }
}
