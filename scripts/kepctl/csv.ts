/**
 * One line of a table. [RFC 4180 §2] A cell that a spreadsheet would take for a formula is made text by an apostrophe, as
 * notes and addresses are written by others; a plain number stays one.
 */
export const csvLine = (cells: readonly string[]): string => cells.map(csvCell).join(',')

function csvCell(text: string): string {
  const isNumber = /^-?[0-9]+(\.[0-9]+)?$/.test(text)
  const safe = !isNumber && /^[\s]*[=+\-@|%\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text
  return /[",;\r\n']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
