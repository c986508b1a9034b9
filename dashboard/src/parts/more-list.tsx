/** Responsible for a list that is fetched page by page: its loading, failed and empty states, and the button for the next page. */
import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import { ErrorNotice, Skeleton } from './notices.tsx'

/** The part of an infinite query that is used here. */
interface Pages<Item> {
  readonly data: { readonly pages: readonly { readonly items: readonly Item[] }[] } | undefined
  readonly error: unknown
  readonly isPending: boolean
  readonly hasNextPage: boolean
  readonly isFetchingNextPage: boolean
  readonly fetchNextPage: () => unknown
  readonly refetch: () => unknown
}

interface Props<Item> {
  readonly label: string
  readonly list: Pages<Item>
  /** One `<li>` for each. */
  readonly row: (item: Item) => ReactNode
  readonly empty: ReactNode
  readonly className: string
}

export function MoreList<Item>({ label, list, row, empty, className }: Props<Item>) {
  const items = list.data?.pages.flatMap((page) => page.items) ?? []
  if (list.isPending) return <Skeleton label={label} rows={5} />
  if (list.error !== null && items.length === 0) return <ErrorNotice error={list.error} what={label} retry={() => void list.refetch()} />
  if (items.length === 0) return empty
  return (
    <>
      <ul aria-label={label} className={className}>
        {items.map(row)}
      </ul>
      {list.hasNextPage ? (
        <Button className="self-center" busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          Show more
        </Button>
      ) : null}
    </>
  )
}
