/** Responsible for short facts in two columns: name and value. */
import type { ReactNode } from 'react'

export function Facts({ rows }: { readonly rows: readonly (readonly [name: string, value: ReactNode] | undefined)[] }) {
  return (
    <dl className="grid grid-cols-[minmax(6rem,auto)_minmax(0,1fr)] gap-x-4 gap-y-1.5">
      {rows.map((row) =>
        row === undefined ? null : (
          <div key={row[0]} className="contents">
            <dt className="text-soft">{row[0]}</dt>
            <dd className="min-w-0 foreign">{row[1]}</dd>
          </div>
        ),
      )}
    </dl>
  )
}

export function Panel({
  title,
  actions,
  children,
}: {
  readonly title: string
  readonly actions?: ReactNode
  readonly children: ReactNode
}) {
  return (
    <section className="card p-4">
      <div className="mb-3 flex flex-wrap items-center justify-between gap-2">
        <h2 className="text-lg font-semibold">{title}</h2>
        {actions}
      </div>
      {children}
    </section>
  )
}
