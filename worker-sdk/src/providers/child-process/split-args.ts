/** Responsible for splitting a line into arguments without a shell. It starts nothing. */

/** Splits at blanks. Single and double quotes group characters, and a backslash outside single quotes escapes the next character. */
export function splitArgs(line: string): readonly string[] {
  const args: string[] = []
  for (const match of line.matchAll(/(?:'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[^\s'"\\])+/gs)) {
    args.push(
      match[0].replaceAll(
        /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/gs,
        (_, single?: string, double?: string, escaped?: string) => single ?? escaped ?? (double ?? '').replaceAll(/\\(["\\$`])/g, '$1'),
      ),
    )
  }
  return args
}
