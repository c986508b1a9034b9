/** Responsible for describing the killswitch as text. It fetches nothing. */
import { killswitchLevels } from '@modelreins/contract'
import { oneLine } from './safe-text.ts'

export const levelText = (state: { readonly level: number; readonly reason: string | null }): string =>
  `${state.level} ${killswitchLevels[state.level] ?? ''}${state.reason === null ? '' : ` (${oneLine(state.reason)})`}`
