/** Responsible for the saved views above the job list: opening one, saving the filter as one, renaming and removing it. */
import { Link } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { useMe } from '../../api/session.ts'
import { Button } from '../../parts/button.tsx'
import { TextField } from '../../parts/choice.tsx'
import { Choices, Modal } from '../../parts/modal.tsx'
import { say } from '../../parts/toasts.tsx'
import type { JobSearch } from './filter.ts'
import { useViews } from './use-views.ts'
import { checkName, searchOf, viewLimits, viewOf } from './views.ts'

function NameDialog(props: {
  readonly title: string
  readonly button: string
  readonly otherwise: string
  readonly take: (name: string) => string | undefined
  readonly onClose: () => void
}) {
  const [name, setName] = useState(props.otherwise)
  const [fault, setFault] = useState('')
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    const wrong = props.take(name)
    if (wrong === undefined) props.onClose()
    else setFault(wrong)
  }
  return (
    <Modal title={props.title} onClose={props.onClose}>
      <form onSubmit={submit} noValidate>
        <TextField label="Name" value={name} maxLength={viewLimits.nameChars} fault={fault} onChange={setName} />
        <p className="mt-2 text-sm text-soft">Kept in this browser. To give it to somebody, send them the address of the list.</p>
        <Choices leave="Leave it" onLeave={props.onClose}>
          <Button type="submit" look="primary">
            {props.button}
          </Button>
        </Choices>
      </form>
    </Modal>
  )
}

export function SavedViews({ search, onChosen }: { readonly search: JobSearch; readonly onChosen: () => void }) {
  const views = useViews(useMe().id)
  const [asking, setAsking] = useState<'save' | 'rename' | undefined>(undefined)
  const current = viewOf(views.all, search)
  const filtered = (search.q ?? '') !== '' || (search.status ?? '') !== ''
  if (views.all.length === 0 && !filtered) return null
  const save = (typed: string): string | undefined => {
    if (views.all.length >= viewLimits.views) return `There are ${viewLimits.views} views, the maximum: remove one first.`
    const checked = checkName(views.all, typed)
    if ('fault' in checked) return checked.fault
    views.save({ name: checked.name, status: search.status ?? '', q: search.q ?? '' })
    say(`The view "${checked.name}" is saved in this browser.`)
    return undefined
  }
  const rename = (typed: string): string | undefined => {
    const checked = checkName(views.all, typed, current?.name)
    if ('fault' in checked) return checked.fault
    if (current !== undefined) views.rename(current.name, checked.name)
    return undefined
  }
  return (
    <div className="flex flex-wrap items-center gap-1">
      {views.all.length === 0 ? null : (
        <nav aria-label="Saved views" className="flex min-w-0 flex-wrap gap-1">
          {views.all.map((view) => (
            <Link
              key={view.name}
              to="/jobs"
              search={searchOf(view)}
              onClick={onChosen}
              activeOptions={{ exact: true, includeSearch: true }}
              aria-current={view === current ? 'page' : undefined}
              className="max-w-60 truncate rounded-full border border-line px-3 py-1 text-sm text-soft hover:bg-sunken aria-[current=page]:border-accent aria-[current=page]:bg-accent-wash aria-[current=page]:text-accent foreign"
            >
              {view.name}
            </Link>
          ))}
        </nav>
      )}
      {current === undefined ? (
        filtered ? (
          <Button look="quiet" className="min-h-8 text-sm" onClick={() => setAsking('save')}>
            Save view...
          </Button>
        ) : null
      ) : (
        <>
          <Button look="quiet" className="min-h-8 text-sm" onClick={() => setAsking('rename')}>
            Rename view...
          </Button>
          <Button
            look="quiet"
            className="min-h-8 text-sm"
            onClick={() => {
              views.remove(current.name)
              say(`The view "${current.name}" is removed; its jobs stay.`)
            }}
          >
            Remove view
          </Button>
        </>
      )}
      {asking === 'save' ? (
        <NameDialog title="Save this filter as a view" button="Save" otherwise="" take={save} onClose={() => setAsking(undefined)} />
      ) : null}
      {asking === 'rename' && current !== undefined ? (
        <NameDialog title="Rename the view" button="Rename" otherwise={current.name} take={rename} onClose={() => setAsking(undefined)} />
      ) : null}
    </div>
  )
}
