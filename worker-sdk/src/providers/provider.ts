/** Responsible for the interface of a provider: a thin adapter between a job and the program or server that executes it. */
import type { Job, Usage } from '@modelreins/contract'
import type { ToolReviews } from './approvals/tool-review.ts'
import type { Launch } from './child-process/program.ts'
import type { Tap } from './recording/tap.ts'

/** Settings that a provider may read. All come from WorkerOptions and may change between jobs. */
export interface ProviderSettings {
  readonly model?: string
  /** `spawn`: the shell line to run. `acp`: the line that starts the agent. Other providers: another program, by name or path. */
  readonly command?: string
  /** Flag that passes the prompt as an argument instead of on stdin, for programs that cannot read stdin. */
  readonly promptArg?: string
  readonly extraArgs?: readonly string[]
  readonly outputFormat?: string
  readonly endpoint?: string
  readonly workDir?: string
  /** The environment for child processes and for endpoints' keys; it never contains the worker's own token. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Hosts that the operator allows although they are private (playwright, http). */
  readonly allowHosts?: readonly string[]
  /** `claude`: whether a run with denied tools is a failure (`fail`) or only reports them (`tell`). */
  readonly deniedTools?: 'tell' | 'fail'
  /** For agents that can ask before they use a tool: whether each use needs a review. Default: when the worker's capabilities require it. */
  readonly approvals?: 'reviews' | 'off'
  /** Records what the program or server says. */
  readonly tap?: Tap
  /** Started instead of the provider's program, to play a recording. */
  readonly replay?: Launch
}

/** The input of one execution. */
export interface ProviderRun {
  readonly job: Job
  /** Context text loaded for the job; empty when its policy is `none`. */
  readonly context: string
  readonly settings: ProviderSettings
  /** Aborted on abort, killswitch, timeout or shutdown. A provider must stop everything that it started before it settles. */
  readonly signal: AbortSignal
  readonly output: (text: string, stream?: 'stdout' | 'stderr' | 'system') => Promise<void>
  /** Reports that work continues although there is no output; restarts the silence limit. A keep-alive of a connection is not work. */
  readonly heard?: () => void
  /** Adds to the usage that this attempt has already reported. */
  readonly usage: (usage: Usage) => void
  /** Asks a human to decide, for agents that ask before they act. */
  readonly reviews?: ToolReviews
  readonly uploadArtifact: (file: {
    readonly filename: string
    readonly contentType?: string
    readonly body: Uint8Array
  }) => Promise<{ readonly url: string; readonly slug: string }>
}

/** How an execution ended. A non-zero exit code is classified with `stderr` and `error` by `classifyError`. */
export interface ProviderOutcome {
  readonly exitCode: number
  /** The answer, if it is not all of stdout. */
  readonly result?: string
  /** The last part of stderr, for classification. */
  readonly stderr?: string
  readonly error?: Error
  /** The job must not be retried automatically, even for a temporary failure, because its effects must not happen twice. */
  readonly final?: boolean
}

export interface ProviderCheck {
  readonly usable: boolean
  /** Version or endpoint when usable; otherwise what is missing and how to get it. */
  readonly detail: string
}

/** Default for how long an execution may be silent before it counts as stuck. Milliseconds. */
export interface SilenceLimits {
  /** Until the first output: a large prompt on a small machine takes long. */
  readonly first: number
  /** Between two outputs. */
  readonly next: number
}

export interface Provider {
  readonly name: string
  /** Absent: silence never counts as stuck. */
  readonly silence?: SilenceLimits
  /** Runs before anything is claimed: checks that the program is on PATH or that the endpoint answers. */
  check(settings: ProviderSettings): Promise<ProviderCheck>
  run(run: ProviderRun): Promise<ProviderOutcome>
}
