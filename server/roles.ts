/**
 * What a process of the provider does. Several processes, on several machines, may share one store and each take some of
 * it; every one serves health and metrics, and its control socket.
 */
export const ROLES = [
  /** Takes mail from accounts. */
  'submission',
  /** Takes mail from other providers. */
  'peer',
  /** Serves mailboxes. */
  'imap',
  /** Hands mail to other providers. */
  'relay',
  /** Makes evidence and envelopes, delivers, keeps deadlines, and sends notices. */
  'issue',
  /** Seals the chains once a day, gives back what was set aside, and keeps the terms of retention. */
  'ops',
] as const
export type Role = (typeof ROLES)[number]

export const ALL_ROLES: ReadonlySet<Role> = new Set(ROLES)

const known = new Map<string, Role>(ROLES.map((role) => [role, role]))

/** `imap,relay`. Throws a RangeError that names what is no role. */
export function parseRoles(text: string): ReadonlySet<Role> {
  const roles = text.split(',').map((word) => {
    const role = known.get(word.trim())
    if (role === undefined)
      throw new RangeError(`--roles: ${JSON.stringify(word.trim())} is none of ${ROLES.join(', ')}`)
    return role
  })
  return new Set(roles)
}
