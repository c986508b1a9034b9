/** Responsible for cutting one line into arguments without a shell. It starts nothing. */

/** Splits at blanks; single and double quotes hold together, a backslash outside single quotes takes the next character as it is. */
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
