/**
 * Responsible for long lists: only the rows in view exist, the keyboard moves through all of them, and more are fetched near the end. It does not
 * know what a row shows.
 */
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef, useState, useSyncExternalStore, type KeyboardEvent, type ReactNode } from 'react'
import { numberWords } from './time.tsx'

const narrow = matchMedia('(width < 48rem)')
const subscribe = (listener: () => void): (() => void) => {
  narrow.addEventListener('change', listener)
  return () => narrow.removeEventListener('change', listener)
}
export const useNarrow = (): boolean => useSyncExternalStore(subscribe, () => narrow.matches)

interface Props<Item> {
  readonly label: string
  readonly items: readonly Item[]
  readonly idOf: (item: Item) => string | number
  /** Columns, by CSS grid; the header and every row share them. */
  readonly columns: string
  readonly header: readonly string[]
  readonly row: (item: Item, narrow: boolean) => ReactNode
  readonly onOpen: (item: Item) => void
  /** Key presses on a row that the list itself does not handle. */
  readonly onKey?: (key: string, item: Item, event: KeyboardEvent) => void
  readonly isMarked?: (item: Item) => boolean
  readonly hasMore: boolean
  readonly loadMore: () => void
  readonly onTop?: (atTop: boolean) => void
  /** The number that is shown below the list, when some rows are headings. */
  readonly shown?: number
  readonly rowHeights?: readonly [wide: number, narrow: number]
}

export function Rows<Item>(props: Props<Item>) {
  const { items, idOf, columns, hasMore, loadMore, onOpen, onKey, isMarked } = props
  const isNarrow = useNarrow()
  const [wideHeight, narrowHeight] = props.rowHeights ?? [44, 68]
  const height = isNarrow ? narrowHeight : wideHeight
  const box = useRef<HTMLDivElement>(null)
  const [at, setAt] = useState(0)
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => box.current,
    estimateSize: () => height,
    getItemKey: (index) => {
      const item = items[index]
      return item === undefined ? index : idOf(item)
    },
    overscan: 12,
  })
  useEffect(() => rows.measure(), [height, rows])
  const shown = rows.getVirtualItems()
  const last = shown.at(-1)?.index ?? 0
  useEffect(() => {
    if (hasMore && last >= items.length - 60) loadMore()
  }, [hasMore, last, items.length, loadMore])

  const focusRow = (index: number): void => {
    const next = Math.max(0, Math.min(items.length - 1, index))
    setAt(next)
    rows.scrollToIndex(next)
    requestAnimationFrame(() => box.current?.querySelector<HTMLElement>(`[data-index="${next}"]`)?.focus({ preventScroll: true }))
  }
  const steps: Readonly<Record<string, number>> = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: 12, PageUp: -12 }
  const pressed = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || (event.target instanceof HTMLInputElement && event.key === ' ')) return
    const item = items[at]
    const step = steps[event.key]
    if (step !== undefined) focusRow(at + step)
    else if (event.key === 'Home') focusRow(0)
    else if (event.key === 'End') focusRow(items.length - 1)
    else if (event.key === 'Enter' && item !== undefined && event.target instanceof HTMLElement && event.target.role === 'row') onOpen(item)
    else {
      if (item !== undefined) onKey?.(event.key, item, event)
      return
    }
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <div className="card overflow-hidden">
      <div
        ref={box}
        role="grid"
        aria-label={props.label}
        aria-rowcount={hasMore ? -1 : items.length + 1}
        aria-colcount={props.header.length}
        aria-multiselectable={isMarked === undefined ? undefined : true}
        onKeyDown={pressed}
        onScroll={(event) => props.onTop?.(event.currentTarget.scrollTop < height / 2)}
        className="max-h-[max(12rem,calc(100dvh-16rem))] overflow-auto overscroll-contain"
      >
        <div
          role="row"
          aria-rowindex={1}
          className={`sticky top-0 z-10 hidden min-h-9 items-center gap-x-3 border-b border-line bg-card px-4 text-sm text-soft md:grid ${columns}`}
        >
          {props.header.map((name, index) => (
            <span key={index} role="columnheader" className="truncate">
              {name}
            </span>
          ))}
        </div>
        <div role="presentation" className="relative" style={{ height: rows.getTotalSize() }}>
          {shown.map((row) => {
            const item = items[row.index]
            if (item === undefined) return null
            const marked = isMarked?.(item) === true
            return (
              <div
                key={row.key}
                role="row"
                data-index={row.index}
                aria-rowindex={row.index + 2}
                aria-selected={isMarked === undefined ? undefined : marked}
                tabIndex={row.index === Math.min(at, items.length - 1) ? 0 : -1}
                onFocus={() => setAt(row.index)}
                className={`absolute inset-x-0 top-0 grid items-center gap-x-3 border-b border-line px-4 -outline-offset-2 hover:bg-sunken ${columns} ${marked ? 'bg-accent-wash' : ''}`}
                style={{ height, transform: `translateY(${row.start}px)` }}
              >
                {props.row(item, isNarrow)}
              </div>
            )
          })}
        </div>
      </div>
      <p className="px-4 py-2 text-sm text-soft" role="status">
        {numberWords(props.shown ?? items.length)} shown{hasMore ? ', more below' : ''}
      </p>
    </div>
  )
}
