/**
 * Responsible for removing text that mentions errors without being one: stack frames, options, file names, fields, subjects of commits, and the
 * prompt that a program repeats.
 */

/**
 * Text that names an error without being one. Every repetition is bounded, so that hostile input, such as a long text of dashes, cannot block the
 * thread.
 */
const noise: readonly RegExp[] = [
  /^[ \t]{1,40}at .{0,2000}$/gm, // JavaScript frames: "at listOnTimeout (node:internal/timers:581:17)"
  /^[ \t]{0,40}File ".{1,1000}", line \d{1,9}.*$/gm, // Python frames
  /\b(?:set|clear|_on|on|listOn)Timeout\b/g,
  /(?<![\w-])--[\w-]{0,60}(?:timeout|retry|limit)[\w-]{0,60}/gi,
  // Output of git about commits and branches: their subjects and names describe something else.
  /^\[[^\]\n]{1,200} [0-9a-f]{7,40}\] .*$/gm,
  /^[ *|\\/]{0,40}(?:commit )?(?=\d{0,40}[a-f])(?=[a-f]{0,40}\d)[0-9a-f]{7,40}\b(?! ?[:=]).*$/gm,
  /^(?:HEAD is now at|Previous HEAD position was|Applying:|Picking|Rebasing|Subject:|(?:pick|reword|squash|fixup|drop) [0-9a-f]{7}).*$/gm,
  /(?<=could not apply )[0-9a-f]{7,40}.*$/gm,
  /(?<=\bbranch )['"][^'"\n]{1,200}['"]/g,
  /\bhttps?:\/\/\S{1,2000}/gi,
  // File names and paths: "src/rate-limit.test.ts:12"
  /(?<![\w./-])(?:[\w@.-]{1,80}\/){1,20}[\w@.-]{0,120}(?::\d{1,7}){0,2}/g,
  /\b[\w-]{1,80}\.(?:[cm]?[jt]sx?|py|go|rs|java|rb|php|cs|cpp|[ch]|json|ya?ml|toml|md|txt|log|lock|sh)\b/gi,
  // A setting, not an event: `"timeout": 5`, `timeout=30`
  /["']?\b\w{0,40}timeout\w{0,40}["']?[ \t]{0,4}[:=][ \t]{0,4}["']?\d[\d.]{0,12}(?:ms|s|m)?\b(?! ?exceeded)/gi,
]
/** Keys of objects that were not valid JSON: printed by Python, or cut off. */
const keys = /["'][\w.-]{1,60}["'][ \t]{0,4}:/g

export const withoutNoise = (text: string): string => noise.reduce((rest, pattern) => rest.replace(pattern, ''), text)

/** Only for the text that is searched for phrases: a status can be in the key of a field. */
export const withoutKeys = (text: string): string => text.replace(keys, '')

/** Shorter lines are too common to count as a repetition of the prompt. */
const shortestEcho = 8

/** The program's output without lines that only repeat the prompt. */
export const withoutEcho = (text: string, prompt: string): string => {
  if (text === '' || prompt.trim() === '') return text
  const asked = new Set<string>()
  for (const line of prompt.split('\n')) if (line.trim().length >= shortestEcho) asked.add(line.trim())
  return text
    .split('\n')
    .filter((line) => {
      const said = line.trim().replace(/^(?:[>|$#*] ?)+/, '')
      return said.length < shortestEcho || !(asked.has(said) || prompt.includes(said))
    })
    .map((line) => {
      if (line.length > 4_096) return line
      for (const one of asked) if (one.length >= 2 * shortestEcho && line.includes(one)) return line.replace(one, '')
      return line
    })
    .join('\n')
}
