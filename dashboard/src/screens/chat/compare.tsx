/** Responsible for comparing two answers of a fan-out: which words occur in only one of them. */
import { useMemo } from 'react'
import { Choice } from '../../parts/choice.tsx'
import { Modal } from '../../parts/modal.tsx'
import { spelledOut } from '../../parts/safe-text.ts'
import { likeness, wordDiff, type Piece } from './word-diff.ts'

export interface Comparable {
  readonly id: string
  readonly name: string
  readonly text: string
}

/** Most characters of each answer that are compared; an answer in the list of jobs has at most 64 KiB. */
const most = 100_000

function Marked({ piece }: { readonly piece: Piece }) {
  const text = spelledOut(piece.text)
  if (piece.kind === 'same') return text
  return piece.kind === 'removed' ? (
    <del className="rounded-sm bg-bad-wash text-bad decoration-1">{text}</del>
  ) : (
    <ins className="rounded-sm bg-good-wash text-good decoration-1">{text}</ins>
  )
}

interface Props {
  readonly answers: readonly Comparable[]
  readonly left: string
  readonly right: string
  readonly onChange: (left: string, right: string) => void
  readonly onClose: () => void
}

export function Compare({ answers, left, right, onChange, onClose }: Props) {
  const textOf = (id: string): string => answers.find((answer) => answer.id === id)?.text ?? ''
  const nameOf = (id: string): string => answers.find((answer) => answer.id === id)?.name ?? ''
  const [one, other] = [textOf(left), textOf(right)]
  const diff = useMemo(() => wordDiff(one.slice(0, most), other.slice(0, most)), [one, other])
  const options = answers.map(({ id, name }) => ({ value: id, name }))
  return (
    <Modal title="Compare two answers" onClose={onClose} wide>
      <div className="flex flex-wrap items-end gap-x-4 gap-y-2">
        <Choice label="Answer" value={left} options={options} onChange={(id) => onChange(id, right)} />
        <Choice label="Compared with" value={right} options={options} onChange={(id) => onChange(left, id)} />
      </div>
      <p className="mt-3 text-soft" role="status">
        {one === other ? 'They are the same.' : `${likeness(diff)} % of the words are in both.`}{' '}
        {one === other ? null : (
          <>
            <del className="rounded-sm bg-bad-wash px-1 text-bad decoration-1">only {nameOf(left)}</del>{' '}
            <ins className="rounded-sm bg-good-wash px-1 text-good decoration-1">only {nameOf(right)}</ins>
          </>
        )}
      </p>
      <div
        role="region"
        aria-label="What differs"
        tabIndex={0}
        dir="auto"
        className="mt-3 max-h-[55vh] overflow-auto rounded-md border border-line bg-card p-3 whitespace-pre-wrap foreign"
      >
        {diff.map((piece, index) => (
          <Marked key={index} piece={piece} />
        ))}
      </div>
      {one.length > most || other.length > most ? (
        <p className="mt-2 text-sm text-soft">Only the beginning is compared: the answers are very long.</p>
      ) : null}
    </Modal>
  )
}
