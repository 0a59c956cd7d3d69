/**
 * What a subject is about, without what answers and forwards put around it. [RFC 5256 §2.1] Turkish programs write `YNT:` and
 * `İLT:` where others write `RE:` and `FWD:`; a thread is one whichever of them its people use.
 */
export function baseSubject(subject: string): BaseSubject {
  let text = subject.replace(/\s+/g, ' ').trim()
  let isAnswer = false
  for (;;) {
    const before = text
    text = withoutTrailer(text)
    text = withoutLeaders(text)
    isAnswer ||= text !== before
    const forwarded = FORWARDED.exec(text)
    if (forwarded === null) return { text, isAnswer }
    isAnswer = true
    text = (forwarded[1] ?? '').trim()
  }
}

export interface BaseSubject {
  readonly text: string
  /** It said of itself that it is an answer or a forward. */
  readonly isAnswer: boolean
}

const TRAILER = /\s*\(fwd\)$/i
/** `re:`, `fw [list]:`, with lists before them. */
const LEADER = /^(?:\[[^[\]]*\]\s*)*(?:re|fwd?|ynt|[iİ]lt)\s*(?:\[[^[\]]*\]\s*)?:\s*/iu
const BLOB = /^\[[^[\]]*\]\s*/
const FORWARDED = /^\[fwd:(.*)\]$/i

function withoutTrailer(text: string): string {
  let rest = text
  while (TRAILER.test(rest)) rest = rest.replace(TRAILER, '')
  return rest
}

function withoutLeaders(text: string): string {
  let rest = text
  for (;;) {
    const led = rest.replace(LEADER, '')
    const blob = led.replace(BLOB, '')
    const next = blob === '' ? led : blob
    if (next === rest) return rest
    rest = next
  }
}
