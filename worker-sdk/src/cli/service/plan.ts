/** Responsible for the description of a background service, for every system: files to write and commands to run. It writes and runs nothing. */

export interface ServiceRequest {
  /** Distinguishes several services of one machine; undefined: there is only one. */
  readonly name: string | undefined
  /** Node, the script, and its arguments; never a token. */
  readonly command: readonly string[]
  readonly home: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly userId: number | undefined
  /** Folder of the config file. */
  readonly configFolder: string
  /** Milliseconds that a stop may take before the system kills the process. */
  readonly stopMs: number
}

export interface ServiceFile {
  readonly path: string
  readonly content: string
  readonly encoding: 'utf8' | 'utf16le'
}

export interface ServiceStep {
  readonly command: readonly string[]
  /** A failure is ignored, because there may have been nothing to stop. */
  readonly mayFail?: true
}

export interface ServicePlan {
  /** The service's name in the system. */
  readonly label: string
  readonly file: ServiceFile
  readonly install: readonly ServiceStep[]
  readonly beforeRemoval: readonly ServiceStep[]
  readonly afterRemoval: readonly ServiceStep[]
  /** Exit code 0 means that it runs. */
  readonly status: readonly string[]
  readonly notes: readonly string[]
}

/** Letters, digits and dashes only, because the text becomes part of file names and labels. */
export const slugOf = (name: string): string => name.replaceAll(/[^A-Za-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '') || 'worker'
export const xmlText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
