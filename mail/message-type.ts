/**
 * What a KEP message is for, as its user declares it in a national header field. That there are no values but these is
 * unverified.
 */
export const MESSAGE_TYPE_FIELD = 'X-TR-REM-iletiTip'

/** An ordinary letter, official correspondence that carries an e-Yazışma package, a legal notice. */
export const MESSAGE_TYPES = ['standart', 'eYazisma', 'eTebligat'] as const
export type MessageType = (typeof MESSAGE_TYPES)[number]

/**
 * Reads the field's value; absent is `standart`, undefined is none that is known. Letter case is passed over, since
 * programs differ in it; only ASCII letters are in question, so no language's casing is.
 */
export function messageTypeOf(value: string | undefined): MessageType | undefined {
  if (value === undefined) return 'standart'
  const written = value.trim().toLowerCase()
  return MESSAGE_TYPES.find((type) => type.toLowerCase() === written)
}
