/** Responsible for `settings`, `settings get` and `settings set`: settings of the whole tenant. */
import { settingsPatch, tenantSettingNames, tenantSettingRows, type TenantSettingName, type TenantSettings } from '@modelreins/contract'
import { parseJson } from '../../client/transport.ts'
import { connect } from '../setup/connection.ts'
import { checked } from '../arguments/checked.ts'
import type { CommandContext } from '../context.ts'
import type { Column } from '../output/presenter.ts'
import { UsageError } from '../arguments/usage-error.ts'

const inWords = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

interface Row {
  readonly name: TenantSettingName
  readonly value: string
  readonly otherwise: string
}

const columns: readonly Column<Row>[] = [
  { title: 'SETTING', cell: (row) => row.name },
  { title: 'VALUE', cell: (row) => row.value, paint: (row, style) => (row.value === row.otherwise ? style.dim : style.green) },
  { title: 'DEFAULT', cell: (row) => row.otherwise },
  { title: 'MEANING', cell: (row) => tenantSettingRows[row.name].about, wide: true },
]

const rowsOf = (settings: TenantSettings): readonly Row[] =>
  tenantSettingNames.map((name) => ({ name, value: inWords(settings[name]), otherwise: inWords(tenantSettingRows[name].otherwise) }))

export async function settings(context: CommandContext): Promise<number> {
  const { client } = await connect(context)
  const found = await client.settings.get({})
  if (context.show.json) context.show.value(found)
  else context.show.table(columns, rowsOf(found))
  return 0
}

function nameOf({ invocation }: CommandContext): TenantSettingName {
  const name = tenantSettingNames.find((one) => one === invocation.argument(0))
  if (name === undefined)
    throw new UsageError(`"${invocation.argument(0) ?? ''}" is not a setting`, `one of ${tenantSettingNames.join(', ')}`)
  return name
}

export async function settingsGet(context: CommandContext): Promise<number> {
  const name = nameOf(context)
  const { client } = await connect(context)
  const found = await client.settings.get({})
  if (context.show.json) context.show.value(found[name])
  else context.show.line(inWords(found[name]))
  return 0
}

export async function settingsSet(context: CommandContext): Promise<number> {
  const { invocation, show } = context
  const name = nameOf(context)
  const text = invocation.argument(1) ?? ''
  const value = text === 'default' ? null : (parseJson(text) ?? text)
  const patch = checked(settingsPatch, { [name]: value }, { name: (path) => path, hint: tenantSettingRows[name].about })
  const { client } = await connect(context)
  const changed = await client.settings.update(patch)
  if (show.json) show.value(changed)
  else if (changed.review_id !== undefined)
    show.note(`Review ${changed.review_id} must be approved first: ${name} is ${inWords(changed[name])} until then`)
  else show.note(`${name} is ${inWords(changed[name])}`)
  return 0
}
