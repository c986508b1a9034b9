/** Responsible for what a background service is, whatever the system: files to write, commands to run. It writes and runs nothing. */

export interface ServiceRequest {
  /** Tells several services of one machine apart; undefined: the only one. */
  readonly name: string | undefined
  /** Node, the script, and its arguments; never a token. */
  readonly command: readonly string[]
  readonly home: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly userId: number | undefined
  /** Folder of the config file. */
  readonly configFolder: string
  /** Milliseconds that a stop may take before the system kills. */
  readonly stopMs: number
}

export interface ServiceFile {
  readonly path: string
  readonly content: string
  readonly encoding: 'utf8' | 'utf16le'
}

export interface ServiceStep {
  readonly command: readonly string[]
  /** It failing means nothing: there was nothing to stop. */
  readonly mayFail?: true
}

export interface ServicePlan {
  /** As the system calls it. */
  readonly label: string
  readonly file: ServiceFile
  readonly install: readonly ServiceStep[]
  readonly beforeRemoval: readonly ServiceStep[]
  readonly afterRemoval: readonly ServiceStep[]
  /** Exit code 0: it runs. */
  readonly status: readonly string[]
  readonly notes: readonly string[]
}

/** Letters, digits and dashes: it becomes part of file names and labels. */
export const slugOf = (name: string): string => name.replaceAll(/[^A-Za-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '') || 'worker'
export const xmlText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
