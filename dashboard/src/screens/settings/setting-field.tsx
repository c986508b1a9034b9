/** Responsible for the field that edits one setting, by its kind, and for parsing its text. The server validates the value. */
import type { SettingField, SettingRow } from 'virtual:tenant-settings'
import { useId } from 'react'
import { Choice, TextField } from '../../parts/choice.tsx'

/** A value in words, as the table shows it. */
export function valueWords(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value !== 'object' || value === null) return String(value)
  const parts = Object.entries(value)
  if (parts.length === 0) return 'none'
  return parts.map(([name, part]) => `${name} ${typeof part === 'object' ? JSON.stringify(part) : String(part)}`).join(', ')
}

export const draftOf = (value: unknown, { kind }: SettingField): string =>
  kind === 'json' || kind === 'numbers' ? JSON.stringify(value, null, 2) : String(value)

/** The text of the field as the value that the API takes, or what is wrong with it. */
export function readDraft(draft: string, field: SettingField): { readonly value: unknown } | { readonly fault: string } {
  if (field.kind === 'flag') return { value: draft === 'true' }
  if (field.kind === 'choice') return { value: draft }
  if (field.kind === 'number') {
    const value = Number(draft)
    return draft.trim() === '' || !Number.isFinite(value) ? { fault: 'Enter a number.' } : { value }
  }
  try {
    return { value: JSON.parse(draft) as unknown }
  } catch (error) {
    return { fault: `This is not JSON: ${error instanceof Error ? error.message : ''}` }
  }
}

const range = ({ min, max }: { readonly min: number | null; readonly max: number | null }) => ({
  ...(min === null ? {} : { min }),
  ...(max === null ? {} : { max }),
})

interface Props {
  readonly row: SettingRow
  readonly draft: string
  readonly onChange: (draft: string) => void
  readonly fault: string
}

function Json({ draft, onChange, fault, row }: Props) {
  const id = useId()
  return (
    <div>
      <label htmlFor={id} className="block font-medium">
        {row.name} <span className="font-normal text-soft">(JSON)</span>
      </label>
      <textarea
        id={id}
        className="field mt-1 h-32 font-mono text-sm"
        spellCheck={false}
        value={draft}
        aria-invalid={fault === '' ? undefined : true}
        aria-describedby={`${id}-fault`}
        onChange={(event) => onChange(event.target.value)}
      />
      <p id={`${id}-fault`} className="text-sm text-bad empty:hidden foreign">
        {fault}
      </p>
    </div>
  )
}

function Numbers({ field, draft, onChange, fault }: Props & { readonly field: Extract<SettingField, { kind: 'numbers' }> }) {
  const values: Readonly<Record<string, number>> = JSON.parse(draft)
  return (
    <div>
      <div className="flex flex-wrap gap-3">
        {field.parts.map((part) => (
          <TextField
            key={part.name}
            label={part.name}
            type="number"
            className="w-24"
            {...range(part)}
            step={part.whole ? 1 : 'any'}
            value={String(values[part.name] ?? '')}
            onChange={(text) => onChange(JSON.stringify({ ...values, [part.name]: text === '' ? undefined : Number(text) }))}
          />
        ))}
      </div>
      <p className="text-sm text-bad empty:hidden foreign">{fault}</p>
    </div>
  )
}

export function SettingInput(props: Props) {
  const { row, draft, onChange, fault } = props
  const { field, name } = row
  if (field.kind === 'numbers') return <Numbers {...props} field={field} />
  if (field.kind === 'json') return <Json {...props} />
  if (field.kind === 'number')
    return (
      <TextField
        label={name}
        type="number"
        className="w-44"
        {...range(field)}
        step={field.whole ? 1 : 'any'}
        value={draft}
        onChange={onChange}
        fault={fault}
      />
    )
  const options =
    field.kind === 'flag'
      ? [
          { value: 'true', name: 'yes' },
          { value: 'false', name: 'no' },
        ]
      : field.values.map((value) => ({ value, name: value }))
  return (
    <>
      <Choice label={name} value={draft} options={options} onChange={onChange} />
      <p className="text-sm text-bad empty:hidden foreign">{fault}</p>
    </>
  )
}
