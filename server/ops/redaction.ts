/**
 * The last line before a secret reaches a log: whatever an event carries under these names is replaced. Events are
 * written so that it never has anything to do.
 */
const NAMES = [
  'password',
  'passwordHash',
  'scram',
  'secret',
  'subject',
  'body',
  'identityNumber',
  'authorization',
  'name',
  'holder',
]

export const redact = {
  paths: NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]).filter((path) => path !== '*.name'),
  censor: '[redacted]',
}
