/** Responsible for numbers, sizes and durations in the language of this browser. It draws nothing. */

export const language = (): string => navigator.language

/** A span such as `4.2 s` or `1 h 05 min`. */
export function spanWords(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 60) return `${Math.floor(seconds)} s`
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ${two((seconds % 3_600) / 60)} min`
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3_600)} h`
}

const sizes = ['B', 'KiB', 'MiB', 'GiB'] as const
export function bytesWords(bytes: number): string {
  let value = bytes
  let index = 0
  while (value >= 1024 && index < sizes.length - 1) {
    value /= 1024
    index += 1
  }
  return `${value.toFixed(index === 0 || value >= 100 ? 0 : 1)} ${sizes[index]}`
}

const numbers = new Intl.NumberFormat(language())
export const numberWords = (value: number): string => numbers.format(value)
export const plural = (count: number, one: string, many = `${one}s`): string => `${numbers.format(count)} ${count === 1 ? one : many}`
