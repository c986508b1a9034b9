/** Responsible for the types of the table that `dashboard/build/tenant-settings.ts` makes of the contract. */
declare module 'virtual:tenant-settings' {
  interface Bounds {
    readonly min: number | null
    readonly max: number | null
    readonly whole: boolean
  }
  export type SettingField =
    | { readonly kind: 'flag' }
    | { readonly kind: 'choice'; readonly values: readonly string[] }
    | ({ readonly kind: 'number' } & Bounds)
    | { readonly kind: 'numbers'; readonly parts: readonly ({ readonly name: string } & Bounds)[] }
    | { readonly kind: 'json' }
  export interface SettingRow {
    readonly name: import('@modelreins/contract').TenantSettingName
    readonly about: string
    readonly reason: string
    readonly otherwise: unknown
    readonly field: SettingField
  }
  export const settingRows: readonly SettingRow[]
}
