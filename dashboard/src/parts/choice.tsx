/** Responsible for a choice between a few options with their explanations, and for a labelled text field. They make no decisions. */
import { useId, type InputHTMLAttributes, type ReactNode } from 'react'

export interface Option {
  readonly value: string
  readonly name: string
  readonly says?: string
}

interface Props {
  readonly label: ReactNode
  readonly value: string
  readonly options: readonly Option[]
  readonly onChange: (value: string) => void
  /** The label is placed before the field instead of above it. */
  readonly inline?: boolean
  readonly className?: string
}

export function Choice({ label, value, options, onChange, inline = false, className = '' }: Props) {
  const id = useId()
  return (
    <div className={`${inline ? 'flex flex-wrap items-center gap-x-3 gap-y-1' : 'min-w-0'} ${className}`}>
      <label htmlFor={id} className={inline ? 'font-medium' : 'block font-medium'}>
        {label}
      </label>
      <select
        id={id}
        className={inline ? 'field w-auto max-w-full' : 'field mt-1 w-auto max-w-full'}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.says === undefined ? option.name : `${option.name}: ${option.says}`}
          </option>
        ))}
      </select>
    </div>
  )
}

interface TextProps extends Omit<InputHTMLAttributes<HTMLInputElement>, 'onChange' | 'id'> {
  readonly label: ReactNode
  readonly value: string
  readonly onChange: (value: string) => void
  /** What is wrong with the value; empty when no fault is known. */
  readonly fault?: string
  /** Suggestions; any other text is accepted too. */
  readonly proposals?: readonly string[]
}

export function TextField({ label, value, onChange, fault = '', proposals, className = '', ...rest }: TextProps) {
  const id = useId()
  return (
    <div className={`min-w-0 ${className}`}>
      <label htmlFor={id} className="block font-medium">
        {label}
      </label>
      <input
        {...rest}
        id={id}
        className="field mt-1"
        value={value}
        autoComplete="off"
        aria-invalid={fault === '' ? undefined : true}
        aria-describedby={fault === '' ? undefined : `${id}-fault`}
        {...(proposals === undefined ? {} : { list: `${id}-list` })}
        onChange={(event) => onChange(event.target.value)}
      />
      {proposals === undefined ? null : (
        <datalist id={`${id}-list`}>
          {proposals.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      )}
      {fault === '' ? null : (
        <p id={`${id}-fault`} className="mt-1 text-sm text-bad foreign">
          {fault}
        </p>
      )}
    </div>
  )
}
