/** `12`, `12.50` and `12,50` TL as kuruş; undefined where it is none. */
export function kurusOf(text: string): number | undefined {
  const read = /^([0-9]{1,8})(?:[.,]([0-9]{2}))?$/.exec(text)
  return read === null ? undefined : Number(read[1]) * 100 + Number(read[2] ?? 0)
}

/** `12.50`; digits alone are computed with, so nothing is rounded. */
export const liraOf = (kurus: number): string => {
  const digits = String(Math.abs(kurus)).padStart(3, '0')
  return `${kurus < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
}
