/** Responsible for saved views of the job list: names for filters, parsed from what the browser has stored, each name used once. */
import type { JobSearch } from './filter.ts'

export interface View {
  readonly name: string
  readonly status: string
  readonly q: string
}

export const viewLimits = { views: 50, nameChars: 60 } as const

/** Other programs may write to the same storage: entries that are not views are left out. */
export function viewsIn(text: string | undefined): readonly View[] {
  let stored: unknown
  try {
    stored = JSON.parse(text ?? '[]')
  } catch {
    return []
  }
  if (!Array.isArray(stored)) return []
  const views: View[] = []
  for (const one of stored.slice(0, viewLimits.views) as readonly unknown[]) {
    if (typeof one !== 'object' || one === null) continue
    const [name, status, q]: unknown[] = [Reflect.get(one, 'name'), Reflect.get(one, 'status'), Reflect.get(one, 'q')]
    if (typeof name === 'string' && name !== '' && typeof status === 'string' && typeof q === 'string')
      views.push({ name: name.slice(0, viewLimits.nameChars), status: status.slice(0, 100), q: q.slice(0, 500) })
  }
  return views
}

export const searchOf = (view: View): JobSearch => ({ status: view.status, q: view.q })

export const viewOf = (views: readonly View[], search: JobSearch): View | undefined =>
  views.find((view) => view.status === (search.status ?? '') && view.q === (search.q ?? ''))

/** The name to store, or what is wrong with it. */
export function checkName(views: readonly View[], typed: string, instead?: string): { readonly name: string } | { readonly fault: string } {
  const name = typed.trim().replaceAll(/\s+/g, ' ').slice(0, viewLimits.nameChars)
  if (name === '') return { fault: 'Give the view a name.' }
  const taken = views.some((view) => view.name.toLowerCase() === name.toLowerCase() && view.name !== instead)
  return taken ? { fault: `There is a view "${name}" already: choose another name, or remove that one first.` } : { name }
}
