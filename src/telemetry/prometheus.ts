/** Responsible for the text format of Prometheus (version 0.0.4). Callers must keep the number of label values small. */
export interface Gauge {
  readonly name: string
  readonly help: string
  readonly samples: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[]
}

const escaped = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')

function line(name: string, labels: Readonly<Record<string, string>>, value: number): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`)
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`
}

/** These gauges in the text format. */
export const exposition = (gauges: readonly Gauge[]): string =>
  gauges
    .map((gauge) => [
      `# HELP ${gauge.name} ${gauge.help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
      `# TYPE ${gauge.name} gauge`,
      ...gauge.samples.map(({ labels = {}, value }) => line(gauge.name, labels, value)),
    ])
    .flat()
    .map((text) => `${text}\n`)
    .join('')
