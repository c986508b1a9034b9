/** The type of what drizzle-kit generates beside this file: the journal, and each migration's SQL as text. */
declare const migrations: {
  readonly journal: { readonly entries: { readonly idx: number; readonly when: number; readonly tag: string; readonly breakpoints: boolean }[] }
  readonly migrations: Record<string, string>
}
export default migrations
