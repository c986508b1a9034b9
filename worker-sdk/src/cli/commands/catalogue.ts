/** Responsible for `catalogue`, `catalogue get` and `catalogue set`: the Director's catalogue of models. */
import { catalogueUpdate, issueInWords, issuesOf, type Catalogue } from '@modelreins/contract'
import { parseJson } from '../../client/transport.ts'
import { readTextFile } from '../arguments/read-text.ts'
import { UsageError } from '../arguments/usage-error.ts'
import type { CommandContext } from '../context.ts'
import type { Column } from '../output/presenter.ts'
import { connect } from '../setup/connection.ts'

type Row = Catalogue['workers'][number]

const priceText = ({ price }: Row): string => (price === null ? '' : `${price.input}/${price.output}`)

const columns: readonly Column<Row>[] = [
  { title: 'WORKER', cell: (row) => row.name },
  { title: 'CLASS', cell: (row) => row.model_class },
  { title: 'COST', cell: (row) => String(row.cost), right: true },
  { title: 'QUALITY', cell: (row) => String(row.quality), right: true },
  { title: 'SPEED', cell: (row) => String(row.speed), right: true },
  { title: 'RUNS', cell: (row) => row.locality },
  { title: 'USD/M IN/OUT', cell: priceText, human: (row) => priceText(row) || 'unknown' },
  { title: 'FROM', cell: (row) => (row.source === 'rule' ? `rule ${row.rule}` : row.source) },
  { title: 'MODEL', cell: (row) => [row.provider ?? '', row.model ?? ''].join(' ').trim(), wide: true },
]

export async function catalogue(context: CommandContext): Promise<number> {
  const { show } = context
  const { client } = await connect(context)
  const found = await client.director.catalogue({})
  if (show.json) show.value(found)
  else if (found.workers.length > 0) show.table(columns, found.workers)
  else show.note('No workers')
  if (!show.json) show.note(`${rulesText(found)}: catalogue get prints them`)
  return 0
}

const rulesText = ({ rules, version }: Catalogue): string =>
  `${rules.length} ${rules.length === 1 ? 'rule' : 'rules'} of the tenant, version ${version}`

export async function catalogueGet(context: CommandContext): Promise<number> {
  const { client } = await connect(context)
  const { rules, version } = await client.director.catalogue({})
  context.show.line(JSON.stringify({ if_version: version, rules }, undefined, 2))
  return 0
}

async function given({ invocation, system }: CommandContext): Promise<unknown> {
  const file = invocation.argument(0) ?? ''
  let text: string
  try {
    text = file === '-' ? await system.readStdin() : readTextFile(file)
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
  const value = parseJson(text)
  if (value === undefined) throw new UsageError(`${file === '-' ? 'Standard input' : file} is not JSON`, 'catalogue get prints the rules')
  return Array.isArray(value) ? { rules: value } : value
}

export async function catalogueSet(context: CommandContext): Promise<number> {
  const { show } = context
  const rules = await given(context)
  const update = catalogueUpdate.safeParse(rules)
  if (!update.success) throw new UsageError(issuesOf(update.error, rules).map(issueInWords).join('\n  '), 'nothing was changed')
  const { client } = await connect(context)
  const changed = await client.director.setCatalogue(update.data)
  if (show.json) show.value(changed)
  else show.note(rulesText(changed))
  return 0
}
