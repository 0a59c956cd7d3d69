/**
 * Check, then sign: `checkAll` is the only maker of `Checked<T>`, and signing takes nothing else, so evidence that
 * breaks a rule does not compile into a signature.
 */
export type Verdict = { readonly ok: true } | { readonly ok: false; readonly why: string }

export const pass: Verdict = { ok: true }
export const fail = (why: string): Verdict => ({ ok: false, why })

export interface Rule<T> {
  /** Kebab-case, the name of its file. */
  readonly id: string
  /** Standard and section that ask for it. */
  readonly ref: string
  check(subject: T): Verdict
}

declare const checked: unique symbol

export type Checked<T> = T & { readonly [checked]: true }

/** Names every broken rule, not only the first. */
export class RulesBroken extends Error {
  override readonly name = 'RulesBroken'
  readonly broken: readonly { readonly rule: string; readonly ref: string; readonly why: string }[]

  constructor(broken: RulesBroken['broken']) {
    super(broken.map(({ rule, ref, why }) => `${rule} (${ref}): ${why}`).join('; '))
    this.broken = broken
  }
}

/**
 * The subject is frozen (deeply), so what was checked is what is signed.
 * @throws RulesBroken naming all rules that say no
 */
export function checkAll<T extends object>(subject: T, rules: readonly Rule<T>[]): Checked<T> {
  const broken = rules.flatMap((rule) => {
    const verdict = rule.check(subject)
    return verdict.ok ? [] : [{ rule: rule.id, ref: rule.ref, why: verdict.why }]
  })
  if (broken.length > 0) throw new RulesBroken(broken)
  freeze(subject)
  return subject as Checked<T>
}

/** Drafts are four levels deep; the bound only stops a cyclic object from hanging the process. */
const MAX_DEPTH = 16

function freeze(value: unknown, depth = 0): void {
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH || Object.isFrozen(value)) return
  Object.freeze(value)
  for (const inner of Object.values(value)) freeze(inner, depth + 1)
}
