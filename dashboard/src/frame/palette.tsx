/** Responsible for the command palette: reaching screens and actions by typing a few letters. It does not know the content of any screen. */
import { useNavigate } from '@tanstack/react-router'
import { useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react'
import { useOperation } from '../api/queries.ts'
import { useMay, useMe } from '../api/session.ts'
import { oneLine } from '../parts/safe-text.ts'
import { useViews } from '../screens/jobs/use-views.ts'
import { searchOf } from '../screens/jobs/views.ts'
import { places } from './places.ts'
import { waitingInput } from './waiting.ts'

interface Command {
  readonly id: string
  readonly name: string
  readonly hint?: string
  readonly run: () => void
}

const matches = (name: string, query: string): boolean => {
  const text = name.toLowerCase()
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}

function useCommands(query: string): readonly Command[] {
  const navigate = useNavigate()
  const mayDispatch = useMay('jobs.dispatch')
  const mayAbort = useMay('jobs.abort')
  const mayDecide = useMay('reviews.decide')
  const mayKill = useMay('killswitch.raise')
  const mayManage = useMay('workers.manage')
  const reviews = useOperation('reviews.list', waitingInput)
  const workers = useOperation('workers.list', { limit: 200 })
  const views = useViews(useMe().id)
  const runningJobs = useOperation('jobs.list', { status: ['running'], limit: 20 }, { enabled: mayAbort })
  const running = useMemo(() => (runningJobs.data?.items ?? []).filter((one) => one.role == null), [runningJobs.data])
  return useMemo(() => {
    const job = /^(?:abort |open |job )?#?(\d{1,15})$/i.exec(query.trim())?.[1]
    const first = reviews.data?.items.at(-1)
    const all: Command[] = [
      ...(job === undefined
        ? []
        : [{ id: `job-${job}`, name: `Open job ${job}`, run: () => void navigate({ to: '/jobs/$jobId', params: { jobId: job } }) }]),
      ...(job === undefined || !mayAbort
        ? []
        : [
            {
              id: `abort-${job}`,
              name: `Abort job ${job}...`,
              run: () => void navigate({ to: '/jobs/$jobId', params: { jobId: job }, search: { ask: 'abort' } }),
            },
          ]),
      ...(mayAbort
        ? running
            .filter((one) => String(one.id) !== job)
            .map((one) => ({
              id: `abort-running-${one.id}`,
              name: `Abort job ${one.id}: ${oneLine(one.prompt, 60)}`,
              hint: one.assigned_to ?? 'running',
              run: () => void navigate({ to: '/jobs/$jobId', params: { jobId: String(one.id) }, search: { ask: 'abort' } }),
            }))
        : []),
      ...places.map((place) => ({
        id: place.to,
        name: `Go to ${place.name}`,
        hint: `g ${place.key}`,
        run: () => void navigate({ to: place.to }),
      })),
      { id: 'grants', name: 'Show grants', run: () => void navigate({ to: '/settings', search: { tab: 'grants' } }) },
      { id: 'threads', name: 'Show all threads', run: () => void navigate({ to: '/threads', search: {} }) },
      ...(mayDispatch
        ? [{ id: 'schedule', name: 'Make a schedule', run: () => void navigate({ to: '/schedules', search: { edit: 'new' } }) }]
        : []),
      ...(mayDispatch ? [{ id: 'dispatch', name: 'Dispatch a job', hint: 'n', run: () => void navigate({ to: '/chat' }) }] : []),
      ...(first === undefined
        ? []
        : [
            {
              id: 'review',
              name: `${mayDecide ? 'Approve or deny' : 'Open'} the next review: ${oneLine(first.title, 60)}`,
              run: () => void navigate({ to: '/reviews/$reviewId', params: { reviewId: String(first.id) } }),
            },
          ]),
      { id: 'failed', name: 'Show failed jobs', run: () => void navigate({ to: '/jobs', search: { status: 'failed' } }) },
      { id: 'running', name: 'Show running jobs', run: () => void navigate({ to: '/jobs', search: { status: 'running' } }) },
      ...views.all.map((view, index) => ({
        id: `view-${index}`,
        name: `Open view ${view.name}`,
        hint: 'jobs',
        run: () => void navigate({ to: '/jobs', search: searchOf(view) }),
      })),
      ...(mayManage ? [{ id: 'register', name: 'Register a worker', run: () => void navigate({ to: '/workers/register' }) }] : []),
      ...(mayKill
        ? [{ id: 'kill', name: 'Kill: open the killswitch', run: () => void navigate({ to: '/killswitch', search: { level: '3' } }) }]
        : []),
      ...(workers.data?.items ?? []).map((worker) => ({
        id: worker.worker_id,
        name: `Open worker ${worker.name}`,
        hint: worker.state,
        run: () => void navigate({ to: '/workers/$workerId', params: { workerId: worker.worker_id } }),
      })),
    ]
    // Commands that abort a running job are offered only after at least two typed letters.
    const offered = all.filter((command) => !command.id.startsWith('abort-running') || query.trim().length > 1)
    const fitting = offered.filter(
      (command) => command.id === `job-${job}` || command.id === `abort-${job}` || matches(command.name, query),
    )
    // When a place or a worker matches too, it comes first, so that Enter does not end a job by accident.
    const ending = (command: Command): boolean => command.id.startsWith('abort-running')
    return [...fitting.filter((command) => !ending(command)), ...fitting.filter(ending)].slice(0, 12)
  }, [query, navigate, mayDispatch, mayAbort, mayDecide, mayKill, mayManage, reviews.data, workers.data, running, views])
}

export function Palette({ onClose }: { readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [query, setQuery] = useState('')
  const [at, setAt] = useState(0)
  const commands = useCommands(query)
  const current = commands[Math.min(at, commands.length - 1)]
  // Closed before the element is removed: the browser returns the focus only in that order.
  useLayoutEffect(() => {
    const open = dialog.current
    open?.showModal()
    return () => open?.close()
  }, [])
  const run = (command: Command | undefined): void => {
    if (command === undefined) return
    onClose()
    command.run()
  }
  const move = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined) {
      event.preventDefault()
      setAt((commands.length + Math.min(at, commands.length - 1) + step) % Math.max(1, commands.length))
    } else if (event.key === 'Enter') {
      event.preventDefault()
      run(current)
    }
  }
  return (
    <dialog
      ref={dialog}
      aria-label="Command palette"
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose()
      }}
      className="mx-auto mt-[12vh] w-[calc(100%-1.5rem)] max-w-xl rounded-lg border border-line bg-raised text-ink p-0 shadow-pop"
    >
      <input
        role="combobox"
        aria-label="Command"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={current === undefined ? undefined : `palette-${current.id}`}
        autoFocus
        value={query}
        onChange={(event) => {
          setQuery(event.target.value)
          setAt(0)
        }}
        onKeyDown={move}
        placeholder="Type a command, a place, a worker or a job's number"
        className="w-full border-b border-line bg-transparent px-4 py-3.5 text-lg outline-none"
      />
      <ul id="palette-list" role="listbox" aria-label="Commands" className="max-h-[50vh] overflow-y-auto p-1.5">
        {commands.map((command) => (
          <li
            key={command.id}
            id={`palette-${command.id}`}
            role="option"
            aria-selected={command === current}
            onPointerMove={() => setAt(commands.indexOf(command))}
            onClick={() => run(command)}
            className="flex cursor-pointer items-center justify-between gap-4 rounded-md px-3 py-2 aria-selected:bg-accent-wash"
          >
            <span className="truncate foreign">{command.name}</span>
            {command.hint === undefined ? null : <span className="text-sm text-soft">{command.hint}</span>}
          </li>
        ))}
      </ul>
      <p role="status" className="px-4 pb-3 text-sm text-soft">
        {commands.length === 0 ? 'No match. Try the name of a place or a worker, or the number of a job.' : ''}
      </p>
    </dialog>
  )
}
