/** Responsible for the table of settings in the README of the SDK, made from the SDK's own table. */
import { settings, type Setting } from '../../worker-sdk/src/worker/settings/table.ts'

const begin = '<!-- Made by `npm run generate` from worker-sdk/src/worker/settings/table.ts. -->'
const end = '<!-- End of what is made. -->'

const code = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ')

function line(name: string, row: Setting): string {
  const otherwise = row.otherwiseText ?? (row.otherwise === undefined ? '' : String(row.otherwise))
  return `| \`${name}\` | ${code(row.env)} | \`${row.config[0]}\` | ${otherwise} | ${row.about} |`
}

export function settingsTable(): string {
  const rows = Object.entries(settings).map(([name, row]) => line(name, row))
  return ['| option | variable | config key | default | meaning |', '| --- | --- | --- | --- | --- |', ...rows].join('\n')
}

/** The page with its table generated again. */
export function withSettings(page: string): string {
  const [before, rest] = page.split(begin)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined) throw new Error(`The page has no place for the settings: ${begin} ... ${end}`)
  return `${before}${begin}\n\n${settingsTable()}\n\n${end}${after}`
}
