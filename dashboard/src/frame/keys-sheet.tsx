/** Responsible for the sheet that lists every keyboard shortcut; it is made from the list that handles them. */
import { Modal } from '../parts/modal.tsx'
import { keyRows } from './keys.ts'

const shown = (keys: string): readonly string[] =>
  keys.split(/[ +]/).map((key) => ({ mod: 'Ctrl', enter: 'Enter', k: 'K' })[key] ?? (key.length === 1 ? key : key))

export function KeysSheet({ onClose }: { readonly onClose: () => void }) {
  const rows = keyRows()
  const groups = [...new Set(rows.map((row) => row.group))]
  return (
    <Modal title="Keyboard shortcuts" onClose={onClose} wide>
      <p className="mb-3 text-soft">Single letters act only outside of fields. On a Mac, Cmd does what Ctrl does.</p>
      <div className="grid gap-x-8 gap-y-4 sm:grid-cols-2">
        {groups.map((group) => (
          <section key={group}>
            <h3 className="mb-1 font-semibold">{group}</h3>
            <dl>
              {rows
                .filter((row) => row.group === group)
                .map((row) => (
                  <div key={row.keys} className="flex items-baseline justify-between gap-4 border-b border-line py-1.5 last:border-0">
                    <dt>{row.what}</dt>
                    <dd className="flex gap-1">
                      {shown(row.keys).map((key) => (
                        <kbd key={key} className="min-w-6 rounded-sm border border-line bg-sunken px-1.5 text-center text-sm">
                          {key}
                        </kbd>
                      ))}
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
    </Modal>
  )
}
