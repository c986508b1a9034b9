/** Responsible for keeping an unsent message: it survives a reload, and is removed after sending. */
import { useMemo } from 'react'
import { read, useStored, write } from '../../parts/settings-store.ts'
import { parseDraft, type Draft } from './draft.ts'

export const readDraft = (key: string): Draft => parseDraft(read(key))

export function changeDraft(key: string, change: Partial<Draft>): void {
  write(key, JSON.stringify({ ...readDraft(key), ...change }))
}

export function useDraft(key: string): readonly [Draft, (change: Partial<Draft>) => void] {
  const text = useStored(key)
  return [useMemo(() => parseDraft(text), [text]), (change) => changeDraft(key, change)]
}
